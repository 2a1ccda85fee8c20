"""Compiled loops that turn minutiae into the keys under which a reference is filed."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_geometry import COS, DIRECTION, QUALITY, SIN, X, Y, read_only
from musterpoint.gallery.kernels_geometry import CLASS_BITS, TOKENS

NEIGHBOURS = TOKENS.neighbours
REACH = TOKENS.reach_px
REACH_SQUARED = REACH * REACH
CENTRE = REACH + 1
QUALITY_MIN = TOKENS.quality_min
GRIDS = len(TOKENS.grids)
NEAREST_SQUARED = np.array([int(nearest * nearest) for _, _, nearest in TOKENS.grids])
PAIRS = NEIGHBOURS * (NEIGHBOURS - 1) // 2
KEYS_MAX = 96 * PAIRS * GRIDS
HALF = np.float32(0.5)
PLACE_CODES = read_only(types.uint32, 3)
DIRECTION_CODES = read_only(types.uint32, 2)
CLASS_WEIGHTS = read_only(types.uint8, 1)
KEYS = types.uint32[::1]
COUNTS = types.int64[::1]
LOW_KEY_BITS = 11
LOW_KEYS = 1 << LOW_KEY_BITS

_FIRST = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xBF58476D1CE4E5B9)
_CLASS_MASK = np.uint64((1 << CLASS_BITS) - 1)


@njit("uint64(uint64)", nogil=True, cache=True)
def mix(x):
    """Spread the bits of a word; the finaliser of splitmix64 with other shifts."""
    x ^= x >> np.uint64(31)
    x *= _FIRST
    x ^= x >> np.uint64(29)
    x *= _SECOND
    x ^= x >> np.uint64(32)
    return x


@njit("int64(int16[:, :], int64, int64, int64[::1], int64[::1])", nogil=True, cache=True)
def _nearest(points, i, nearest_squared, distance, found):
    # The nearest strong neighbours of a minutia, nearest first, equally near ones in template order.
    count = 0
    for j in range(len(points)):
        if points[j, QUALITY] < QUALITY_MIN:
            continue
        dx = np.int64(points[j, X]) - points[i, X]
        dy = np.int64(points[j, Y]) - points[i, Y]
        squared = dx * dx + dy * dy
        if squared < nearest_squared or squared == 0 or squared > REACH_SQUARED:
            continue
        if count == NEIGHBOURS and squared >= distance[count - 1]:
            continue
        place = min(count, NEIGHBOURS - 1)
        while place > 0 and distance[place - 1] > squared:
            distance[place] = distance[place - 1]
            found[place] = found[place - 1]
            place -= 1
        distance[place] = squared
        found[place] = j
        count = min(count + 1, NEIGHBOURS)
    return count


@njit("int64(uint32[::1], int64, uint32[::1], int64[::1])", nogil=True, cache=True)
def sort_distinct(keys, total, scratch, counts):
    """Sort the first `total` keys in two passes of 11 bits, repeated ones once; returns how many."""
    for step in range(2):
        shift = np.uint32(step * LOW_KEY_BITS)
        source, target = (keys, scratch) if step == 0 else (scratch, keys)
        counts[:] = 0
        for k in range(total):
            counts[(source[k] >> shift) & np.uint32(LOW_KEYS - 1)] += 1
        before = 0
        for k in range(LOW_KEYS):
            here = counts[k]
            counts[k] = before
            before += here
        for k in range(total):
            part = (source[k] >> shift) & np.uint32(LOW_KEYS - 1)
            target[counts[part]] = source[k]
            counts[part] += 1
    kept = 0
    for k in range(total):
        if kept == 0 or keys[k] != keys[kept - 1]:
            keys[kept] = keys[k]
            kept += 1
    return kept


@njit(
    types.int64(
        types.int16[:, :], PLACE_CODES, DIRECTION_CODES, CLASS_WEIGHTS, KEYS, types.uint32[::1], COUNTS
    ),
    nogil=True,
    cache=True,
)
def keys_of(points, place_codes, direction_codes, weights, keys, scratch, counts):
    """The distinct keys of one template in ascending order; returns how many.

    points           int16 (n, 4), n at most 96, see `Prepared.points`
    place_codes      uint32 (grids, 263, 263), see `kernels_geometry`
    direction_codes  uint32 (grids, 256)
    weights          uint8 (2**20,), of each class of keys; 0 = on the stop list
    keys             uint32 (KEYS_MAX,), written
    scratch          uint32 (KEYS_MAX,), overwritten
    counts           int64 (2048,), overwritten
    """
    distance = np.empty(NEIGHBOURS, np.int64)
    found = np.empty(NEIGHBOURS, np.int64)
    codes = np.empty(NEIGHBOURS, np.uint64)
    total = 0
    for i in range(len(points)):
        if points[i, QUALITY] < QUALITY_MIN:
            continue
        turn = np.int64(points[i, DIRECTION])
        c, s = COS[turn], SIN[turn]
        for grid in range(GRIDS):
            count = _nearest(points, i, NEAREST_SQUARED[grid], distance, found)
            for k in range(count):
                j = found[k]
                dx = np.float32(np.int64(points[j, X]) - points[i, X])
                dy = np.float32(np.int64(points[j, Y]) - points[i, Y])
                u = np.int64(np.floor(c * dx + s * dy + HALF)) + CENTRE
                v = np.int64(np.floor(c * dy - s * dx + HALF)) + CENTRE
                relative = (np.int64(points[j, DIRECTION]) - turn) & 255
                codes[k] = np.uint64(place_codes[grid, v, u] | direction_codes[grid, relative])
            for k in range(count):
                for m in range(k + 1, count):
                    low, high = min(codes[k], codes[m]), max(codes[k], codes[m])
                    token = mix(mix((low << np.uint64(20)) + high) + np.uint64(grid))
                    kind = (token >> np.uint64(24)) & _CLASS_MASK
                    if weights[np.int64(kind)] != 0:
                        keys[total] = np.uint32(
                            (kind << np.uint64(2)) | ((token >> np.uint64(50)) & np.uint64(3))
                        )
                        total += 1
    return sort_distinct(keys, total, scratch, counts)


@njit(
    types.int64(
        read_only(types.uint16, 2),
        read_only(types.int64, 1),
        types.int64,
        types.int64,
        PLACE_CODES,
        DIRECTION_CODES,
        CLASS_WEIGHTS,
        KEYS,
        COUNTS,
    ),
    nogil=True,
    cache=True,
)
def keys_of_rows(packed, offsets, begin, end, place_codes, direction_codes, weights, keys, starts):
    """Keys of the packed references begin .. end - 1, end to end; returns how many.

    packed   uint16 (M, 3), see `packed_minutiae`
    offsets  int64 (N + 1,), where each reference's minutiae begin
    keys     uint32, written; has room for KEYS_MAX more than are found
    starts   int64 (end - begin + 1,), written: where each reference's keys begin
    """
    scratch = np.empty(KEYS_MAX, np.uint32)
    counts = np.empty(LOW_KEYS, np.int64)
    points = np.empty((96, 4), np.int16)
    total = 0
    starts[0] = 0
    for row in range(begin, end):
        n = offsets[row + 1] - offsets[row]
        for k in range(n):
            m = offsets[row] + k
            points[k, X] = packed[m, 0]
            points[k, Y] = packed[m, 1]
            points[k, DIRECTION] = packed[m, 2] & 255
            points[k, QUALITY] = packed[m, 2] >> 8
        total += keys_of(
            points[:n], place_codes, direction_codes, weights, keys[total : total + KEYS_MAX], scratch, counts
        )
        starts[row - begin + 1] = total
    return total
