"""Trains the weights of the comparison score on data sets, and tells how well they carry over.

    python -m benchmarks.train_comparison DIR… [--beside DIR…] [--keep TEMPLATES.npz] [--json FILE]

Each DIR holds a `dataset.json`. Printed are, for every set, the figures under the shipped weights, under
weights trained on all sets, and under weights trained on all other sets; the last are the honest ones.
Sets given --beside are trained with every time and measured never; give those that
`tools/make_synthetic_sets.py` draws. The shipped weights were fitted once in this way, beside 180 synthetic
fingers instead of 100 and to the hypotheses that the weights before them chose; what comes out here is theirs
within chance.
With --json the weights trained on all sets are written in the form of `parameters.json`.
With --keep extracted templates are kept in a file and read from it the next time.

How the weights are fitted: `musterpoint.evaluation.training`. The figures alone, with their intervals:
`./run musterpoint evaluate DIR... --weights leave-one-set-out`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from benchmarks.comparison_templates import PreparedSet, read_sets

from musterpoint.comparison import NOT_COMPARABLE, normalised
from musterpoint.comparison.parameters import INPUT_NAMES, parameters
from musterpoint.evaluation import FIGURE_NAMES, Figures, figures
from musterpoint.evaluation.rates import F64
from musterpoint.evaluation.training import TrainingSet, cohort_mean, raw_score, train


def main() -> None:
    """Train, print the figures, write the weights if asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--beside", nargs="+", type=Path, default=[])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    everywhere = read_sets([*arguments.folders, *arguments.beside], arguments.keep)
    sets = everywhere[: len(arguments.folders)]
    prints = [TrainingSet(prepared=one.prepared, finger=one.finger) for one in everywhere]
    everything = train(prints)
    scores: dict[str, list[tuple[F64, F64]]] = {"shipped": [], "all": [], "others": []}
    print(f"{'set':<18}{'weights':<10}" + "".join(f"{name:>10}" for name in FIGURE_NAMES))
    for k, held_out in enumerate(sets):
        others = train(prints[:k] + prints[k + 1 :])
        for name, weights in zip(scores, (parameters().weights, everything, others), strict=True):
            scores[name].append(scores_under(weights, held_out))
            report(held_out.name, name, [figures(*scores[name][-1])])
    for name, found in scores.items():
        report("mean", name, [figures(*one) for one in found])
        pooled = [np.concatenate([one[side] for one in found]) for side in (0, 1)]
        report("all, one threshold", name, [figures(*pooled)])
    if arguments.json:
        arguments.json.write_text(as_text(everything), encoding="utf-8")


def report(set_name: str, weights_name: str, found: Sequence[Figures]) -> None:
    """One line of the table, in percent: the mean of these figures, undefined where one of them is."""
    cells = [mean_of([getattr(one, name) for one in found]) for name in FIGURE_NAMES]
    shown = "".join(f"{'-' if cell is None else f'{100 * cell:.3f}':>10}" for cell in cells)
    print(f"{set_name:<18}{weights_name:<10}{shown}", flush=True)


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean, or None where one is None."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None


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
