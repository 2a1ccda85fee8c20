"""An evaluation as JSON: `docs/accuracy.md`, "The JSON"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musterpoint.evaluation.intervals import RUNS, SEED, Intervals
from musterpoint.evaluation.protocol import Protocol
from musterpoint.evaluation.rates import OperatingPoint, cmc
from musterpoint.evaluation.values import Evaluation, MeanFigures, SetEvaluation

Json = dict[str, object]

CMC_RANKS = 20


def to_json(evaluations: Sequence[Evaluation]) -> Json:
    """Everything but the single scores; rates are fractions, null where undefined, never NaN.

    The first evaluation stands at the top, those of other protocols in a list under `further`.
    """
    first, *others = evaluations
    return _evaluation(first) | ({"further": [_evaluation(one) for one in others]} if others else {})


def _evaluation(evaluation: Evaluation) -> Json:
    return {
        "protocol": str(evaluation.protocol),
        "fingers": evaluation.fingers,
        "sets": [_set(each) for each in evaluation.sets],
        "mean": _mean(evaluation.mean),
        "pooled": _pooled(evaluation),
        "intervals": _intervals(evaluation),
        "failures": [
            {
                "set": name,
                "file": failure.file,
                "code": failure.code,
                "reason": failure.reason,
                "defective": failure.is_defective,
            }
            for name, failure in evaluation.failures
        ],
        "extractor": evaluation.extractor,
        "comparator": evaluation.comparator,
        "weights": evaluation.weights,
        **(_searched(evaluation) if evaluation.protocol == Protocol.IDENTIFICATION else {}),
    }


def _searched(evaluation: Evaluation) -> Json:
    trials = evaluation.pooled.trials
    assert trials.rank is not None, "searches have ranks"
    return {
        "gallery_people": evaluation.gallery_people,
        "decoys": evaluation.decoys,
        "cmc": cmc(trials.rank[trials.is_mated], CMC_RANKS).tolist(),
    }


def _set(each: SetEvaluation) -> Json:
    return {
        "name": each.name,
        **each.values,
        "mated": len(each.trials.mated),
        "nonmated": len(each.trials.nonmated),
        "failures_to_extract": len(each.failures),
        "chimeric": each.is_chimeric,
    }


def _mean(mean: MeanFigures) -> Json:
    return {
        **mean.values,
        "mated": mean.mated,
        "nonmated": mean.nonmated,
        "failures_to_extract": mean.failures_to_extract,
    }


def _pooled(evaluation: Evaluation) -> Json:
    pooled = evaluation.pooled
    return {
        **pooled.values,
        "mated": len(pooled.trials.mated),
        "nonmated": len(pooled.trials.nonmated),
        "failures_to_extract": len(evaluation.failures),
        "thresholds": {name: _threshold(evaluation, point) for name, point in pooled.points.items()},
    }


def _threshold(evaluation: Evaluation, point: OperatingPoint | None) -> Json | None:
    if point is None or np.isneginf(point.score):
        return None
    return {
        "score_above_millinats": point.score,
        "sets": [
            {
                "name": each.name,
                "fnmr": float((each.trials.mated <= point.score).mean()),
                "false_matches": int((each.trials.nonmated > point.score).sum()),
            }
            for each in evaluation.sets
            if len(each.trials.mated)
        ],
    }


def _intervals(evaluation: Evaluation) -> Json:
    drawn = "people" if evaluation.unit == "person" else "fingers"
    return {
        "method": f"bootstrap over {drawn} within each set, percentiles 2.5 and 97.5",
        "runs": RUNS,
        "seed": SEED,
        "sets": [{"name": each.name} | _bounds(each.intervals) for each in evaluation.sets],
        "mean": _bounds(evaluation.mean.intervals),
        "pooled": _bounds(evaluation.pooled.intervals),
    }


def _bounds(intervals: Intervals) -> Json:
    return {
        name: None if interval is None else [interval.low, interval.high]
        for name, interval in intervals.items()
    }
