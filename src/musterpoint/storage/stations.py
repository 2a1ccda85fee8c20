"""Stations that have signed events, and those that are trusted no more.

A station that was lost stays in the registry with everything it signed before; what it would write after its
revocation is refused, and a line that is there all the same is found by the check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.storage import tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.log_reading import LogView
from musterpoint.storage.rows import Row

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

station_revocation = sa.Table(
    "station_revocation",
    tables.METADATA,
    sa.Column("station_id", sa.Text, sa.ForeignKey("station.station_id"), primary_key=True),
    sa.Column("seat", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("revoked_at", INTEGER_64, nullable=False),
    tables.stamp(),
)

_REVOKED: Final = sa.select(station_revocation.c.position).where(
    station_revocation.c.station_id == sa.bindparam("sought")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStation:
    """A station that has signed events here.

    station_id   128 bits in hexadecimal
    public_key   32 bytes, Ed25519
    provisioned  the line that says which key it signs with; None where no line does
    revoked      the line that revoked it; None while it is trusted
    """

    station_id: str
    public_key: bytes
    provisioned: int | None
    revoked: int | None = None
    revoked_at: Instant | None = None
    revoked_by: str = ""
    reason: str = ""


def known(view: LogView) -> tuple[KnownStation, ...]:
    """All stations, in the order in which they were provisioned."""
    station, gone = tables.station, station_revocation
    statement = (
        sa.select(station, gone.c.seat, gone.c.reason, gone.c.revoked_at, gone.c.position.label("revoked"))
        .select_from(station)
        .outerjoin(gone, gone.c.station_id == station.c.station_id)
        .order_by(station.c.provisioned, station.c.station_id)
    )
    return view.fetch(statement, _known)


def _known(row: Row) -> KnownStation:
    return KnownStation(
        station_id=row.station_id,
        public_key=bytes(row.public_key),
        provisioned=row.provisioned,
        revoked=row.revoked,
        revoked_at=None if row.revoked_at is None else Instant(row.revoked_at),
        revoked_by=row.seat or "",
        reason=row.reason or "",
    )


def revoked_at_line(view: LogView, station_id: str) -> int | None:
    """The line by which a station was revoked, or None while it is trusted."""
    found = view.value_of(_REVOKED, sought=station_id)
    return None if found is None else int(found)


def revoke(work: UnitOfWork, station_id: str, *, seat: str, reason: str) -> None:
    """Trust a station no more from this unit on. Raises Conflict where that was said before."""
    row = {"station_id": station_id, "seat": seat, "reason": reason, "revoked_at": work.now()}
    work.insert(station_revocation, work.stamped(row))
