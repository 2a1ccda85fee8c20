"""Many prepared references end to end in memory, and the scan of one probe over them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.normalisation import normalised
from musterpoint.comparison.parameters import parameters
from musterpoint.comparison.prepared import Prepared

if TYPE_CHECKING:
    from musterpoint.comparison import kernels
else:
    kernels = _compiled.load("musterpoint.comparison.kernels")

_ROWS_AT_FIRST = 16
_MINUTIAE_AT_FIRST = 1024


class Pack:
    """References packed for a scan: 280 bytes a minutia and 0.5 kB a reference.

    It only grows. One thread may append while others scan the rows that were there before: arrays that
    become too small are replaced by larger copies, and what was written is never moved or changed.
    """

    def __init__(self) -> None:
        self._count = 0
        self._offsets = np.zeros(_ROWS_AT_FIRST + 1, np.int64)
        self._points = np.empty((_MINUTIAE_AT_FIRST, 4), np.int16)
        self._neighbours = np.empty((_MINUTIAE_AT_FIRST, 32), np.uint64)
        self._cells = np.empty((_MINUTIAE_AT_FIRST, 2), np.uint64)
        self._coverages = np.empty((_ROWS_AT_FIRST, GEOMETRY.coverage_cells, 2), np.int16)
        self._means = np.empty(_ROWS_AT_FIRST, np.int32)

    @classmethod
    def of(cls, references: Sequence[Prepared]) -> Pack:
        """A pack of these references, in their order."""
        pack = cls()
        for reference in references:
            pack.append(reference)
        return pack

    def __len__(self) -> int:
        return self._count

    def append(self, reference: Prepared) -> int:
        """Add one reference; returns its row. The cost is constant on average."""
        row = self._count
        begin = int(self._offsets[row])
        end = begin + len(reference)
        self._points = _with_room(self._points, begin, end)
        self._neighbours = _with_room(self._neighbours, begin, end)
        self._cells = _with_room(self._cells, begin, end)
        self._coverages = _with_room(self._coverages, row, row + 1)
        self._means = _with_room(self._means, row, row + 1)
        self._offsets = _with_room(self._offsets, row + 1, row + 2)
        self._points[begin:end] = reference.points
        self._neighbours[begin:end] = reference.neighbours
        self._cells[begin:end] = reference.cells
        self._coverages[row] = reference.coverage
        self._means[row] = reference.cohort_mean
        self._offsets[row + 1] = end
        # Last, so that a scan in another thread never sees a row before it is whole.
        self._count = row + 1
        return row

    def score(self, probe: Prepared, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Scores of a probe against these rows, in their order.

        rows     int64 (k,), each in 0..len - 1. Raises IndexError for any other
        returns  int32 (k,), milli-nats
        """
        scores = self.raw_scores(probe, rows)
        return normalised(scores, probe.cohort_mean, self._means[rows])

    def raw_scores(self, probe: Prepared, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The same before they are normalised."""
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        if len(rows) and (rows.min() < 0 or rows.max() >= self._count):
            raise IndexError(f"rows {rows.min()}..{rows.max()} of a pack of {self._count}")
        scores = np.empty(len(rows), np.int32)
        kernels.score_rows(
            probe.points,
            probe.neighbours,
            probe.cells,
            probe.coverage,
            self._points,
            self._neighbours,
            self._cells,
            self._coverages,
            self._offsets,
            rows,
            parameters().weights,
            scores,
            np.empty(GEOMETRY.minutiae_max, np.int32),
            np.empty(15),
            np.empty(5),
        )
        return scores


def score_all(
    probe: Prepared, pack: Pack, begin: int = 0, end: int | None = None, *, threads: int = 1
) -> npt.NDArray[np.int32]:
    """Scores of a probe against rows begin..end - 1 of a pack (all by default).

    threads  how many share the work; the scores are the same for any number
    returns  int32 (end - begin,), milli-nats
    Raises IndexError where the range is not inside the pack.
    """
    rows = np.arange(begin, len(pack) if end is None else end, dtype=np.int64)
    if threads <= 1 or len(rows) < 2 * threads:
        return pack.score(probe, rows)
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(lambda part: pack.score(probe, part), np.array_split(rows, threads))
        return np.concatenate(list(parts))


def _with_room(array: npt.NDArray[Any], used: int, needed: int) -> npt.NDArray[Any]:
    if needed <= len(array):
        return array
    larger = np.empty((max(needed, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[:used] = array[:used]
    return larger
