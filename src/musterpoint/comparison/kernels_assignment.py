"""Which minutia belongs to which once A has been moved into B's image: one to one, cheapest first."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.kernels_workspace import (
    BAND_SHIFT,
    BANDS,
    CANDIDATES_TYPE,
    COST_BUCKETS,
    F32,
    I32,
    SIDE,
)

CANDIDATES_MAX = GEOMETRY.candidates_max
COST_LOWEST = np.float32(-2.0)
BUCKETS_A_UNIT = np.float32(COST_BUCKETS / 4.0)


@njit(types.void(SIDE, I32), nogil=True, cache=True)
def index_bands(b, bands):
    """Write the first minutia of each band of 8 px of B, which is sorted by y."""
    n = b.n[0]
    j = 0
    for band in range(BANDS + 1):
        while j < n and np.int64(b.y[j]) >> BAND_SHIFT < band:
            j += 1
        bands[band] = j


@njit(
    types.int64(
        SIDE,
        SIDE,
        F32,
        F32,
        F32,
        types.int64,
        types.int64,
        types.float32[:, ::1],
        I32,
        CANDIDATES_TYPE,
    ),
    nogil=True,
    cache=True,
    error_model="numpy",
)
def find_candidates(a, b, x, y, reach, rotation, direction_max, similarity, bands, candidates):
    """List the pairs that lie within reach of each other after A was moved to (x, y).

    Their cost e^2 / reach^2 + (turn / direction_max)^2 - similarity falls into 128 buckets of 1/32.
    reach          float32 (64,), pixels, by minutia of A
    rotation       of A, 1/256 turn; direction_max in the same unit, exclusive
    returns        how many, at most 1024, in the order of (i, j)
    """
    na = a.n[0]
    nb = b.n[0]
    count = 0
    bx, by = b.x, b.y
    for i in range(na):
        near = reach[i]
        squared_max = near * near
        top = y[i] - near
        bottom = y[i] + near
        band = min(max(np.int64(top) >> BAND_SHIFT, 0), BANDS)
        for j in range(bands[band], nb):
            ey = by[j] - y[i]
            if by[j] > bottom:
                break
            ex = bx[j] - x[i]
            squared = ex * ex + ey * ey
            turn = ((b.direction[j] - a.direction[i] - rotation + 128) & 255) - 128
            if squared >= squared_max or turn >= direction_max or turn <= -direction_max:
                continue
            if count == CANDIDATES_MAX:
                return count
            ratio = np.float32(turn) / np.float32(direction_max)
            cost = squared / squared_max + ratio * ratio - similarity[i, j]
            bucket = np.int64((cost - COST_LOWEST) * BUCKETS_A_UNIT)
            candidates.i[count] = i
            candidates.j[count] = j
            candidates.bucket[count] = min(max(bucket, 0), COST_BUCKETS - 1)
            count += 1
    return count


@njit(types.int64(SIDE, SIDE, CANDIDATES_TYPE, types.int64), nogil=True, cache=True)
def assign(a, b, candidates, count):
    """Give every minutia at most one partner, by bucket of cost, inside a bucket by (i, j).

    Writes `partner` of both sides (-1 = none); returns how many pairs there are.
    """
    a.partner[: a.n[0]] = -1
    b.partner[: b.n[0]] = -1
    starts = candidates.starts
    starts[:] = 0
    for k in range(count):
        starts[candidates.bucket[k] + 1] += 1
    for bucket in range(COST_BUCKETS):
        starts[bucket + 1] += starts[bucket]
    for k in range(count):
        bucket = candidates.bucket[k]
        candidates.order[starts[bucket]] = k
        starts[bucket] += 1
    matched = 0
    for position in range(count):
        k = candidates.order[position]
        i = candidates.i[k]
        j = candidates.j[k]
        if a.partner[i] < 0 and b.partner[j] < 0:
            a.partner[i] = j
            b.partner[j] = i
            matched += 1
    return matched
