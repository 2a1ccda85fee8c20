"""Measures how often chance reaches a strength, from comparisons of people who are not the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.comparison.chance import ChanceMap, Knot
from musterpoint.comparison.tail import LEAST, Tail, fit_tail

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

PEOPLE_MIN: Final = 200
COMPARISONS_MIN: Final = 19_900
"""All pairs of 200 people."""

TAIL_SHARE: Final = 0.01
"""The tail model begins where one in a hundred comparisons is."""

SEEN_MIN: Final = 10
"""So many comparisons have to reach a strength for its rate to count as measured."""

BEYOND_NATS: Final = 6.91
"""ln 1000: so far beyond what was measured the tail model is followed."""

WIDTH_NATS: Final = 4.61
"""ln 100: where the interval is wider than that, nothing is said any more."""

DRAWS: Final = 400
STEP: Final = 500
TOP: Final = 30_000
_CAP: Final = 90.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparisons:
    """Comparisons of people who are not the same.

    strength       int32 (n,), milli-nats
    first, second  int64 (n,), number of either person, 0..people - 1
    """

    strength: npt.NDArray[np.int32]
    first: I64
    second: I64
    people: int

    def __len__(self) -> int:
        return len(self.strength)

    def reaching(self, strengths: Sequence[int]) -> I64:
        """int64 (k,), how many reach each strength."""
        ordered = np.sort(self.strength)
        below = np.searchsorted(ordered, np.asarray(strengths), side="left")
        return (len(ordered) - below).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredMap:
    """What comparisons say of strengths.

    tail         the tail model of all comparisons, or None where there was nothing to fit
    shape_range  the interval of 95 % of its shape
    """

    chance: ChanceMap
    tail: Tail | None
    shape_range: tuple[float, float]
    people: int
    comparisons: int


def measure(seen: Comparisons, *, seed: int = 1, draws: int = DRAWS) -> MeasuredMap:
    """The map that comparisons make; `nats` is the cautious end of its interval.

    Raises ValueError where there are too few people or comparisons.
    """
    if seen.people < PEOPLE_MIN or len(seen) < COMPARISONS_MIN:
        raise ValueError(f"{seen.people} people and {len(seen)} comparisons are too few")
    strengths = np.arange(0, TOP + 1, STEP)
    begin = float(np.quantile(seen.strength, 1 - TAIL_SHARE))
    rng = np.random.default_rng(seed)
    places = np.searchsorted(strengths, seen.strength, side="right")
    curves = np.empty((draws, len(strengths)))
    shapes = np.empty(draws)
    for draw in range(draws):
        times = rng.multinomial(seen.people, np.full(seen.people, 1 / seen.people)).astype(np.float64)
        weights = times[seen.first] * times[seen.second]
        curves[draw], shapes[draw] = _curve(seen, weights, places, strengths, begin)
    low, high = np.quantile(curves, (0.025, 0.975), axis=0)
    measured_to = math.log(len(seen) / SEEN_MIN)
    return MeasuredMap(
        chance=_map(strengths, low, high, measured_to),
        tail=fit_tail(seen.strength.astype(np.float64), np.ones(len(seen)), begin, is_bounded=True),
        shape_range=(float(np.quantile(shapes, 0.025)), float(np.quantile(shapes, 0.975))),
        people=seen.people,
        comparisons=len(seen),
    )


def _curve(seen: Comparisons, weights: F64, places: I64, strengths: I64, begin: float) -> tuple[F64, float]:
    """-ln of the share that reaches each strength under these weights, and the shape of the tail."""
    total = float(weights.sum())
    counted = np.bincount(places, weights=weights, minlength=len(strengths) + 1)
    reaching = counted[::-1].cumsum()[::-1][1:]
    nats = -np.log(np.maximum(reaching / max(total, LEAST), LEAST))
    tail = fit_tail(seen.strength.astype(np.float64), weights, begin, is_bounded=False)
    free = fit_tail(seen.strength.astype(np.float64), weights, begin, is_bounded=True)
    beyond = strengths > begin
    if tail is not None:
        nats[beyond] = tail.nats_at(strengths[beyond].astype(np.float64))
    return np.minimum(np.maximum.accumulate(np.maximum(nats, 0.0)), _CAP), free.shape if free else 0.0


def _map(strengths: I64, low: F64, high: F64, measured_to: float) -> ChanceMap:
    low, high = np.maximum.accumulate(low), np.maximum.accumulate(high)
    narrow = low[high - low <= WIDTH_NATS]
    limit = min(measured_to + BEYOND_NATS, float(narrow.max()), float(low[-1]))
    knots = [
        Knot(
            strength=strength,
            nats=math.floor(1000 * a),
            at_least=math.floor(1000 * a),
            at_most=math.ceil(1000 * b),
        )
        for strength, a, b in zip(strengths.tolist(), low.tolist(), high.tolist(), strict=True)
    ]
    return ChanceMap(
        knots=tuple(knots), measured_to=math.floor(1000 * measured_to), limit=math.floor(1000 * limit)
    )
