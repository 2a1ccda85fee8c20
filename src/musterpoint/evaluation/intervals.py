"""How far figures may be trusted: the bootstrap over fingers, or over people.

Comparisons are not independent: a worn finger spoils all of its pairs. So fingers are drawn with
replacement, within each set, and the figures computed anew (Bolle, Ratha and Pankanti, "Error
analysis of pattern recognition systems: the subsets bootstrap", 2004). A mated pair counts as often
as its finger was drawn, a non-mated pair as often as the product of both; a finger drawn twice makes
no non-mated pair with itself. Where a set says whose finger is whose, people are drawn instead.

Of chimeric people in several drawings each run takes one drawing, so that no finger counts for several
people: the interval is that of one drawing, which is wider than that of all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.evaluation.rates import F64, Measures, Tally, bins, distinct
from musterpoint.evaluation.trials import Trials

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


def draws(sets: Sequence[Trials], runs: int = RUNS, seed: int = SEED) -> list[I64]:
    """How often each unit is drawn: for each set int64 (runs, units), as many as one drawing has.

    All sets take the same drawing in a run, as far as they have it.
    """
    generator = np.random.default_rng(seed)
    drawings = [[np.flatnonzero(one.drawing == d) for d in np.unique(one.drawing)] for one in sets]
    most = max(len(groups) for groups in drawings)
    weights = [np.zeros((runs, len(one.units)), np.int64) for one in sets]
    for run in range(runs):
        drawing = int(generator.integers(most)) if most > 1 else 0
        for weight, groups in zip(weights, drawings, strict=True):
            group = groups[drawing % len(groups)]
            drawn = group[generator.integers(0, len(group), len(group))]
            weight[run] = np.bincount(drawn, minlength=weight.shape[1])
    return weights


def resampled(trials: Trials, weight: I64, measures: Measures, advance: Callable[[int], None]) -> F64:
    """The figures in every run: float64 (runs, figures), NaN where undefined.

    weight   int64 (runs, units), from `draws`
    advance  called with the number of runs done since the last call
    """
    score = distinct(trials.score)
    place = bins(trials.score, score)
    mated, nonmated = np.flatnonzero(trials.is_mated), np.flatnonzero(~trials.is_mated)
    first, second = trials.first, trials.second
    is_one = first == second
    values = np.empty((len(weight), len(measures.names)))
    for run, drawn in enumerate(weight):
        counts = np.where(is_one, drawn[first], drawn[first] * drawn[second])
        tally = Tally(
            score=score,
            mated=_weighed(place[mated], counts[mated], len(score)),
            nonmated=_weighed(place[nonmated], counts[nonmated], len(score)),
        )
        found = measures.values(tally, trials.rank, np.where(trials.is_mated, counts, 0))
        values[run] = [np.nan if found[name] is None else found[name] for name in measures.names]
        advance(1)
    return values


def intervals(values: F64, names: Sequence[str]) -> dict[str, Interval | None]:
    """The interval of each figure from float64 (runs, figures)."""
    return {name: _interval(values[:, column]) for column, name in enumerate(names)}


def _interval(values: F64) -> Interval | None:
    # Leaving the undefined runs out would make the interval too narrow in silence.
    if np.isnan(values).any():
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(low=float(low), high=float(high))


def _weighed(place: npt.NDArray[np.int32], weight: I64, scores: int) -> I64:
    # bincount adds in float64, which is exact far beyond the number of pairs.
    return np.bincount(place, weights=weight, minlength=scores + 1).astype(np.int64)
