"""Errors out of trials: binomial tails and the exact interval after Clopper and Pearson (1934).

Exact means that the interval covers the true rate at least as often as it says, for every rate and every
number of trials: no normal approximation stands behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

CONFIDENCE: Final = 0.95
_HALVINGS: Final = 60
_NEGLIGIBLE: Final = 1e-18


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactInterval:
    """Where a rate may lie, 0 <= low <= high <= 1."""

    low: float
    high: float


def tail_at_least(count: int, trials: int, rate: float) -> float:
    """Probability of `count` or more out of `trials`, each with probability `rate`, 0..1."""
    _check(count, trials)
    if count == 0:
        return 1.0
    if rate <= 0.0 or rate >= 1.0:
        return float(rate >= 1.0)
    if count <= trials * rate:
        return 1.0 - _sum(range(count - 1, -1, -1), trials, rate)
    return _sum(range(count, trials + 1), trials, rate)


def tail_at_most(count: int, trials: int, rate: float) -> float:
    """Probability of `count` or fewer out of `trials`, each with probability `rate`, 0..1."""
    return tail_at_least(trials - count, trials, 1.0 - rate)


def _sum(counts: range, trials: int, rate: float) -> float:
    """Probabilities of these counts, which lead away from the most probable one."""
    terms: list[float] = []
    for count in counts:
        terms.append(math.exp(_log_probability(count, trials, rate)))
        if terms[-1] < _NEGLIGIBLE * terms[0]:
            break
    return math.fsum(terms)


def _log_probability(count: int, trials: int, rate: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return ways + count * math.log(rate) + (trials - count) * math.log1p(-rate)


def clopper_pearson(count: int, trials: int, confidence: float = CONFIDENCE) -> ExactInterval:
    """The two-sided interval of the rate behind `count` out of `trials` > 0."""
    _check(count, trials)
    outside = (1.0 - confidence) / 2
    low = 0.0 if count == 0 else _root(lambda rate: tail_at_least(count, trials, rate) > outside)
    high = 1.0 if count == trials else _root(lambda rate: tail_at_most(count, trials, rate) <= outside)
    return ExactInterval(low=low, high=high)


def upper_bound(count: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided upper bound of the rate behind `count` out of `trials` > 0."""
    _check(count, trials)
    outside = 1.0 - confidence
    return 1.0 if count == trials else _root(lambda rate: tail_at_most(count, trials, rate) <= outside)


def trials_to_notice(rate: float, confidence: float = CONFIDENCE) -> int:
    """Trials after which somebody who errs at this rate, 0 < rate < 1, has erred with that confidence."""
    return math.ceil(math.log(1.0 - confidence) / math.log1p(-rate))


def _root(is_above: Callable[[float], bool]) -> float:
    """The rate from which on a monotone condition holds."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_above(middle) else (middle, high)
    return (low + high) / 2


def _check(count: int, trials: int) -> None:
    if not 0 <= count <= trials or trials == 0:
        raise ValueError(f"{count} of {trials} trials")
