"""What a score means: the rate at which two different fingers reach it.

Measured on five public sets (14 400 non-mated pairs inside of them, 64 000 across), the rate of normalised
scores falls as log10 FMR = -3.4 - 0.44 t with the score t in nats, for -4 <= t <= 2. Normalising by a cohort
makes it carry over to other sensors; what remains uncertain is half a nat, by which the map here is moved to
the cautious side. `benchmarks/comparison.py` prints the map beside what is measured.
"""

from __future__ import annotations

import math
from typing import Final

RATE_AT_ZERO_LOG10: Final = -3.4
RATE_SLOPE_LOG10: Final = -0.44
CAUTION_NATS: Final = 0.5

SUPPORTED_RATE_MIN: Final = 1e-5
"""The lowest rate that 78 400 non-mated pairs support: about one of them."""


def rate_nats(score: int) -> float:
    """-ln of the false match rate of `score`, zero or more.

    score  milli-nats
    """
    log10 = RATE_AT_ZERO_LOG10 + RATE_SLOPE_LOG10 * (score / 1000 - CAUTION_NATS)
    return max(0.0, -log10 * math.log(10))


def false_match_rate(score: int) -> float:
    """The probability that two different fingers reach this score or a higher one, 0..1, cautiously.

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
    nats = CAUTION_NATS + (math.log10(rate) - RATE_AT_ZERO_LOG10) / RATE_SLOPE_LOG10
    score = math.floor(1000 * nats) - 1
    while false_match_rate(score) > rate:
        score += 1
    return score
