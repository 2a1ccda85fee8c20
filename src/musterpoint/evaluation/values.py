"""What an evaluation found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from musterpoint.evaluation.data_set import DataSet
from musterpoint.evaluation.extraction import Failure
from musterpoint.evaluation.intervals import Intervals
from musterpoint.evaluation.protocol import Pairs
from musterpoint.evaluation.rates import F64, Figures, OperatingPoint


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetEvaluation:
    """The outcome of one data set.

    scores    float64 (p,) in the order of `pairs`, milli-nats, minus infinity for a failure
    failures  images without a template, in the order of the set's samples
    """

    data_set: DataSet
    pairs: Pairs
    scores: F64
    failures: tuple[Failure, ...]
    figures: Figures
    intervals: Intervals

    @property
    def mated(self) -> F64:
        """The scores of the mated pairs."""
        return self.scores[self.pairs.is_mated]

    @property
    def nonmated(self) -> F64:
        """The scores of the non-mated pairs."""
        return self.scores[~self.pairs.is_mated]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanFigures:
    """Arithmetic means over the sets; a figure is None unless all sets have it."""

    values: Mapping[str, float | None]
    intervals: Intervals
    mated: float
    nonmated: float
    failures_to_extract: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledFigures:
    """All scores together under one threshold, which shows what differs between sensors.

    points  for each figure at a false match rate where its threshold lies
    """

    figures: Figures
    intervals: Intervals
    points: Mapping[str, OperatingPoint | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured on some data sets, and with what."""

    sets: tuple[SetEvaluation, ...]
    mean: MeanFigures
    pooled: PooledFigures
    extractor: str
    comparator: str

    @property
    def mated(self) -> F64:
        """The mated scores of all sets."""
        return np.concatenate([each.mated for each in self.sets])

    @property
    def nonmated(self) -> F64:
        """The non-mated scores of all sets."""
        return np.concatenate([each.nonmated for each in self.sets])
