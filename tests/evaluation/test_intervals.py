"""Bootstrap over fingers: the same as repeating every pair as often as it was drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.evaluation.builders import write_data_set

from musterpoint.evaluation import FIGURE_NAMES, DataSet, Trials, figures, pairs
from musterpoint.evaluation.comparing_people import verification
from musterpoint.evaluation.intervals import draws, intervals, resampled
from musterpoint.evaluation.rates import COMPARISON
from musterpoint.evaluation.trials import joined

RUNS = 40


@pytest.fixture
def two_sets(tmp_path: Path) -> list[Trials]:
    generator = np.random.default_rng(3)
    sets = []
    for name, impressions in (("a", {2: [1, 2, 3], 3: [1, 2], 4: [1, 2]}), ("b", {2: [1, 2], 5: [1, 2, 3]})):
        data_set = DataSet.read(write_data_set(tmp_path / name, impressions))
        plan = pairs(data_set)
        scores = np.round(generator.normal(2.0 * plan.is_mated, 1.0), 1)
        scores[0] = -np.inf
        sets.append(verification(data_set, plan, scores))
    return sets


def repeated(sets: list[Trials], weights: list[npt.NDArray[np.int64]], run: int) -> list[float | None]:
    """The figures of one run, with every score written down as often as its fingers were drawn."""
    mated: list[float] = []
    nonmated: list[float] = []
    for trials, weight in zip(sets, weights, strict=True):
        drawn = weight[run]
        for first, second, score in zip(trials.first, trials.second, trials.score, strict=True):
            if first == second:
                mated += [score] * drawn[first]
            else:
                nonmated += [score] * (drawn[first] * drawn[second])
    found = figures(mated, nonmated)
    return [getattr(found, name) for name in FIGURE_NAMES]


def test_a_run_counts_every_pair_as_often_as_its_fingers_were_drawn(
    two_sets: list[Trials],
) -> None:
    weights = draws(two_sets, RUNS)
    values = resampled(joined(two_sets), np.concatenate(weights, axis=1), COMPARISON, lambda _: None)
    for run in range(RUNS):
        expected = repeated(two_sets, weights, run)
        found = [None if np.isnan(value) else value for value in values[run]]
        assert found == pytest.approx(expected, abs=1e-12)


def test_each_set_is_drawn_from_by_itself(two_sets: list[Trials]) -> None:
    first, second = draws(two_sets, RUNS)
    assert (first.sum(axis=1) == 3).all()
    assert (second.sum(axis=1) == 2).all()
    assert len(np.unique(first, axis=0)) > 5


def test_the_same_seed_draws_the_same_fingers(two_sets: list[Trials]) -> None:
    assert (draws(two_sets, RUNS, seed=9)[0] == draws(two_sets, RUNS, seed=9)[0]).all()
    assert (draws(two_sets, RUNS, seed=9)[0] != draws(two_sets, RUNS, seed=8)[0]).any()


def test_progress_tells_every_run(two_sets: list[Trials]) -> None:
    told: list[int] = []
    weights = draws(two_sets, RUNS)
    resampled(joined(two_sets), np.concatenate(weights, axis=1), COMPARISON, told.append)
    assert sum(told) == RUNS


def test_an_interval_leaves_out_the_extremes_on_both_sides() -> None:
    values = np.repeat(np.arange(1001.0)[:, None], len(FIGURE_NAMES), axis=1)
    found = intervals(values, FIGURE_NAMES)["eer"]
    assert found is not None
    assert (found.low, found.high) == (25.0, 975.0)


def test_a_figure_that_was_undefined_in_a_run_has_no_interval() -> None:
    values = np.zeros((100, len(FIGURE_NAMES)))
    values[17, FIGURE_NAMES.index("fmr1000")] = np.nan
    found = intervals(values, FIGURE_NAMES)
    assert found["fmr1000"] is None
    assert found["fmr100"] is not None
