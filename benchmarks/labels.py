"""Measures what labels do to people of several fingers: missing, wrong, swapped; fingers that are missing.

    python -m benchmarks.labels DIR… [--keep TEMPLATES.npz] [--people 12]

Chimeric people: of different fingers of one set, who each show one impression number at a visit. Each DIR
holds a `dataset.json`; --keep as in `benchmarks.comparison`. Fingers of one hand depend on each other more
than fingers of different people do, so that these figures are better than those of real people.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmarks.comparison import all_scores, places
from benchmarks.comparison_templates import PreparedSet, read_sets

from musterpoint.comparison import fuse
from musterpoint.registry.thresholds import threshold
from musterpoint.templates import FingerPosition

I32 = npt.NDArray[np.int32]
SEED = 7
FINGERS = (2, 4, 10)
PEOPLE_SEARCHED = 100_000
TARGET = 0.01
ORDER = (2, 7, 1, 6, 3, 8, 4, 9, 5, 10)
"""Positions in the order in which fingers are usually asked: index, thumb, middle, ring, little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What somebody shows: samples of a set, and what they are called."""

    rows: tuple[int, ...]
    labels: tuple[FingerPosition, ...]


Change = Callable[[Visit, random.Random], Visit]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--people", type=int, default=12, help="pairs of people a set and number of fingers")
    arguments = parser.parse_args()
    sets = read_sets(arguments.folders, arguments.keep)
    scores = all_scores(sets)
    for fingers in FINGERS:
        for title, change in CHANGES.items():
            # A search goes by the fingers that are shown.
            seen = fingers // 2 if change in HALVING else fingers
            needed = threshold(PEOPLE_SEARCHED, TARGET, 0.0, fingers=seen).strength_millinats
            mated, nonmated = strengths(sets, scores, fingers, change, arguments.people)
            print(f"{fingers:>3} fingers, {title:<32}", end="")
            chance = ", ".join(
                f"{reached} {(nonmated >= 1000 * reached).mean() * math.exp(reached):.2f}"
                for reached in (2, 4, 6)
            )
            print(
                f"{len(mated):>6} mated: {100 * (mated < needed).mean():6.2f} % below {needed}, "
                f"lowest {mated.min():>6}, median {int(np.median(mated)):>6}; "
                f"{len(nonmated)} non-mated, rate measured / stated: {chance}"
            )


def strengths(
    sets: list[PreparedSet], scores: I32, fingers: int, change: Change, count: int
) -> tuple[I32, I32]:
    """Strengths of two visits of one person, the later one changed, and of strangers."""
    mated: list[int] = []
    nonmated: list[int] = []
    placed = [(data_set, place.start) for data_set, place in places(sets)]
    for k, (data_set, begin) in enumerate(placed):
        random_ = random.Random(f"{SEED} {data_set.name} {fingers}")
        other = placed[(k + 1) % len(placed)]
        for first, second, is_mated in visits((data_set, begin), other, (fingers, count), random_):
            # By the visits alone: the same people err alike in every row of the table.
            changed = change(second, random.Random(f"{first} {second}"))
            block = scores[np.ix_(changed.rows, first.rows)]
            fused = fuse(block, changed.labels, first.labels)
            (mated if is_mated else nonmated).append(fused.strength)
    return np.array(mated, np.int32), np.array(nonmated, np.int32)


def visits(
    own: tuple[PreparedSet, int],
    other: tuple[PreparedSet, int],
    sizes: tuple[int, int],
    random_: random.Random,
) -> Iterator[tuple[Visit, Visit, bool]]:
    """Two visits of people of a set, and visits of strangers: of the same set where its fingers suffice.

    own, other  a set and where its samples begin
    sizes       fingers of a person, and number of people
    """
    fingers, count = sizes
    row_of, everybody, numbers = samples(own)
    others, everybody_else, _ = samples(other)
    for _ in range(count):
        mixed = random_.sample(everybody, len(everybody))
        mine, theirs = mixed[:fingers], mixed[fingers : 2 * fingers]
        rows = row_of
        if len(theirs) < fingers:
            rows, theirs = others, random_.sample(everybody_else, fingers)
        for i in numbers:
            for j in numbers:
                if i < j:
                    yield shown(row_of, mine, i), shown(row_of, mine, j), True
                yield shown(row_of, mine, i), shown(rows, theirs, j), False


def samples(one: tuple[PreparedSet, int]) -> tuple[dict[tuple[int, int], int], list[int], list[int]]:
    """Rows of a set's samples by finger and impression number, all fingers, and all numbers."""
    data_set, begin = one
    keys = list(zip(data_set.finger.tolist(), data_set.impression.tolist(), strict=True))
    row_of = {key: begin + row for row, key in enumerate(keys)}
    return row_of, sorted({finger for finger, _ in keys}), sorted({number for _, number in keys})


def shown(row_of: dict[tuple[int, int], int], fingers: Sequence[int], number: int) -> Visit:
    """One impression number of all fingers of a person, rightly labelled."""
    return Visit(
        rows=tuple(row_of[finger, number] for finger in fingers),
        labels=tuple(FingerPosition(one) for one in ORDER[: len(fingers)]),
    )


def as_they_are(visit: Visit, random_: random.Random) -> Visit:
    """Right labels."""
    return visit


def unlabelled(visit: Visit, random_: random.Random) -> Visit:
    """No labels."""
    return Visit(rows=visit.rows, labels=(FingerPosition.UNKNOWN,) * len(visit.rows))


def hands_swapped(visit: Visit, random_: random.Random) -> Visit:
    """Right called left, and left right."""
    labels = tuple(FingerPosition((one + 4) % 10 + 1) for one in visit.labels)
    return Visit(rows=visit.rows, labels=labels)


def two_exchanged(visit: Visit, random_: random.Random) -> Visit:
    """Two labels exchanged."""
    labels = list(visit.labels)
    i, j = random_.sample(range(len(labels)), 2)
    labels[i], labels[j] = labels[j], labels[i]
    return Visit(rows=visit.rows, labels=tuple(labels))


def half_missing(visit: Visit, random_: random.Random) -> Visit:
    """Half of the fingers, rightly labelled."""
    kept = sorted(random_.sample(range(len(visit.rows)), len(visit.rows) // 2))
    return Visit(rows=tuple(visit.rows[k] for k in kept), labels=tuple(visit.labels[k] for k in kept))


def half_missing_swapped(visit: Visit, random_: random.Random) -> Visit:
    """Half of the fingers, of swapped hands."""
    return hands_swapped(half_missing(visit, random_), random_)


CHANGES: dict[str, Change] = {
    "labels right": as_they_are,
    "no labels at the second visit": unlabelled,
    "two labels exchanged": two_exchanged,
    "hands swapped": hands_swapped,
    "half missing": half_missing,
    "half missing, hands swapped": half_missing_swapped,
}
HALVING = (half_missing, half_missing_swapped)


if __name__ == "__main__":
    main()
