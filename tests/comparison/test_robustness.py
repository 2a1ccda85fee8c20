"""What hard prints cost: turned, partial, distorted, poor, with few minutiae, or from another system.

On synthetic fingers, so the shares say that a case works, not what real prints lose. A decision is made at
the score that different fingers reach once in ten thousand comparisons.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from musterpoint.comparison import Pack, Prepared, prepare, score_all, score_for
from musterpoint.comparison.cohort import COHORT
from musterpoint.comparison.normalisation import CENTRE
from musterpoint.synthetic import population
from musterpoint.templates import CohortMean, Minutiae, Template

COUNT = 80
SEED = 29
DECIDED_AT = score_for(1e-4)
ORDINARY = CohortMean(cohort=COHORT, millinats=CENTRE)

F64 = npt.NDArray[np.float64]
Change = Callable[[Minutiae, np.random.Generator], Minutiae]


@cache
def impressions(number: int) -> tuple[Template, ...]:
    """They count as ordinary, so that none is compared with the cohort."""
    made = population(SEED, COUNT, number=number)
    return tuple(replace(one, cohort_mean=ORDINARY) for one in made)


@cache
def pack() -> Pack:
    return Pack.of([prepare(one) for one in impressions(1)])


def changed(change: Change) -> list[Prepared]:
    random = np.random.default_rng(SEED)
    return [prepare(replace(one, minutiae=change(one.minutiae, random))) for one in impressions(0)]


def scores(change: Change) -> npt.NDArray[np.int32]:
    """int32 (COUNT, COUNT): each changed probe against the references; mated on the diagonal."""
    return np.stack([score_all(one, pack()) for one in changed(change)])


def as_it_is(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
    return minutiae


def placed(minutiae: Minutiae, x: F64, y: F64, turn: F64 | float = 0.0) -> Minutiae:
    """Minutiae at other places, moved into the frame; `turn` in radians counter-clockwise as seen."""
    x, y = np.rint(x - x.min() + 10), np.rint(y - y.min() + 10)
    direction = (minutiae.direction + np.rint(turn / math.tau * 65536)).astype(np.int64) & 0xFFFF
    return replace(
        minutiae, x=x.astype(np.int16), y=y.astype(np.int16), direction=direction.astype(np.uint16)
    )


def turned(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
    """By any angle."""
    angle = random.uniform(0, math.tau)
    c, s = math.cos(angle), math.sin(angle)
    x, y = minutiae.x.astype(np.float64), minutiae.y.astype(np.float64)
    return placed(minutiae, c * x + s * y, c * y - s * x, angle)


def stretched(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
    """By 8 % along one axis, and smoothly by some pixels elsewhere."""
    x, y = minutiae.x.astype(np.float64), minutiae.y.astype(np.float64)
    phase = random.uniform(0, math.tau, 2)
    wave = math.tau / 220
    return placed(minutiae, 1.08 * x + 4 * np.sin(wave * y + phase[0]), y + 4 * np.sin(wave * x + phase[1]))


def part(share: float) -> Change:
    """The part of a print on one side of a line, which holds a share of the minutiae."""

    def cut(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
        angle = random.uniform(0, math.tau)
        along = math.cos(angle) * minutiae.x + math.sin(angle) * minutiae.y
        return minutiae.take(np.sort(np.argsort(along)[: max(3, round(share * len(minutiae)))]))

    return cut


def few(count: int) -> Change:
    """The best so many minutiae."""

    def pick(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
        return minutiae.take(np.sort(np.argsort(-minutiae.quality.astype(int), kind="stable")[:count]))

    return pick


def poor(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
    """A quarter of the minutiae lost, as many false ones, and all of half the quality."""
    kept = minutiae.take(np.flatnonzero(random.random(len(minutiae)) >= 0.25))
    false = len(minutiae) - len(kept)
    columns = {
        "x": random.integers(minutiae.x.min(), minutiae.x.max() + 1, false),
        "y": random.integers(minutiae.y.min(), minutiae.y.max() + 1, false),
        "direction": random.integers(0, 65536, false),
        "kind": np.zeros(false, np.int64),
        "quality": random.integers(60, 160, false),
    }
    joined = {name: np.concatenate((getattr(kept, name), column)) for name, column in columns.items()}
    return Minutiae(**{**joined, "quality": np.maximum(joined["quality"] // 2, 26)})


def foreign(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
    """As a record of another system: no qualities, and directions in steps of 11.25 degrees."""
    steps = (minutiae.direction.astype(np.int64) + 1024) // 2048 * 2048 & 0xFFFF
    sure = np.flatnonzero(minutiae.quality >= 100)
    coarse = replace(minutiae, direction=steps.astype(np.uint16)).take(sure)
    return replace(coarse, quality=np.zeros(len(sure), np.uint8))


CASES: dict[str, tuple[Change, float]] = {
    "turned by any angle": (turned, 1.0),
    "stretched": (stretched, 0.99),
    "half of the print": (part(0.5), 0.99),
    "a third of the print": (part(0.33), 0.97),
    "a quarter of the print": (part(0.25), 0.90),
    "twelve minutiae": (few(12), 0.80),
    "eight minutiae": (few(8), 0.35),
    "poor": (poor, 0.99),
    "foreign": (foreign, 0.99),
}
"""What is done to the probe, and the share of mated pairs that must still be above the decision."""

CHANCE_MAX = 5
"""Of 6,320 non-mated pairs, so many may be above the decision: one is to be expected at most."""


@pytest.mark.parametrize("name", CASES)
def test_a_hard_print_is_still_found_and_strangers_are_not(name: str) -> None:
    change, least = CASES[name]

    found = scores(change) >= DECIDED_AT

    assert found.diagonal().mean() >= least
    assert found.sum() - found.diagonal().sum() <= CHANCE_MAX


def test_turning_by_any_angle_changes_no_decision_and_scores_little() -> None:
    upright, other = scores(as_it_is), scores(turned)

    is_mated = np.eye(COUNT, dtype=np.bool_)
    assert np.array_equal(upright[is_mated] >= DECIDED_AT, other[is_mated] >= DECIDED_AT)
    assert np.median(np.abs(other - upright)[is_mated]) < 300
    assert np.percentile(np.abs(other - upright)[is_mated], 95) < 2000


def test_less_of_a_print_never_scores_as_high_on_the_whole() -> None:
    medians = [np.median(scores(part(share)).diagonal()) for share in (1.0, 0.5, 0.33, 0.25)]

    assert medians == sorted(medians, reverse=True)


def test_a_record_without_qualities_scores_as_one_whose_minutiae_are_all_good() -> None:
    def without(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
        return replace(minutiae, quality=np.zeros(len(minutiae), np.uint8))

    def good(minutiae: Minutiae, random: np.random.Generator) -> Minutiae:
        return replace(minutiae, quality=np.full(len(minutiae), 230, np.uint8))

    assert np.array_equal(scores(without), scores(good))
