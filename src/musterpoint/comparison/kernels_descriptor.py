"""Local descriptors: where a minutia's neighbours lie, as sharp and as dilated bits.

Around every minutia lie 64 spatial cells in five rings, each with 16 relative directions: 1024 bits.
A neighbour sets one sharp bit, and every dilated bit in which a distorted impression might show it.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_bits import kernel, lowest_one
from musterpoint.comparison.kernels_coverage import is_covered
from musterpoint.comparison.kernels_geometry import (
    COS,
    COVERAGE,
    DIRECTION,
    GEOMETRY,
    OCCUPIED,
    POINTS,
    SIN,
    SPATIAL_CELLS,
    VISIBLE,
    WORDS,
    X,
    Y,
    read_only,
)
from musterpoint.comparison.kernels_lanes import fill_i32x16, i32x16, ones

RADIUS_PX = GEOMETRY.neighbour_radius_px
RADIUS_SQUARED = RADIUS_PX * RADIUS_PX
TABLE_CENTRE = RADIUS_PX + 1
HALF = np.float32(0.5)
N = GEOMETRY.minutiae_max
EVERY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
PLACES = types.int32[:, ::1]


@kernel(types.void(POINTS, PLACES))
def _spread(points, places):
    """Write x and y of all minutiae one after the other, for vectors."""
    for j in range(len(points)):
        places[X, j] = points[j, X]
        places[Y, j] = points[j, Y]


@njit(nogil=True, cache=True)
def _describe_one(points, places, i, own_cell, dilated_cells, direction_mask, neighbours, cells):
    """The bits of minutia i and the cells that it sees others in; what is visible is left at 0.

    places      int32 (2, 64), see `_spread`
    neighbours  uint64 (32,), written
    cells       uint64 (2,), written
    """
    neighbours[:] = 0
    cells[:] = 0
    one = np.uint64(1)
    direction = np.int64(points[i, DIRECTION])
    c = COS[direction]
    s = SIN[direction]
    xi, yi = fill_i32x16(places[X, i]), fill_i32x16(places[Y, i])
    reach, nowhere = fill_i32x16(np.int32(RADIUS_SQUARED)), fill_i32x16(np.int32(0))
    held = EVERY >> np.uint64(N - len(points))
    for begin in range(0, len(points), 16):
        dx, dy = i32x16(places, X * N + begin) - xi, i32x16(places, Y * N + begin) - yi
        squared = dx * dx + dy * dy
        near = ones((squared <= reach) & (squared != nowhere)) & held
        held >>= np.uint64(16)
        while near != 0:
            j = begin + np.int64(lowest_one(near))
            near &= near - one
            fx = np.float32(places[X, j] - places[X, i])
            fy = np.float32(places[Y, j] - places[Y, i])
            u = np.int64(np.floor(c * fx + s * fy + HALF)) + TABLE_CENTRE
            v = np.int64(np.floor(c * fy - s * fx + HALF)) + TABLE_CENTRE
            relative = (np.int64(points[j, DIRECTION]) - direction) & 255
            own = np.int64(own_cell[v, u])
            cells[OCCUPIED] |= one << np.uint64(own)
            neighbours[own >> 2] |= one << np.uint64(16 * (own & 3) + (relative >> 4))
            mask = direction_mask[relative]
            rest = dilated_cells[v, u]
            while rest != 0:
                cell = np.int64(lowest_one(rest))
                rest &= rest - one
                neighbours[WORDS + (cell >> 2)] |= mask << np.uint64(16 * (cell & 3))


@kernel(
    types.void(
        POINTS,
        COVERAGE,
        read_only(types.uint8, 2),
        read_only(types.uint64, 2),
        read_only(types.uint64, 1),
        read_only(types.int16, 3),
        types.uint64[:, ::1],
        types.uint64[:, ::1],
        PLACES,
    ),
)
def describe(
    points, coverage, own_cell, dilated_cells, direction_mask, cell_offsets, neighbours, cells, places
):
    """Write the descriptors of all minutiae of a template.

    points          int16 (n, 4)
    coverage        int16 (128, 2)
    own_cell        uint8 (175, 175), spatial cell of a neighbour at (v, u) + 87
    dilated_cells   uint64 (175, 175), spatial cells of its dilation, its own among them
    direction_mask  uint64 (256,), the 16 directions of the dilation, by relative direction
    cell_offsets    int16 (256, 64, 2), place (x, y) of each spatial cell's centre, by direction
    neighbours      uint64 (n, 32), written: 16 words of sharp bits, 16 of dilated ones
    cells           uint64 (n, 2), written: spatial cells that hold a neighbour; that are covered
    places          int32 (2, 64), overwritten
    """
    one = np.uint64(1)
    _spread(points, places)
    for i in range(len(points)):
        _describe_one(points, places, i, own_cell, dilated_cells, direction_mask, neighbours[i], cells[i])
        visible = np.uint64(0)
        for cell in range(SPATIAL_CELLS):
            x = points[i, X] + cell_offsets[points[i, DIRECTION], cell, 0]
            y = points[i, Y] + cell_offsets[points[i, DIRECTION], cell, 1]
            if is_covered(coverage, x, y):
                visible |= one << np.uint64(cell)
        cells[i, VISIBLE] = visible


@kernel(
    types.void(
        POINTS,
        types.int64[::1],
        read_only(types.uint8, 2),
        read_only(types.uint64, 2),
        read_only(types.uint64, 1),
        types.uint64[:, ::1],
        types.uint64[:, ::1],
        PLACES,
    ),
)
def describe_some(points, chosen, own_cell, dilated_cells, direction_mask, neighbours, cells, places):
    """The same for some minutiae of a template, for whom every occupied cell counts as visible.

    chosen  int64 (k,), which minutiae; rows 0 .. k - 1 of `neighbours` and `cells` are written
    places  int32 (2, 64), overwritten
    """
    _spread(points, places)
    for row in range(len(chosen)):
        _describe_one(
            points,
            places,
            chosen[row],
            own_cell,
            dilated_cells,
            direction_mask,
            neighbours[row],
            cells[row],
        )
        cells[row, VISIBLE] = ~np.uint64(0)
