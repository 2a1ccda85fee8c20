"""Which minutia belongs to which once A has been moved into B's image: one to one, cheapest first."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import types

from musterpoint.comparison.kernels_bits import kernel, lowest_one
from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.kernels_lanes import (
    choose,
    f32x16,
    fill_f32x16,
    fill_i32x16,
    i32x16,
    ones,
    store_i32x16,
)
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
INDEX_BITS = 10
RANKED_MAX = 64
TURN_MASK = np.int32(255)
LAST_KEY = np.int32(2**31 - 1)
NONE = np.uint64(0)
ONE = np.uint64(1)


@kernel(types.void(SIDE, I32))
def index_bands(b, bands):
    """Write the first minutia of each band of 32 px of B, which is sorted by y."""
    n = b.n[0]
    band = 0
    for j in range(n):
        while band <= min(np.int64(b.y[j]) >> BAND_SHIFT, BANDS):
            bands[band] = j
            band += 1
    while band <= BANDS:
        bands[band] = n
        band += 1


@kernel(
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
    error_model="numpy",
)
def find_candidates(a, b, x, y, reach, rotation, direction_max, similarity, bands, candidates):
    """List the pairs that lie within reach of each other after A was moved to (x, y).

    Their cost e^2 / reach^2 + (turn / direction_max)^2 - similarity falls into 128 buckets of 1/32.
    reach          float32 (64,), pixels, by minutia of A
    rotation       of A, 1/256 turn; direction_max in the same unit, exclusive
    returns        how many, at most 1024, in the order of (i, j)
    """
    nb = b.n[0]
    count = 0
    whole, turns = fill_i32x16(TURN_MASK), fill_i32x16(np.int32(2 * direction_max - 1))
    for i in range(a.n[0]):
        near, xi, yi = reach[i], x[i], y[i]
        squared_max = near * near
        bottom = yi + near
        turned = a.direction[i] + np.int32(rotation)
        moved_x, moved_y = fill_f32x16(xi), fill_f32x16(yi)
        within, lowest = fill_f32x16(squared_max), fill_f32x16(bottom)
        turn_of_a = fill_i32x16(turned - np.int32(direction_max - 1))
        j = np.int64(bands[min(max(np.int64(yi - near) >> BAND_SHIFT, 0), BANDS)])
        # Behind the last minutia lie places beyond any reach.
        while j < nb and b.y[j] <= bottom:
            by = f32x16(b.y, j)
            ex, ey = f32x16(b.x, j) - moved_x, by - moved_y
            turn = (i32x16(b.direction, j) - turn_of_a) & whole
            bits = ones(((ex * ex + ey * ey) < within) & ((turn < turns) & (by <= lowest)))
            while bits != NONE:
                k = j + np.int64(lowest_one(bits))
                bits &= bits - ONE
                if count == CANDIDATES_MAX:
                    return count
                dx, dy = b.x[k] - xi, b.y[k] - yi
                squared = dx * dx + dy * dy
                ratio = np.float32(((b.direction[k] - turned + 128) & 255) - 128) / np.float32(direction_max)
                cost = squared / squared_max + ratio * ratio - similarity[i, k]
                bucket = np.int64((cost - COST_LOWEST) * BUCKETS_A_UNIT)
                bucket = min(max(bucket, 0), COST_BUCKETS - 1)
                candidates.i[count] = i
                candidates.j[count] = k
                candidates.key[count] = bucket << INDEX_BITS | count
                count += 1
            j += 16
    return count


@kernel(types.void(CANDIDATES_TYPE, types.int64))
def order_few(candidates, count):
    """Sort at most 64 candidates by their key: each one's place is the number of smaller keys."""
    key = candidates.key
    for k in range(count, (count + 15) & ~15):
        key[k] = LAST_KEY
    one, zero = fill_i32x16(np.int32(1)), fill_i32x16(np.int32(0))
    for k in range(0, count, 16):
        own = i32x16(key, k)
        smaller = zero
        for m in range(count):
            smaller = smaller + choose(fill_i32x16(key[m]) < own, one, zero)
        store_i32x16(candidates.place, k, smaller)
    for k in range(count):
        candidates.order[candidates.place[k]] = k


@kernel(types.void(CANDIDATES_TYPE, types.int64))
def order_many(candidates, count):
    """Sort candidates by bucket; those of one bucket keep their order."""
    starts = candidates.starts
    starts[:] = 0
    for k in range(count):
        starts[(candidates.key[k] >> INDEX_BITS) + 1] += 1
    for bucket in range(COST_BUCKETS):
        starts[bucket + 1] += starts[bucket]
    for k in range(count):
        bucket = candidates.key[k] >> INDEX_BITS
        candidates.order[starts[bucket]] = k
        starts[bucket] += 1


@kernel(types.int64(SIDE, SIDE, CANDIDATES_TYPE, types.int64))
def assign(a, b, candidates, count):
    """Give every minutia at most one partner, by bucket of cost, inside a bucket by (i, j).

    Writes `partner` of both sides (-1 = none); returns how many pairs there are.
    """
    nobody = fill_i32x16(np.int32(-1))
    for i in range(0, a.n[0], 16):
        store_i32x16(a.partner, i, nobody)
    for j in range(0, b.n[0], 16):
        store_i32x16(b.partner, j, nobody)
    if count <= RANKED_MAX:
        order_few(candidates, count)
    else:
        order_many(candidates, count)
    matched = 0
    taken_a, taken_b = NONE, NONE
    for position in range(count):
        k = candidates.order[position]
        i, j = candidates.i[k], candidates.j[k]
        bit_a, bit_b = ONE << np.uint64(i), ONE << np.uint64(j)
        if (taken_a & bit_a) | (taken_b & bit_b) == NONE:
            taken_a |= bit_a
            taken_b |= bit_b
            a.partner[i] = j
            b.partner[j] = i
            matched += 1
    return matched
