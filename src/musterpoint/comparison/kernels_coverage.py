"""Coverage: which cells of a raster lie inside the convex hull of the minutiae and a margin around it.

A convex region meets every row of cells in one interval, so a raster is stored as its 128 intervals.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_bits import kernel
from musterpoint.comparison.kernels_geometry import COVERAGE, GEOMETRY, POINTS, X, Y
from musterpoint.comparison.kernels_lanes import choose, fill_i32x16, gather_i32x16, least_of

CELL_PX = GEOMETRY.coverage_cell_px
CELLS_A_SIDE = GEOMETRY.coverage_cells
BORDER_PX = GEOMETRY.coverage_border_px
MARGIN_PX = GEOMETRY.coverage_margin_px
HALF_PX = CELL_PX // 2
CELL_SHIFT = 3
FIRST_SAMPLED = BORDER_PX // CELL_PX + 1


@kernel(types.int64(POINTS, types.int64, types.int64, types.int64))
def _turn(points, a, b, c):
    ux = np.int64(points[b, X]) - points[a, X]
    uy = np.int64(points[b, Y]) - points[a, Y]
    vx = np.int64(points[c, X]) - points[a, X]
    vy = np.int64(points[c, Y]) - points[a, Y]
    return ux * vy - uy * vx


@kernel(types.boolean(POINTS, types.int64, types.int64))
def _is_same_place(points, a, b):
    return points[a, X] == points[b, X] and points[a, Y] == points[b, Y]


@kernel(types.int64(POINTS, types.int32[::1]))
def hull_of_sorted(points, corners):
    """Indices of the hull's corners, in turning order (monotone chain, Andrew 1979).

    points   int16 (n, 4), sorted by (y, x)
    corners  int32 (2 n + 1,), overwritten; the first `returned` entries are valid
    """
    n = len(points)
    count = 0
    for half in range(2):
        floor = max(count, 1)
        for step in range(n):
            i = step if half == 0 else n - 1 - step
            while count > floor and _turn(points, corners[count - 2], corners[count - 1], i) <= 0:
                count -= 1
            if count == 0 or not _is_same_place(points, corners[count - 1], i):
                corners[count] = i
                count += 1
    if count > 1:
        count -= 1
    return count


@kernel(types.void(POINTS, types.int32[::1], types.int16[:, ::1]))
def cover(points, corners, coverage):
    """Write the covered cells of every row: the first one, and one past the last.

    The hull's edges are moved outwards by the margin; the bounding box, moved likewise, bounds the
    mitred corners and stands in where all minutiae lie on a line or at one place.

    points    int16 (n, 4), sorted by (y, x)
    corners   int32 (2 n + 1,), scratch
    coverage  int16 (128, 2), written; an empty row is (0, 0)
    """
    coverage[:] = 0
    n = len(points)
    if n == 0:
        return
    count = hull_of_sorted(points, corners)
    left = np.int64(points[0, X])
    right = left
    for i in range(n):
        left = min(left, np.int64(points[i, X]))
        right = max(right, np.int64(points[i, X]))
    left -= MARGIN_PX
    right += MARGIN_PX
    top = np.int64(points[0, Y]) - MARGIN_PX
    bottom = np.int64(points[n - 1, Y]) + MARGIN_PX
    # The first and the last row stay empty: places outside the raster count as lying there.
    for row in range(1, CELLS_A_SIDE - 1):
        y = CELL_PX * row + HALF_PX - BORDER_PX
        if y < top or y > bottom:
            continue
        low = np.float64(left)
        high = np.float64(right)
        for k in range(count):
            a = corners[k]
            b = corners[(k + 1) % count]
            ex = np.float64(points[b, X]) - np.float64(points[a, X])
            ey = np.float64(points[b, Y]) - np.float64(points[a, Y])
            # Inside: ex (y - ya) - ey (x - xa) >= -margin * length.
            reach = ex * (y - np.float64(points[a, Y])) + MARGIN_PX * math.sqrt(ex * ex + ey * ey)
            if ey > 0.0:
                high = min(high, np.float64(points[a, X]) + reach / ey)
            elif ey < 0.0:
                low = max(low, np.float64(points[a, X]) + reach / ey)
        first = max(math.ceil((low - HALF_PX + BORDER_PX) / CELL_PX), 0)
        past = min(math.floor((high - HALF_PX + BORDER_PX) / CELL_PX) + 1, CELLS_A_SIDE)
        if first < past:
            coverage[row, 0] = first
            coverage[row, 1] = past


@kernel(types.boolean(COVERAGE, types.int64, types.int64))
def is_covered(coverage, x, y):
    """Whether the cell that holds the whole pixel (x, y) is covered; outside the raster nothing is."""
    row = min(max((y + BORDER_PX) >> CELL_SHIFT, 0), CELLS_A_SIDE - 1)
    column = (x + BORDER_PX) >> CELL_SHIFT
    return (coverage[row, 0] <= column) & (column < coverage[row, 1])


@njit(inline="always")
def are_covered(coverage, x, y):
    """Whether the cells that hold sixteen whole pixels are covered; outside the raster nothing is.

    x, y  vectors of int32, the border added
    """
    zero, last = fill_i32x16(np.int32(0)), fill_i32x16(np.int32(CELLS_A_SIDE - 1))
    shift, low_half = fill_i32x16(np.int32(CELL_SHIFT)), fill_i32x16(np.int32(0xFFFF))
    row = y >> shift
    row = least_of(choose(row < zero, zero, row), last)
    column = x >> shift
    # A row's two int16 are read as one number: the first covered cell is its lower half.
    interval = gather_i32x16(coverage, row)
    return ((interval & low_half) <= column) & (column < (interval >> fill_i32x16(np.int32(16))))
