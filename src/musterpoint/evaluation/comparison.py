"""From templates to the scores of all pairs, by several threads, a block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from musterpoint.evaluation.engine import I32, Compare, CompareRow
from musterpoint.evaluation.protocol import row_of
from musterpoint.evaluation.rates import F64
from musterpoint.evaluation.work_folder import WorkFolder, digest_of
from musterpoint.templates import Template

BLOCK_PAIRS = 20_000
"""Pairs of a block, which is kept as a whole: about a second of one core."""


def compare_all(
    templates: Sequence[Template | None],
    compare: Compare,
    *,
    workers: int,
    kept: WorkFolder,
    advance: Callable[[int], None],
) -> F64:
    """The score of every unordered pair: float64 (n (n - 1) / 2,), (0, 1), (0, 2), … in milli-nats.

    templates  None where there is none: minus infinity in all of its pairs
    advance    called with the number of pairs done since the last call

    A row of pairs is written by one thread into its own place, so the number of threads changes
    nothing.
    """
    count = len(templates)
    usable = np.array([i for i, template in enumerate(templates) if template is not None], np.intp)
    rows = compare.open([template for template in templates if template is not None])
    key = digest_of([compare.name, "pairs"], templates)
    scores = np.full(count * (count - 1) // 2, -np.inf)
    with ThreadPoolExecutor(workers) as pool:
        for begin, end in _blocks(count):
            place = slice(row_of(count, begin).start, row_of(count, end).start)

            def make(begin: int = begin, end: int = end) -> F64:
                parts = pool.map(lambda probe: _row(probe, count, usable, rows), range(begin, end))
                return np.concatenate([*parts])

            scores[place] = kept.array(f"{key}-{begin}-{end}", make)
            advance(place.stop - place.start)
    return scores


def _blocks(count: int) -> list[tuple[int, int]]:
    blocks, begin = [], 0
    for probe in range(count):
        if row_of(count, probe).stop - row_of(count, begin).start >= BLOCK_PAIRS or probe == count - 1:
            blocks.append((begin, probe + 1))
            begin = probe + 1
    return blocks


def _row(probe: int, count: int, usable: np.ndarray[tuple[int], np.dtype[np.intp]], rows: CompareRow) -> F64:
    row = np.full(count - probe - 1, -np.inf)
    place = int(np.searchsorted(usable, probe))
    if place + 1 < len(usable) and usable[place] == probe:
        references = usable[place + 1 :]
        _fill(row, references - probe - 1, rows(place))
    return row


def _fill(row: F64, places: np.ndarray[tuple[int], np.dtype[np.intp]], scores: I32) -> None:
    if len(scores) != len(places):
        raise ValueError(f"{len(scores)} scores for {len(places)} references")
    row[places] = scores
