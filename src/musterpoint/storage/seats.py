"""Seats and broken glass as rows; the private keys of seats stand in files, see `keyfiles`.

Guarantees: a name and a key are given once; a seat that was revoked stays, and what it did keeps its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.errors import NotFound
from musterpoint.registry.seats import Role, Seat
from musterpoint.storage import tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

seat = sa.Table(
    "seat",
    tables.METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("public_key", sa.Text, nullable=False, unique=True),
    sa.Column("is_practice", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("valid_until", INTEGER_64),
    sa.Column("revoked_at", INTEGER_64),
    tables.stamp(),
)
"""Who may act; `public_key` is lower-case hexadecimal."""

broken_glass = sa.Table(
    "broken_glass",
    tables.METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seat", sa.Text, sa.ForeignKey("seat.name"), nullable=False, index=True),
    sa.Column("second", sa.Text, sa.ForeignKey("seat.name"), nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("valid_until", INTEGER_64, nullable=False),
    tables.stamp(),
)
"""Acts that a seat may do for a short while although its role may not, and who agreed."""

# Made once: every act asks for these, and making a statement takes longer than carrying it out.
_SEATS: Final = sa.select(seat).order_by(seat.c.name)
_SEAT_OF_NAME: Final = sa.select(seat).where(seat.c.name == sa.bindparam("sought"))
_GLASSES: Final = sa.select(broken_glass).order_by(broken_glass.c.number)
_GLASSES_OF_SEAT: Final = _GLASSES.where(broken_glass.c.seat == sa.bindparam("sought"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenGlass:
    """An act that a seat may do until a moment although its role may not; `second` agreed."""

    number: int
    seat: str
    second: str
    act: str
    reason: str
    valid_until: Instant


def add(work: UnitOfWork, made: Seat) -> None:
    """Add a seat. Raises Conflict where its name or its key is there."""
    work.insert(
        seat,
        work.stamped(
            {
                "name": made.name,
                "role": made.role.value,
                "party": made.party,
                "public_key": made.public_key.hex(),
                "is_practice": made.is_practice,
                "valid_until": made.valid_until,
                "revoked_at": made.revoked_at,
            }
        ),
    )


def revoke(work: UnitOfWork, name: str, at: Instant) -> None:
    """Let nobody act in a seat any more."""
    work.change(sa.update(seat).where(seat.c.name == name).values(revoked_at=at))


def seats(snapshot: Snapshot) -> tuple[Seat, ...]:
    """All seats, revoked ones too, by name."""
    return snapshot.fetch(_SEATS, _seat)


def of_name(snapshot: Snapshot, name: str) -> Seat:
    """The seat of a name. Raises NotFound."""
    found = snapshot.fetch(_SEAT_OF_NAME, _seat, sought=name)
    if not found:
        raise NotFound(
            expected="the name of a seat",
            found="a name that no seat has",
            hint="List them with: musterpoint seat list",
            where="seat",
        )
    return found[0]


def has_any(snapshot: Snapshot, *, is_practice: bool | None = None) -> bool:
    """Whether there is a seat, for practice or not."""
    statement = sa.select(seat.c.name).limit(1)
    if is_practice is not None:
        statement = statement.where(seat.c.is_practice == is_practice)
    return snapshot.value_of(statement) is not None


def break_glass(work: UnitOfWork, made: BrokenGlass) -> None:
    """Add a right for a while."""
    work.insert(
        broken_glass,
        work.stamped(
            {
                "number": made.number,
                "seat": made.seat,
                "second": made.second,
                "act": made.act,
                "reason": made.reason,
                "valid_until": made.valid_until,
            }
        ),
    )


def next_glass_number(work: UnitOfWork) -> int:
    """The number of the next broken glass."""
    return work.next_number(broken_glass)


def broken_glasses(snapshot: Snapshot, *, name: str | None = None) -> tuple[BrokenGlass, ...]:
    """All broken glass, or that of one seat, in order of time."""
    if name is not None:
        return snapshot.fetch(_GLASSES_OF_SEAT, _glass, sought=name)
    return snapshot.fetch(_GLASSES, _glass)


def _seat(row: Row) -> Seat:
    return Seat(
        name=row.name,
        role=Role(row.role),
        party=row.party,
        public_key=bytes.fromhex(row.public_key),
        is_practice=bool(row.is_practice),
        valid_until=None if row.valid_until is None else Instant(row.valid_until),
        revoked_at=None if row.revoked_at is None else Instant(row.revoked_at),
    )


def _glass(row: Row) -> BrokenGlass:
    return BrokenGlass(
        number=row.number,
        seat=row.seat,
        second=row.second,
        act=row.act,
        reason=row.reason,
        valid_until=Instant(row.valid_until),
    )
