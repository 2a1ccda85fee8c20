"""Withdrawal of consent: recorded at once, and followed by erasure, or by an end of searching.

Whoever withdraws is taken to ask for erasure, and the answer to that is a supervisor's, as to every such
request. Where the record has to stay for another reason, a supervisor lets no search find it any more: every
encounter leaves its galleries, and is kept, held or erased by its dates.
"""

from __future__ import annotations

from dataclasses import dataclass

from musterpoint.errors import NotFound
from musterpoint.registry import Encounter
from musterpoint.registry.retention import State
from musterpoint.registry.rights import Act
from musterpoint.storage import UnitOfWork, retention
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.erasure import find_erasable, named, state_of_person
from musterpoint.workflows.seeing import require_seen
from musterpoint.workflows.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What came of a withdrawal.

    purposes  whose consent was withdrawn
    left      places in galleries that were given up, where searching was stopped
    state     of the record now
    """

    purposes: tuple[str, ...]
    encounters: int
    left: int
    state: State


def withdraw(station: Station, text: str, *, purpose: str = "", stops: bool = False) -> Withdrawn:
    """Record that somebody withdraws their consent.

    text     identifier of one of their encounters, as it stands on a receipt, or of their subject
    purpose  whose consent; empty means every purpose
    stops    no search finds the encounters of these purposes any more; else erasure is asked for

    Withdrawing twice changes nothing the second time but for a line in the journal. Raises NotFound, and what
    `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.STOP_PROCESSING if stops else Act.WITHDRAW_CONSENT)
        person = find_erasable(work, text, by_encounter=True)
        require_seen(work, permission.actor.seat, person.encounters)
        every = [work.encounter(one) for one in person.encounters]
        meant = [one for one in every if not purpose or one.purpose == purpose]
        if not meant:
            raise NotFound(
                expected="a purpose for which the person came",
                found="another purpose",
                hint="Leave --purpose out, or name it as it stands on the receipt",
                where="--purpose",
            )
        for one in meant:
            facts = {"encounter": str(one.encounter_id), "purpose": one.purpose, "answer": "withdrawn"}
            work.append_journal("consent", facts | {"leads_to": "no search" if stops else "erasure"})
        left = sum(_leave(work, one) for one in meant) if stops else 0
        state = state_of_person(work, person.encounters, work.now())
        if not stops and state is not State.ERASE_REQUESTED:
            retention.request_erasure(work, person.encounters, author=permission.actor.seat.name)
            work.append_journal("erasure.requested", named(person))
        work.commit()
    with station.database.read() as snapshot:
        return Withdrawn(
            purposes=tuple(sorted({one.purpose for one in meant})),
            encounters=len(meant),
            left=left,
            state=state_of_person(snapshot, person.encounters, station.clock.now()),
        )


def _leave(work: UnitOfWork, encounter: Encounter) -> int:
    galleries = work.galleries_of(encounter.encounter_id)
    for gallery in galleries:
        work.leave_gallery(encounter.encounter_id, gallery)
    return len(galleries)
