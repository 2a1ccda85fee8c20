"""What decided pairs make of cases, also of those that wait for each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.adjudication.conftest import ADJUDICATORS, FIRST, SECOND, THIRD, NoSeeds, Table

from musterpoint.errors import NotFound
from musterpoint.registry import Answer, Verdict
from musterpoint.registry.adjudication import Pair
from musterpoint.storage import adjudication
from musterpoint.workflows.adjudication import give_opinion, next_task
from musterpoint.workflows.cases import list_cases, require_case, view_case

SAME, DIFFERENT, CANNOT_TELL = Verdict.SAME, Verdict.DIFFERENT, Verdict.CANNOT_TELL


def test_right_opinions_give_every_visit_to_its_person(table: Table) -> None:
    visits = {seed: [table.visit(seed, number) for number in (1, 2, 3)] for seed in (1, 2)}

    table.judge_all()

    subjects = {seed: {table.subject(one) for one in theirs} for seed, theirs in visits.items()}
    assert all(len(one) == 1 and None not in one for one in subjects.values())
    assert subjects[1] != subjects[2]


def test_after_a_decision_both_visits_are_searched_as_one_person(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)
    table.agree(SAME)

    third = table.visit(1, 3)

    assert third.people == 1


@pytest.mark.usefixtures("strict")
def test_whoever_is_the_same_as_somebody_who_waits_waits_too(table: Table) -> None:
    """The third visit is the same as the second, whose own case is open: it follows that one."""
    first, second, third = (table.visit(1, number) for number in (1, 2, 3))
    said = {second.encounter: SAME, first.encounter: DIFFERENT}
    for seat in (FIRST, SECOND, FIRST, SECOND):
        _say_of_probe(table, seat, third.encounter, said)
    assert table.answer(third) == Answer.BEING_DECIDED.value

    table.agree(SAME)

    assert table.subject(first) == table.subject(second) == table.subject(third) is not None
    assert table.answer(third) == Answer.KNOWN.value


def test_two_visits_of_which_one_could_not_be_told_become_one_new_subject(table: Table) -> None:
    first, second = table.visit(1), table.visit(1, 2)
    for seat in ADJUDICATORS:
        table.say(seat, CANNOT_TELL)
    third = table.visit(1, 3)
    said = {first.encounter: DIFFERENT, second.encounter: SAME}
    for _ in range(2):
        for seat in (FIRST, SECOND):
            _say_by_candidate(table, seat, said)

    assert table.subject(third) == table.subject(second) != table.subject(first)


class _Wanting(NoSeeds):
    """Chance that picks what the test is about."""

    def __init__(self, is_meant: Callable[[Pair], bool]) -> None:
        super().__init__()
        self._is_meant = is_meant

    def choice(self, seq):  # type: ignore[no-untyped-def]  # as in random.Random
        return next((one for one in seq if self._is_meant(one)), seq[0])


class _Newest(NoSeeds):
    """Chance that picks the newest pair that may be asked about."""

    def choice(self, seq):  # type: ignore[no-untyped-def]  # as in random.Random
        return seq[-1]


def _say_of_probe(table: Table, seat: str, probe: str, said: dict[str, Verdict]) -> None:
    station = table.station.acting_as(seat)
    task = next_task(station, chance=_Wanting(lambda pair: str(pair.probe_id) == probe))
    assert task is not None
    with station.database.read() as snapshot:
        pair = adjudication.pair(snapshot, task.pair_id)
    assert str(pair.probe_id) == probe
    give_opinion(station, str(task.pair_id), said[str(pair.candidate_id)])


def _say_by_candidate(table: Table, seat: str, said: dict[str, Verdict]) -> None:
    task = table.next(seat)
    assert task is not None
    with table.station.database.read() as snapshot:
        pair = adjudication.pair(snapshot, task.pair_id)
    give_opinion(table.station.acting_as(seat), str(task.pair_id), said[str(pair.candidate_id)])


def test_a_first_opinion_is_provisional_where_the_agreement_accepts_it(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)

    table.say(FIRST, SAME)

    assert table.answer(second) == Answer.KNOWN.value
    assert table.next(SECOND) is not None


@pytest.mark.usefixtures("strict")
def test_one_opinion_decides_nothing_where_the_agreement_asks_for_two(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)

    table.say(FIRST, SAME)

    assert table.answer(second) == Answer.BEING_DECIDED.value


def test_a_provisional_decision_that_nobody_shares_is_taken_back(table: Table) -> None:
    first, second = table.visit(1), table.visit(1, 2)
    table.say(FIRST, SAME)
    table.say(SECOND, DIFFERENT)
    assert table.answer(second) == Answer.BEING_DECIDED.value

    table.say(THIRD, DIFFERENT)

    assert table.answer(second) == Answer.NOT_KNOWN.value
    assert table.subject(second) not in {None, table.subject(first)}
    assert "subject.changed" in table.kinds()


def test_a_pair_that_was_judged_is_not_asked_again(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)
    table.agree(DIFFERENT)

    assert [table.next(seat) for seat in ADJUDICATORS] == [None, None, None]


def test_an_adjudicator_learns_whether_something_waits_and_not_how_much(table: Table) -> None:
    table.visit(1)
    for number in (2, 3):
        table.visit(1, number)

    seen = list_cases(table.station.acting_as(FIRST))

    assert (seen.cases, seen.is_waiting) == (None, True)
    with pytest.raises(NotFound):
        view_case(table.station.acting_as(FIRST), 1)


def test_a_supervisor_sees_how_far_a_case_has_come(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)
    table.agree(SAME)

    found = view_case(table.station.acting_as("practice-supervisor"), 1)

    assert [(one.standing.value, one.verdict) for one in found.pairs] == [("decided", SAME)]


@pytest.mark.parametrize("text", ["x", "-1", "1e3", "#"])
def test_what_is_no_number_of_a_case_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        require_case(text)


@pytest.mark.usefixtures("strict")
def test_whoever_was_told_apart_from_somebody_is_not_compared_with_them_again(table: Table) -> None:
    """Two people who look alike: at the next visit of one, nobody asks about the other."""
    first, second = table.visit(1), table.visit(1, 2)
    table.agree(DIFFERENT)
    opinions_before = table.kinds().count("pair.opinion")
    third = table.visit(1, 3)
    assert table.case(2).candidates[1:], "both are candidates"

    for seat in (FIRST, SECOND):
        station = table.station.acting_as(seat)
        task = next_task(station, chance=_Newest())
        assert task is not None
        give_opinion(station, str(task.pair_id), SAME)

    assert table.kinds().count("pair.opinion") == opinions_before + 2
    strongest = table.case(2).candidates[0].encounter_id
    with table.station.database.read() as snapshot:
        assert table.subject(third) == snapshot.encounter(strongest).subject_id
    assert table.subject(first) != table.subject(second)
    assert [table.next(seat) for seat in ADJUDICATORS] == [None, None, None]


@pytest.mark.usefixtures("strict")
def test_the_one_who_was_held_back_is_asked_about_when_the_other_is_somebody_else(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)
    table.agree(DIFFERENT)
    third = table.visit(1, 3)

    table.agree(DIFFERENT)
    table.agree(SAME)

    assert table.answer(third) == Answer.KNOWN.value
