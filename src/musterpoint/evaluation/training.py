"""Trains the weights of the comparison score on data sets, and compares under weights of the other sets.

Logistic regression by Newton's method, both classes weighted to 2000 comparisons, penalty |w|^2 / (2 C)
with C = 2, the intercept free. Which of the three refined hypotheses of a pair counts depends on the
weights, so each fit is repeated: hypotheses by the sum of similarities first, then by the fitted score.

Figures under weights that were trained on the same prints flatter; those under weights of the other sets,
one set left out at a time, do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.comparison import COMPARATOR_VERSION, NOT_COMPARABLE, Prepared, normalised, prepare
from musterpoint.comparison.cohort import mean_of_highest, members
from musterpoint.comparison.comparing import inputs_under
from musterpoint.comparison.parameters import INPUT_NAMES
from musterpoint.evaluation.engine import Compare, CompareRow
from musterpoint.evaluation.rates import F64
from musterpoint.templates import Template

CLASS_WEIGHT: Final = 2000.0
PENALTY_C: Final = 2.0
CROSS_PAIRS: Final = 2000
ROUNDS: Final = 3
NEWTON_STEPS: Final = 30
SEED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingSet:
    """Prints of one sensor: n templates ready for comparison, and the finger of each, int32 (n,)."""

    prepared: Sequence[Prepared]
    finger: npt.NDArray[np.int32]


def comparator_of_others(
    sets: Sequence[TrainingSet], held_out: TrainingSet, advance: Callable[[int], None] = lambda _: None
) -> Compare:
    """The comparator with weights that were trained on all sets but one."""
    return comparator_under(train([one for one in sets if one is not held_out], advance))


def comparator_under(weights: F64) -> Compare:
    """The comparator with other weights, float64 (4, 11)."""
    digest = hashlib.sha256(np.ascontiguousarray(weights).tobytes()).hexdigest()[:16]

    def open_comparator(templates: Sequence[Template]) -> CompareRow:
        prepared = [prepare(template) for template in templates]
        means = np.array([cohort_mean(weights, one) for one in prepared])

        def row(index: int) -> npt.NDArray[np.int32]:
            rest = range(index + 1, len(prepared))
            raw = [raw_score(weights, prepared[index], prepared[other]) for other in rest]
            return normalised(np.array(raw, np.int32), means[index], means[index + 1 :])

        return row

    return Compare(name=f"{COMPARATOR_VERSION} under {digest}", open=open_comparator)


def train(sets: Sequence[TrainingSet], advance: Callable[[int], None] = lambda _: None) -> F64:
    """Weights float64 (4, 11) from all pairs inside the sets and some across.

    advance  called with the number of rounds done since the last call, `ROUNDS` in all
    """
    weights = np.zeros((4, len(INPUT_NAMES)))
    weights[1] = 1.0
    weights[2, INPUT_NAMES.index("similarity_log")] = 1.0
    for _ in range(ROUNDS):
        inputs, is_mated = gather(weights, sets)
        weights = fit(inputs, is_mated)
        advance(1)
    return weights


def gather(weights: F64, sets: Sequence[TrainingSet]) -> tuple[F64, npt.NDArray[np.bool_]]:
    """Inputs (n, 11) of all pairs, by the hypothesis that these weights choose."""
    rows, labels = [], []
    for one in sets:
        for i, j in combinations(range(len(one.prepared)), 2):
            rows.append(inputs_under(weights, one.prepared[i], one.prepared[j]))
            labels.append(bool(one.finger[i] == one.finger[j]))
    random = np.random.default_rng(SEED)
    for k, one in enumerate(sets):
        for other in sets[k + 1 :]:
            probes = random.integers(len(one.prepared), size=CROSS_PAIRS).tolist()
            references = random.integers(len(other.prepared), size=CROSS_PAIRS).tolist()
            for i, j in zip(probes, references, strict=True):
                rows.append(inputs_under(weights, one.prepared[i], other.prepared[j]))
                labels.append(False)
    usable = [row is not None for row in rows]
    return np.array([row for row in rows if row is not None]), np.array(labels)[usable]


def fit(inputs: F64, is_mated: npt.NDArray[np.bool_]) -> F64:
    """Penalised logistic regression on standardised inputs."""
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0)
    x = np.column_stack(((inputs - mean) / deviation, np.ones(len(inputs))))
    share = np.where(is_mated, CLASS_WEIGHT / is_mated.sum(), CLASS_WEIGHT / (~is_mated).sum())
    penalty = np.append(np.full(inputs.shape[1], 1 / PENALTY_C), 0.0)
    w = np.zeros(x.shape[1])
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -40, 40)))
        gradient = x.T @ (share * (p - is_mated)) + penalty * w
        hessian = (x * (share * p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        w -= np.linalg.solve(hessian, gradient)
    weights = np.zeros((4, inputs.shape[1]))
    weights[0], weights[1], weights[2], weights[3, 0] = mean, deviation, w[:-1], w[-1]
    return weights


def cohort_mean(weights: F64, template: Prepared) -> int:
    """The cohort mean of a template under other weights, milli-nats."""
    return mean_of_highest(np.array([raw_score(weights, template, member) for member in members()]))


def raw_score(weights: F64, probe: Prepared, reference: Prepared) -> int:
    """The score under other weights before it is normalised, milli-nats."""
    mean, deviation, weight, (intercept, *_) = weights
    inputs = inputs_under(weights, probe, reference)
    if inputs is None:
        return NOT_COMPARABLE
    return round(1000 * (float(intercept) + float(weight @ ((inputs - mean) / deviation))))
