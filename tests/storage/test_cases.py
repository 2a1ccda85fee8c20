"""Cases: numbered without gaps, about encounters that are there, one for each."""

from __future__ import annotations

import pytest
from tests.storage.records import Person, open_case, record, record_visit

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, NotFound
from musterpoint.identifiers import CaseId, EncounterId, new_uuid
from musterpoint.registry import Case, CaseCandidate, Verdict
from musterpoint.storage import Database, adjudication

DECIDED_AT = Instant(1_900_000_000_000_000)


@pytest.fixture
def seen(database: Database) -> list[Person]:
    """Three people who were here before, the first of them twice."""
    first, second, third = Person(), Person(), Person()
    again = Person(subject_id=first.subject_id)
    with database.unit_of_work() as work:
        for person in (first, second, third):
            record(work, person)
        record_visit(work, again)
        work.commit()
    return [first, second, third, again]


def open_one(database: Database, candidates: list[Person]) -> tuple[Person, Case]:
    waiting = Person(subject_id=None)
    with database.unit_of_work() as work:
        record(work, waiting)
        case = open_case(work, waiting, candidates)
        work.commit()
    return waiting, case


def settle(database: Database, number: int, verdict: Verdict) -> Case:
    with database.unit_of_work() as work:
        case = adjudication.settle(work, work.case(number), verdict, DECIDED_AT, "officer 7")
        work.append_journal("case.settled", {"case": number})
        work.commit()
    return case


def verdicts(case: Case) -> dict[EncounterId, Verdict | None]:
    return {candidate.encounter_id: candidate.verdict for candidate in case.candidates}


def test_cases_are_numbered_from_one_without_gaps(database: Database, seen: list[Person]) -> None:
    numbers = [open_one(database, seen[:1])[1].number for _ in range(2)]
    with database.unit_of_work() as work:
        left = Person(subject_id=None)
        record(work, left)
        assert open_case(work, left, seen).number == 3
    numbers.append(open_one(database, seen[:1])[1].number)

    assert numbers == [1, 2, 3]


def test_an_open_case_has_its_candidates_strongest_first(database: Database, seen: list[Person]) -> None:
    waiting = Person(subject_id=None)
    strengths = {seen[0].encounter_id: 4000, seen[1].encounter_id: 9000, seen[2].encounter_id: 6000}
    with database.unit_of_work() as work:
        record(work, waiting)
        opened = work.open_case(
            CaseId(new_uuid()),
            waiting.encounter_id,
            17,
            [CaseCandidate(encounter_id=one, strength=strength) for one, strength in strengths.items()],
            DECIDED_AT,
        )
        work.commit()

    with database.read() as snapshot:
        assert snapshot.case(1) == snapshot.case_of(waiting.encounter_id) == opened
    assert [candidate.strength for candidate in opened.candidates] == [9000, 6000, 4000]
    assert (opened.people, opened.opened_at, opened.verdict, opened.decided_at) == (
        17,
        DECIDED_AT,
        None,
        None,
    )
    assert set(verdicts(opened).values()) == {None}


def test_open_and_settled_cases_are_listed_apart(database: Database, seen: list[Person]) -> None:
    first, second = (open_one(database, seen[:1])[1] for _ in range(2))
    settled = settle(database, first.number, Verdict.CANNOT_TELL)

    with database.read() as snapshot:
        assert snapshot.cases(is_open=True) == (second,)
        assert snapshot.cases(is_open=False) == (settled,)
        assert snapshot.cases() == (settled, second)
        assert snapshot.counts()["open_cases"] == 1


def test_settling_one_case_leaves_the_others_alone(database: Database, seen: list[Person]) -> None:
    (_, first), (_, second) = (open_one(database, seen) for _ in range(2))

    settle(database, first.number, Verdict.DIFFERENT)

    with database.read() as snapshot:
        assert snapshot.case(second.number) == second


def test_a_case_is_about_encounters_that_are_there(database: Database, seen: list[Person]) -> None:
    stranger, waiting = Person(subject_id=None), Person(subject_id=None)
    with database.unit_of_work() as work:
        record(work, waiting)
        with pytest.raises(NotFound):
            open_case(work, stranger, seen)
        with pytest.raises(NotFound):
            open_case(work, waiting, [stranger])
        with pytest.raises(Conflict, match="own candidates"):
            open_case(work, waiting, [seen[0], waiting])


def test_an_encounter_has_one_case(database: Database, seen: list[Person]) -> None:
    waiting, _ = open_one(database, seen[:1])

    with database.unit_of_work() as work, pytest.raises(Conflict):
        open_case(work, waiting, seen[1:2])
