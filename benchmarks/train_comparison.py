"""Trains the weights of the comparison score on data sets, and tells how well they carry over.

    python -m benchmarks.train_comparison DIR… [--keep TEMPLATES.npz] [--json FILE]

Each DIR holds a `dataset.json`. Printed are, for every set, the figures under the shipped weights, under
weights trained on all sets, and under weights trained on all other sets; the last are the honest ones.
With --json the weights trained on all sets are written in the form of `parameters.json`.
With --keep extracted templates are kept in a file and read from it the next time.

Logistic regression by Newton's method, both classes weighted to 2000 comparisons, penalty |w|^2 / (2 C)
with C = 2, the intercept free. Which of the three refined hypotheses of a pair counts depends on the
weights, so each fit is repeated: hypotheses by the sum of similarities first, then by the fitted score.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmarks.comparison_templates import PreparedSet, read_sets

from musterpoint.comparison import NOT_COMPARABLE, Prepared, normalised
from musterpoint.comparison.cohort import mean_of_highest, members
from musterpoint.comparison.comparing import inputs_under
from musterpoint.comparison.parameters import INPUT_NAMES, parameters
from musterpoint.evaluation import FIGURE_NAMES, figures

F64 = npt.NDArray[np.float64]

CLASS_WEIGHT = 2000.0
PENALTY_C = 2.0
CROSS_PAIRS = 2000
ROUNDS = 3
NEWTON_STEPS = 30
SEED = 1


def main() -> None:
    """Train, print the figures, write the weights if asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sets = read_sets(arguments.folders, arguments.keep)
    everything = train(sets)
    print(f"{'set':<16}{'weights':<10}" + "".join(f"{name:>10}" for name in FIGURE_NAMES))
    for held_out in sets:
        others = train([one for one in sets if one is not held_out])
        for name, weights in (("shipped", parameters().weights), ("all", everything), ("others", others)):
            mated, nonmated = scores_under(weights, held_out)
            report(held_out.name, name, mated, nonmated)
    if arguments.json:
        arguments.json.write_text(as_text(everything), encoding="utf-8")


def report(set_name: str, weights_name: str, mated: F64, nonmated: F64) -> None:
    """One line of the table, in percent."""
    found = figures(mated, nonmated)
    cells = [getattr(found, name) for name in FIGURE_NAMES]
    shown = "".join(f"{'-' if cell is None else f'{100 * cell:.3f}':>10}" for cell in cells)
    print(f"{set_name:<16}{weights_name:<10}{shown}", flush=True)


def train(sets: list[PreparedSet]) -> F64:
    """Weights float64 (4, 11) from all pairs inside the sets and some across."""
    weights = np.zeros((4, len(INPUT_NAMES)))
    weights[1] = 1.0
    weights[2, INPUT_NAMES.index("similarity_log")] = 1.0
    for _ in range(ROUNDS):
        inputs, is_mated = gather(weights, sets)
        weights = fit(inputs, is_mated)
    return weights


def gather(weights: F64, sets: list[PreparedSet]) -> tuple[F64, npt.NDArray[np.bool_]]:
    """Inputs (n, 11) of all pairs, by the hypothesis that these weights choose."""
    rows, labels = [], []
    for one in sets:
        for i, j in zip(*np.triu_indices(len(one.prepared), 1), strict=True):
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


def scores_under(weights: F64, one: PreparedSet) -> tuple[F64, F64]:
    """Mated and non-mated scores of a set in nats, normalised; minus infinity for nothing to compare."""
    means = np.array([cohort_mean(weights, template) for template in one.prepared])
    scores, labels = [], []
    for i, j in zip(*np.triu_indices(len(one.prepared), 1), strict=True):
        raw = np.int32(raw_score(weights, one.prepared[i], one.prepared[j]))
        score = int(normalised(np.array(raw), means[i], means[j]))
        scores.append(score / 1000 if score != NOT_COMPARABLE else -np.inf)
        labels.append(bool(one.finger[i] == one.finger[j]))
    is_mated = np.array(labels)
    return np.array(scores)[is_mated], np.array(scores)[~is_mated]


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


def as_text(weights: F64) -> str:
    """The weights in the form of `parameters.json`, as the version after the shipped one."""
    inputs = [
        {"name": name, "mean": round(mean, 4), "deviation": round(deviation, 4), "weight": round(weight, 4)}
        for name, mean, deviation, weight in zip(INPUT_NAMES, *weights[:3].tolist(), strict=True)
    ]
    rows = ",\n".join(f"    {json.dumps(entry)}" for entry in inputs)
    head = f'  "version": {parameters().version + 1},\n  "intercept": {weights[3, 0]:.4f},\n'
    return f'{{\n{head}  "inputs": [\n{rows}\n  ]\n}}\n'


if __name__ == "__main__":
    main()
