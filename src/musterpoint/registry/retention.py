"""How long what is kept is kept: dates at birth, and the states of a record until it is erased.

The state of a record is never stored: it follows from facts (dates, holds, requests, answers of stores)
by `state_of`, so it can neither be forgotten nor be out of date. `NEXT` says which way leads on from each
state, and `step` refuses every other; a property test checks that facts never lead elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from musterpoint.clock import Instant
from musterpoint.errors import Conflict
from musterpoint.limits import RETENTION_DAYS_DEFAULT, RETENTION_DAYS_MAX, TEXT_CHARACTERS_MAX

DAY_US: Final = 86_400_000_000
"""Microseconds of a day of 24 hours."""

EVERY_GALLERY: Final = "*"
"""Stands in a rule for all galleries that no other rule names."""


class Kept(StrEnum):
    """What has a date of its own."""

    ENCOUNTER = "encounter"
    """A visit: its references, details and everything about its person."""
    IMAGES = "images"
    """The impressions of a visit; its templates stay until the visit's own date."""
    OPS = "ops"
    """The pseudonymous facts in the journal under one agreement; published totals stay."""


class State(StrEnum):
    """Where a record is on its way out."""

    ACTIVE = "active"
    DUE = "due"
    HELD = "held"
    ERASE_REQUESTED = "erase requested"
    REFUSED = "refused"
    ERASING = "erasing"
    PARTLY = "partly"
    ERASED = "erased"


NEXT: Final[Mapping[State, frozenset[State]]] = {
    State.ACTIVE: frozenset({State.DUE, State.HELD, State.ERASE_REQUESTED}),
    State.DUE: frozenset({State.HELD, State.ERASING}),
    # A hold that ends before the record's own date gives the record back to what it was before.
    State.HELD: frozenset({State.DUE, State.ACTIVE, State.ERASE_REQUESTED, State.REFUSED}),
    State.ERASE_REQUESTED: frozenset({State.ERASING, State.REFUSED, State.HELD, State.DUE}),
    State.REFUSED: frozenset({State.DUE, State.HELD, State.ERASE_REQUESTED}),
    State.ERASING: frozenset({State.PARTLY, State.ERASED}),
    State.PARTLY: frozenset({State.ERASED}),
    State.ERASED: frozenset(),
}
"""Which states may follow each state. A refusal ends nothing: the record keeps its date, and whoever
asked may ask again."""


class HoldReason(StrEnum):
    """Why a record outlives its date."""

    APPEAL = "appeal"
    REFERRAL = "referral"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How many days something is kept.

    gallery  the gallery it holds for, or `EVERY_GALLERY`
    days     1..RETENTION_DAYS_MAX
    """

    gallery: str
    kept: Kept
    days: int

    def __post_init__(self) -> None:
        if not 1 <= self.days <= RETENTION_DAYS_MAX:
            raise ValueError(f"{self.days} days, must lie in 1..{RETENTION_DAYS_MAX}")
        if not 0 < len(self.gallery) <= TEXT_CHARACTERS_MAX:
            raise ValueError(f"the name of a gallery has 1..{TEXT_CHARACTERS_MAX} characters")


def days_kept(rules: Sequence[RetentionRule], kept: Kept, gallery: str) -> int:
    """Days that something is kept by these rules; the shortest where several hold.

    A rule for the gallery goes before one for every gallery. Images are never kept longer than their
    encounter. Where no rule holds, `RETENTION_DAYS_DEFAULT`: nothing is kept for ever.
    """
    named = [rule.days for rule in rules if rule.kept is kept and rule.gallery == gallery]
    others = [rule.days for rule in rules if rule.kept is kept and rule.gallery == EVERY_GALLERY]
    days = min(named or others or [RETENTION_DAYS_DEFAULT])
    return min(days, days_kept(rules, Kept.ENCOUNTER, gallery)) if kept is Kept.IMAGES else days


def retain_until(rules: Sequence[RetentionRule], kept: Kept, gallery: str, born_at: Instant) -> Instant:
    """The date that a record gets at its birth.

    born_at  the present as `not_before` corrects it: a clock that was set back would end the date early
    """
    return Instant(born_at + days_kept(rules, kept, gallery) * DAY_US)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The present as retention sees it.

    at           the later of the clock and of the last time that was seen
    went_back_s  seconds by which the clock lies behind it; 0 where it is right
    ahead_s      seconds by which the clock lies ahead of the last time seen
    """

    at: Instant
    went_back_s: int
    ahead_s: int


def not_before(now: Instant, last_seen: Instant) -> Moment:
    """The present that a clock set back can neither bring forward nor put off."""
    behind = max(0, last_seen - now) // 1_000_000
    ahead = max(0, now - last_seen) // 1_000_000 if last_seen else 0
    return Moment(at=Instant(max(now, last_seen)), went_back_s=behind, ahead_s=ahead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the state of a record follows from.

    held_until       end of the last hold that nobody released; None without one
    is_requested     somebody asked for the erasure and was not answered
    is_refused       the last request was refused
    is_erasing       the intent to erase is in the registry
    here, elsewhere  stores that have not answered: of this installation, and of others
    """

    retain_until: Instant
    held_until: Instant | None = None
    is_requested: bool = False
    is_refused: bool = False
    is_erasing: bool = False
    here: int = 0
    elsewhere: int = 0


def state_of(facts: Facts, now: Instant) -> State:
    """The state that follows from the facts at this moment."""
    if facts.is_erasing:
        if facts.here:
            return State.ERASING
        return State.PARTLY if facts.elsewhere else State.ERASED
    if facts.held_until is not None and now < facts.held_until:
        return State.HELD
    if now >= facts.retain_until:
        return State.DUE
    if facts.is_requested:
        return State.ERASE_REQUESTED
    return State.REFUSED if facts.is_refused else State.ACTIVE


def step(state: State, to: State) -> State:
    """The state `to`, where it may follow. Raises Conflict."""
    if to in NEXT[state]:
        return to
    allowed = ", ".join(sorted(NEXT[state])) or "nothing"
    raise Conflict(
        expected=f"a record that may become {to.value!r}",
        found=f"one that is {state.value!r}, and may next become {allowed}",
        hint=_HINTS.get(state, "See its state with: musterpoint retention show"),
    )


_HINTS: Final[Mapping[State, str]] = {
    State.HELD: "Release the hold first: musterpoint retention release",
    State.ACTIVE: "Ask for the erasure first, or wait for its date",
    State.ERASED: "What was erased does not come back",
}
