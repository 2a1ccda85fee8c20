"""Compiled loops that compare one probe with many references kept as bare minutiae, in two stages.

Each stage looks more closely than the one before and costs more: a sketch of the strongest minutiae,
then the full comparison. References are made ready inside of the loop.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numba
import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels import comes_second, compare_ordered, load
from musterpoint.comparison.kernels_bits import fetch_ahead, kernel
from musterpoint.comparison.kernels_coverage import cover
from musterpoint.comparison.kernels_descriptor import describe, describe_some
from musterpoint.comparison.kernels_geometry import (
    CELLS,
    DIRECTION,
    GEOMETRY,
    NEIGHBOURS,
    POINTS,
    QUALITY,
    WEIGHTS,
    WORDS,
    X,
    Y,
    read_only,
)
from musterpoint.comparison.kernels_similarity import most_similar, similarities
from musterpoint.comparison.kernels_support import support
from musterpoint.comparison.kernels_workspace import new_workspace

N = GEOMETRY.minutiae_max
COVERAGE_ROWS = GEOMETRY.coverage_cells
SKETCHED = 32
"""Minutiae of a sketch at most."""

ROWS_AHEAD, LINES_A_REFERENCE = 2, 6

TABLES = types.Tuple(
    (
        read_only(types.uint8, 2),
        read_only(types.uint64, 2),
        read_only(types.uint64, 1),
        read_only(types.int16, 3),
    )
)
PROBE = types.Tuple((POINTS, NEIGHBOURS, CELLS, read_only(types.int16, 3), read_only(types.int64, 1)))
SKETCHED_PROBE = types.Tuple((POINTS, read_only(types.int64, 1)))
OUT = types.int32[:, ::1]
BARE = types.Tuple((read_only(types.uint16, 2), read_only(types.int64, 1)))
ROWS = read_only(types.int64, 1)
HALF = np.float32(0.5)
MILLI = np.float32(1000.0)


@njit(nogil=True, cache=True)
def new_scratch():
    """Memory for one reference made ready: points, neighbours, cells, coverage, hull, places."""
    return (
        np.empty((N, 4), np.int16),
        np.empty((N, 2 * WORDS), np.uint64),
        np.empty((N, 2), np.uint64),
        np.empty((COVERAGE_ROWS, 2), np.int16),
        np.empty(2 * N + 1, np.int32),
        np.empty((2, N), np.int32),
    )


SCRATCH = numba.typeof(new_scratch.py_func())


@kernel(types.int64(BARE, types.int64, types.int16[:, ::1]))
def unpack(bare, row, points):
    """Write one reference's points; returns how many.

    bare    uint16 (M, 3): x, y, direction + 256 quality; int64 (N + 1,), where each reference begins
    points  int16 (96, 4), see `Prepared.points`
    """
    packed, offsets = bare
    begin = offsets[row]
    n = offsets[row + 1] - begin
    for k in range(n):
        points[k, X] = packed[begin + k, 0]
        points[k, Y] = packed[begin + k, 1]
        points[k, DIRECTION] = packed[begin + k, 2] & 255
        points[k, QUALITY] = packed[begin + k, 2] >> 8
    return n


@kernel(types.void(BARE, ROWS, types.int64))
def fetch_row(bare, rows, k):
    """Ask memory for the references that come after rows[k]: those that a filter lists lie all over it."""
    packed, offsets = bare
    last = len(rows) - 1
    fetch_ahead(offsets, rows[min(k + 2 * ROWS_AHEAD, last)])
    begin = 3 * offsets[rows[min(k + ROWS_AHEAD, last)]]
    for line in range(LINES_A_REFERENCE):
        fetch_ahead(packed, begin + 32 * line)


@kernel(types.int64(POINTS, types.int64[::1], types.int64[::1]))
def strongest(points, chosen, counts):
    """Indices of the strongest minutiae, at most 32, ascending; among equals the first ones.

    chosen  int64 (32,), written
    counts  int64 (256,), overwritten
    """
    n = len(points)
    counts[:] = 0
    for k in range(n):
        counts[points[k, QUALITY]] += 1
    least, above = 255, 0
    while least > 0 and above + counts[least] < SKETCHED:
        above += counts[least]
        least -= 1
    room = SKETCHED - above
    count = 0
    for k in range(n):
        if points[k, QUALITY] < least:
            continue
        if points[k, QUALITY] == least:
            if room == 0:
                continue
            room -= 1
        chosen[count] = k
        count += 1
    return count


@njit(
    types.int64(
        POINTS, TABLES, types.int16[:, ::1], types.uint64[:, ::1], types.uint64[:, ::1], types.int32[:, ::1]
    ),
    nogil=True,
    cache=True,
)
def sketch(points, tables, sketched, neighbours, cells, places):
    """Describe the strongest minutiae by all their neighbours, without coverage; returns how many.

    sketched           int16 (32, 4), written: their points
    neighbours, cells  uint64 (32, 32) and (32, 2), written
    places             int32 (2, 64), overwritten
    """
    own_cell, dilated_cells, direction_mask, _ = tables
    chosen = np.empty(SKETCHED, np.int64)
    counts = np.empty(256, np.int64)
    count = strongest(points, chosen, counts)
    describe_some(points, chosen[:count], own_cell, dilated_cells, direction_mask, neighbours, cells, places)
    for k in range(count):
        for column in range(4):
            sketched[k, column] = points[chosen[k], column]
    return count


@njit(types.void(SKETCHED_PROBE, BARE, ROWS, TABLES, OUT), nogil=True, cache=True, error_model="numpy")
def sketch_rows(probe, bare, rows, tables, values):
    """The largest support of any pair of minutiae of the sketches of probe and reference, in thousandths.

    probe   points of all fingers end to end; int64 (P + 1,), where each begins
    values  int32 (k, P), written
    """
    w = new_workspace()
    points = np.empty((N, 4), np.int16)
    sketched = np.empty((SKETCHED, 4), np.int16)
    neighbours = np.empty((SKETCHED, 2 * WORDS), np.uint64)
    cells = np.empty((SKETCHED, 2), np.uint64)
    places = np.empty((2, N), np.int32)
    probe_points, probe_offsets = probe
    fingers = len(probe_offsets) - 1
    of_probe = np.empty((fingers, SKETCHED, 4), np.int16)
    around_probe = np.empty((fingers, SKETCHED, 2 * WORDS), np.uint64)
    cells_of_probe = np.empty((fingers, SKETCHED, 2), np.uint64)
    counts = np.empty(fingers, np.int64)
    for p in range(fingers):
        finger = probe_points[probe_offsets[p] : probe_offsets[p + 1]]
        counts[p] = sketch(finger, tables, of_probe[p], around_probe[p], cells_of_probe[p], places)
    for k in range(len(rows)):
        fetch_row(bare, rows, k)
        n = unpack(bare, rows[k], points)
        count = sketch(points[:n], tables, sketched, neighbours, cells, places)
        load(sketched[:count], w.b)
        for p in range(fingers):
            load(of_probe[p, : counts[p]], w.a)
            similarities(
                around_probe[p, : counts[p]],
                cells_of_probe[p, : counts[p]],
                neighbours[:count],
                cells[:count],
                w.alike,
            )
            pairs = most_similar(w.a, w.b, w.alike, w.pairs)
            support(w.pairs, pairs)
            best = np.float32(0.0)
            for t in range(pairs):
                best = max(best, w.pairs.support[t])
            values[k, p] = np.int32(MILLI * best + HALF)


@kernel(
    types.int64(BARE, types.int64, TABLES, SCRATCH),
)
def make_ready(bare, row, tables, scratch):
    """Unpack one reference and describe all of its minutiae; returns how many there are."""
    points, neighbours, cells, coverage, corners, places = scratch
    own_cell, dilated_cells, direction_mask, cell_offsets = tables
    n = unpack(bare, row, points)
    cover(points[:n], corners[: 2 * n + 1], coverage)
    describe(
        points[:n],
        coverage,
        own_cell,
        dilated_cells,
        direction_mask,
        cell_offsets,
        neighbours[:n],
        cells[:n],
        places,
    )
    return n


@njit(types.void(PROBE, BARE, ROWS, TABLES, WEIGHTS, OUT), nogil=True, cache=True)
def score_bare_rows(probe, bare, rows, tables, weights, scores):
    """Scores of the fingers of one probe against bare references, equal to those of `score_rows`.

    probe   points, neighbours, cells of all fingers end to end, coverages, where each begins
    scores  int32 (k, P), written, milli-nats
    """
    w = new_workspace()
    scratch = new_scratch()
    points, neighbours, cells, coverage, _, _ = scratch
    all_points, all_neighbours, all_cells, coverages, offsets = probe
    for k in range(len(rows)):
        n = make_ready(bare, rows[k], tables, scratch)
        for p in range(len(offsets) - 1):
            begin, end = offsets[p], offsets[p + 1]
            if comes_second(all_points[begin:end], points[:n]):
                scores[k, p] = compare_ordered(
                    w,
                    points[:n],
                    neighbours[:n],
                    cells[:n],
                    coverage,
                    all_points[begin:end],
                    all_neighbours[begin:end],
                    all_cells[begin:end],
                    coverages[p],
                    weights,
                )
            else:
                scores[k, p] = compare_ordered(
                    w,
                    all_points[begin:end],
                    all_neighbours[begin:end],
                    all_cells[begin:end],
                    coverages[p],
                    points[:n],
                    neighbours[:n],
                    cells[:n],
                    coverage,
                    weights,
                )
