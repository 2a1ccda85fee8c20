"""From templates to the scores of all pairs, by several threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from musterpoint.evaluation.engine import Engine
from musterpoint.evaluation.extraction import Failure, Outcome
from musterpoint.evaluation.protocol import Pairs
from musterpoint.evaluation.rates import F64


def compare_all(
    pairs: Pairs,
    outcomes: Sequence[Outcome],
    engine: Engine,
    *,
    workers: int,
    advance: Callable[[int], None],
) -> F64:
    """The score of every pair: float64 (p,), milli-nats, minus infinity where a template is missing.

    A row of pairs is written by one thread into its own place, so the number of threads changes
    nothing. `advance` is called with the number of pairs done since the last call.
    """
    scores = np.full(len(pairs.probe), -np.inf)
    templates = {i: outcome for i, outcome in enumerate(outcomes) if not isinstance(outcome, Failure)}
    usable = np.array(list(templates), np.intp)
    places = {int(sample): place for place, sample in enumerate(usable)}
    compare_row = engine.open_comparator(list(templates.values()))

    def fill(probe: int) -> int:
        row = scores[pairs.row(probe)]
        if probe in places and places[probe] + 1 < len(usable):
            references = usable[places[probe] + 1 :]
            _fill_row(row, references - probe - 1, compare_row(places[probe]))
        return len(row)

    pool = ThreadPoolExecutor(workers)
    try:
        for done in pool.map(fill, range(len(outcomes))):
            advance(done)
    finally:
        pool.shutdown(cancel_futures=True)
    return scores


def _fill_row(row: F64, places: npt.NDArray[np.intp], scores: npt.NDArray[np.int32]) -> None:
    if len(scores) != len(places):
        raise ValueError(f"{len(scores)} scores for {len(places)} references")
    row[places] = scores
