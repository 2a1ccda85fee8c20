"""Cases as a supervisor sees them: how far each has come, and never an image or a score.

An adjudicator learns whether something waits, and not how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from musterpoint.clock import Instant
from musterpoint.errors import NotFound
from musterpoint.identifiers import EncounterId
from musterpoint.registry import Case, Verdict
from musterpoint.registry.adjudication import Standing
from musterpoint.registry.awaited import Awaited
from musterpoint.registry.rights import Act
from musterpoint.registry.seats import Role
from musterpoint.storage import Snapshot, adjudication
from musterpoint.workflows.adjudication import is_anything_waiting
from musterpoint.workflows.authorising import Permission, authorise
from musterpoint.workflows.seeing import require_seen, sees_record
from musterpoint.workflows.station import Station
from musterpoint.workflows.waiting import by_encounter


@dataclass(frozen=True, slots=True, kw_only=True)
class PairState:
    """How far a pair has come; its identifier is what an adjudicator sees."""

    pair: str
    round: int
    standing: Standing
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    """How far a case has come; the encounter is empty for who only counts.

    needed  whom it waits for; None where nobody is to be asked now
    """

    number: int
    encounter: str
    opened_at: Instant
    verdict: Verdict | None
    pairs: tuple[PairState, ...]
    needed: Awaited | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseList:
    """Open cases; None for an adjudicator, who learns only whether something waits."""

    cases: tuple[CaseState, ...] | None
    is_waiting: bool


def list_cases(station: Station, *, is_open: bool | None = True) -> CaseList:
    """The cases, as far as the seat may see. Raises what `authorise` raises."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_CASES)
        if permission.actor.seat.role is not Role.ADJUDICATOR:
            is_seen = sees_record(snapshot, permission.actor.seat)
            needed = by_encounter(snapshot, station.clock.now())
            cases = tuple(
                _state(snapshot, one, permission, needed)
                for one in snapshot.cases()
                if _is_listed(one, is_open, needed) and is_seen(one.encounter_id)
            )
            return CaseList(cases=cases, is_waiting=any(one.verdict is None for one in cases))
    return CaseList(cases=None, is_waiting=is_anything_waiting(station))


def _is_listed(case: Case, is_open: bool | None, needed: Mapping[EncounterId, Awaited]) -> bool:
    """Whether a case is among those asked for; a settled one of which people are asked again is open."""
    is_asked = case.verdict is None or case.encounter_id in needed
    return is_open is None or is_open is is_asked


def view_case(station: Station, number: int) -> CaseState:
    """One case. Raises NotFound and what `authorise` raises; an adjudicator is shown pairs only."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_CASES)
        if permission.actor.seat.role is Role.ADJUDICATOR:
            raise NotFound(
                expected="a pair that was shown to this seat",
                found="a case, of which adjudicators learn nothing",
                hint="Ask for the next pair: musterpoint adjudicate next",
                where="case",
            )
        case = snapshot.case(number)
        require_seen(snapshot, permission.actor.seat, [case.encounter_id])
        return _state(snapshot, case, permission, by_encounter(snapshot, station.clock.now()))


def _state(
    snapshot: Snapshot, case: Case, permission: Permission, needed: Mapping[EncounterId, Awaited]
) -> CaseState:
    is_counting = permission.actor.seat.role is Role.OBSERVER
    pairs = adjudication.pairs_of(snapshot, EncounterId(case.encounter_id))
    return CaseState(
        number=case.number,
        encounter="" if is_counting else str(case.encounter_id),
        opened_at=case.opened_at,
        verdict=case.verdict,
        pairs=tuple(
            PairState(pair=str(pair.pair_id), round=pair.round, standing=pair.standing, verdict=pair.verdict)
            for pair in pairs
        ),
        needed=needed.get(case.encounter_id),
    )


def require_case(text: str) -> int:
    """The number of a case as a person types it: `7` or `#7`. Raises NotFound."""
    digits = text.lstrip("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        return int(digits)
    raise NotFound(
        expected="the number of a case",
        found=repr(text),
        hint="List the open ones: musterpoint adjudicate list",
    )
