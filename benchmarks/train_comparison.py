"""Trains the weights of the comparison score on data sets, and tells how well they carry over.

    python -m benchmarks.train_comparison DIR… [--keep TEMPLATES.npz] [--json FILE]

Each DIR holds a `dataset.json`. Printed are, for every set, the figures under the shipped weights, under
weights trained on all sets, and under weights trained on all other sets; the last are the honest ones.
With --json the weights trained on all sets are written in the form of `parameters.json`.
With --keep extracted templates are kept in a file and read from it the next time.

How the weights are fitted: `musterpoint.evaluation.training`. The figures alone, with their intervals:
`./run musterpoint evaluate DIR... --weights leave-one-set-out`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from benchmarks.comparison_templates import PreparedSet, read_sets

from musterpoint.comparison import NOT_COMPARABLE, normalised
from musterpoint.comparison.parameters import INPUT_NAMES, parameters
from musterpoint.evaluation import FIGURE_NAMES, figures
from musterpoint.evaluation.rates import F64
from musterpoint.evaluation.training import TrainingSet, cohort_mean, raw_score, train


def main() -> None:
    """Train, print the figures, write the weights if asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sets = read_sets(arguments.folders, arguments.keep)
    prints = [TrainingSet(prepared=one.prepared, finger=one.finger) for one in sets]
    everything = train(prints)
    print(f"{'set':<16}{'weights':<10}" + "".join(f"{name:>10}" for name in FIGURE_NAMES))
    for k, held_out in enumerate(sets):
        others = train(prints[:k] + prints[k + 1 :])
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
