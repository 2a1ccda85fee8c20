"""The memory of one thread's comparisons, allocated once."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from numba import njit

from musterpoint.comparison.kernels_geometry import GEOMETRY, WORDS

Array = npt.NDArray[Any]

N = GEOMETRY.minutiae_max
PAIRS = GEOMETRY.pairs_max
CANDIDATES = GEOMETRY.candidates_max
ANCHORS = GEOMETRY.anchors_max
REFINED = GEOMETRY.refined_max
COST_BUCKETS = 128
BAND_SHIFT = 5
BANDS = 32
LANES = 16
WIDE = N + LANES
"""Room for a vector that begins at the last minutia."""
DISPLACEMENT_STEPS = 32
SUMS = 15
INPUTS = 10


class Side(NamedTuple):
    """One template's minutiae as columns; the rest are scratch of this side.

    x, y, quality  float32 (80,), pixels and 0..1; behind the last minutia places beyond any reach
    direction      int32 (80,), 1/256 turn
    n              int64 (1,), how many there are
    partner        int32 (64,), the matched minutia of the other side or -1
    """

    x: Array
    y: Array
    quality: Array
    direction: Array
    n: Array
    partner: Array


class Pairs(NamedTuple):
    """The most similar pairs of minutiae, and how much each is supported by the others.

    supported  uint64 (64,), the pairs that each one supports, as bits
    """

    xa: Array
    ya: Array
    xb: Array
    yb: Array
    rotation: Array
    cosine: Array
    sine: Array
    similarity: Array
    i: Array
    j: Array
    support: Array
    supported: Array


class Matched(NamedTuple):
    """The matched pairs in the order of A's minutiae, and sums over them by minutia of A.

    i               int32 (64,), minutia of A
    x, y            float32 (64,), where it was moved to rigidly
    miss_x, miss_y  float32 (64,), from there to its partner
    weights         float32 (64, 64), by how much a pair at one minutia of A moves the others
    """

    i: Array
    x: Array
    y: Array
    miss_x: Array
    miss_y: Array
    weights: Array


class Candidates(NamedTuple):
    """Pairs that a transform brings near each other, and the buckets that sort them by cost."""

    i: Array
    j: Array
    key: Array
    place: Array
    order: Array
    starts: Array


class Alike(NamedTuple):
    """How alike the minutiae of both sides are.

    columns     uint64 (34, 64), B's descriptors by word
    words       uint64 (32,), those of a minutia of A that are not empty
    rows        int64 (32,), where the row of `columns` begins that each is held against
    similarity  float32 (64, 64)
    steps       int16 (64 * 64 + 32,), the same in 1/512, at most 1024, in rows as long as a multiple of 16
    """

    columns: Array
    words: Array
    rows: Array
    similarity: Array
    steps: Array


class Workspace(NamedTuple):
    """All of it.

    bands        int32 (33,), first minutia of B at or below each band of 32 px
    x, y         float32 (80,), A's minutiae moved rigidly
    ex, ey       float32 (80,), A's minutiae moved elastically
    back_x, _y   float32 (80,), B's minutiae moved rigidly into A's image
    reach        float32 (80,), how far from its moved place a partner may lie, pixels
    places       float32 (5, 64), what a rigid fit works on
    partners     int32 (6, 64), A's partners by hypothesis
    ranks        float32 (6,), sum of similarities by hypothesis; -1 = no longer eligible
    motion       float32 (4,), centre of A and of B in a rigid transform
    sums         float64 (15,), of the hypothesis at hand
    inputs       float64 (10,), of the score, made from the sums
    best_*       of the hypothesis with the largest score
    """

    a: Side
    b: Side
    pairs: Pairs
    matched: Matched
    candidates: Candidates
    alike: Alike
    bands: Array
    x: Array
    y: Array
    ex: Array
    ey: Array
    back_x: Array
    back_y: Array
    reach: Array
    places: Array
    partners: Array
    ranks: Array
    motion: Array
    sums: Array
    inputs: Array
    best_sums: Array
    best_partner: Array
    best_motion: Array
    best_rotation: Array


@njit(nogil=True, cache=True)
def new_side():
    """A side without minutiae."""
    return Side(
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.int32),
        np.zeros(1, np.int64),
        np.full(N, -1, np.int32),
    )


@njit(nogil=True, cache=True)
def new_pairs():
    """No pairs."""
    return Pairs(
        np.zeros(PAIRS, np.float32),
        np.zeros(PAIRS, np.float32),
        np.zeros(PAIRS, np.float32),
        np.zeros(PAIRS, np.float32),
        np.zeros(PAIRS, np.int32),
        np.zeros(PAIRS, np.float32),
        np.zeros(PAIRS, np.float32),
        np.zeros(PAIRS, np.float32),
        np.zeros(PAIRS, np.int32),
        np.zeros(PAIRS, np.int32),
        np.zeros(PAIRS, np.float32),
        np.zeros(PAIRS, np.uint64),
    )


@njit(nogil=True, cache=True)
def new_matched():
    """No matched pairs."""
    return Matched(
        np.zeros(N, np.int32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros((N, N), np.float32),
    )


@njit(nogil=True, cache=True)
def new_candidates():
    """No candidates."""
    return Candidates(
        np.zeros(CANDIDATES, np.int32),
        np.zeros(CANDIDATES, np.int32),
        np.zeros(CANDIDATES, np.int32),
        np.zeros(N, np.int32),
        np.zeros(CANDIDATES, np.int32),
        np.zeros(COST_BUCKETS + 1, np.int32),
    )


@njit(nogil=True, cache=True)
def new_alike():
    """Nothing compared."""
    return Alike(
        np.empty((2 * WORDS + 2, N), np.uint64),
        np.empty(2 * WORDS, np.uint64),
        np.empty(2 * WORDS, np.int64),
        np.empty((N, N), np.float32),
        np.empty(N * N + 2 * LANES, np.int16),
    )


@njit(nogil=True, cache=True)
def new_workspace():
    """Memory for one thread (0.1 MB)."""
    return Workspace(
        new_side(),
        new_side(),
        new_pairs(),
        new_matched(),
        new_candidates(),
        new_alike(),
        np.zeros(BANDS + 1, np.int32),
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.float32),
        np.zeros(WIDE, np.float32),
        np.zeros((5, max(N, PAIRS)), np.float32),
        np.full((ANCHORS, N), -1, np.int32),
        np.zeros(ANCHORS, np.float32),
        np.zeros(4, np.float32),
        np.zeros(SUMS, np.float64),
        np.zeros(INPUTS, np.float64),
        np.zeros(SUMS, np.float64),
        np.full(N, -1, np.int32),
        np.zeros(4, np.float32),
        np.zeros(1, np.int64),
    )


F32 = numba.types.float32[::1]
I32 = numba.types.int32[::1]
SIDE = numba.typeof(new_side.py_func())
PAIRS_TYPE = numba.typeof(new_pairs.py_func())
MATCHED_TYPE = numba.typeof(new_matched.py_func())
ALIKE_TYPE = numba.typeof(new_alike.py_func())
CANDIDATES_TYPE = numba.typeof(new_candidates.py_func())
WORKSPACE = numba.typeof(new_workspace.py_func())
