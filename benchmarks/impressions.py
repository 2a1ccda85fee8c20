"""Measures what a second impression of a finger is worth, and what rules for it give.

    python -m benchmarks.impressions DIR… [--keep TEMPLATES.npz]

Each DIR holds a `dataset.json`; --keep as in `benchmarks.comparison`. A trial is a probe against two
impressions of one finger; non-mated trials are those of other fingers, inside of sets and across them.
The figures without one set say how much hangs on one of them.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmarks.comparison import all_scores
from benchmarks.comparison_templates import PreparedSet, read_sets

from musterpoint.comparison import together_nats
from musterpoint.comparison.calibration import rate_nats

I32 = npt.NDArray[np.int32]
F64 = npt.NDArray[np.float64]
NEEDED = (9.21, 11.51, 13.82, 16.12, 18.42, 20.72)
RATES = (1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Scores of probes against several impressions of a finger.

    scores    int32 (n, impressions), milli-nats
    is_mated  bool (n,)
    sets      int16 (n,), number of the set of the references
    """

    scores: I32
    is_mated: npt.NDArray[np.bool_]
    sets: npt.NDArray[np.int16]


Rule = Callable[[I32], F64]


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    sets = read_sets(arguments.folders, arguments.keep)
    scores = all_scores(sets)
    one, two = trials(sets, scores, 1), trials(sets, scores, 2)
    columns: list[tuple[str, Trials, Rule]] = [
        ("one impression", one, best_alone),
        ("two, best at n p", two, best_alone),
        ("two, mean", two, mean_alone),
        ("two, as fused", two, as_fused),
        ("two and two, as fused", both_sides(sets, scores), as_fused),
    ]
    for title, made, rule in columns:
        tell(title, made, rule)


def trials(sets: list[PreparedSet], scores: I32, impressions: int) -> Trials:
    """All probes against all choices of so many impressions of every finger, none of them the probe."""
    finger, number = numbered(sets)
    rows, mated, of_set = [], [], []
    for one in np.unique(finger):
        theirs = np.flatnonzero(finger == one)
        for chosen in combinations(theirs.tolist(), impressions):
            kept = np.setdiff1d(np.arange(len(finger)), chosen)
            rows.append(scores[kept][:, list(chosen)])
            mated.append(finger[kept] == one)
            of_set.append(np.full(len(kept), number[theirs[0]]))
    return Trials(
        scores=np.concatenate(rows),
        is_mated=np.concatenate(mated),
        sets=np.concatenate(of_set).astype(np.int16),
    )


def both_sides(sets: list[PreparedSet], scores: I32) -> Trials:
    """Two impressions of the probe's finger as well: mated all, of other fingers neighbouring numbers."""
    finger, number = numbered(sets)
    held = {one: np.flatnonzero(finger == one).tolist() for one in np.unique(finger).tolist()}
    rows, mated, of_set = [], [], []
    for one, other in combinations(held, 2):
        for i in range(0, 8, 2):
            for j in range(0, 8, 2):
                rows.append(scores[np.ix_(held[one][i : i + 2], held[other][j : j + 2])].ravel())
                mated.append(False)
                of_set.append(number[held[one][0]])
    for one, theirs in held.items():
        for first, second in combinations(combinations(theirs, 2), 2):
            if not {*first} & {*second}:
                rows.append(scores[np.ix_(first, second)].ravel())
                mated.append(True)
                of_set.append(number[held[one][0]])
    return Trials(scores=np.stack(rows), is_mated=np.array(mated), sets=np.array(of_set, np.int16))


def numbered(sets: list[PreparedSet]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The finger and the set of every sample, counted over all sets."""
    number = np.concatenate([np.full(len(one.prepared), k) for k, one in enumerate(sets)])
    finger = np.concatenate([one.finger.astype(np.int64) for one in sets]) + 100_000 * number
    return finger, number


def best_alone(scores: I32) -> F64:
    """-ln of n times the rate of the best."""
    best = scores.max(axis=1)
    known = {int(score): rate_nats(int(score)) for score in np.unique(best)}
    return np.array([known[score] for score in best.tolist()]) - math.log(scores.shape[1])


def mean_alone(scores: I32) -> F64:
    """The mean, as if it were a score: its rate is not known, so only its ranking says something."""
    return np.asarray(scores.mean(axis=1) / 1000, np.float64)


def as_fused(scores: I32) -> F64:
    """What `musterpoint.comparison.fuse` makes of them."""
    return np.array([together_nats(row) for row in scores.tolist()])


def tell(title: str, made: Trials, rule: Rule) -> None:
    """What is missed at rates measured here, at strengths needed, and rates beside those stated."""
    values = rule(made.scores)
    mated, nonmated = values[made.is_mated], values[~made.is_mated]
    print(f"\n{title}: {len(mated)} mated, {len(nonmated)} non-mated")
    cells = [f"{rate:.0e} {100 * missed(mated, nonmated, rate):.3f}" for rate in RATES]
    print("  missed, %, at a rate measured here: " + ", ".join(cells))
    without = [f"{100 * missed_without(values, made, k):.3f}" for k in np.unique(made.sets)]
    print("  the same at 1e-4, without one set: " + ", ".join(without))
    if rule is mean_alone:
        return
    print("  missed, %, at a strength: ", end="")
    print(", ".join(f"{needed:.1f} {100 * (mated < needed).mean():.2f}" for needed in NEEDED))
    print("  rate measured / rate stated: ", end="")
    cells = []
    for nats in (2, 4, 6, 8, 9):
        each = [(values[~made.is_mated & (made.sets == k)] >= nats).mean() for k in np.unique(made.sets)]
        stated = math.exp(-nats)
        cells.append(f"{nats} {(nonmated >= nats).mean() / stated:.2f} (worst set {max(each) / stated:.2f})")
    print(", ".join(cells))


def missed(mated: F64, nonmated: F64, rate: float) -> float:
    """The share of mated trials not above all but this share of the non-mated ones."""
    allowed = math.floor(rate * len(nonmated))
    threshold = np.sort(nonmated)[len(nonmated) - 1 - allowed]
    return float((mated <= threshold).mean())


def missed_without(values: F64, made: Trials, left_out: int) -> float:
    """The share at 1e-4 of the sets but one."""
    kept = made.sets != left_out
    return missed(values[kept & made.is_mated], values[kept & ~made.is_mated], 1e-4)


if __name__ == "__main__":
    main()
