"""Elastic refinement: where the skin's distortion takes a minutia, told by all matched pairs but its own."""

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
    gather_f32x16,
    i32x16,
    least_of,
    ones,
    store_f32x16,
    to_i32x16,
)
from musterpoint.comparison.kernels_workspace import (
    DISPLACEMENT_STEPS,
    F32,
    MATCHED_TYPE,
    SIDE,
    N,
)

STEPS = np.float32(DISPLACEMENT_STEPS)
EXPONENT_MAX = np.float32(GEOMETRY.displacement_exponent_max)
INVERSE_TWICE_VARIANCE = np.float32(1.0 / (2.0 * GEOMETRY.displacement_sigma_px**2))
PRIOR = np.float32(GEOMETRY.displacement_prior)
DECAY = np.exp(
    -np.arange(int(GEOMETRY.displacement_exponent_max) * DISPLACEMENT_STEPS + 2) / DISPLACEMENT_STEPS
)
DECAY = DECAY.astype(np.float32)
HALF = np.float32(0.5)
ZERO = np.float32(0.0)
REFIT_WEIGHT = np.float32(GEOMETRY.refit_weight)


NONE = np.uint64(0)
LOWEST_BIT = np.uint64(1)


@kernel(types.uint64(SIDE))
def matched_of(side):
    """The matched minutiae of a side as bits."""
    bits = NONE
    nobody = fill_i32x16(np.int32(-1))
    for i in range(0, side.n[0], 16):
        bits |= ones(i32x16(side.partner, i) > nobody) << np.uint64(i)
    return bits & (~NONE >> np.uint64(N - side.n[0]))


@kernel(
    types.int64(SIDE, SIDE, types.float32[:, ::1], types.float32[:, ::1]),
)
def gather_matched(a, b, similarity, places):
    """Write the places of the matched pairs and their weights 0.2 + S; returns how many."""
    count = 0
    bits = matched_of(a)
    while bits != NONE:
        i = np.int64(lowest_one(bits))
        bits &= bits - LOWEST_BIT
        j = a.partner[i]
        places[0, count] = a.x[i]
        places[1, count] = a.y[i]
        places[2, count] = b.x[j]
        places[3, count] = b.y[j]
        places[4, count] = REFIT_WEIGHT + similarity[i, j]
        count += 1
    return count


@kernel(types.int64(SIDE, SIDE, F32, F32, MATCHED_TYPE))
def list_matched(a, b, x, y, matched):
    """List the matched pairs and by how much the rigid motion misses each; returns how many.

    x, y  float32 (80,), rigidly moved places of A
    """
    count = 0
    bits = matched_of(a)
    while bits != NONE:
        i = np.int64(lowest_one(bits))
        bits &= bits - LOWEST_BIT
        j = a.partner[i]
        matched.i[count] = i
        matched.x[count] = x[i]
        matched.y[count] = y[i]
        matched.miss_x[count] = b.x[j] - x[i]
        matched.miss_y[count] = b.y[j] - y[i]
        count += 1
    return count


@kernel(types.void(types.int64, types.int64, F32, F32, types.float32[:, ::1]))
def weigh(n, own, x, y, weights):
    """Write by how much a pair at minutia `own` moves each of A's: Gaussian, sigma 45 px, never itself."""
    xk, yk = fill_f32x16(x[own]), fill_f32x16(y[own])
    scale, beyond = fill_f32x16(INVERSE_TWICE_VARIANCE), fill_f32x16(EXPONENT_MAX)
    steps, half, zero = fill_f32x16(STEPS), fill_f32x16(HALF), fill_f32x16(ZERO)
    for i in range(0, n, 16):
        dx, dy = f32x16(x, i) - xk, f32x16(y, i) - yk
        exponent = (dx * dx + dy * dy) * scale
        place = to_i32x16(least_of(exponent, beyond) * steps + half)
        store_f32x16(weights, own * N + i, choose(exponent <= beyond, gather_f32x16(DECAY, place), zero))
    weights[own, own] = ZERO


@kernel(
    types.uint64(types.int64, F32, F32, MATCHED_TYPE, types.int64, types.uint64, F32, F32),
    error_model="numpy",
)
def displace(n, x, y, matched, count, known, elastic_x, elastic_y):
    """Move A's rigidly moved minutiae by the mean miss of the matched pairs around them.

    The weights are Gaussian (sigma 45 px) with a prior of 0.3 for no displacement. A pair never moves
    its own minutia, so a chance pair cannot pull its place onto itself.

    x, y                  float32 (80,), rigidly moved places of A's n minutiae
    known                 minutiae whose weights were written before, for the same x and y, as bits
    elastic_x, elastic_y  float32 (80,), written
    returns               minutiae whose weights are written now
    """
    weights = matched.weights
    for k in range(count):
        bit = LOWEST_BIT << np.uint64(matched.i[k])
        if known & bit == NONE:
            weigh(n, np.int64(matched.i[k]), x, y, weights)
            known |= bit
    for i in range(0, n, 16):
        weight_sum, sum_x, sum_y = fill_f32x16(PRIOR), fill_f32x16(ZERO), fill_f32x16(ZERO)
        for k in range(count):
            weight = f32x16(weights, np.int64(matched.i[k]) * N + i)
            weight_sum = weight_sum + weight
            sum_x = sum_x + weight * fill_f32x16(matched.miss_x[k])
            sum_y = sum_y + weight * fill_f32x16(matched.miss_y[k])
        store_f32x16(elastic_x, i, f32x16(x, i) + sum_x / weight_sum)
        store_f32x16(elastic_y, i, f32x16(y, i) + sum_y / weight_sum)
    return known
