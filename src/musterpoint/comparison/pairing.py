"""One-to-one pairings of fingers: the best ones of every size, and how many there are to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from math import comb, factorial

from musterpoint.templates import FingerPosition

Pairing = tuple[tuple[int, int], ...]


def may_be_one(position: FingerPosition, other: FingerPosition) -> bool:
    """Whether two labels allow one finger: they are equal, or one of them is unknown."""
    return position == other or FingerPosition.UNKNOWN in {position, other}


def other_hand(position: FingerPosition) -> FingerPosition:
    """The same finger of the other hand; of an unknown one nothing is known."""
    if position == FingerPosition.UNKNOWN:
        return position
    return FingerPosition((position + 4) % 10 + 1)


def best_pairings(weights: Sequence[Sequence[int | None]]) -> Iterator[tuple[int, Pairing]]:
    """The heaviest pairings of 1, 2, … pairs, with their weights, as far as pairings go.

    weights  by row and column, whole numbers; None = may not be paired

    Each is the one before, changed along the alternating path that gains most (Kuhn 1955; successive
    longest paths give the optimum of every size). Whole numbers keep it exact: no rounding, no cycles.
    """
    columns = len(weights[0])
    row_of: list[int | None] = [None] * columns
    total = 0
    while True:
        path, gain = _best_path(weights, row_of)
        if not path:
            return
        for row, column in path:
            row_of[column] = row
        total += gain
        yield total, tuple(sorted((row, column) for column, row in enumerate(row_of) if row is not None))


def _best_path(
    weights: Sequence[Sequence[int | None]], row_of: Sequence[int | None]
) -> tuple[list[tuple[int, int]], int]:
    """New pairs of the alternating path from a free row to a free column that gains most, and the gain."""
    columns = range(len(row_of))
    taken = {row: column for column, row in enumerate(row_of) if row is not None}
    to_row: dict[int, int] = {row: 0 for row in range(len(weights)) if row not in taken}
    to_column: dict[int, tuple[int, int]] = {}
    changed = True
    while changed:
        changed = False
        for row, reached in list(to_row.items()):
            for column in columns:
                weight = weights[row][column]
                if weight is None or taken.get(row) == column:
                    continue
                if column in to_column and to_column[column][0] >= reached + weight:
                    continue
                to_column[column] = (reached + weight, row)
                changed = True
                other = row_of[column]
                if other is not None:
                    removed = weights[other][column]
                    assert removed is not None
                    to_row[other] = reached + weight - removed
    ends = [column for column in to_column if row_of[column] is None]
    if not ends:
        return [], 0
    end = max(ends, key=lambda column: (to_column[column][0], -column))
    path, column = [], end
    while True:
        row = to_column[column][1]
        path.append((row, column))
        if row not in taken:
            return path, to_column[end][0]
        column = taken[row]


def count_pairings(probe: Sequence[FingerPosition], reference: Sequence[FingerPosition]) -> tuple[int, ...]:
    """How many pairings of 1, 2, … pairs the labels allow; known labels occur once a side.

    The tuple is as long as the largest pairing.
    """
    known = {position for position in probe if position != FingerPosition.UNKNOWN}
    known_other = {position for position in reference if position != FingerPosition.UNKNOWN}
    return _count(
        len(known & known_other),
        (len(known), len(probe) - len(known)),
        (len(known_other), len(reference) - len(known_other)),
    )


@cache
def _count(common: int, probe: tuple[int, int], reference: tuple[int, int]) -> tuple[int, ...]:
    """Sum over s pairs of equal labels, r of a known with an unknown one, t of an unknown one with any."""
    (known, unknown), (known_other, unknown_other) = probe, reference
    counts = [0] * (min(known + unknown, known_other + unknown_other) + 1)
    for s in range(common + 1):
        for r in range(min(known - s, unknown_other) + 1):
            free = known_other - s + unknown_other - r
            for t in range(min(unknown, free) + 1):
                ways = comb(known - s, r) * comb(unknown_other, r) * factorial(r)
                ways *= comb(unknown, t) * comb(free, t) * factorial(t)
                counts[s + r + t] += comb(common, s) * ways
    return tuple(count for count in counts[1:] if count)


def count_all_pairings(rows: int, columns: int) -> tuple[int, ...]:
    """How many pairings of 1, 2, … pairs there are if any row may go with any column."""
    return tuple(comb(rows, m) * comb(columns, m) * factorial(m) for m in range(1, min(rows, columns) + 1))
