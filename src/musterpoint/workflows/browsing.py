"""Looking around in the registry: everybody sees what their role and their agreements let them see.

A seat sees the encounters of purposes and galleries that an agreement of its party names, whether that is
live or not: who screened people has to answer for them afterwards too. What another agreement covers is not
there for it. Whoever sees with limits sees nothing that tells people apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from musterpoint.registry import Answer, Encounter, JournalLine, Reference, Subject
from musterpoint.registry.agreements import AgreementState, in_force
from musterpoint.registry.outcomes import shown_answer
from musterpoint.registry.rights import Act, Extent
from musterpoint.storage import Snapshot, agreements, seats, subjects
from musterpoint.storage.seats import BrokenGlass
from musterpoint.workflows.agreements import PurposeView, purposes_of
from musterpoint.workflows.authorising import Permission, authorise, latest
from musterpoint.workflows.seeing import not_there, sees, sees_record
from musterpoint.workflows.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterView:
    """An encounter as a seat may see it.

    case        number of the case that decides whose it is; None also where the seat may not know
    references  empty where the seat may not see them
    is_limited  nothing is shown that tells people apart: no subject, case, record or finger
    """

    encounter: Encounter
    answer: Answer | None
    case: int | None
    references: tuple[Reference, ...]
    is_limited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """How much there is, and what searches come to.

    counts        see `Snapshot.counts`; empty where the seat may not count people
    agreements    name, state and purposes of each
    broken_glass  what is open now
    """

    counts: Mapping[str, int]
    galleries: tuple[str, ...]
    agreements: tuple[tuple[str, AgreementState, tuple[PurposeView, ...]], ...]
    broken_glass: tuple[BrokenGlass, ...]


def list_subjects(station: Station, *, limit: int | None = None) -> tuple[Subject, ...]:
    """Subjects with the encounters that the seat may know of; the latest `limit` that have any.

    Raises what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.LIST_SUBJECTS)
        is_seen = sees(snapshot, permission.actor.seat)
        visible = {one.encounter_id for one in snapshot.encounters() if is_seen(one)}
        found = [
            replace(one, encounters=tuple(each for each in one.encounters if each in visible))
            for one in snapshot.subjects()
        ]
    known = [one for one in found if one.encounters]
    return tuple(known if limit is None else known[-limit:])


def view_subject(station: Station, text: str) -> tuple[Subject, tuple[EncounterView, ...]]:
    """A subject with its encounters, by enough of its identifier; one that gave them away has none.

    Raises NotFound, and what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.LIST_SUBJECTS)
        is_seen = sees(snapshot, permission.actor.seat)
        subject = snapshot.subject(snapshot.find_subject(text))
        found = [snapshot.encounter(one) for one in subject.encounters]
        known = [one for one in found if is_seen(one)]
        if not known and not _gave_away(snapshot, subject, permission):
            raise not_there("subject")
        views = tuple(_view(snapshot, one, permission) for one in known)
        return replace(subject, encounters=tuple(one.encounter_id for one in known)), views


def _gave_away(snapshot: Snapshot, subject: Subject, permission: Permission) -> bool:
    """Whether an inactive subject had encounters that the seat may know of."""
    is_seen = sees_record(snapshot, permission.actor.seat)
    changes = () if subject.is_active else subjects.history(snapshot, subject.subject_id)
    moved = (one for made in changes for one in made.change.moved)
    return any(is_seen(one.encounter_id) for one in moved if one.before == subject.subject_id)


def list_encounters(
    station: Station, *, purpose: str | None = None, site: str | None = None, limit: int | None = None
) -> tuple[EncounterView, ...]:
    """Encounters that the seat may know of, in order of time; the latest `limit`.

    Raises what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.LIST_ENCOUNTERS)
        is_seen = sees(snapshot, permission.actor.seat)
        found = [one for one in snapshot.encounters(purpose=purpose, site=site) if is_seen(one)]
        chosen = found if limit is None else found[-limit:]
        return tuple(_view(snapshot, one, permission) for one in chosen)


def view_encounter(station: Station, text: str) -> EncounterView:
    """An encounter, by enough of its identifier. Raises NotFound, and what `authorise` raises."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.LIST_ENCOUNTERS)
        found = snapshot.encounter(snapshot.find_encounter(text))
        if not sees(snapshot, permission.actor.seat)(found):
            raise not_there("encounter")
        return _view(snapshot, found, permission)


def _view(snapshot: Snapshot, encounter: Encounter, permission: Permission) -> EncounterView:
    if permission.extent is not Extent.FULL:
        bare = replace(encounter, subject_id=None, not_captured=(), source_record="")
        answer = shown_answer(encounter.answer, no_list=True)
        return EncounterView(encounter=bare, answer=answer, case=None, references=(), is_limited=True)
    case = snapshot.case_of(encounter.encounter_id)
    return EncounterView(
        encounter=encounter,
        answer=encounter.answer,
        case=case.number if case else None,
        references=snapshot.references(encounter.encounter_id),
        is_limited=False,
    )


_AT_THE_GATE: Final = frozenset({"presented", "consent", "captured", "outcome", "decided", "receipt"})


def read_journal(station: Station, *, since: int = 0, limit: int | None = None) -> tuple[JournalLine, ...]:
    """Lines of the journal in order; with limits, what the acting seat did itself at the gate.

    Even kinds and times of other lines would tell: a pair that is opened after an arrival is a candidate.
    So would gaps between positions; with limits, lines are numbered 1, 2, 3 … among those that are shown,
    and `since` and `limit` count these.

    Raises what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_JOURNAL)
        if permission.extent is Extent.FULL:
            return snapshot.journal(since=since, limit=limit)
        lines = snapshot.journal_of(permission.actor.seat.name)
    mine = [one for one in lines if one.kind in _AT_THE_GATE]
    shown = [replace(one, position=number, body="{}") for number, one in enumerate(mine, start=1)]
    return tuple(shown[since:][:limit])


def read_status(station: Station) -> StatusView:
    """How much there is, under which agreements, and what chance may produce a day. Raises as `authorise`."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_STATUS)
        now = latest(snapshot, station.clock)
        is_full = permission.extent is Extent.FULL
        known = in_force(agreements.agreements(snapshot), now)
        return StatusView(
            counts=dict(snapshot.counts()) if is_full else {},
            galleries=snapshot.galleries(),
            agreements=tuple(
                (one.version.name, one.state(now), purposes_of(snapshot, one, now) if is_full else ())
                for one in known
            ),
            broken_glass=tuple(one for one in seats.broken_glasses(snapshot) if now < one.valid_until),
        )
