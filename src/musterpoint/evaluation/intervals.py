"""How far figures may be trusted: the bootstrap over fingers.

Comparisons are not independent: a worn finger spoils all of its pairs. So fingers are drawn with
replacement, within each set, and the figures computed anew (Bolle, Ratha and Pankanti, "Error
analysis of pattern recognition systems: the subsets bootstrap", 2004). A mated pair counts as often
as its finger was drawn, a non-mated pair as often as the product of both; a finger drawn twice makes
no non-mated pair with itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.evaluation.protocol import Pairs
from musterpoint.evaluation.rates import F64, FIGURE_NAMES, Tally, bins, distinct, tallied_figures

RUNS: Final = 1000
SEED: Final = 1

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The middle 95 % of the resampled values."""

    low: float
    high: float


Intervals = Mapping[str, Interval | None]
"""By figure; None where a figure was undefined in any of the runs."""


def draws(finger_counts: Sequence[int], runs: int = RUNS, seed: int = SEED) -> list[I64]:
    """How often each finger is drawn: for each set int64 (runs, fingers), rows summing to fingers."""
    generator = np.random.default_rng(seed)
    weights = [np.zeros((runs, count), np.int64) for count in finger_counts]
    for run in range(runs):
        for weight in weights:
            drawn = generator.integers(0, weight.shape[1], weight.shape[1])
            weight[run] = np.bincount(drawn, minlength=weight.shape[1])
    return weights


def resampled(
    sets: Sequence[tuple[Pairs, F64]], weights: Sequence[I64], advance: Callable[[int], None]
) -> F64:
    """The figures of some sets, pooled, in every run: float64 (runs, figures), NaN where undefined.

    sets     pairs and their scores
    weights  for each of these sets int64 (runs, fingers), from `draws`
    advance  called with the number of runs done since the last call
    """
    is_mated = np.concatenate([pairs.is_mated for pairs, _ in sets])
    scores = np.concatenate([scores for _, scores in sets])
    offsets = np.cumsum([0] + [pairs.finger_count for pairs, _ in sets])
    ends = [(pairs.finger[pairs.probe], pairs.finger[pairs.reference]) for pairs, _ in sets]
    first = np.concatenate([end[0] + offset for end, offset in zip(ends, offsets, strict=False)])
    second = np.concatenate([end[1] + offset for end, offset in zip(ends, offsets, strict=False)])
    weight = np.concatenate(weights, axis=1)

    score = distinct(scores[is_mated], scores[~is_mated])
    place = bins(scores, score)
    mated, nonmated = np.flatnonzero(is_mated), np.flatnonzero(~is_mated)
    values = np.empty((len(weight), len(FIGURE_NAMES)))
    for run, drawn in enumerate(weight):
        counts = Tally(
            score=score,
            mated=_weighed(place[mated], drawn[first[mated]], len(score)),
            nonmated=_weighed(place[nonmated], drawn[first[nonmated]] * drawn[second[nonmated]], len(score)),
        )
        found = tallied_figures(counts)
        values[run] = [np.nan if found[name] is None else found[name] for name in FIGURE_NAMES]
        advance(1)
    return values


def intervals(values: F64) -> dict[str, Interval | None]:
    """The interval of each figure from float64 (runs, figures)."""
    return {name: _interval(values[:, column]) for column, name in enumerate(FIGURE_NAMES)}


def _interval(values: F64) -> Interval | None:
    # Leaving the undefined runs out would make the interval too narrow in silence.
    if np.isnan(values).any():
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(low=float(low), high=float(high))


def _weighed(place: npt.NDArray[np.int32], weight: I64, scores: int) -> I64:
    # bincount adds in float64, which is exact far beyond the number of pairs.
    return np.bincount(place, weights=weight, minlength=scores + 1).astype(np.int64)
