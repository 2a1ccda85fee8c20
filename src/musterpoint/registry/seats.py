"""Seats: the named places in which people act, each with a role, a party and a key of its own.

A seat is one key: whoever holds the key acts as the seat, and nobody else can. The parts of
administrator, supervisor and adjudicator never fall into one hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from musterpoint.clock import Instant
from musterpoint.errors import Conflict
from musterpoint.limits import TEXT_CHARACTERS_MAX

PUBLIC_KEY_BYTES: Final = 32
"""Bytes of an Ed25519 public key (RFC 8032 5.1.5)."""

PRACTICE_PARTY: Final = "practice"
"""The only party of the practice agreement; its seats act under no other agreement."""


class Role(StrEnum):
    """What somebody is there to do; the columns of the table in `rights`."""

    CAPTURE_OFFICER = "capture officer"
    ADJUDICATOR = "adjudicator"
    SUPERVISOR = "supervisor"
    OBSERVER = "observer"
    INTEGRATOR = "integrator"
    ADMINISTRATOR = "administrator"
    TRANSPORTER = "transporter"


SEPARATE_ROLES: Final = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.ADJUDICATOR})
"""No key may ever hold two of these: who keeps the keys must not decide, who decides must not supervise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A named place with its key.

    party        whose seat it is, as agreements name the party
    public_key   32 bytes, Ed25519
    is_practice  the seat acts under the practice agreement, and under no other
    valid_until  None where it does not expire by itself
    """

    name: str
    role: Role
    party: str
    public_key: bytes
    is_practice: bool = False
    valid_until: Instant | None = None
    revoked_at: Instant | None = None

    def __post_init__(self) -> None:
        if len(self.public_key) != PUBLIC_KEY_BYTES:
            raise ValueError(f"{len(self.public_key)} bytes of a public key, {PUBLIC_KEY_BYTES} are needed")
        for text in (self.name, self.party):
            if not text or len(text) > TEXT_CHARACTERS_MAX or not text.isprintable():
                raise ValueError(f"a name has 1 to {TEXT_CHARACTERS_MAX} printable characters")

    def is_live(self, now: Instant) -> bool:
        """Whether somebody may act in it now."""
        return self.revoked_at is None and (self.valid_until is None or now < self.valid_until)


def refuse_key_of_another(seat: Seat, others: Iterable[Seat]) -> None:
    """Raise Conflict where the name is taken, or the key was ever that of a seat that must stay apart.

    A seat that was revoked counts as well: a key does not forget what it decided.
    """
    for other in others:
        if other.name == seat.name:
            raise Conflict(
                expected="a name that no seat has had",
                found="the name of another seat",
                hint="Choose another name; what a seat did keeps its name",
                where="seat",
            )
        if other.public_key != seat.public_key:
            continue
        if {seat.role, other.role} <= SEPARATE_ROLES and seat.role is not other.role:
            raise Conflict(
                expected="administrator, supervisor and adjudicator with keys of their own",
                found=f"the key of a seat that is {other.role.value}",
                hint="Let another person, with another key, take this seat",
                where="seat",
            )
        raise Conflict(
            expected="a key that no seat has had",
            found="the key of another seat",
            hint="Make a key for this seat",
            where="seat",
        )


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature (RFC 8032) of a message was made with the private part of a key."""
    # Only who verifies pays for the import.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
