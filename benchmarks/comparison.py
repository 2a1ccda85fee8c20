"""Measures the comparator: accuracy, what scores and fused strengths mean, what a comparison costs.

    python -m benchmarks.comparison DIR… [--keep TEMPLATES.npz]

Each DIR holds a `dataset.json`. With --keep extracted templates are kept in a file and read from it the
next time. Everything but the times is the same in every run.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmarks.comparison_templates import PreparedSet, read_sets
from benchmarks.kernels_stages import STAGES, compare_rows_up_to

from musterpoint.comparison import (
    COMPARATOR_VERSION,
    Pack,
    false_match_rate,
    fuse,
    is_extrapolated,
    prepare,
    score_all,
    with_cohort_mean,
)
from musterpoint.evaluation import FIGURE_NAMES, Figures, figures
from musterpoint.registry.thresholds import threshold
from musterpoint.templates import FingerPosition

I32 = npt.NDArray[np.int32]
Arrays = tuple[npt.NDArray[Any], ...]
Rows = npt.NDArray[np.int64]
Labels = tuple[FingerPosition, ...]

KNOWN: Labels = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
UNKNOWN: Labels = (FingerPosition.UNKNOWN, FingerPosition.UNKNOWN)
REPEATS = 3


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    sets = read_sets(arguments.folders, arguments.keep)
    print(f"comparator {COMPARATOR_VERSION}")
    tell_times(sets)
    tell_stages(sets)
    scores = all_scores(sets)
    tell_accuracy(sets, scores)
    tell_calibration(sets, scores)
    tell_fusion(sets, scores)


def all_scores(sets: list[PreparedSet]) -> I32:
    """Scores of every sample of every set against every other, in milli-nats."""
    prepared = [one for data_set in sets for one in data_set.prepared]
    pack = Pack.of(prepared)
    return np.stack([score_all(probe, pack) for probe in prepared])


def tell_stages(sets: list[PreparedSet]) -> None:
    """What each stage of a comparison adds, in microseconds."""
    print("\nprocessor time by stage, microseconds: " + ", ".join(STAGES))
    for title, is_mated in (("mated", True), ("non-mated", False)):
        found = stage_times(sets, is_mated=is_mated)
        print(f"{title:<10}" + ", ".join(f"{stage} {value:.1f}" for stage, value in found.items()))


def stage_times(sets: list[PreparedSet], *, is_mated: bool) -> dict[str, float]:
    """Mean time that each stage adds to a comparison, in microseconds."""
    reached = [0.0]
    for stage in range(len(STAGES)):
        times = []
        for data_set in sets:
            rows = rows_of(data_set, is_mated=is_mated)
            pack = arrays_of(data_set)
            probes = [(one.points, one.neighbours, one.cells, one.coverage) for one in data_set.prepared]
            sweep = partial(sweep_up_to, stage, probes, pack, rows)
            sweep()
            times.append(best_time(sweep) / sum(map(len, rows)))
        reached.append(sum(times) / len(times))
    return {stage: reached[k + 1] - reached[k] for k, stage in enumerate(STAGES)}


def sweep_up_to(stage: int, probes: Sequence[Arrays], pack: Arrays, rows: Sequence[Rows]) -> None:
    """Compare each probe with its rows of a pack, up to a stage."""
    for probe, some in zip(probes, rows, strict=True):
        compare_rows_up_to(stage, probe, pack, some)


def arrays_of(data_set: PreparedSet) -> Arrays:
    """Points, neighbours and cells of all templates end to end, their coverages, and where each begins."""
    prepared = data_set.prepared
    columns = [
        np.concatenate([getattr(one, name) for one in prepared]) for name in ("points", "neighbours", "cells")
    ]
    offsets = np.cumsum([0, *(len(one) for one in prepared)])
    return (*columns, np.stack([one.coverage for one in prepared]), offsets)


def tell_times(sets: list[PreparedSet]) -> None:
    """Processor time of one thread, the best of three sweeps."""
    templates = [template for data_set in sets for template in data_set.templates]
    known = [with_cohort_mean(template) for template in templates]
    preparing = best_time(lambda: [prepare(template) for template in known]) / len(templates)
    measuring = best_time(lambda: [with_cohort_mean(template) for template in templates]) / len(templates)
    mated, nonmated = mean_times(sets)
    print(f"\nprocessor time, microseconds: preparing {preparing:.0f}, comparing mated {mated:.0f}, ", end="")
    print(f"non-mated {nonmated:.0f}; cohort mean, once a template, {measuring:.0f}")


def mean_times(sets: list[PreparedSet]) -> tuple[float, float]:
    """Mean time of a mated and of a non-mated comparison over sets, in microseconds."""
    mated, nonmated = (
        sum(time_of_pairs(one, is_mated=flag) for one in sets) / len(sets) for flag in (True, False)
    )
    return mated, nonmated


def rows_of(data_set: PreparedSet, *, is_mated: bool) -> list[npt.NDArray[np.int64]]:
    """For each print of a set, the others that show its finger, or those that do not."""
    finger = data_set.finger
    same = [np.flatnonzero((finger == one) == is_mated) for one in finger]
    return [rows[rows != k] for k, rows in enumerate(same)]


def time_of_pairs(data_set: PreparedSet, *, is_mated: bool) -> float:
    """Mean time of one comparison of a set, in microseconds."""
    pack = Pack.of(data_set.prepared)
    rows = rows_of(data_set, is_mated=is_mated)

    def sweep() -> None:
        for probe, some in zip(data_set.prepared, rows, strict=True):
            pack.score(probe, some)

    return best_time(sweep) / sum(map(len, rows))


def best_time(sweep: Callable[[], object]) -> float:
    """Least processor time of a call in microseconds."""
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        sweep()
        times.append(time.process_time() - begin)
    return 1e6 * min(times)


def tell_accuracy(sets: list[PreparedSet], scores: I32) -> None:
    """Figures of every set, of their mean and of all comparisons together, in percent."""
    print(f"\n{'percent':<16}" + "".join(f"{name:>10}" for name in FIGURE_NAMES))
    found = []
    for data_set, place in places(sets):
        is_mated = mated_pairs(data_set)
        block = scores[place, place][np.triu_indices(len(is_mated), 1)] / 1000
        upper = is_mated[np.triu_indices(len(is_mated), 1)]
        found.append(figures(block[upper], block[~upper]))
        tell_figures(data_set.name, found[-1])
    for name in ("eer", "fmr100", "fmr1000", "zero_fmr"):
        values = [getattr(one, name) for one in found]
        known = [value for value in values if value is not None]
        mean = f"{100 * sum(known) / len(known):.3f}" if len(known) == len(values) else "-"
        print(f"mean {name:<10}{mean}")
    mated, inside, _ = split(sets, scores)
    tell_figures("pooled", figures(mated, inside))


def tell_figures(name: str, found: Figures) -> None:
    """One line of the table of figures."""
    cells = [getattr(found, figure) for figure in FIGURE_NAMES]
    print(f"{name:<16}" + "".join(f"{'-' if cell is None else f'{100 * cell:.3f}':>10}" for cell in cells))


def told(which: npt.NDArray[np.bool_], form: str) -> str:
    """The share of comparisons of which something holds; a dash where there are none."""
    return format(which.mean(), form) if len(which) else "-"


def places(sets: list[PreparedSet]) -> Iterator[tuple[PreparedSet, slice]]:
    """Each set, and where its samples stand among those of all sets."""
    begin = 0
    for data_set in sets:
        yield data_set, slice(begin, begin + len(data_set.prepared))
        begin += len(data_set.prepared)


def mated_pairs(data_set: PreparedSet) -> npt.NDArray[np.bool_]:
    """Which pairs of samples show one finger, bool (n, n)."""
    finger = data_set.finger
    return np.equal.outer(finger, finger)


def split(sets: list[PreparedSet], scores: I32) -> tuple[npt.NDArray[np.float64], ...]:
    """Scores in nats of mated pairs, of non-mated pairs inside of sets, and across them."""
    numbers = np.concatenate([np.full(len(one.prepared), k) for k, one in enumerate(sets)])
    finger = np.concatenate([one.finger + 100_000 * k for k, one in enumerate(sets)])
    i, j = np.triu_indices(len(numbers), 1)
    nats = scores[i, j] / 1000
    is_mated, is_inside = finger[i] == finger[j], numbers[i] == numbers[j]
    return nats[is_mated], nats[is_inside & ~is_mated], nats[~is_inside]


def tell_calibration(sets: list[PreparedSet], scores: I32) -> None:
    """Measured rates beside the map of `musterpoint.comparison.calibration`."""
    mated, inside, across = split(sets, scores)
    print(f"\nnon-mated: {len(inside)} inside of sets, {len(across)} across; mated: {len(mated)}")
    print(f"{'nats':>5}{'FMR inside':>12}{'FMR across':>12}{'FMR stated':>12}{'FNMR':>10}")
    for nats in range(-6, 13):
        stated = f"{false_match_rate(1000 * nats):.1e}{'*' if is_extrapolated(1000 * nats) else ' '}"
        measured = f"{told(inside >= nats, '.1e'):>12}{told(across >= nats, '.1e'):>12}"
        print(f"{nats:>5}{measured}{stated:>12}{told(mated < nats, '.4f'):>10}")
    print("* extrapolated")


def tell_fusion(sets: list[PreparedSet], scores: I32) -> None:
    """Strength of people made of fingers of one set: what chance reaches, and what is missed."""
    for title, labels in (("one finger", KNOWN[:1]), ("two fingers", KNOWN), ("two, unlabelled", UNKNOWN)):
        mated, nonmated = (strengths(sets, scores, labels, is_mated=flag) for flag in (True, False))
        print(f"\npeople of {title}: {len(mated)} mated, {len(nonmated)} non-mated")
        print(f"{'strength':>9}{'reached by chance':>19}{'at most':>10}")
        for strength in range(1000, 12_001, 1000):
            chance = told(nonmated >= strength, ".1e")
            print(f"{strength:>9}{chance:>19}{math.exp(-strength / 1000):>10.1e}")
        print(f"{'people':>9}{'FPIR':>7}{'strength':>10}{'FNMR':>9}")
        for people in (100, 10_000, 1_000_000):
            for target in (0.1, 0.01, 0.001):
                asked = threshold(people, target, 0.0, fingers=len(labels))
                missed = told(mated < asked.strength_millinats, ".4f")
                sure = " (nothing stricter is supported)" if not asked.is_reachable else ""
                print(f"{people:>9}{target:>7}{asked.strength_millinats:>10}{missed:>9}{sure}")


def strengths(sets: list[PreparedSet], scores: I32, labels: Labels, *, is_mated: bool) -> I32:
    """Fused strengths of people made of as many fingers of a set as there are labels."""
    found = []
    for data_set, place in places(sets):
        block = scores[place, place]
        for rows, columns in presentations(data_set, len(labels), is_mated=is_mated):
            found.append(fuse(block[np.ix_(rows, columns)], labels, labels).strength)
    return np.array(found, np.int32)


def presentations(
    data_set: PreparedSet, fingers: int, *, is_mated: bool
) -> Iterator[tuple[list[int], list[int]]]:
    """Samples of two people who are the same or share no finger; each shows one impression number."""
    numbered = zip(data_set.finger.tolist(), data_set.impression.tolist(), strict=True)
    row_of = {key: row for row, key in enumerate(numbered)}
    people = list(combinations(sorted({finger for finger, _ in row_of}), fingers))
    numbers = sorted({number for _, number in row_of})
    if is_mated:
        couples = [(one, one) for one in people]
        shown = list(combinations(numbers, 2))
    else:
        couples = [(one, other) for one, other in combinations(people, 2) if not {*one} & {*other}]
        shown = list(product(numbers, numbers))
    for (one, other), (i, j) in product(couples, shown):
        yield [row_of[finger, i] for finger in one], [row_of[finger, j] for finger in other]


if __name__ == "__main__":
    main()
