"""Which minutiae look alike: similarity of descriptors, and the most similar pairs."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_bits import count_ones
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
from musterpoint.comparison.kernels_workspace import PAIRS_TYPE, SIDE, SIMILARITY_BUCKETS

PRIOR = np.float32(GEOMETRY.similarity_prior)
PAIRS_MAX = GEOMETRY.pairs_max
SCALE = np.float32(512.0)
HIGHEST = SIMILARITY_BUCKETS - 1


@njit(
    types.void(
        NEIGHBOURS, CELLS, NEIGHBOURS, CELLS, types.uint64[:, ::1], types.uint64[::1], types.float32[:, ::1]
    ),
    nogil=True,
    cache=True,
    error_model="numpy",
)
def similarities(neighbours_a, cells_a, neighbours_b, cells_b, columns, found, similarity):
    """Neighbours found in each other's descriptor, over those that could have been found plus 8.

    neighbours_a, cells_a  uint64 (na, 32) and (na, 2)
    neighbours_b, cells_b  uint64 (nb, 32) and (nb, 2)
    columns, found         uint64 (34, 64) and (64,), scratch
    similarity             float32 (64, 64), [:na, :nb] is written, 0..2
    """
    nb = len(neighbours_b)
    # B by columns: the loops over its minutiae then vectorise without a sum across the vector.
    for j in range(nb):
        for word in range(2 * WORDS):
            columns[word, j] = neighbours_b[j, word]
        columns[2 * WORDS + OCCUPIED, j] = cells_b[j, OCCUPIED]
        columns[2 * WORDS + VISIBLE, j] = cells_b[j, VISIBLE]
    for i in range(len(neighbours_a)):
        for j in range(nb):
            found[j] = 0
        for word in range(0, WORDS, 2):
            sharp, next_sharp = neighbours_a[i, word], neighbours_a[i, word + 1]
            dilated, next_dilated = neighbours_a[i, WORDS + word], neighbours_a[i, WORDS + word + 1]
            if (sharp | next_sharp | dilated | next_dilated) == 0:
                continue
            for j in range(nb):
                first = count_ones(sharp & columns[WORDS + word, j])
                first += count_ones(next_sharp & columns[WORDS + word + 1, j])
                second = count_ones(dilated & columns[word, j])
                second += count_ones(next_dilated & columns[word + 1, j])
                found[j] += first + second
        occupied, visible = cells_a[i, OCCUPIED], cells_a[i, VISIBLE]
        for j in range(nb):
            expected = count_ones(occupied & columns[2 * WORDS + VISIBLE, j])
            expected += count_ones(visible & columns[2 * WORDS + OCCUPIED, j])
            similarity[i, j] = np.float32(np.int64(found[j])) / (np.float32(np.int64(expected)) + PRIOR)


@njit(
    types.int64(SIDE, SIDE, types.float32[:, ::1], types.int64[::1], PAIRS_TYPE),
    nogil=True,
    cache=True,
)
def most_similar(a, b, similarity, histogram, pairs):
    """Keep the 64 most similar pairs, in the order of the matrix; similarities count in steps of 1/512.

    Returns how many there are, at most 64.
    """
    na = a.n[0]
    nb = b.n[0]
    histogram[:] = 0
    for i in range(na):
        for j in range(nb):
            histogram[min(np.int64(SCALE * similarity[i, j]), HIGHEST)] += 1
    least = HIGHEST
    above = 0
    while least > 0 and above + histogram[least] < PAIRS_MAX:
        above += histogram[least]
        least -= 1
    room = PAIRS_MAX - above
    count = 0
    for i in range(na):
        for j in range(nb):
            bucket = min(np.int64(SCALE * similarity[i, j]), HIGHEST)
            if bucket < least:
                continue
            if bucket == least:
                if room == 0:
                    continue
                room -= 1
            rotation = (b.direction[j] - a.direction[i]) & 255
            pairs.xa[count] = a.x[i]
            pairs.ya[count] = a.y[i]
            pairs.xb[count] = b.x[j]
            pairs.yb[count] = b.y[j]
            pairs.rotation[count] = rotation
            pairs.cosine[count] = COS[rotation]
            pairs.sine[count] = SIN[rotation]
            pairs.similarity[count] = similarity[i, j]
            pairs.i[count] = i
            pairs.j[count] = j
            count += 1
    return count
