"""From the trials of a protocol to its figures with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from musterpoint.evaluation import intervals as resampling
from musterpoint.evaluation.extraction import Failure
from musterpoint.evaluation.protocol import Protocol
from musterpoint.evaluation.rates import COMPARISON, F64, SEARCH, Measures, fnmr_at, tally
from musterpoint.evaluation.trials import Trials, joined
from musterpoint.evaluation.values import Evaluation, MeanFigures, PooledFigures, SetEvaluation, Values


class Stage(StrEnum):
    """The long steps of an evaluation, in their order."""

    EXTRACTION = "extraction"
    TRAINING = "training"
    COMPARISON = "comparison"
    FUSION = "fusion"
    SEARCH = "search"
    INTERVALS = "intervals"


Progress = Callable[[Stage, int, int], None]
"""Told the stage, what is done of it and its total: images, rounds, pairs, searches, resamplings."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The trials of one set, and what is known of it besides."""

    trials: Trials
    failures: tuple[Failure, ...] = ()
    is_chimeric: bool = False


class Steps:
    """Counts what is done of a stage and tells the total."""

    def __init__(self, progress: Progress | None, stage: Stage, total: int) -> None:
        self._progress = progress
        self._stage = stage
        self._total = total
        self._done = 0
        self.advance(0)

    def advance(self, count: int) -> None:
        """Say that so many more are done."""
        self._done += count
        if self._progress:
            self._progress(self._stage, self._done, self._total)


def values_of(trials: Trials, measures: Measures) -> Values:
    """The figures of trials, each counted once."""
    once = trials.is_mated.astype(np.int64)
    return measures.values(tally(trials.mated, trials.nonmated), trials.rank, once)


def summary(protocol: Protocol, measured: Sequence[Measured], progress: Progress | None = None) -> Evaluation:
    """The figures of each set, their mean, and those of all trials under one threshold."""
    measures = SEARCH if protocol == Protocol.IDENTIFICATION else COMPARISON
    step = Steps(progress, Stage.INTERVALS, (len(measured) + 1) * resampling.RUNS)
    trials = [one.trials for one in measured]
    weights = resampling.draws(trials)
    runs = [
        resampling.resampled(one, weight, measures, step.advance)
        for one, weight in zip(trials, weights, strict=True)
    ]
    sets = tuple(
        SetEvaluation(
            trials=one.trials,
            values=values_of(one.trials, measures),
            intervals=resampling.intervals(set_runs, measures.names),
            failures=one.failures,
            is_chimeric=one.is_chimeric,
        )
        for one, set_runs in zip(measured, runs, strict=True)
    )
    whole = joined(trials)
    pooled_runs = resampling.resampled(whole, np.concatenate(weights, axis=1), measures, step.advance)
    return Evaluation(
        protocol=protocol,
        sets=sets,
        mean=_mean(sets, runs, measures),
        pooled=PooledFigures(
            trials=whole,
            values=values_of(whole, measures),
            intervals=resampling.intervals(pooled_runs, measures.names),
            points={name: fnmr_at(whole.mated, whole.nonmated, odds) for name, odds in measures.odds.items()},
        ),
        extractor="",
        comparator="",
        weights="",
    )


def _mean(sets: Sequence[SetEvaluation], runs: Sequence[F64], measures: Measures) -> MeanFigures:
    columns = {name: [each.values[name] for each in sets] for name in measures.names}
    means = {
        name: None if None in column else sum(v for v in column if v is not None) / len(column)
        for name, column in columns.items()
    }
    return MeanFigures(
        values=means,
        # The sets are drawn independently, so a run of their mean is the mean of their runs.
        intervals=resampling.intervals(np.mean(runs, axis=0), measures.names),
        mated=sum(len(each.trials.mated) for each in sets) / len(sets),
        nonmated=sum(len(each.trials.nonmated) for each in sets) / len(sets),
        failures_to_extract=sum(len(each.failures) for each in sets) / len(sets),
    )
