"""What a score means: the rate at which two different fingers reach it, and its likelihood ratio.

Measured on five public sets (14 400 non-mated pairs inside of them, 64 000 across), the rate of normalised
scores falls as log10 FMR = -3.47 - 0.44 t with the score t in nats, for -4 <= t <= 2, on average over sets.
Normalising by a cohort makes it carry over to other sensors, of which one has over three times what another
has. `benchmarks/calibration.py` prints the map beside what is measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from musterpoint.comparison.chance import Calibration, ChanceMap, Knot

RATE_AT_ZERO_LOG10: Final = -3.47
RATE_SLOPE_LOG10: Final = -0.44

SUPPORTED_RATE_MIN: Final = 1e-4
"""The lowest rate that 78 400 non-mated pairs support: eight of them."""

RATIO_AT_ZERO_NATS: Final = 1.6
RATIO_SLOPE: Final = 1.15
RATIO_MAX_NATS: Final = 12.0
"""A finger says no more than this: beyond it there is only more of the same."""

RATIO_SCORE_MIN: Final = -4_000
"""Milli-nats: of 1,400 mated pairs two score lower, so nothing is said of what is lower still."""

SOURCE: Final = "five public sets: 1,400 mated pairs, 78,400 non-mated ones"


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRatio:
    """How much more often mated fingers score like this than non-mated ones.

    nats             its natural logarithm; what is above 0 speaks for one finger, what is below against it
    is_capped        the ratio may lie further from 0 than `nats`, and no sample says how far
    is_extrapolated  no non-mated pair that was measured scores as high
    source           what it was measured on
    """

    nats: float
    is_capped: bool
    is_extrapolated: bool
    source: str = SOURCE


def rate_nats(score: int) -> float:
    """-ln of the false match rate of `score`, zero or more.

    score  milli-nats
    """
    log10 = RATE_AT_ZERO_LOG10 + RATE_SLOPE_LOG10 * score / 1000
    return max(0.0, -log10 * math.log(10))


def false_match_rate(score: int) -> float:
    """The probability that two different fingers reach this score or more, 0..1, as sets have it on average.

    score  milli-nats
    It never grows with the score. Where `is_extrapolated` says so, no data supports it: say "at most".
    """
    return math.exp(-rate_nats(score))


def is_extrapolated(score: int) -> bool:
    """Whether the rate of this score (milli-nats) is lower than the measured pairs can support."""
    return false_match_rate(score) < SUPPORTED_RATE_MIN


def score_for(rate: float) -> int:
    """The lowest score, in milli-nats, whose false match rate is at most `rate`.

    Raises ValueError where the rate is not above 0 and at most 1.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"a false match rate lies above 0 and at most at 1, not at {rate}")
    nats = (math.log10(rate) - RATE_AT_ZERO_LOG10) / RATE_SLOPE_LOG10
    score = math.floor(1000 * nats) - 1
    while false_match_rate(score) > rate:
        score += 1
    return score


def likelihood_ratio(score: int) -> LikelihoodRatio:
    """The likelihood ratio of a score in milli-nats: 1.6 + 1.15 t nats, within -3..12.

    Mated pairs of the development sets have 0.25 % a nat from -2 to 2 and 1 % at 9; divided by the slope of
    the stated rate that makes a line a little below what is measured (`benchmarks/comparison.py`). A
    threshold never follows from it: that needs the rate at which chance reaches a score or a higher one.
    """
    nats = RATIO_AT_ZERO_NATS + RATIO_SLOPE * max(score, RATIO_SCORE_MIN) / 1000
    return LikelihoodRatio(
        nats=min(nats, RATIO_MAX_NATS),
        is_capped=score < RATIO_SCORE_MIN or nats >= RATIO_MAX_NATS,
        is_extrapolated=is_extrapolated(score),
    )


def fused_likelihood_ratio(scores: Sequence[int], strength: int) -> LikelihoodRatio:
    """The likelihood ratio of several pairs of fingers of two people, as far as they are independent.

    scores    milli-nats of the pairs that the result rests on, as in `Fused.pairs`
    strength  milli-nats; a ratio above what it allows would not keep its promise, so it is the limit
    """
    each = [likelihood_ratio(score) for score in scores]
    total = sum(one.nats for one in each)
    return LikelihoodRatio(
        nats=min(total, strength / 1000) if total > 0 else total,
        is_capped=any(one.is_capped for one in each) or total > strength / 1000 > 0,
        is_extrapolated=any(one.is_extrapolated for one in each),
    )


FINGER_LIMIT: Final = 16_500
"""Milli-nats, a rate of 7e-8: three powers of ten beyond what was measured."""

_FINGER_INTERVAL: Final = (
    (0, 0, 0),
    (2_000, 2_433, 2_729),
    (4_000, 3_891, 4_293),
    (6_000, 5_702, 6_367),
    (8_000, 7_455, 8_457),
    (10_000, 9_124, 10_624),
    (12_000, 10_797, 12_808),
    (14_000, 12_460, 14_990),
    (16_500, 14_549, 17_776),
)
"""Strength and both ends of the interval of 95 %, by the tail model of the development sets, as
`benchmarks/calibration.py` prints it."""


def standard_calibration(comparator: str, cohort: str) -> Calibration:
    """The calibration that comes with the program: a strength is worth what it says."""
    knots = tuple(
        Knot(strength=strength, nats=strength, at_least=low, at_most=high)
        for strength, low, high in _FINGER_INTERVAL
    )
    measured_to = round(-1000 * math.log(SUPPORTED_RATE_MIN))
    one = ChanceMap(knots=knots, measured_to=measured_to, limit=FINGER_LIMIT)
    return Calibration(
        number=0, source=SOURCE, comparator=comparator, cohort=cohort, one=one, several=two_fingers(one)
    )


def two_fingers(one: ChanceMap) -> ChanceMap:
    """The map of two fingers where only that of one was measured: they are taken to be independent."""
    knots = tuple(
        Knot(strength=2 * k.strength, nats=2 * k.nats, at_least=2 * k.at_least, at_most=2 * k.at_most)
        for k in one.knots
    )
    return ChanceMap(knots=knots, measured_to=one.measured_to, limit=2 * one.limit)
