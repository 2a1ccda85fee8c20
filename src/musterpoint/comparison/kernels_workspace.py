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
SIMILARITY_BUCKETS = 1025
COST_BUCKETS = 128
BAND_SHIFT = 3
BANDS = 128
DISPLACEMENT_STEPS = 32
SUMS = 15
INPUTS = 11


class Side(NamedTuple):
    """One template's minutiae as columns; the rest are scratch of this side.

    x, y, quality  float32 (64,), pixels and 0..1
    direction      int32 (64,), 1/256 turn
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
    """The most similar pairs of minutiae, and how many of the others each is supported by."""

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
    is_used: Array
    is_member: Array


class Matched(NamedTuple):
    """The matched pairs in the order of A's minutiae, and sums over them by minutia of A.

    i               int32 (64,), minutia of A
    x, y            float32 (64,), where it was moved to rigidly
    miss_x, miss_y  float32 (64,), from there to its partner
    weight, sum_x, sum_y  float32 (64,), scratch by minutia of A
    """

    i: Array
    x: Array
    y: Array
    miss_x: Array
    miss_y: Array
    weight: Array
    sum_x: Array
    sum_y: Array


class Candidates(NamedTuple):
    """Pairs that a transform brings near each other, and the buckets that sort them by cost."""

    i: Array
    j: Array
    bucket: Array
    order: Array
    starts: Array


class Workspace(NamedTuple):
    """All of it.

    columns      uint64 (34, 64), B's descriptors by word
    found        uint64 (64,), neighbours found, by minutia of B
    similarity   float32 (64, 64)
    histogram    int64 (1025,), of similarities in 1/512
    bands        int32 (129,), first minutia of B at or below each band of 8 px
    x, y         float32 (64,), A's minutiae moved rigidly
    ex, ey       float32 (64,), A's minutiae moved elastically
    back_x, _y   float32 (64,), B's minutiae moved rigidly into A's image
    reach        float32 (64,), how far from its moved place a partner may lie, pixels
    places       float32 (5, 64), what a rigid fit works on
    partners     int32 (6, 64), A's partners by hypothesis
    ranks        float32 (6,), sum of similarities by hypothesis; -1 = no longer eligible
    supports     float32 (6,), support of the anchor by hypothesis
    motion       float32 (4,), centre of A and of B in a rigid transform
    sums         float64 (15,), of the hypothesis at hand
    inputs       float64 (11,), of the score, made from the sums
    best_*       of the hypothesis with the largest score
    """

    a: Side
    b: Side
    pairs: Pairs
    matched: Matched
    candidates: Candidates
    columns: Array
    found: Array
    similarity: Array
    histogram: Array
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
    supports: Array
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
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.int32),
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
        np.zeros(PAIRS, np.uint8),
        np.zeros(PAIRS, np.uint8),
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
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
    )


@njit(nogil=True, cache=True)
def new_candidates():
    """No candidates."""
    return Candidates(
        np.zeros(CANDIDATES, np.int32),
        np.zeros(CANDIDATES, np.int32),
        np.zeros(CANDIDATES, np.int32),
        np.zeros(CANDIDATES, np.int32),
        np.zeros(COST_BUCKETS + 1, np.int32),
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
        np.zeros((2 * WORDS + 2, N), np.uint64),
        np.zeros(N, np.uint64),
        np.zeros((N, N), np.float32),
        np.zeros(SIMILARITY_BUCKETS, np.int64),
        np.zeros(BANDS + 1, np.int32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros(N, np.float32),
        np.zeros((5, max(N, PAIRS)), np.float32),
        np.full((ANCHORS, N), -1, np.int32),
        np.zeros(ANCHORS, np.float32),
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
CANDIDATES_TYPE = numba.typeof(new_candidates.py_func())
WORKSPACE = numba.typeof(new_workspace.py_func())
