"""Several impressions of one finger: what their scores say together, and which captures are of one finger.

The scores of one finger's impressions against those of another finger are no independent evidence: they share
ridges. Two ways to read them are tried, each with half of the allowance for false positives:

* the best of n comparisons alone, at n times its rate (Bonferroni);
* all of them together, by Fisher's sum of -ln p, made cautious for dependence by Brown's method: the sum
  of n values with pairwise correlation r has the variance n (1 + (n - 1) r), and is judged by the gamma
  distribution with that variance. Brown: "A method for combining non-independent, one-sided tests of
  significance" (1975).

So an impression that shows nothing costs 1.4 nats at most and hides nothing, and two that both agree say more
than either. `benchmarks/impressions.py` prints what other rules give, and the rates measured beside those
stated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from musterpoint.comparison.calibration import rate_nats, score_for
from musterpoint.comparison.comparing import compare
from musterpoint.comparison.prepared import Prepared
from musterpoint.templates import FingerPosition

CORRELATION: Final = 0.4
"""Of -ln p between comparisons of two fingers by different impressions. Measured: 0.2; high scores come
together more often than that says, which this covers (worst set: 0.7 of the rate stated)."""

ONE_FINGER_RATE: Final = 1e-3
"""Captures of a person that are this similar or more are taken for one finger. Too low a rate counts a
finger twice, which makes candidates of strangers; too high a one takes two for one, which costs strength."""

ONE_FINGER_RATE_LABELLED: Final = 1e-6
"""Likewise where labels say that they are two fingers."""

_TERMS_MAX: Final = 500


def together_nats(scores: Sequence[int]) -> float:
    """-ln of the probability that impressions of two fingers, compared pairwise, score like this by chance.

    scores  milli-nats of all comparisons of impressions of one finger with those of another, at least one
    It never falls when a score rises.
    """
    nats = [rate_nats(score) for score in scores]
    if len(nats) == 1:
        return nats[0]
    spread = 1 + (len(nats) - 1) * CORRELATION
    best = max(nats) - math.log(len(nats))
    everything = gamma_tail_nats(len(nats) / spread, math.fsum(nats) / spread)
    return max(best, everything) - math.log(2)


def gamma_tail_nats(shape: float, x: float) -> float:
    """-ln of the probability that a gamma variable of unit scale exceeds x; shape 0.5..100, x up to 500.

    By the series of the lower tail or the continued fraction of the upper one (Abramowitz and Stegun,
    6.5.29 and 6.5.31).
    """
    if x <= 0:
        return 0.0
    density = shape * math.log(x) - x - math.lgamma(shape)
    if x < shape + 1:
        term = total = 1 / shape
        for n in range(1, _TERMS_MAX):
            term *= x / (shape + n)
            total += term
            if term < total * 1e-16:
                break
        return -math.log1p(-math.exp(density) * total)
    tail = x + 1 - shape
    front, back = 1e300, 1 / tail
    fraction = back
    for n in range(1, _TERMS_MAX):
        step = -n * (n - shape)
        tail += 2
        back = 1 / (step * back + tail)
        front = tail + step / front
        fraction *= back * front
        if abs(back * front - 1) < 1e-15:
            break
    return -density - math.log(fraction)


def fingers_among(captures: Sequence[Prepared], positions: Sequence[FingerPosition]) -> tuple[int, ...]:
    """For each capture of a person the number of its finger: the first capture that shows the same one.

    Equal known positions are one finger. What has no position, or another, is one with whatever it is
    too similar to for two fingers (`ONE_FINGER_RATE`, `ONE_FINGER_RATE_LABELLED`). It takes n (n - 1) / 2
    comparisons at most, and none where all positions are known and equal.
    """
    numbers = list(range(len(captures)))
    for j, position in enumerate(positions):
        for i in range(j):
            if numbers[i] == numbers[j]:
                continue
            if _is_one(captures[i], captures[j], positions[i], position):
                low, high = sorted((numbers[i], numbers[j]))
                numbers = [low if number == high else number for number in numbers]
    return tuple(numbers)


def _is_one(one: Prepared, other: Prepared, position: FingerPosition, second: FingerPosition) -> bool:
    if FingerPosition.UNKNOWN not in {position, second}:
        if position == second:
            return True
        return compare(one, other).score >= score_for(ONE_FINGER_RATE_LABELLED)
    return compare(one, other).score >= score_for(ONE_FINGER_RATE)
