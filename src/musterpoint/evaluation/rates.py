"""Error rates of comparisons and searches, after ISO/IEC 19795-1: FMR, FNMR, DET, EER; FPIR, FNIR, CMC.

A score is a similarity. At a threshold t a comparison is a match if its score is at least t. A
comparison that could not be made because no template was extracted has the score minus infinity:
it never matches and stays in the denominator, so the rates include failures to extract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

Scores = F64 | Sequence[float]

FIGURE_NAMES: Final = ("eer", "fmr100", "fmr1000", "fmr10000", "zero_fmr")
"""The figures in the order in which they are reported."""

FALSE_MATCH_ODDS: Final[dict[str, int | None]] = {
    "fmr100": 100,
    "fmr1000": 1000,
    "fmr10000": 10_000,
    "zero_fmr": None,
}
"""One false match is allowed in that many non-mated comparisons; None allows none at all."""


FALSE_POSITIVE_ODDS: Final[dict[str, int | None]] = {"fnir10": 10, "fnir100": 100, "fnir1000": 1000}
"""One non-mated search in so many may list somebody whom it should not."""

RANKS: Final = {"rank1": 1, "rank5": 5, "rank10": 10}
"""The mate is among so many of the list."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Det:
    """The detection error trade-off: both error rates at every threshold.

    threshold  float64 (t,), ascending: every distinct finite score, then infinity
    fmr        float64 (t,), share of the non-mated scores that are at least the threshold
    fnmr       float64 (t,), share of the mated scores that are below it
    """

    threshold: F64
    fmr: F64
    fnmr: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """FNMR where a comparison is a match if its score is *above* `score`."""

    fnmr: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The usual figures as fractions; None where the comparisons are too few to tell.

    eer                         equal error rate, by linear interpolation
    fmr100, fmr1000, fmr10000   lowest FNMR at an FMR of at most 1 in 100, 1,000, 10,000
    zero_fmr                    lowest FNMR without a false match
    mated, nonmated             number of comparisons, failed ones included
    """

    eer: float | None
    fmr100: float | None
    fmr1000: float | None
    fmr10000: float | None
    zero_fmr: float | None
    mated: int
    nonmated: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """How many mated and non-mated comparisons have each score: all that the rates depend on.

    score     float64 (v,), ascending, distinct, finite
    mated     int64 (v + 1,), count at -infinity, then at each score
    nonmated  int64 (v + 1,), the same
    """

    score: F64
    mated: I64
    nonmated: I64


def tally(mated: Scores, nonmated: Scores) -> Tally:
    """Count the scores. Raises ValueError for NaN or plus infinity, which are no scores."""
    mated, nonmated = _checked(mated), _checked(nonmated)
    score = distinct(np.concatenate([mated, nonmated]))
    return Tally(
        score=score,
        mated=np.bincount(bins(mated, score), minlength=len(score) + 1),
        nonmated=np.bincount(bins(nonmated, score), minlength=len(score) + 1),
    )


def distinct(scores: F64) -> F64:
    """float64 (v,): the distinct finite scores, ascending."""
    score: F64 = np.unique(scores)
    return score[np.isfinite(score)]


def bins(values: F64, score: F64) -> npt.NDArray[np.int32]:
    """int32 (n,): where each value is counted in a `Tally` over `score`; 0 is minus infinity."""
    return np.searchsorted(score, values, side="right").astype(np.int32)


def det(mated: Scores, nonmated: Scores) -> Det:
    """Both error rates at every threshold. Raises ValueError if one of the classes is empty."""
    counts = tally(mated, nonmated)
    if not (counts.mated.sum() and counts.nonmated.sum()):
        raise ValueError("both mated and non-mated scores are needed")
    below_mated, below_nonmated = np.cumsum(counts.mated), np.cumsum(counts.nonmated)
    return Det(
        threshold=np.append(counts.score, np.inf),
        fmr=(below_nonmated[-1] - below_nonmated) / below_nonmated[-1],
        fnmr=below_mated / below_mated[-1],
    )


def eer(mated: Scores, nonmated: Scores) -> float | None:
    """Equal error rate: where FMR - FNMR changes sign, both interpolated; None if a class is empty."""
    return tallied_eer(tally(mated, nonmated))


def fnmr_at(mated: Scores, nonmated: Scores, odds: int | None) -> OperatingPoint | None:
    """Lowest FNMR with at most one false match in `odds` non-mated comparisons (None: with none).

    Of N non-mated scores floor(N / odds) may be false matches. The point is the largest score that
    is one too many; ties with it are no matches. None if N < odds: that rate cannot be seen.
    """
    return tallied_fnmr_at(tally(mated, nonmated), odds)


def figures(mated: Scores, nonmated: Scores) -> Figures:
    """All figures of one set of comparisons."""
    counts = tally(mated, nonmated)
    return Figures(
        **tallied_figures(counts), mated=int(counts.mated.sum()), nonmated=int(counts.nonmated.sum())
    )


def tallied_figures(counts: Tally) -> dict[str, float | None]:
    """The figures of `FIGURE_NAMES` as fractions; None where undefined."""
    rates = {"eer": tallied_eer(counts)}
    for name, odds in FALSE_MATCH_ODDS.items():
        point = tallied_fnmr_at(counts, odds)
        rates[name] = None if point is None else point.fnmr
    return rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The figures of a protocol.

    odds     of each figure at a rate of false positives
    is_rank  whether the rank of the mate is counted, and not where both rates are equal
    """

    odds: Mapping[str, int | None]
    is_rank: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The figures in the order in which they are reported."""
        return (*RANKS, *self.odds) if self.is_rank else ("eer", *self.odds)

    def values(
        self, counts: Tally, rank: npt.NDArray[np.int32] | None, mated: I64
    ) -> dict[str, float | None]:
        """The figures as fractions, None where undefined.

        rank   int32 (p,), of the mate of each trial, 0 = not listed
        mated  int64 (p,), how often each trial counts as a mated one
        """
        found = {} if self.is_rank else {"eer": tallied_eer(counts)}
        if self.is_rank and rank is not None:
            total = int(mated.sum())
            found = {
                name: float(mated[(rank > 0) & (rank <= most)].sum() / total) if total else None
                for name, most in RANKS.items()
            }
        for name, odds in self.odds.items():
            point = tallied_fnmr_at(counts, odds)
            found[name] = None if point is None else point.fnmr
        return found


COMPARISON: Final = Measures(odds=FALSE_MATCH_ODDS, is_rank=False)
SEARCH: Final = Measures(odds=FALSE_POSITIVE_ODDS, is_rank=True)


def cmc(rank: npt.NDArray[np.int32], longest: int) -> F64:
    """float64 (longest,): share of mated searches whose mate is among the first 1, 2, … of the list."""
    found = np.bincount(rank[(rank > 0) & (rank <= longest)], minlength=longest + 1)[1:]
    return np.cumsum(found) / len(rank)


def tallied_eer(counts: Tally) -> float | None:
    """`eer` of counted scores."""
    below_mated, below_nonmated = np.cumsum(counts.mated), np.cumsum(counts.nonmated)
    mated, nonmated = below_mated[-1], below_nonmated[-1]
    if not (mated and nonmated):
        return None
    fmr, fnmr = (nonmated - below_nonmated) / nonmated, below_mated / mated
    difference = fmr - fnmr
    after = int(np.argmax(difference <= 0))  # the last threshold matches nothing, so there is one
    if after == 0 or difference[after] == 0:
        return float((fmr[after] + fnmr[after]) / 2)
    before = after - 1
    share = difference[before] / (difference[before] - difference[after])
    return float(fmr[before] + share * (fmr[after] - fmr[before]))


def tallied_fnmr_at(counts: Tally, odds: int | None) -> OperatingPoint | None:
    """`fnmr_at` of counted scores."""
    mated, nonmated = int(counts.mated.sum()), int(counts.nonmated.sum())
    if not (mated and nonmated) or (odds is not None and nonmated < odds):
        return None
    allowed = 0 if odds is None else nonmated // odds
    above = nonmated - np.cumsum(counts.nonmated)
    place = int(np.argmax(above <= allowed))
    return OperatingPoint(
        fnmr=float(counts.mated[: place + 1].sum() / mated),
        score=float(counts.score[place - 1]) if place else float("-inf"),
    )


def _checked(values: Scores) -> F64:
    scores = np.asarray(values, np.float64)
    if scores.ndim != 1 or np.isnan(scores).any() or np.isposinf(scores).any():
        raise ValueError("scores must be one row of numbers below infinity")
    return scores
