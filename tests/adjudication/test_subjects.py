"""Merging, splitting, moving and undoing by supervisors, down to what a search finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.adjudication.conftest import FIRST, SUPERVISOR, Table

from musterpoint.errors import Conflict, RoleMissing, SecondPersonMissing
from musterpoint.identifiers import EncounterId
from musterpoint.registry import Verdict
from musterpoint.storage.subjects import RecordedChange
from musterpoint.workflows import subjects
from musterpoint.workflows.browsing import view_subject
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.station import Station

SECOND_SUPERVISOR = "practice-supervisor-2"


def _two(table: Table) -> Station:
    """Two supervisors, who act together."""
    return table.station.acting_as(SUPERVISOR, SECOND_SUPERVISOR)


def _people(table: Table) -> dict[EncounterId, UUID | None]:
    with table.station.database.read() as snapshot:
        return {one.encounter_id: one.subject_id for one in snapshot.encounters()}


def test_after_a_merge_a_search_finds_one_person(table: Table) -> None:
    first, other = table.visit(1), table.visit(2)

    subjects.merge(_two(table), str(first.subject), str(other.subject))
    again = table.visit(2, 2)

    assert again.people == 1
    assert table.subject(other) == table.subject(first)
    table.agree(Verdict.SAME)
    assert table.subject(again) == table.subject(first)


def test_a_subject_that_gave_its_encounters_away_says_where_to(table: Table) -> None:
    first, other = table.visit(1), table.visit(2)
    subjects.merge(_two(table), str(first.subject), str(other.subject))

    left, encounters = view_subject(table.station.acting_as(SUPERVISOR), str(other.subject))

    assert (left.is_active, str(left.merged_into), encounters) == (False, first.subject, ())


def test_after_a_split_a_search_finds_two_people(table: Table) -> None:
    first, other = table.visit(1), table.visit(2)
    subjects.merge(_two(table), str(first.subject), str(other.subject))

    subjects.split(_two(table), str(first.subject), [other.encounter])
    again = table.visit(2, 2)

    assert again.people == 2
    assert table.subject(other) not in {table.subject(first), None}


def test_a_move_takes_one_encounter_along(table: Table) -> None:
    first, second, other = table.visit(1), table.visit(1, 2), table.visit(2)
    table.agree(Verdict.SAME)

    subjects.move(_two(table), second.encounter, str(other.subject))

    assert table.subject(second) == table.subject(other) != table.subject(first)


def test_undoing_a_merge_brings_both_back(table: Table) -> None:
    first, other = table.visit(1), table.visit(2)
    before = _people(table)
    made = subjects.merge(_two(table), str(first.subject), str(other.subject))

    back = subjects.undo(_two(table), made.number)

    assert _people(table) == before
    assert back.change.undoes == made.number
    assert table.visit(3).people == 2


def test_undoing_what_was_undone_does_it_again(table: Table) -> None:
    first, other = table.visit(1), table.visit(2)
    made = subjects.merge(_two(table), str(first.subject), str(other.subject))
    back = subjects.undo(_two(table), made.number)

    with pytest.raises(Conflict, match="change 2"):
        subjects.undo(_two(table), made.number)
    subjects.undo(_two(table), back.number)

    assert table.subject(other) == table.subject(first)


def test_the_history_names_each_change_and_both_people(table: Table) -> None:
    first, other = table.visit(1), table.visit(2)
    made = subjects.merge(_two(table), str(first.subject), str(other.subject))
    subjects.undo(_two(table), made.number)

    found = subjects.history(table.station.acting_as(SUPERVISOR), str(other.subject))

    assert [(one.change.kind.value, one.undone_by) for one in found] == [("merged", 2), ("undone", None)]
    assert {(one.seat, one.second) for one in found} == {(SUPERVISOR, SECOND_SUPERVISOR)}
    assert table.kinds().count("subject.changed") == 2


def test_one_supervisor_alone_changes_nothing(table: Table) -> None:
    first, other = table.visit(1), table.visit(2)
    made = subjects.merge(_two(table), str(first.subject), str(other.subject))
    alone = table.station.acting_as(SUPERVISOR)

    for attempt in (
        lambda: subjects.split(alone, str(first.subject), [other.encounter]),
        lambda: subjects.move(alone, other.encounter, str(first.subject)),
        lambda: subjects.merge(alone, str(first.subject), str(other.subject)),
        lambda: subjects.undo(alone, made.number),
    ):
        with pytest.raises(SecondPersonMissing):
            attempt()  # type: ignore[no-untyped-call]  # hypothesis gives it no type


def test_others_change_nothing_at_all(table: Table) -> None:
    first, other = table.visit(1), table.visit(2)

    with pytest.raises(RoleMissing):
        subjects.merge(table.station.acting_as(FIRST), str(first.subject), str(other.subject))


def test_whom_adjudicators_told_apart_is_not_merged(table: Table) -> None:
    first, second = table.visit(1), table.visit(1, 2)
    table.agree(Verdict.DIFFERENT)

    with pytest.raises(Conflict, match="different"):
        subjects.merge(_two(table), str(table.subject(first)), str(table.subject(second)))
    with pytest.raises(Conflict, match="different"):
        subjects.move(_two(table), second.encounter, str(table.subject(first)))


def test_an_encounter_of_nobody_is_left_to_adjudicators(table: Table) -> None:
    first, second = table.visit(1), table.visit(1, 2)

    with pytest.raises(Conflict, match="nobody has decided"):
        subjects.move(_two(table), second.encounter, str(first.subject))


class Changes(RuleBasedStateMachine):
    """Any sequence of merges, splits, moves and undos.

    new_table  makes a registry of its own for each run
    """

    new_table: ClassVar[Callable[[], Table]]

    def __init__(self) -> None:
        super().__init__()
        self.table = type(self).new_table()
        self.visits: list[ScreeningOutcome] = [self.table.visit(seed) for seed in (1, 2, 3, 4)]
        self.first = _people(self.table)
        self.made: list[RecordedChange] = []

    def _do(self, change: Callable[[], RecordedChange]) -> None:
        try:
            self.made.append(change())
        except Conflict:
            return

    @rule(one=st.integers(0, 3), other=st.integers(0, 3))
    def merge(self, one: int, other: int) -> None:
        kept, merged = (str(self.table.subject(self.visits[index])) for index in (one, other))
        self._do(lambda: subjects.merge(_two(self.table), kept, merged))

    @rule(one=st.integers(0, 3), chosen=st.sets(st.integers(0, 3), min_size=1, max_size=2))
    def split(self, one: int, chosen: set[int]) -> None:
        subject = str(self.table.subject(self.visits[one]))
        encounters = [self.visits[index].encounter for index in sorted(chosen)]
        self._do(lambda: subjects.split(_two(self.table), subject, encounters))

    @rule(one=st.integers(0, 3), to=st.integers(0, 3))
    def move(self, one: int, to: int) -> None:
        subject = str(self.table.subject(self.visits[to]))
        self._do(lambda: subjects.move(_two(self.table), self.visits[one].encounter, subject))

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([one.number for one in self.made]))
        self._do(lambda: subjects.undo(_two(self.table), number))

    @invariant()
    def every_encounter_has_one_active_subject(self) -> None:
        people = _people(self.table)
        assert set(people) == set(self.first)
        with self.table.station.database.read() as snapshot:
            active = {one.subject_id for one in snapshot.subjects() if one.is_active}
        assert set(people.values()) == active

    def teardown(self) -> None:
        again = self.table.visit(1, 2)
        assert again.people == len(set(_people(self.table).values()) - {None})
        for one in reversed(self.made):
            if _stands(self.table, one):
                subjects.undo(_two(self.table), one.number)
        restored = {one: who for one, who in _people(self.table).items() if one in self.first}
        assert restored == self.first


def _stands(table: Table, made: RecordedChange) -> bool:
    found = subjects.history(table.station.acting_as(SUPERVISOR))
    return next(one for one in found if one.number == made.number).undone_by is None


def test_any_sequence_of_changes_can_be_taken_back(
    any_table: Callable[[], Table],
) -> None:
    Changes.new_table = staticmethod(any_table)
    run_state_machine_as_test(
        Changes,
        settings=settings(
            max_examples=3,
            stateful_step_count=8,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
