"""What an evaluation found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from musterpoint.evaluation.extraction import Failure
from musterpoint.evaluation.intervals import Intervals
from musterpoint.evaluation.protocol import Protocol
from musterpoint.evaluation.rates import COMPARISON, SEARCH, Measures, OperatingPoint
from musterpoint.evaluation.trials import Trials

Values = Mapping[str, float | None]
"""Figures by name as fractions; None where the trials are too few to tell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetEvaluation:
    """The outcome of one data set.

    failures     images without a template, in the order of the set's samples
    is_chimeric  its people are made of fingers of different people
    """

    trials: Trials
    values: Values
    intervals: Intervals
    failures: tuple[Failure, ...] = ()
    is_chimeric: bool = False

    @property
    def name(self) -> str:
        """The name of the set."""
        return self.trials.name


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanFigures:
    """Arithmetic means over the sets; a figure is None unless all sets have it."""

    values: Values
    intervals: Intervals
    mated: float
    nonmated: float
    failures_to_extract: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledFigures:
    """All scores together under one threshold, which shows what differs between sensors.

    points  for each figure at a rate of false positives where its threshold lies
    """

    trials: Trials
    values: Values
    intervals: Intervals
    points: Mapping[str, OperatingPoint | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured on some data sets under one protocol, and with what.

    failures        images without a template over all sets, by the set they are of
    weights         whose weights the comparator has
    fingers         of a person
    gallery_people  enrolled at a time, decoys included; 0 where nothing was searched
    decoys          synthetic people among them
    unit            whom the bootstrap draws: "finger" or "person"
    """

    protocol: Protocol
    sets: tuple[SetEvaluation, ...]
    mean: MeanFigures
    pooled: PooledFigures
    extractor: str
    comparator: str
    weights: str
    failures: tuple[tuple[str, Failure], ...] = ()
    unit: str = "finger"
    fingers: int = 1
    gallery_people: int = 0
    decoys: int = 0

    @property
    def measures(self) -> Measures:
        """The figures of the protocol."""
        return SEARCH if self.protocol == Protocol.IDENTIFICATION else COMPARISON

    @property
    def title(self) -> str:
        """The protocol, and of how many fingers."""
        return f"{self.protocol}, {self.fingers} fingers" if self.fingers > 1 else str(self.protocol)
