"""Which minutiae look alike: similarity of descriptors, and the most similar pairs."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import types

from musterpoint.comparison.kernels_bits import count_ones, kernel, lowest_one
from musterpoint.comparison.kernels_geometry import (
    CELLS,
    COS,
    GEOMETRY,
    NEIGHBOURS,
    OCCUPIED,
    SIN,
    VISIBLE,
    WORDS,
)
from musterpoint.comparison.kernels_lanes import (
    fill_f32x16,
    fill_i16x32,
    fill_i32x16,
    fill_u64x8,
    i16x32,
    joined,
    least_of,
    ones,
    ones_u64x8,
    store_f32x16,
    store_i16x16,
    to_f32x16,
    to_i32x16,
    u64x8,
)
from musterpoint.comparison.kernels_workspace import ALIKE_TYPE, PAIRS_TYPE, SIDE, N

PRIOR = np.float32(GEOMETRY.similarity_prior)
PAIRS_MAX = GEOMETRY.pairs_max
SCALE = np.float32(512.0)
HIGHEST = np.int32(1024)
EVERY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
ONE = np.uint64(1)
NONE = np.uint64(0)


@kernel(types.int64(types.int64))
def padded(count):
    """The next multiple of 16."""
    return (count + 15) & ~15


@kernel(types.void(NEIGHBOURS, CELLS, types.uint64[:, ::1]))
def turn_to_columns(neighbours, cells, columns):
    """Write B's descriptors with a row for each word, so that a vector holds that word of eight minutiae.

    A row holds what the same word of A's descriptor is held against: dilated for sharp, visible for occupied.
    """
    n = len(neighbours)
    for j in range(n):
        for word in range(WORDS):
            columns[word, j] = neighbours[j, WORDS + word]
            columns[WORDS + word, j] = neighbours[j, word]
        columns[2 * WORDS + OCCUPIED, j] = cells[j, VISIBLE]
        columns[2 * WORDS + VISIBLE, j] = cells[j, OCCUPIED]
    for row in range(2 * WORDS + 2):
        for j in range(n, padded(n)):
            columns[row, j] = NONE


@kernel(types.void(NEIGHBOURS, CELLS, NEIGHBOURS, CELLS, ALIKE_TYPE))
def similarities(neighbours_a, cells_a, neighbours_b, cells_b, alike):
    """Neighbours found in each other's descriptor, over those that could have been found plus 8.

    neighbours_a, cells_a  uint64 (na, 32) and (na, 2)
    neighbours_b, cells_b  uint64 (nb, 32) and (nb, 2)
    alike                  `similarity` and `steps` are written, the rest is scratch
    """
    columns, words, rows, similarity, steps = alike
    turn_to_columns(neighbours_b, cells_b, columns)
    wide = padded(len(neighbours_b))
    prior, scale, highest = fill_f32x16(PRIOR), fill_f32x16(SCALE), fill_i32x16(HIGHEST)
    for i in range(len(neighbours_a)):
        count = 0
        for word in range(2 * WORDS):
            words[count] = neighbours_a[i, word]
            rows[count] = word * N
            count += np.int64(neighbours_a[i, word] != NONE)
        occupied, visible = fill_u64x8(cells_a[i, OCCUPIED]), fill_u64x8(cells_a[i, VISIBLE])
        for j in range(0, wide, 16):
            found, next_found = fill_u64x8(NONE), fill_u64x8(NONE)
            for k in range(count):
                word_a = fill_u64x8(words[k])
                found = found + ones_u64x8(word_a & u64x8(columns, rows[k] + j))
                next_found = next_found + ones_u64x8(word_a & u64x8(columns, rows[k] + j + 8))
            at = (2 * WORDS + OCCUPIED) * N + j
            expected = ones_u64x8(occupied & u64x8(columns, at))
            next_expected = ones_u64x8(occupied & u64x8(columns, at + 8))
            at = (2 * WORDS + VISIBLE) * N + j
            expected = expected + ones_u64x8(visible & u64x8(columns, at))
            next_expected = next_expected + ones_u64x8(visible & u64x8(columns, at + 8))
            value = to_f32x16(joined(found, next_found))
            value = value / (to_f32x16(joined(expected, next_expected)) + prior)
            store_f32x16(similarity, i * N + j, value)
            store_i16x16(steps, i * wide + j, least_of(to_i32x16(scale * value), highest))


@kernel(types.int64(types.int16[::1], types.int64, types.int64))
def count_from(steps, count, least):
    """How many similarities reach a step; `steps` ends with 32 zeros after the first `count`."""
    total = NONE
    wanted = fill_i16x32(np.int16(least))
    for k in range(0, count, 32):
        total += count_ones(ones(i16x32(steps, k) >= wanted))
    return np.int64(total)


@kernel(types.int64(SIDE, SIDE, ALIKE_TYPE, PAIRS_TYPE))
def most_similar(a, b, alike, pairs):
    """Keep the 64 most similar pairs, in the order of the matrix; similarities count in steps of 1/512.

    Returns how many there are, at most 64.
    """
    na, nb = a.n[0], b.n[0]
    steps, similarity = alike.steps, alike.similarity
    wide = padded(nb)
    steps[na * wide : na * wide + 32] = 0
    least, beyond = 0, np.int64(HIGHEST) + 1
    while beyond - least > 1:
        middle = (least + beyond) >> 1
        if count_from(steps, na * wide, middle) >= PAIRS_MAX:
            least = middle
        else:
            beyond = middle
    room = PAIRS_MAX - count_from(steps, na * wide, least + 1)
    count = 0
    lowest = fill_i16x32(np.int16(least))
    valid = EVERY >> np.uint64(N - nb)
    for i in range(na):
        for j in range(0, wide, 32):
            here = i16x32(steps, i * wide + j)
            bits = ones(here >= lowest) & (valid >> np.uint64(j))
            equal = ones(here == lowest)
            while bits != NONE:
                k = lowest_one(bits)
                bits &= bits - ONE
                if (equal >> k) & ONE:
                    if room == 0:
                        continue
                    room -= 1
                pairs.i[count] = i
                pairs.j[count] = j + np.int64(k)
                count += 1
    for k in range(count):
        i, j = pairs.i[k], pairs.j[k]
        rotation = (b.direction[j] - a.direction[i]) & 255
        pairs.xa[k] = a.x[i]
        pairs.ya[k] = a.y[i]
        pairs.xb[k] = b.x[j]
        pairs.yb[k] = b.y[j]
        pairs.rotation[k] = rotation
        pairs.cosine[k] = COS[rotation]
        pairs.sine[k] = SIN[rotation]
        pairs.similarity[k] = similarity[i, j]
    return count
