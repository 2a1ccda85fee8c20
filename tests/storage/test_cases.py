"""Cases: numbered without gaps, settled once, and saying no more than was decided."""

from __future__ import annotations

import pytest
from tests.storage.records import Person, open_case, record, record_visit

from musterpoint.clock import Instant
from musterpoint.errors import AlreadySettled, Conflict, NotFound
from musterpoint.identifiers import CaseId, EncounterId, new_uuid
from musterpoint.registry import Case, CaseCandidate, Verdict
from musterpoint.storage import Database

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


def settle(database: Database, number: int, verdict: Verdict, same_as: Person | None = None) -> Case:
    with database.unit_of_work() as work:
        case = work.settle_case(
            number,
            verdict,
            same_as=same_as.encounter_id if same_as else None,
            decided_by="officer 7",
            decided_at=DECIDED_AT,
        )
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


@pytest.mark.parametrize("verdict", [Verdict.DIFFERENT, Verdict.CANNOT_TELL])
def test_different_and_cannot_tell_hold_for_every_candidate(
    database: Database, seen: list[Person], verdict: Verdict
) -> None:
    _, case = open_one(database, seen[:2])

    settled = settle(database, case.number, verdict)

    assert (settled.verdict, settled.decided_by, settled.decided_at) == (verdict, "officer 7", DECIDED_AT)
    assert set(verdicts(settled).values()) == {verdict}


def test_same_holds_for_one_person_and_says_nothing_about_the_others(
    database: Database, seen: list[Person]
) -> None:
    first, second, third, again = seen
    _, case = open_one(database, seen)

    settled = settle(database, case.number, Verdict.SAME, first)

    assert verdicts(settled) == {
        first.encounter_id: Verdict.SAME,
        again.encounter_id: Verdict.SAME,
        second.encounter_id: None,
        third.encounter_id: None,
    }


def test_same_as_somebody_undecided_holds_for_that_encounter_alone(database: Database) -> None:
    undecided = [Person(subject_id=None), Person(subject_id=None)]
    with database.unit_of_work() as work:
        for person in undecided:
            record(work, person)
        work.commit()
    _, case = open_one(database, undecided)

    settled = settle(database, case.number, Verdict.SAME, undecided[1])

    assert verdicts(settled) == {
        undecided[0].encounter_id: None,
        undecided[1].encounter_id: Verdict.SAME,
    }


def test_settling_one_case_leaves_the_others_alone(database: Database, seen: list[Person]) -> None:
    (_, first), (_, second) = (open_one(database, seen) for _ in range(2))

    settle(database, first.number, Verdict.DIFFERENT)

    with database.read() as snapshot:
        assert snapshot.case(second.number) == second


def test_a_case_is_settled_once(database: Database, seen: list[Person]) -> None:
    _, case = open_one(database, seen[:1])
    settled = settle(database, case.number, Verdict.DIFFERENT)

    with pytest.raises(AlreadySettled):
        settle(database, case.number, Verdict.SAME, seen[0])

    with database.read() as snapshot:
        assert snapshot.case(case.number) == settled


def test_nobody_but_a_candidate_can_be_the_same(database: Database, seen: list[Person]) -> None:
    _, case = open_one(database, seen[:1])

    with pytest.raises(Conflict, match="candidate"):
        settle(database, case.number, Verdict.SAME, seen[1])
    with pytest.raises(NotFound):
        settle(database, case.number + 1, Verdict.DIFFERENT)


@pytest.mark.parametrize(("verdict", "named"), [(Verdict.SAME, False), (Verdict.DIFFERENT, True)])
def test_the_verdict_same_and_no_other_names_a_candidate(
    database: Database, seen: list[Person], verdict: Verdict, named: bool
) -> None:
    _, case = open_one(database, seen[:1])

    with pytest.raises(ValueError, match="names a candidate"):
        settle(database, case.number, verdict, seen[0] if named else None)


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
