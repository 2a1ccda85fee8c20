"""Stations of this registry: who has signed its events, and one that is trusted no more.

A station is an installation with a key of its own; one that is restored from a backup goes on under a new
name. What a station signed before it was revoked stands. What comes later is refused where it would be
written, and found by the check where it is there all the same.
"""

from __future__ import annotations

from musterpoint.errors import Conflict, NotFound, UnusableInput
from musterpoint.identifiers import StationId
from musterpoint.limits import TEXT_CHARACTERS_MAX
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, stations
from musterpoint.storage.stations import KnownStation
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.station import Station

DIGITS_MIN = 8
"""Digits of a station's identifier that name it."""


def list_stations(station: Station) -> tuple[StationId, tuple[KnownStation, ...]]:
    """The station that writes here, and all that have. Raises what `authorise` raises."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.READ_STATIONS)
        return station.database.vault.station_id(), stations.known(snapshot)


def revoke_station(station: Station, text: str, reason: str) -> KnownStation:
    """Trust a station no more from now on; returns it.

    text  its identifier, or enough of its beginning or end

    Raises NotFound, Conflict where it is the one that acts or was revoked before, UnusableInput without a
    reason, and what `authorise` raises.
    """
    if not 0 < len(reason.strip()) <= TEXT_CHARACTERS_MAX:
        raise UnusableInput(
            expected=f"a reason of 1 to {TEXT_CHARACTERS_MAX} characters",
            found=f"{len(reason.strip())} characters",
            hint="Say why with --reason; it names no person",
            where="--reason",
        )
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.MANAGE_STATION)
        found = _found(work, text)
        if found.station_id == station.database.vault.station_id().hex:
            raise Conflict(
                expected="a station other than the one that acts",
                found="this one, which would write nothing from then on",
                hint="Revoke it in the registry that goes on without it",
                where="station",
            )
        if found.revoked is not None:
            raise Conflict(
                expected="a station that is trusted",
                found=f"one that was revoked in journal line {found.revoked}",
                hint="Nothing is left to do",
                where="station",
            )
        facts = {"station": found.station_id, "reason": reason.strip()}
        work.append_journal("station.revoked", permission.confirmed(facts, "correction"))
        stations.revoke(work, found.station_id, seat=permission.actor.seat.name, reason=reason.strip())
        work.commit()
    with station.database.read() as snapshot:
        return _found(snapshot, found.station_id)


def _found(snapshot: Snapshot, text: str) -> KnownStation:
    digits = text.replace("-", "").lower()
    known = [
        one
        for one in stations.known(snapshot)
        if len(digits) >= DIGITS_MIN
        and (one.station_id.startswith(digits) or one.station_id.endswith(digits))
    ]
    if len(known) != 1:
        raise NotFound(
            expected=f"the identifier of one station, or at least {DIGITS_MIN} of its first or last digits",
            found="digits of several stations" if known else "digits that no station has",
            hint="List them with: musterpoint station list",
            where="station",
        )
    return known[0]
