"""How often chance reaches a strength, as far as that is known, and what a search needs because of it.

A strength is -1000 ln of a probability by the map that comes with the program. A deployment may measure how
often its own people reach it; then the strength stays what it is, and only its meaning changes: `ChanceMap`
says what each strength is worth there. So strengths of all installations remain comparable.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """What one strength is worth, all in milli-nats: -1000 ln of the share of non-mated people who reach it.

    nats           by which thresholds are set
    at_least       the same at the cautious end of the interval of 95 %
    at_most        and at the other end
    """

    strength: int
    nats: int
    at_least: int
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceMap:
    """What strengths are worth; between knots in straight lines.

    knots        at least two; strengths rise, and nothing else falls
    measured_to  milli-nats up to which comparisons were seen; beyond it is extrapolated
    limit        milli-nats beyond which nothing is said: whatever is stronger counts as this
    """

    knots: tuple[Knot, ...]
    measured_to: int
    limit: int

    def __post_init__(self) -> None:
        strengths = [one.strength for one in self.knots]
        if len(strengths) < 2 or any(b <= a for a, b in pairwise(strengths)):
            raise ValueError("a map needs two knots or more, with strengths that rise")
        for name in ("nats", "at_least", "at_most"):
            column = [getattr(one, name) for one in self.knots]
            if column[0] < 0 or any(b < a for a, b in pairwise(column)):
                raise ValueError(f"{name} of a map must be positive and never fall")

    def nats_of(self, strength: int) -> int:
        """What a strength is worth in milli-nats, 0..limit."""
        return min(_at(self.knots, strength, "nats"), self.limit)

    def interval_of(self, strength: int) -> tuple[int, int]:
        """The interval of 95 % around it."""
        return _at(self.knots, strength, "at_least"), _at(self.knots, strength, "at_most")

    def strength_for(self, nats: int) -> int | None:
        """The lowest strength that is worth so much, or None where none is known to be."""
        if nats > self.limit or nats > self.knots[-1].nats:
            return None
        low, high = 0, self.knots[-1].strength
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.nats_of(middle) >= nats else (middle + 1, high)
        return low

    def is_extrapolated(self, nats: int) -> bool:
        """Whether no comparison that was measured says anything about so rare a chance."""
        return nats > self.measured_to


def _at(knots: Sequence[Knot], strength: int, name: str) -> int:
    values: list[int] = [getattr(one, name) for one in knots]
    place = bisect_right([one.strength for one in knots], strength)
    if place == 0:
        return 0
    if place == len(knots):
        return values[-1]
    before, after = knots[place - 1], knots[place]
    share = (strength - before.strength) / (after.strength - before.strength)
    return math.floor(values[place - 1] + share * (values[place] - values[place - 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What a search asks of a candidate.

    strength         milli-nats, by which candidates are told from others
    nats             milli-nats, what it is worth
    occasions        how many people chance has, see `musterpoint.gallery.occasions`
    expected         candidates that chance produces in a search, on average, at most
    at_least, at_most  the same at both ends of the interval of 95 %
    is_extrapolated  nothing that was measured is so rare
    is_kept          false where the target asks for more than the data can support; the strictest threshold
                     that they do support stands in its place, and `expected` says what it comes to
    """

    strength: int
    nats: int
    occasions: float
    expected: float
    at_least: float
    at_most: float
    is_extrapolated: bool
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What strengths mean in a deployment.

    number   0 for the one that comes with the program, 1, 2, 3 … for those measured in a registry
    source   what it was measured on, in words
    cohort   the cohort by which scores were normalised: its number, and for own ones its digest
    one      for probes of one finger
    several  for probes of two or more
    """

    number: int
    source: str
    comparator: str
    cohort: str
    one: ChanceMap
    several: ChanceMap

    def map_for(self, fingers: int) -> ChanceMap:
        """The map for probes of so many fingers."""
        return self.one if fingers <= 1 else self.several

    def expected(self, strength: int, occasions: float, fingers: int) -> float:
        """How many people reach this strength by chance, on average, at most."""
        return occasions * math.exp(-self.map_for(fingers).nats_of(strength) / 1000)

    def needed(self, occasions: float, target: float, fingers: int) -> Needed:
        """What a search with so many occasions needs for a target of false positives, in (0, 1].

        Raises ValueError for another target or fewer than no occasions.
        """
        if occasions < 0 or not 0 < target <= 1:
            raise ValueError(f"{occasions} occasions at a false positive rate of {target}")
        chance = self.map_for(fingers)
        asked = max(0, math.ceil(1000 * math.log(occasions / target))) if occasions else 0
        found = chance.strength_for(asked)
        kept = min(chance.limit, chance.knots[-1].nats)
        strength = chance.strength_for(kept) if found is None else found
        assert strength is not None, "what the map ends with can be reached"
        nats = chance.nats_of(strength)
        low, high = chance.interval_of(strength)
        return Needed(
            strength=strength,
            nats=nats,
            occasions=occasions,
            expected=occasions * math.exp(-nats / 1000),
            at_least=occasions * math.exp(-high / 1000),
            at_most=occasions * math.exp(-low / 1000),
            is_extrapolated=chance.is_extrapolated(nats),
            is_kept=found is not None,
        )

    def least_target(self, occasions: float, fingers: int) -> float:
        """The strictest target that the data support for a search with so many occasions."""
        chance = self.map_for(fingers)
        return occasions * math.exp(-min(chance.limit, chance.knots[-1].nats) / 1000)


def as_facts(made: Calibration) -> dict[str, Any]:
    """A calibration as plain values, to be kept."""
    return {
        "number": made.number,
        "source": made.source,
        "comparator": made.comparator,
        "cohort": made.cohort,
        "one": _map_as_facts(made.one),
        "several": _map_as_facts(made.several),
    }


def from_facts(facts: Mapping[str, Any]) -> Calibration:
    """The calibration of plain values. Raises KeyError, TypeError or ValueError for others."""
    return Calibration(
        number=facts["number"],
        source=facts["source"],
        comparator=facts["comparator"],
        cohort=facts["cohort"],
        one=_map_from_facts(facts["one"]),
        several=_map_from_facts(facts["several"]),
    )


def _map_as_facts(chance: ChanceMap) -> dict[str, Any]:
    return {
        "knots": [[one.strength, one.nats, one.at_least, one.at_most] for one in chance.knots],
        "measured_to": chance.measured_to,
        "limit": chance.limit,
    }


def _map_from_facts(facts: Mapping[str, Any]) -> ChanceMap:
    return ChanceMap(
        knots=tuple(
            Knot(strength=strength, nats=nats, at_least=low, at_most=high)
            for strength, nats, low, high in facts["knots"]
        ),
        measured_to=facts["measured_to"],
        limit=facts["limit"],
    )
