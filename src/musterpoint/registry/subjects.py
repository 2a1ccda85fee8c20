"""Who is whom: merging, splitting and moving encounters between subjects, and undoing each of it.

A change is a list of moved encounters and of subjects whose state it changed, so that its inverse is
again a change. A subject without encounters is inactive; where they went as a whole, it says whereto.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from musterpoint.errors import Conflict
from musterpoint.identifiers import EncounterId, SubjectId


class SubjectStatus(StrEnum):
    """Whether a subject has encounters, or gave them away."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class ChangeKind(StrEnum):
    """What was done to subjects."""

    MERGED = "merged"
    SPLIT = "split"
    MOVED = "moved"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectState:
    """Status of a subject; `merged_into` names the one that took all encounters of an inactive subject."""

    status: SubjectStatus = SubjectStatus.ACTIVE
    merged_into: SubjectId | None = None

    def __post_init__(self) -> None:
        if self.status is SubjectStatus.ACTIVE and self.merged_into is not None:
            raise ValueError("an active subject was not merged into another")


ACTIVE = SubjectState()
INACTIVE = SubjectState(status=SubjectStatus.INACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An encounter that changed its subject."""

    encounter_id: EncounterId
    before: SubjectId
    after: SubjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """A subject that became active or inactive; one that did not exist before counts as inactive."""

    subject_id: SubjectId
    before: SubjectState
    after: SubjectState


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChange:
    """What is done to subjects; `undoes` is the number of the change that this one takes back."""

    kind: ChangeKind
    moved: tuple[Moved, ...]
    states: tuple[StateChanged, ...]
    undoes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Some subjects as they are: their states, and whose each of their encounters is."""

    states: Mapping[SubjectId, SubjectState]
    subject_of: Mapping[EncounterId, SubjectId]

    def encounters_of(self, subject_id: SubjectId) -> tuple[EncounterId, ...]:
        """Encounters of a subject in a fixed order."""
        return tuple(sorted(one for one, holder in self.subject_of.items() if holder == subject_id))


def merge(people: People, *, kept: SubjectId, merged: SubjectId) -> SubjectChange:
    """All encounters of `merged` go to `kept`. Raises Conflict."""
    _insist_on_active(people, kept, merged)
    if kept == merged:
        raise _conflict("two subjects", "one subject twice", "Name the other subject")
    theirs = people.encounters_of(merged)
    return SubjectChange(
        kind=ChangeKind.MERGED,
        moved=tuple(Moved(encounter_id=one, before=merged, after=kept) for one in theirs),
        states=(_gone(merged, kept),),
    )


def split(
    people: People, *, subject_id: SubjectId, encounters: Collection[EncounterId], fresh: SubjectId
) -> SubjectChange:
    """Some encounters of a subject become those of a new one. Raises Conflict."""
    _insist_on_active(people, subject_id)
    theirs = set(people.encounters_of(subject_id))
    chosen = sorted(set(encounters))
    if not chosen or not theirs.issuperset(chosen):
        raise _conflict(
            "one or more encounters of the subject",
            "an encounter of somebody else" if chosen else "none",
            "Look at the subject to see its encounters",
        )
    if theirs == set(chosen):
        raise _conflict(
            "some of the subject's encounters",
            "all of them",
            "Leave one out; who is to be another person altogether needs no split",
        )
    return SubjectChange(
        kind=ChangeKind.SPLIT,
        moved=tuple(Moved(encounter_id=one, before=subject_id, after=fresh) for one in chosen),
        states=(StateChanged(subject_id=fresh, before=INACTIVE, after=ACTIVE),),
    )


def move(people: People, *, encounter_id: EncounterId, to: SubjectId) -> SubjectChange:
    """One encounter becomes another subject's; who has none left becomes inactive. Raises Conflict."""
    holder = people.subject_of[encounter_id]
    _insist_on_active(people, to, holder)
    if holder == to:
        raise _conflict("another subject", "the one that has the encounter", "Name the other subject")
    is_last = people.encounters_of(holder) == (encounter_id,)
    return SubjectChange(
        kind=ChangeKind.MOVED,
        moved=(Moved(encounter_id=encounter_id, before=holder, after=to),),
        states=(_gone(holder, to),) if is_last else (),
    )


def undo(people: People, number: int, change: SubjectChange) -> SubjectChange:
    """The change that takes another back, as far as its encounters are still there.

    people  the subjects of the change with all of their encounters; erased ones are not among them

    Raises Conflict where something was done since that has to be undone before.
    """
    back = SubjectChange(
        kind=ChangeKind.UNDONE,
        moved=tuple(
            Moved(encounter_id=one.encounter_id, before=one.after, after=one.before)
            for one in change.moved
            if one.encounter_id in people.subject_of
        ),
        states=tuple(
            StateChanged(subject_id=one.subject_id, before=one.after, after=one.before)
            for one in change.states
        ),
        undoes=number,
    )
    if not _fits(people, back):
        raise _conflict(
            "a change after which nothing happened to the same encounters",
            "one that later changes build on",
            "See the history, and undo the later changes first",
        )
    return back


def applied(people: People, change: SubjectChange) -> People:
    """The subjects after a change. Raises ValueError where it does not fit them."""
    if not _fits(people, change):
        raise ValueError("the change does not fit the subjects")
    return _after(people, change)


def _after(people: People, change: SubjectChange) -> People:
    states = {one.subject_id: one.after for one in change.states}
    holders = {one.encounter_id: one.after for one in change.moved}
    return People(states={**people.states, **states}, subject_of={**people.subject_of, **holders})


def _fits(people: People, change: SubjectChange) -> bool:
    """Whether all is as the change found it, and afterwards only active subjects have encounters."""
    is_as_found = all(people.subject_of.get(one.encounter_id) == one.before for one in change.moved) and all(
        people.states.get(one.subject_id, INACTIVE) == one.before for one in change.states
    )
    if not is_as_found:
        return False
    after = _after(people, change)
    holders = set(after.subject_of.values())
    return all(
        (after.states.get(one, INACTIVE).status is SubjectStatus.ACTIVE) == (one in holders)
        for one in involved([change])
    )


def _gone(subject_id: SubjectId, to: SubjectId) -> StateChanged:
    after = SubjectState(status=SubjectStatus.INACTIVE, merged_into=to)
    return StateChanged(subject_id=subject_id, before=ACTIVE, after=after)


def _insist_on_active(people: People, *subjects: SubjectId) -> None:
    if any(people.states[one].status is not SubjectStatus.ACTIVE for one in subjects):
        raise _conflict(
            "active subjects",
            "one that is inactive: its encounters went to another",
            "See its history: musterpoint subject history SUBJECT",
        )


def _conflict(expected: str, found: str, hint: str) -> Conflict:
    return Conflict(expected=expected, found=found, hint=hint, where="subject")


def involved(changes: Iterable[SubjectChange]) -> frozenset[SubjectId]:
    """Every subject that changes speak of."""
    return frozenset(
        subject_id
        for change in changes
        for subject_id in (
            *(one.before for one in change.moved),
            *(one.after for one in change.moved),
            *(one.subject_id for one in change.states),
        )
    )
