"""Which seat acts: chosen among the keys of this machine, proved by its key, and held to its role."""

from __future__ import annotations

import secrets
from typing import Final

from musterpoint.clock import Instant
from musterpoint.errors import (
    AgreementExpired,
    Refused,
    RoleMissing,
    SecondPersonMissing,
    UnusableInput,
)
from musterpoint.registry.rights import (
    INSTALLATION,
    NEVER_IN_PRACTICE,
    READING,
    Act,
    Extent,
    extent,
    may,
    needs_two,
)
from musterpoint.registry.seats import Role, Seat, is_signed_by
from musterpoint.storage import Snapshot, seats
from musterpoint.workflows.acting import Actor, HeldKeys

_CHALLENGE: Final = b"musterpoint/acting/v1\x00"
_SET_UP: Final = (
    "Set the installation up first: musterpoint seat add NAME=administrator NAME=supervisor --party PARTY"
)


def choose(snapshot: Snapshot, keys: HeldKeys, act: Act, now: Instant, *, is_real: bool) -> Actor:
    """The only seat with its key on this machine that may do it; else the first practice seat that may.

    is_real  a real agreement was acknowledged, so that practice is over

    Raises RoleMissing where there is none, UnusableInput where there are several.
    """
    # Asked once: a screening may wait for no query a seat.
    broken = _with_broken_glass(snapshot, act, now)
    able = [
        one
        for one in seats.seats(snapshot)
        if one.is_live(now) and keys.holds(one) and _may(snapshot, one, act, broken, is_real)
    ]
    # In the order of roles: at a gate the officer screens, not the machine of an integrator.
    able.sort(key=lambda one: (extent(one.role, act) is not Extent.FULL, list(Role).index(one.role)))
    real = [one for one in able if not one.is_practice]
    if len(real) > 1 and act not in READING:
        # By reading nothing is done in anybody's name, so the one that may see most will do.
        raise UnusableInput(
            expected="one seat that may do it",
            found=f"{len(real)} whose keys are here: {', '.join(one.name for one in real)}",
            hint="Name one with --seat",
        )
    practising = [one for one in able if one.is_practice]
    if not (chosen := real or practising):
        _refuse_only_practice(snapshot, keys, act, now, is_real=is_real)
        raise RoleMissing(
            expected=f"a seat on this machine that may {act.value}",
            found="none",
            hint=_where_it_can_be_done(snapshot, act),
        )
    actor = keys.actor(chosen[0])
    if needs_two(act) and len(practising) > 1 and not real:
        # Whoever practises alone plays both persons.
        return actor.with_second(keys.actor(practising[1]))
    return actor


def _refuse_only_practice(
    snapshot: Snapshot, keys: HeldKeys, act: Act, now: Instant, *, is_real: bool
) -> None:
    """Raise what keeps a practice seat of that role from it, where there are no other seats at all."""
    known = [one for one in seats.seats(snapshot) if one.is_live(now) and keys.holds(one)]
    if any(may(one.role, act) for one in known) and not seats.has_any(snapshot, is_practice=False):
        refuse_beyond_practice(snapshot, act, is_real=is_real)


def proved(snapshot: Snapshot, actor: Actor, act: Act, now: Instant) -> Seat:
    """The seat as the registry knows it, after its key has signed a challenge. Raises RoleMissing."""
    seat = seats.of_name(snapshot, actor.seat.name)
    challenge = _CHALLENGE + secrets.token_bytes(32) + act.value.encode()
    if not is_signed_by(seat.public_key, challenge, actor.key.sign(challenge)):
        raise RoleMissing(
            expected="the key of the seat",
            found="another key",
            hint="Act in a seat whose key you hold",
        )
    if not seat.is_live(now):
        raise RoleMissing(
            expected="a seat that may act",
            found="one that was revoked" if seat.revoked_at is not None else "one that has expired",
            hint="Let an administrator grant a new seat: musterpoint seat add",
        )
    return seat


def extent_of(snapshot: Snapshot, seat: Seat, act: Act, now: Instant) -> Extent:
    """How far the right of a seat goes, broken glass included. Raises RoleMissing."""
    found = extent(seat.role, act)
    if found is not Extent.FULL and _has_broken_glass(snapshot, seat, act, now):
        return Extent.FULL
    if found is not Extent.NONE:
        return found
    raise RoleMissing(
        expected=f"a role that may {act.value}",
        found=f"the seat of {_with_article(seat.role)}",
        hint=f"Ask {_in_roles(act)} to do it",
    )


def check_second(snapshot: Snapshot, actor: Actor, act: Act, now: Instant) -> None:
    """Raise SecondPersonMissing or RoleMissing where there are not two seats that may do it."""
    if actor.second is None:
        raise SecondPersonMissing(
            expected=f"two seats to {act.value}",
            found="one",
            hint="Let a second person take part with --second SEAT",
        )
    second = proved(snapshot, actor.second, act, now)
    if second.public_key == actor.seat.public_key:
        raise SecondPersonMissing(
            expected="two persons with keys of their own",
            found="one key twice",
            hint="Let a second person take part with --second SEAT",
        )
    extent_of(snapshot, second, act, now)


def refuse_beyond_practice(snapshot: Snapshot, act: Act, *, is_real: bool) -> None:
    """Raise AgreementExpired or RoleMissing where a practice seat must not act.

    is_real  a real agreement was acknowledged, so that practice is over for good

    The keys of practice seats lie beside the registry, so they must never reach anything real.
    """
    if is_real:
        raise AgreementExpired(
            expected="a seat of a party to an agreement",
            found="a seat for practice, and practice is over in this registry",
            hint="Practise in a folder of its own, with --data",
        )
    if act in NEVER_IN_PRACTICE or (act in INSTALLATION and seats.has_any(snapshot, is_practice=False)):
        raise RoleMissing(
            expected=f"a seat that is not for practice, to {act.value}",
            found="a seat for practice",
            hint=_SET_UP,
        )


def _with_article(role: Role) -> str:
    return f"{'an' if role.value[0] in 'aeiou' else 'a'} {role.value}"


def _in_roles(act: Act) -> str:
    """Who may do it, as a person says it: `a supervisor or an administrator`."""
    named = [_with_article(one) for one in Role if may(one, act)]
    return " or ".join(filter(None, (", ".join(named[:-1]), named[-1]))) if named else "nobody"


def _where_it_can_be_done(snapshot: Snapshot, act: Act) -> str:
    """What to do where no key of this machine may do it."""
    if act in NEVER_IN_PRACTICE and not seats.has_any(snapshot, is_practice=False):
        # A new registry has seats for practice only, and nothing real comes to be by them.
        return _SET_UP
    return f"Act as {_in_roles(act)} with --seat NAME, on the machine where that seat's key is kept"


def _may(snapshot: Snapshot, seat: Seat, act: Act, broken: frozenset[str], is_real: bool) -> bool:
    if seat.is_practice:
        try:
            refuse_beyond_practice(snapshot, act, is_real=is_real)
        except Refused:
            return False
    return may(seat.role, act) or seat.name in broken


def _with_broken_glass(snapshot: Snapshot, act: Act, now: Instant) -> frozenset[str]:
    """Names of the seats that may do it for a while by broken glass."""
    return frozenset(
        one.seat for one in seats.broken_glasses(snapshot) if one.act == act.value and now < one.valid_until
    )


def _has_broken_glass(snapshot: Snapshot, seat: Seat, act: Act, now: Instant) -> bool:
    return any(
        one.act == act.value and now < one.valid_until
        for one in seats.broken_glasses(snapshot, name=seat.name)
    )
