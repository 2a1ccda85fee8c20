"""Children at the gate: whose fingers are not taken, who needs a carer, and when they are decided again."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

from musterpoint.clock import Instant
from musterpoint.errors import NotCapturable, UnusableInput
from musterpoint.identifiers import EncounterId
from musterpoint.registry import Outcome
from musterpoint.registry.agreements import ScreeningRules
from musterpoint.registry.biographic import Biography, birth_range, birthday, years_at_most
from musterpoint.registry.decisions import DecisionState, Presentation
from musterpoint.storage import Snapshot, decisions

_DAY_US: Final = 86_400 * 1_000_000
_YEAR_US: Final = 365 * _DAY_US + _DAY_US // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the person, or whoever came with them, told at the gate; all of it may be left out.

    age      years; where a birth is told as well, the lower age counts
    carer    encounter of the grown-up who answers for a child
    consent  explicit, implicit or proxy; empty where it was not asked
    """

    biography: Biography | None = None
    age: int | None = None
    carer: EncounterId | None = None
    consent: str = ""


def age_of(told: Told, now: Instant) -> int | None:
    """The lowest age in years that may be true; None where nothing was told of it.

    Raises UnusableInput for a birth that is still to come.
    """
    ages = [] if told.age is None else [told.age]
    if told.biography is not None and told.biography.born:
        today = _day(now)
        if birth_range(told.biography.born)[0] > today:
            raise UnusableInput(
                expected="a day of birth in the past",
                found="one in the future",
                hint="Correct it, and check the clock of this machine",
                where="birth",
            )
        ages.append(years_at_most(told.biography.born, today))
    return min(ages, default=None)


def refuse_fingers(age: int | None, rules: ScreeningRules) -> None:
    """Raise NotCapturable where the agreement does not let a child's fingerprints be taken."""
    if age is not None and age < rules.age_min:
        raise NotCapturable(
            expected=f"somebody of {rules.age_min} years or more, as the agreement asks",
            found="a younger child, of whom no fingerprint is taken",
            hint="Screen the child without files, and name the carer with --carer",
        )


def is_unaccompanied(age: int | None, carer: EncounterId | None, rules: ScreeningRules) -> bool:
    """Whether it is a child for whom nobody answers."""
    return age is not None and age < rules.carer_below and carer is None


def check_carer(snapshot: Snapshot, carer: EncounterId, rules: ScreeningRules, state: Presentation) -> None:
    """Raise UnusableInput for a carer who cannot go on with the child: left, denied, or a child too.

    state  of the carer now
    """
    has_left = state.outcome is Outcome.LEFT
    if has_left or state.decision is DecisionState.DENIED:
        raise UnusableInput(
            expected="a carer who goes on with the child",
            found="somebody who left" if has_left else "somebody who was denied",
            hint="Name the encounter of another grown-up with --carer",
        )
    stored = decisions.presentation_of(snapshot, carer)
    facts = stored.facts if stored else None
    if facts is not None and facts.age is not None and facts.age < rules.carer_below:
        raise UnusableInput(
            expected=f"a carer of {rules.carer_below} years or more, as the agreement asks",
            found="a child",
            hint="Name the encounter of a grown-up with --carer",
        )


def decided_again_at(told: Told, now: Instant, rules: ScreeningRules) -> Instant | None:
    """When a child comes to the next age at which it is decided again; None for a grown-up.

    With a birth, the earliest day that it may mean; with years alone, so many years from now.
    """
    age = age_of(told, now)
    ages = sorted(limit for limit in {rules.age_min, rules.carer_below} if age is not None and age < limit)
    if age is None or not ages:
        return None
    if told.biography is not None and told.biography.born:
        day = birthday(told.biography.born, ages[0])
        at = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
        reached = Instant(int(at.timestamp()) * 1_000_000)
        return reached if reached > now else Instant(now + _DAY_US)
    return Instant(now + (ages[0] - age) * _YEAR_US)


def _day(now: Instant) -> datetime.date:
    return datetime.datetime.fromtimestamp(now / 1_000_000, datetime.UTC).date()
