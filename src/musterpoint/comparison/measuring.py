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
"""ln 1000: so far beyond what was measured the tail is followed."""

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


def measure(
    seen: Comparisons, *, seed: int = 1, draws: int = DRAWS, people_min: int = PEOPLE_MIN
) -> MeasuredMap:
    """The map that comparisons make.

    `nats` goes by an exponential tail, the form that strengths have by definition, at the cautious end of the
    interval of its level and scale. Only where the shape of the tail model is above 0 beyond chance does it
    go by that model. The interval of each knot is that of the tail model in any case.

    Raises ValueError where there are too few people or comparisons.
    """
    if seen.people < people_min or len(seen) < COMPARISONS_MIN:
        raise ValueError(f"{seen.people} people and {len(seen)} comparisons are too few")
    strengths = np.arange(0, TOP + 1, STEP)
    begin = float(np.quantile(seen.strength, 1 - TAIL_SHARE))
    rng = np.random.default_rng(seed)
    places = np.searchsorted(strengths, seen.strength, side="right")
    simple, free = np.empty((2, draws, len(strengths)))
    shapes = np.empty(draws)
    values = seen.strength.astype(np.float64)
    for draw in range(draws):
        times = rng.multinomial(seen.people, np.full(seen.people, 1 / seen.people)).astype(np.float64)
        weights = times[seen.first] * times[seen.second]
        body = _body(weights, places, len(strengths))
        tail = fit_tail(values, weights, begin)
        shapes[draw] = 0.0 if tail is None else tail.shape
        simple[draw] = _joined(body, strengths, None if tail is None else tail.exponential())
        free[draw] = _joined(body, strengths, None if tail is None else tail.endless())
    shape_range = (float(np.quantile(shapes, 0.025)), float(np.quantile(shapes, 0.975)))
    low, high = np.quantile(free, (0.025, 0.975), axis=0)
    used = low if shape_range[0] > 0 else np.quantile(simple, 0.025, axis=0)
    measured_to = math.log(len(seen) / SEEN_MIN)
    return MeasuredMap(
        chance=_map(strengths, used, (low, high), measured_to),
        tail=fit_tail(values, np.ones(len(seen)), begin),
        shape_range=shape_range,
        people=seen.people,
        comparisons=len(seen),
    )


def _body(weights: F64, places: I64, count: int) -> F64:
    """-ln of the share that reaches each strength under these weights."""
    counted = np.bincount(places, weights=weights, minlength=count + 1)
    reaching = counted[::-1].cumsum()[::-1][1:]
    nats: F64 = -np.log(np.maximum(reaching / max(float(weights.sum()), LEAST), LEAST))
    return nats


def _joined(body: F64, strengths: I64, tail: Tail | None) -> F64:
    """The body, and the tail above where that begins."""
    nats = body.copy()
    if tail is not None:
        beyond = strengths > tail.begin
        nats[beyond] = tail.nats_at(strengths[beyond].astype(np.float64))
    return np.minimum(np.maximum.accumulate(np.maximum(nats, 0.0)), _CAP)


def _map(strengths: I64, used: F64, interval: tuple[F64, F64], measured_to: float) -> ChanceMap:
    columns = [np.maximum.accumulate(one) for one in (used, *interval)]
    knots = [
        Knot(
            strength=strength,
            nats=math.floor(1000 * nats),
            at_least=math.floor(1000 * low),
            at_most=math.ceil(1000 * high),
        )
        for strength, nats, low, high in zip(strengths.tolist(), *(c.tolist() for c in columns), strict=True)
    ]
    return ChanceMap(
        knots=tuple(knots),
        measured_to=math.floor(1000 * measured_to),
        limit=math.floor(1000 * min(measured_to + BEYOND_NATS, float(columns[0][-1]))),
    )
