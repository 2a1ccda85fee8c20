"""What lies beyond the data: a generalised Pareto distribution above a high quantile.

Excesses over a high threshold follow it whatever the distribution they come from (Balkema, de Haan 1974;
Pickands 1975). It is fitted by probability-weighted moments (Hosking, Wallis 1987), which need no search and
are steady for few values. The interval is a bootstrap over *people*: comparisons that share one are not
independent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

SHAPE_MAX: Final = 0.5
"""Heavier tails have no variance, and moments cannot fit them."""

EXCESSES_MIN: Final = 10

LEAST: Final = 1e-300
"""Probabilities are not told apart below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The distribution of values above `begin`, of which a share `rate` is.

    shape  0: as exponential; above: heavier; below: it ends somewhere
    scale  in the units of the values, above 0
    """

    begin: float
    rate: float
    shape: float
    scale: float

    def nats_at(self, values: F64) -> F64:
        """-ln of the share that reaches each value, all of them at or above `begin`."""
        excess = np.maximum(values - self.begin, 0.0) / self.scale
        if abs(self.shape) < 1e-6:
            beyond = excess
        else:
            inside = np.maximum(1 + self.shape * excess, LEAST)
            beyond = np.log(inside) / self.shape
        result: F64 = -np.log(self.rate) + beyond
        return result

    def exponential(self) -> Tail:
        """The same with the shape 0 and the same mean."""
        return replace(self, shape=0.0, scale=self.scale / (1 - self.shape))

    def endless(self) -> Tail:
        """The same, or the exponential one where this one ends: no data says that there is an end."""
        return self.exponential() if self.shape < 0 else self


def fit_tail(values: F64, weights: F64, begin: float) -> Tail | None:
    """The tail of weighted values above `begin`, or None where fewer than ten are."""
    above = values > begin
    total = float(weights.sum())
    if np.count_nonzero(above & (weights > 0)) < EXCESSES_MIN or total <= 0:
        return None
    excess, weight = values[above] - begin, weights[above]
    order = np.argsort(excess, kind="stable")
    excess, weight = excess[order], weight[order]
    share = (np.cumsum(weight) - weight / 2) / weight.sum()
    mean = float(np.average(excess, weights=weight))
    second = float(np.average((1 - share) * excess, weights=weight))
    shape = min(2 - mean / (mean - 2 * second) if mean > 2 * second else SHAPE_MAX, SHAPE_MAX)
    return Tail(begin=begin, rate=float(weight.sum()) / total, shape=shape, scale=mean * (1 - shape))
