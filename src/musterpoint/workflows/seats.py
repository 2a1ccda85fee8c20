"""Seats: the first ones of an installation, later ones by an administrator, and glass that is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, SecondPersonMissing, UnusableInput
from musterpoint.registry.rights import UNDER_BROKEN_GLASS, Act
from musterpoint.registry.seats import Role, Seat, refuse_key_of_another
from musterpoint.storage import Snapshot, UnitOfWork, keyfiles, seats
from musterpoint.storage.keyfiles import SigningKey
from musterpoint.storage.seats import BrokenGlass
from musterpoint.workflows.acting import Actor
from musterpoint.workflows.authorising import authorise, latest, refused
from musterpoint.workflows.practice import grant
from musterpoint.workflows.station import Station

GLASS_US: Final = 30 * 60 * 1_000_000
"""Half an hour, in microseconds: long enough for one emergency, too short to become a habit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRequest:
    """A seat that is to be granted.

    public_key   32 bytes where the key was made elsewhere; None makes one here
    valid_until  None where the seat does not expire by itself
    """

    name: str
    role: Role
    party: str
    public_key: bytes | None = None
    valid_until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedSeat:
    """A seat, and the file with its key where it was made here."""

    seat: Seat
    key_file: Path | None


def grant_seats(
    station: Station, requests: Sequence[SeatRequest], *, passphrase: bytes | None = None
) -> tuple[GrantedSeat, ...]:
    """Grant seats, all or none; keys that are made here are sealed by the passphrase if there is one.

    An installation begins without seats but those for practice. The first call makes its first ones, an
    administrator among them; from then on only administrators grant seats. Raises Conflict where a name
    or key was given before or the first ones lack an administrator, and what `authorise` raises.
    """
    made: list[tuple[Seat, SigningKey | None]] = [_made(one) for one in requests]
    with station.database.read() as snapshot:
        # Before any file is written; asked again below, where nobody can come in between.
        _check(station, snapshot, [seat for seat, _ in made])
    keys = {seat.name: key for seat, key in made if key is not None}
    files = {name: keyfiles.write(keyfiles.key_folder(), name, key, passphrase) for name, key in keys.items()}
    with station.database.read() as snapshot:
        first = _first_administrator(snapshot, made)
    acting = station.acting_as(first) if first else station
    with acting.unit_of_work() as work:
        _check(acting, work, [seat for seat, _ in made], is_first=first is not None)
        for seat, _ in made:
            grant(work, seat)
        work.commit()
    return tuple(GrantedSeat(seat=seat, key_file=files.get(seat.name)) for seat, _ in made)


def _made(request: SeatRequest) -> tuple[Seat, SigningKey | None]:
    key = SigningKey.generate() if request.public_key is None else None
    public_key = key.public_key if key else request.public_key
    assert public_key is not None, "a key is given or made"
    seat = Seat(
        name=request.name,
        role=request.role,
        party=request.party,
        public_key=public_key,
        valid_until=request.valid_until,
    )
    return seat, key


def _first_administrator(snapshot: Snapshot, made: Sequence[tuple[Seat, SigningKey | None]]) -> Actor | None:
    """The administrator who grants the first seats, their own among them; None where there are seats."""
    if seats.has_any(snapshot, is_practice=False):
        return None
    return next(
        (Actor(seat=seat, key=key) for seat, key in made if seat.role is Role.ADMINISTRATOR and key), None
    )


def _check(station: Station, snapshot: Snapshot, made: Sequence[Seat], *, is_first: bool = True) -> None:
    known = list(seats.seats(snapshot))
    if any(not one.is_practice for one in known):
        authorise(station, snapshot, Act.GRANT_SEAT)
    elif not is_first or not any(one.role is Role.ADMINISTRATOR for one in made):
        raise Conflict(
            expected="an administrator among the first seats of an installation",
            found="none with a key made here",
            hint="Add one: musterpoint seat add NAME=administrator --party PARTY",
            where="seat",
        )
    for seat in made:
        refuse_key_of_another(seat, known)
        known.append(seat)
    _refuse_dead_end(known, latest(snapshot, station.clock))


def _refuse_dead_end(known: Sequence[Seat], now: Instant) -> None:
    """Raise Conflict where nobody would be left to grant seats."""
    administrators = [one for one in known if one.role is Role.ADMINISTRATOR and not one.is_practice]
    if not any(one.is_live(now) and one.valid_until is None for one in administrators):
        raise Conflict(
            expected="one administrator who stays, without an expiry",
            found="nobody who could grant seats in the end",
            hint="Add another administrator first, without --until",
            where="seat",
        )


def revoke_seat(station: Station, name: str) -> int:
    """Let nobody act in a seat any more; returns the journal line.

    Raises NotFound, Conflict where it was revoked or is the last administrator, what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.REVOKE_SEAT)
        seat = seats.of_name(work, name)
        if seat.revoked_at is not None:
            raise Conflict(
                expected="a seat that may act",
                found="one that was revoked before",
                hint="Nothing is left to do",
                where=name,
            )
        seats.revoke(work, name, work.now())
        if not seat.is_practice:
            _refuse_dead_end(seats.seats(work), latest(work, station.clock))
        facts = {"seat": name, "role": seat.role.value, "key": seat.public_key.hex()}
        position = work.append_journal("role.revoked", permission.confirmed(facts, "correction"))
        work.commit()
    return position


def list_seats(station: Station) -> tuple[Seat, ...]:
    """All seats by name, revoked ones too. Raises what `authorise` raises."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.READ_SEATS)
        return seats.seats(snapshot)


def list_broken_glass(station: Station) -> tuple[BrokenGlass, ...]:
    """All broken glass, in order of time. Raises what `authorise` raises."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.READ_SEATS)
        return seats.broken_glasses(snapshot)


def break_glass(station: Station, act: Act, reason: str) -> BrokenGlass:
    """Let the acting seat do something for half an hour that its role may not; a second person agrees.

    One of the two is a supervisor. The journal says so at once, for every observer to see. Raises
    UnusableInput for an act that no emergency opens, and what `authorise` raises.
    """
    if act not in UNDER_BROKEN_GLASS:
        raise UnusableInput(
            expected="an act that broken glass can open: " + "; ".join(sorted(UNDER_BROKEN_GLASS)),
            found=act.value,
            hint="Ask somebody whose role it is",
        )
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.BREAK_GLASS)
        second = permission.actor.second
        assert second is not None, "breaking glass takes two"
        if Role.SUPERVISOR not in {permission.actor.seat.role, second.seat.role}:
            raise refused(station, work, Act.BREAK_GLASS, _no_supervisor())
        made = _glass(work, permission.actor.seat.name, second.seat.name, act, reason)
        seats.break_glass(work, made)
        facts: dict[str, str | int] = {
            "number": made.number,
            "seat": made.seat,
            "act": made.act,
            "reason": reason,
            "valid_until": made.valid_until,
        }
        work.append_journal("break_glass", permission.confirmed(facts, "second"))
        work.commit()
    return made


def _no_supervisor() -> SecondPersonMissing:
    return SecondPersonMissing(
        expected="a supervisor among the two",
        found="none",
        hint="Let a supervisor take part with --second SEAT",
    )


def _glass(work: UnitOfWork, seat: str, second: str, act: Act, reason: str) -> BrokenGlass:
    return BrokenGlass(
        number=seats.next_glass_number(work),
        seat=seat,
        second=second,
        act=act.value,
        reason=reason,
        valid_until=Instant(work.now() + GLASS_US),
    )
