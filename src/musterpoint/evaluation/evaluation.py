"""One evaluation: templates of all images, scores of all pairs, figures with their intervals."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np

from musterpoint.errors import ListingError
from musterpoint.evaluation import intervals as resampling
from musterpoint.evaluation.comparison import compare_all
from musterpoint.evaluation.data_set import DESCRIPTION, DataSet
from musterpoint.evaluation.engine import Engine, OwnEngine
from musterpoint.evaluation.extraction import Failure, Outcome, extract_all
from musterpoint.evaluation.protocol import Pairs, pairs
from musterpoint.evaluation.rates import F64, FALSE_MATCH_ODDS, FIGURE_NAMES, figures, fnmr_at
from musterpoint.evaluation.values import Evaluation, MeanFigures, PooledFigures, SetEvaluation


class Stage(StrEnum):
    """The long steps of an evaluation, in their order."""

    EXTRACTION = "extraction"
    COMPARISON = "comparison"
    INTERVALS = "intervals"


Progress = Callable[[Stage, int, int], None]
"""Told the stage, what is done of it and its total: images, pairs, or resamplings."""


def evaluate(
    data_sets: Sequence[DataSet],
    *,
    workers: int | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> Evaluation:
    """Extract every image, compare every pair of a set once, and compute the figures.

    workers   processes for extraction and threads for comparison; None: one for each processor.
              More than one starts processes, so a script needs the `if __name__ == "__main__"` guard
    cache     folder in which templates are kept, so that an interrupted evaluation can go on; None
              keeps nothing, because templates of real fingers are personal data
    progress  called in this thread
    engine    what is measured; None: the extractor and comparator of musterpoint

    The result depends on neither the workers nor the order of the sets' descriptions.

    Raises ListingError if a set has no mated or no non-mated pair, or two sets share a name;
    StorageFull, Unavailable.
    """
    engine = engine or OwnEngine()
    workers = workers or os.cpu_count() or 1
    _refuse_unusable(data_sets)
    plans = [pairs(data_set) for data_set in data_sets]

    step = _Steps(progress, Stage.EXTRACTION, sum(len(data_set.samples) for data_set in data_sets))
    outcomes = extract_all(data_sets, engine, workers=workers, cache_folder=cache, advance=step.advance)

    step = _Steps(progress, Stage.COMPARISON, sum(len(plan.probe) for plan in plans))
    scores = [
        compare_all(plan, outcome, engine, workers=workers, advance=step.advance)
        for plan, outcome in zip(plans, outcomes, strict=True)
    ]

    step = _Steps(progress, Stage.INTERVALS, (len(plans) + 1) * resampling.RUNS)
    return _summary(list(zip(data_sets, plans, outcomes, scores, strict=True)), engine, step.advance)


def _summary(
    measured: Sequence[tuple[DataSet, Pairs, Sequence[Outcome], F64]],
    engine: Engine,
    advance: Callable[[int], None],
) -> Evaluation:
    weights = resampling.draws([plan.finger_count for _, plan, _, _ in measured])
    scored = [(plan, scores) for _, plan, _, scores in measured]
    runs = [
        resampling.resampled([one], [weight], advance) for one, weight in zip(scored, weights, strict=True)
    ]
    sets = tuple(
        SetEvaluation(
            data_set=data_set,
            pairs=plan,
            scores=scores,
            failures=tuple(outcome for outcome in outcomes if isinstance(outcome, Failure)),
            figures=figures(scores[plan.is_mated], scores[~plan.is_mated]),
            intervals=resampling.intervals(set_runs),
        )
        for (data_set, plan, outcomes, scores), set_runs in zip(measured, runs, strict=True)
    )
    return Evaluation(
        sets=sets,
        mean=_mean(sets, runs),
        pooled=_pooled(sets, resampling.resampled(scored, weights, advance)),
        extractor=engine.extractor,
        comparator=engine.comparator,
    )


def _mean(sets: Sequence[SetEvaluation], runs: Sequence[F64]) -> MeanFigures:
    columns = {name: [getattr(each.figures, name) for each in sets] for name in FIGURE_NAMES}
    return MeanFigures(
        values={
            name: None if None in column else sum(column) / len(column) for name, column in columns.items()
        },
        # The sets are drawn independently, so a run of their mean is the mean of their runs.
        intervals=resampling.intervals(np.mean(runs, axis=0)),
        mated=sum(each.figures.mated for each in sets) / len(sets),
        nonmated=sum(each.figures.nonmated for each in sets) / len(sets),
        failures_to_extract=sum(len(each.failures) for each in sets) / len(sets),
    )


def _pooled(sets: Sequence[SetEvaluation], runs: F64) -> PooledFigures:
    mated = np.concatenate([each.mated for each in sets])
    nonmated = np.concatenate([each.nonmated for each in sets])
    return PooledFigures(
        figures=figures(mated, nonmated),
        intervals=resampling.intervals(runs),
        points={name: fnmr_at(mated, nonmated, odds) for name, odds in FALSE_MATCH_ODDS.items()},
    )


def _refuse_unusable(data_sets: Sequence[DataSet]) -> None:
    if not data_sets:
        raise ValueError("no data set to evaluate")
    folders: dict[str, Path] = {}
    for data_set in data_sets:
        if data_set.name in folders:
            raise ListingError(
                expected="a name of its own for every data set",
                found=f"the name {data_set.name!r} again, first in {folders[data_set.name]}",
                hint="Name each folder once, or rename one of the sets in its description",
                where=str(data_set.folder / DESCRIPTION),
            )
        folders[data_set.name] = data_set.folder


class _Steps:
    """Counts what is done of a stage and tells the total."""

    def __init__(self, progress: Progress | None, stage: Stage, total: int) -> None:
        self._progress = progress
        self._stage = stage
        self._total = total
        self._done = 0
        self.advance(0)

    def advance(self, count: int) -> None:
        self._done += count
        if self._progress:
            self._progress(self._stage, self._done, self._total)
