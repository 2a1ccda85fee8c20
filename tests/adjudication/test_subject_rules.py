"""Merging, splitting, moving and undoing, as rules: nobody is lost, and all of it can be taken back."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.errors import Conflict
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry.subjects import (
    ACTIVE,
    People,
    SubjectChange,
    SubjectStatus,
    applied,
    involved,
    merge,
    move,
    split,
    undo,
)


def _subject(number: int) -> SubjectId:
    return SubjectId(UUID(int=number))


def _encounter(number: int) -> EncounterId:
    return EncounterId(UUID(int=1000 + number))


def _people(holders: list[int]) -> People:
    """Encounter n belongs to subject `holders[n]`."""
    return People(
        states={_subject(one): ACTIVE for one in holders},
        subject_of={_encounter(n): _subject(one) for n, one in enumerate(holders)},
    )


def _seen(people: People) -> object:
    """What a person would see: whose each encounter is, and who is anybody."""
    active = {one for one, state in people.states.items() if state.status is SubjectStatus.ACTIVE}
    return dict(people.subject_of), active


def _any_change(draw: st.DrawFn, people: People, fresh: int) -> SubjectChange | None:
    subjects = sorted(people.states)
    one, other = draw(st.sampled_from(subjects)), draw(st.sampled_from(subjects))
    encounter_id = draw(st.sampled_from(sorted(people.subject_of)))
    kind = draw(st.sampled_from(["merge", "split", "move"]))
    try:
        if kind == "merge":
            return merge(people, kept=one, merged=other)
        if kind == "split":
            chosen = draw(st.lists(st.sampled_from(people.encounters_of(one) or (encounter_id,)), min_size=1))
            return split(people, subject_id=one, encounters=chosen, fresh=_subject(fresh))
        return move(people, encounter_id=encounter_id, to=other)
    except Conflict:
        return None


@st.composite
def _histories(draw: st.DrawFn) -> tuple[People, list[SubjectChange], People]:
    first = people = _people(draw(st.lists(st.integers(1, 4), min_size=1, max_size=7)))
    changes: list[SubjectChange] = []
    for number in range(draw(st.integers(0, 8))):
        change = _any_change(draw, people, fresh=100 + number)
        if change is not None:
            people = applied(people, change)
            changes.append(change)
    return first, changes, people


@given(_histories())
def test_every_encounter_keeps_exactly_one_subject_which_is_active(
    history: tuple[People, list[SubjectChange], People],
) -> None:
    first, _, last = history

    assert set(last.subject_of) == set(first.subject_of)
    active = {one for one, state in last.states.items() if state.status is SubjectStatus.ACTIVE}
    assert active == set(last.subject_of.values())


@given(_histories())
def test_undoing_all_from_the_last_to_the_first_restores_the_first_state(
    history: tuple[People, list[SubjectChange], People],
) -> None:
    first, changes, people = history

    for number in reversed(range(len(changes))):
        people = applied(people, undo(people, number, changes[number]))

    assert _seen(people) == _seen(first)


@given(_histories(), st.data())
def test_what_may_be_undone_out_of_order_leaves_nobody_without_a_subject(
    history: tuple[People, list[SubjectChange], People], data: st.DataObject
) -> None:
    first, changes, people = history
    for number in data.draw(st.permutations(range(len(changes)))):
        try:
            people = applied(people, undo(people, number, changes[number]))
        except Conflict:
            continue
        active = {one for one, state in people.states.items() if state.status is SubjectStatus.ACTIVE}
        assert set(people.subject_of) == set(first.subject_of)
        assert active == set(people.subject_of.values())


def test_a_merge_says_where_the_other_went() -> None:
    people = _people([1, 2, 2])

    after = applied(people, merge(people, kept=_subject(1), merged=_subject(2)))

    assert after.encounters_of(_subject(1)) == (_encounter(0), _encounter(1), _encounter(2))
    assert after.states[_subject(2)].merged_into == _subject(1)


def test_who_went_to_another_can_neither_take_nor_give() -> None:
    people = _people([1, 2, 3])
    people = applied(people, merge(people, kept=_subject(1), merged=_subject(2)))

    with pytest.raises(Conflict, match="inactive"):
        merge(people, kept=_subject(2), merged=_subject(3))
    with pytest.raises(Conflict, match="inactive"):
        move(people, encounter_id=_encounter(2), to=_subject(2))


def test_a_split_leaves_somebody_behind() -> None:
    people = _people([1, 1])

    with pytest.raises(Conflict, match="all of them"):
        split(people, subject_id=_subject(1), encounters=[_encounter(0), _encounter(1)], fresh=_subject(9))


def test_a_split_takes_only_what_is_there() -> None:
    people = _people([1, 1, 2])

    for chosen in ([], [_encounter(2)]):
        with pytest.raises(Conflict):
            split(people, subject_id=_subject(1), encounters=chosen, fresh=_subject(9))


def test_a_change_that_later_ones_build_on_is_not_undone_before_them() -> None:
    people = _people([1, 2, 3])
    first = merge(people, kept=_subject(1), merged=_subject(2))
    people = applied(people, first)
    people = applied(people, merge(people, kept=_subject(3), merged=_subject(1)))

    with pytest.raises(Conflict, match="later changes"):
        undo(people, 1, first)


def test_undoing_leaves_out_what_was_erased_meanwhile() -> None:
    people = _people([1, 2, 2])
    change = merge(people, kept=_subject(1), merged=_subject(2))
    people = applied(people, change)
    left = {one: who for one, who in people.subject_of.items() if one != _encounter(2)}

    back = undo(People(states=people.states, subject_of=left), 1, change)

    assert [one.encounter_id for one in back.moved] == [_encounter(1)]
    assert involved([back]) == {_subject(1), _subject(2)}
