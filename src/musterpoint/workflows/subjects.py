"""Merging, splitting and moving by supervisors: two persons, a history, and a way back from each of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from musterpoint.errors import Conflict
from musterpoint.identifiers import EncounterId, SubjectId, new_uuid
from musterpoint.limits import ENCOUNTERS_MOVED_MAX
from musterpoint.registry.rights import Act
from musterpoint.registry.subjects import ChangeKind, SubjectChange, involved
from musterpoint.registry.subjects import merge as merged_people
from musterpoint.registry.subjects import move as moved_person
from musterpoint.registry.subjects import split as split_person
from musterpoint.registry.subjects import undo as undone_change
from musterpoint.storage import UnitOfWork, adjudication, subjects
from musterpoint.storage.subjects import RecordedChange
from musterpoint.workflows.authorising import Permission, authorise
from musterpoint.workflows.changing import record_change
from musterpoint.workflows.seeing import require_seen
from musterpoint.workflows.station import Station

_ACT_OF: Final = {
    ChangeKind.MERGED: Act.MERGE_SUBJECTS,
    ChangeKind.SPLIT: Act.SPLIT_SUBJECT,
    ChangeKind.MOVED: Act.MOVE_ENCOUNTER,
}


def merge(station: Station, kept: str, merged: str) -> RecordedChange:
    """All encounters of `merged` become those of `kept`.

    Both are identifiers or enough of their ends. Raises NotFound, Conflict where one is inactive or people
    found the two to be different, and what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.MERGE_SUBJECTS)
        one, other = work.find_subject(kept), work.find_subject(merged)
        people = subjects.people(work, [one, other])
        for each in (one, other):
            require_seen(work, permission.actor.seat, people.encounters_of(each))
        _refuse_different(work, people.encounters_of(one) + people.encounters_of(other))
        return _commit(work, permission, merged_people(people, kept=one, merged=other))


def split(station: Station, subject: str, encounters: Sequence[str]) -> RecordedChange:
    """Some encounters of a subject become those of a new one. Raises as `merge`."""
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.SPLIT_SUBJECT)
        subject_id = work.find_subject(subject)
        chosen = [work.find_encounter(one) for one in encounters]
        people = subjects.people(work, [subject_id])
        require_seen(work, permission.actor.seat, people.encounters_of(subject_id))
        fresh = SubjectId(new_uuid())
        change = split_person(people, subject_id=subject_id, encounters=chosen, fresh=fresh)
        return _commit(work, permission, change)


def move(station: Station, encounter: str, to: str) -> RecordedChange:
    """One encounter becomes another subject's. Raises as `merge`."""
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.MOVE_ENCOUNTER)
        encounter_id, target = work.find_encounter(encounter), work.find_subject(to)
        holder = work.encounter(encounter_id).subject_id
        if holder is None:
            raise Conflict(
                expected="an encounter that belongs to somebody",
                found="one of which nobody has decided whose it is",
                hint="Let adjudicators decide: musterpoint adjudicate next",
                where="encounter",
            )
        people = subjects.people(work, [holder, target])
        for each in (holder, target):
            require_seen(work, permission.actor.seat, people.encounters_of(each))
        _refuse_different(work, (encounter_id, *people.encounters_of(target)), about=encounter_id)
        return _commit(work, permission, moved_person(people, encounter_id=encounter_id, to=target))


def undo(station: Station, number: int) -> RecordedChange:
    """Take a change back, also one that took another back.

    Raises NotFound, Conflict where it was taken back before or later changes build on it, and what
    `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.CORRECT)
        made = subjects.of_number(work, number)
        if made.undone_by is not None:
            raise Conflict(
                expected="a change that stands",
                found=f"one that change {made.undone_by} took back",
                hint=f"To have it again, undo change {made.undone_by}",
                where=f"change {number}",
            )
        authorise(station, work, _act_behind(work, made))
        people = subjects.people(work, involved([made.change]))
        return _commit(work, permission, undone_change(people, number, made.change))


def _act_behind(work: UnitOfWork, made: RecordedChange) -> Act:
    """The act that is being taken back: undoing it asks for as many people as doing it did."""
    while made.change.undoes is not None:
        made = subjects.of_number(work, made.change.undoes)
    return _ACT_OF[made.change.kind]


def history(station: Station, subject: str | None = None) -> tuple[RecordedChange, ...]:
    """Every change, or those that touched a subject. Raises NotFound and what `authorise` raises."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.LIST_SUBJECTS)
        return subjects.history(snapshot, snapshot.find_subject(subject) if subject else None)


def _commit(work: UnitOfWork, permission: Permission, change: SubjectChange) -> RecordedChange:
    if len(change.moved) > ENCOUNTERS_MOVED_MAX:
        raise Conflict(
            expected=f"at most {ENCOUNTERS_MOVED_MAX} encounters at once",
            found=f"{len(change.moved)}",
            hint="No person has so many; look at the subject first",
            where="subject",
        )
    made = record_change(work, change, permission)
    work.commit()
    return made


def _refuse_different(
    work: UnitOfWork, encounters: Sequence[EncounterId], *, about: EncounterId | None = None
) -> None:
    """Refuse to join whom adjudicators told apart; `about` limits it to one of the encounters."""
    apart = adjudication.different_pairs(work, encounters)
    if any(about is None or about in pair for pair in apart):
        raise Conflict(
            expected="people of whom nobody has found that they are two",
            found="two whom adjudicators found to be different",
            hint="Open an appeal against that decision first: musterpoint appeal open",
            where="subject",
        )
