"""An evaluation as JSON: `docs/accuracy.md`, "The JSON"."""

from __future__ import annotations

import numpy as np

from musterpoint.evaluation.intervals import RUNS, SEED, Intervals
from musterpoint.evaluation.rates import F64, FIGURE_NAMES, Figures, OperatingPoint
from musterpoint.evaluation.values import Evaluation, MeanFigures, SetEvaluation

Json = dict[str, object]


def to_json(evaluation: Evaluation) -> Json:
    """Everything but the single scores; rates are fractions, null where undefined, never NaN."""
    return {
        "sets": [_set(each) for each in evaluation.sets],
        "mean": _mean(evaluation.mean),
        "pooled": _pooled(evaluation),
        "intervals": _intervals(evaluation),
        "failures": [
            {
                "set": each.data_set.name,
                "file": failure.file,
                "code": failure.code,
                "reason": failure.reason,
                "defective": failure.is_defective,
            }
            for each in evaluation.sets
            for failure in each.failures
        ],
        "extractor": evaluation.extractor,
        "comparator": evaluation.comparator,
    }


def _set(each: SetEvaluation) -> Json:
    return {"name": each.data_set.name, **_figures(each.figures, len(each.failures))}


def _figures(figures: Figures, failures: int) -> Json:
    return {
        **{name: getattr(figures, name) for name in FIGURE_NAMES},
        "mated": figures.mated,
        "nonmated": figures.nonmated,
        "failures_to_extract": failures,
    }


def _mean(mean: MeanFigures) -> Json:
    return {
        **mean.values,
        "mated": mean.mated,
        "nonmated": mean.nonmated,
        "failures_to_extract": mean.failures_to_extract,
    }


def _pooled(evaluation: Evaluation) -> Json:
    failures = sum(len(each.failures) for each in evaluation.sets)
    return _figures(evaluation.pooled.figures, failures) | {
        "thresholds": {
            name: _threshold(evaluation, point) for name, point in evaluation.pooled.points.items()
        },
    }


def _threshold(evaluation: Evaluation, point: OperatingPoint | None) -> Json | None:
    if point is None or np.isneginf(point.score):
        return None
    return {
        "score_above_millinats": point.score,
        "sets": [
            {
                "name": each.data_set.name,
                "fnmr": _share_up_to(each.mated, point.score),
                "false_matches": int((each.nonmated > point.score).sum()),
            }
            for each in evaluation.sets
        ],
    }


def _share_up_to(scores: F64, score: float) -> float:
    return float((scores <= score).mean())


def _intervals(evaluation: Evaluation) -> Json:
    return {
        "method": "bootstrap over fingers within each set, percentiles 2.5 and 97.5",
        "runs": RUNS,
        "seed": SEED,
        "sets": [{"name": each.data_set.name} | _bounds(each.intervals) for each in evaluation.sets],
        "mean": _bounds(evaluation.mean.intervals),
        "pooled": _bounds(evaluation.pooled.intervals),
    }


def _bounds(intervals: Intervals) -> Json:
    return {
        name: None if interval is None else [interval.low, interval.high]
        for name, interval in intervals.items()
    }
