"""Two runs on the same trials: differences, their intervals, and which pairs changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.evaluation.builders import DrawnEngine, description, write_data_set, write_description

from musterpoint.cli.evaluation_comparison import evaluate_compare
from musterpoint.errors import ListingError, RecordError
from musterpoint.evaluation import (
    DataSet,
    Protocol,
    Run,
    Settings,
    Trials,
    evaluate_all,
    pairs,
    run_to_parquet,
    to_npz,
)
from musterpoint.evaluation.comparing_people import verification
from musterpoint.evaluation.comparing_runs import Sides, compare_runs
from musterpoint.evaluation.intervals import draws, resampled
from musterpoint.evaluation.rates import COMPARISON
from musterpoint.evaluation.run_report import render_runs, worst_pictures
from musterpoint.imaging import to_png
from musterpoint.synthetic import Finger

SIDES = Sides(protocol="verification", before="one", after="another")


@pytest.fixture
def trials(tmp_path: Path) -> tuple[Trials, ...]:
    fingers = {number: [1, 2, 3] for number in range(2, 12)}
    data_sets = [DataSet.read(write_data_set(tmp_path / name, fingers)) for name in ("a", "b")]
    [found] = evaluate_all(data_sets, Settings(workers=1), engine=DrawnEngine())
    generator = np.random.default_rng(4)
    return tuple(
        replace(each.trials, score=each.trials.score + generator.normal(0, 350, len(each.trials)).round())
        for each in found.sets
    )


def shifted(trials: tuple[Trials, ...], finger: int) -> tuple[Trials, ...]:
    """The mated scores of one finger far below all others."""
    return tuple(
        replace(one, score=np.where(one.is_mated & (one.first == finger), -5000.0, one.score))
        for one in trials
    )


def test_a_run_does_not_differ_from_itself(trials: tuple[Trials, ...]) -> None:
    found = compare_runs(trials, trials, SIDES)
    assert [one.name for one in found.sets] == ["a", "b", "mean", "all, one threshold"]
    for one in found.sets:
        for figure in one.figures:
            assert figure.before == figure.after
            if figure.interval is not None:
                assert (figure.interval.low, figure.interval.high) == (0.0, 0.0)
                assert not figure.is_certain
    assert not found.better
    assert not found.worse


def test_another_scale_of_scores_changes_nothing(trials: tuple[Trials, ...]) -> None:
    other = tuple(replace(one, score=0.001 * one.score - 7) for one in trials)
    found = compare_runs(trials, other, SIDES)
    assert all(figure.difference in (0.0, None) for one in found.sets for figure in one.figures)
    assert not (found.better)
    assert not (found.worse)


def test_the_interval_is_that_of_the_difference_under_the_same_draws(trials: tuple[Trials, ...]) -> None:
    worse = shifted(trials, finger=3)
    found = compare_runs(trials[:1], worse[:1], SIDES)
    [weight] = draws(trials[:1])
    runs = [resampled(one, weight, COMPARISON, lambda _: None)[:, 0] for one in (trials[0], worse[0])]
    low, high = np.percentile(runs[1] - runs[0], [2.5, 97.5])
    interval = found.sets[0].figures[0].interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-15)


def test_what_became_worse_and_what_better_is_told_pair_by_pair(trials: tuple[Trials, ...]) -> None:
    worse = shifted(trials, finger=3)
    forth, back = compare_runs(trials, worse, SIDES), compare_runs(worse, trials, SIDES)
    of_finger = f"{trials[0].units[3]}_"
    changed = [one for one in forth.worse if one.is_mated]
    assert changed
    assert all(one.probe.startswith(of_finger) and one.after == -5000 for one in changed)
    assert sum(one.after == -5000 for one in forth.changes) == 2 * 3
    assert {(one.set, one.probe, one.reference) for one in forth.worse} == {
        (one.set, one.probe, one.reference) for one in back.better
    }
    costs = [one.badness for one in forth.changes if one.is_error]
    assert costs == sorted(costs, reverse=True)


def test_only_trials_in_common_are_compared_and_the_others_counted(trials: tuple[Trials, ...]) -> None:
    fewer = (trials[0].take(np.arange(len(trials[0]) - 40)),)
    found = compare_runs(trials, fewer, SIDES)
    assert found.trials == len(trials[0]) - 40
    assert found.left_out == 40 + len(trials[1])
    backwards = compare_runs(fewer, (fewer[0].take(np.arange(len(fewer[0]))[::-1]),), SIDES)
    assert not backwards.changes or not (backwards.better or backwards.worse)


def test_runs_that_disagree_on_whose_finger_it_is_are_refused(trials: tuple[Trials, ...]) -> None:
    other = (replace(trials[0], is_mated=~trials[0].is_mated),)
    with pytest.raises(ListingError, match="mated in one run only"):
        compare_runs(trials, other, SIDES)
    with pytest.raises(ListingError, match="none of one kind"):
        compare_runs(trials, (replace(trials[0], name="elsewhere"),), SIDES)


def write(path: Path, trials: tuple[Trials, ...], protocol: str = "verification") -> Path:
    path.write_bytes(run_to_parquet(Run(name=path.stem, trials={protocol: trials})))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(evaluate_compare, [*map(str, arguments)])


def test_the_command_prints_writes_and_refuses(tmp_path: Path, trials: tuple[Trials, ...]) -> None:
    before = write(tmp_path / "before.parquet", trials)
    after = write(tmp_path / "after.parquet", shifted(trials, finger=3))
    result = run(before, after, "--json", tmp_path / "d.json", "--report", tmp_path / "d.html")
    assert result.exit_code == 0, result.output
    assert "EER" in result.stdout
    assert "worse in B" in result.stdout
    shown = json.loads((tmp_path / "d.json").read_text())
    assert [one["name"] for one in shown["sets"]] == ["a", "b", "mean", "all, one threshold"]
    assert "Two runs compared" in (tmp_path / "d.html").read_text()
    assert json.loads(run(before, after, "--json", "-").stdout) == shown

    assert run(before, after, "--at", "fnir100").exit_code == 2
    assert isinstance(run(before, after, "--protocol", "fused").exception, ListingError)
    (tmp_path / "other.parquet").write_bytes(b"PAR1")
    assert isinstance(run(before, tmp_path / "other.parquet").exception, RecordError)


def test_searches_are_told_with_their_rates_in_per_cent(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {number: [1, 2, 3] for number in range(2, 12)})
    asked = Settings(workers=1, protocols=(Protocol.IDENTIFICATION,))
    evaluations = evaluate_all([DataSet.read(folder)], asked, engine=DrawnEngine())
    scores = tmp_path / "scores.npz"
    scores.write_bytes(to_npz(evaluations))
    assert "FNIR at FPIR 10 %" in run(scores, scores).stdout


def test_a_page_is_refused_inside_of_a_repository(tmp_path: Path, trials: tuple[Trials, ...]) -> None:
    scores = write(tmp_path / "scores.parquet", trials)
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    (tmp_path / "clone" / "deep").mkdir()
    result = run(scores, scores, "--report", tmp_path / "clone" / "deep" / "page.html")
    assert result.exit_code == 2
    assert not list((tmp_path / "clone" / "deep").iterdir())


def test_the_worst_pairs_are_shown(tmp_path: Path) -> None:
    images = []
    for seed in (1, 2):
        for number in (1, 2):
            file = f"{seed}_{number}.png"
            (tmp_path / file).write_bytes(to_png(Finger(seed).impression(number).image))
            images.append({"file": file, "finger": str(seed), "impression": number})
    data_set = DataSet.read(write_description(tmp_path, description(images)))
    plan = pairs(data_set)
    before = verification(data_set, plan, np.where(plan.is_mated, 9.0, 1.0))
    after = verification(data_set, plan, np.array([-1.0, 1.0, 1.0, 1.0, 1.0, 9.0]))
    found = compare_runs((before,), (after,), SIDES, at="zero_fmr")

    [picture] = worst_pictures(found, [data_set], 1)
    assert picture.title == "False non-match: drawn, 1_1.png and 1_2.png"
    page = render_runs(found, [picture])
    assert page.count("data:image/png;base64,") == 1
    assert "fingerprints of people" in page
    assert worst_pictures(found, [], 1) == ()
