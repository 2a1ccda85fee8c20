"""Which encounters are there for a seat: those that an agreement of its party covers, or has covered.

A seat sees the encounters of purposes and galleries that an agreement of its party names, whether that is
live or not: who screened people has to answer for them afterwards too. What another agreement covers is not
there for it, and practice never mixes with what is real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from musterpoint.errors import NotFound
from musterpoint.identifiers import EncounterId
from musterpoint.registry import Encounter
from musterpoint.registry.seats import Seat
from musterpoint.storage import Snapshot, agreements, galleries
from musterpoint.storage.decisions import StoredPresentation
from musterpoint.workflows.authorising import Permission

Sees = Callable[[Encounter], bool]


def sees(snapshot: Snapshot, seat: Seat) -> Sees:
    """Whether a seat may know of an encounter, as a function."""
    if seat.is_practice:
        # What somebody has claimed is real; what nobody has claimed came in while this was practice.
        claimed = {one.name for one in galleries.terms(snapshot) if not one.is_practice}
        return lambda encounter: encounter.gallery not in claimed
    known = agreements.agreements(snapshot)
    mine = [one.version for one in known if one.version.party(seat.party) is not None]
    pairs = {(grant.purpose, grant.gallery) for version in mine for grant in version.grants}
    return lambda encounter: (encounter.purpose, encounter.gallery) in pairs


def sees_record(snapshot: Snapshot, seat: Seat) -> Callable[[EncounterId], bool]:
    """The same for identifiers; an encounter that was erased tells nothing, so it hides nothing."""
    is_seen = sees(snapshot, seat)

    def is_record_seen(encounter_id: EncounterId) -> bool:
        try:
            return is_seen(snapshot.encounter(encounter_id))
        except NotFound:
            return True

    return is_record_seen


def require_seen(snapshot: Snapshot, seat: Seat, encounters: Iterable[EncounterId]) -> None:
    """Raise NotFound where none of these encounters is there for the seat."""
    is_seen, chosen = sees_record(snapshot, seat), list(encounters)
    if chosen and not any(is_seen(one) for one in chosen):
        raise not_there("encounter")


def not_there(noun: str) -> NotFound:
    """The error for what is not there, or not there for a seat: the two look the same."""
    return NotFound(
        expected=f"the identifier of one {noun}, or at least 8 digits of its end",
        found=f"an identifier that no {noun} here has",
        hint=f"List them with: musterpoint {noun}s",
        where=noun,
    )


def hides_candidates(permission: Permission, stored: StoredPresentation | None) -> bool:
    """Whether a seat may not learn that somebody who was at the gate had candidates: under *no list*."""
    return stored is not None and stored.no_list and not permission.sees_candidates
