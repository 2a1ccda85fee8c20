"""Elastic refinement: where the skin's distortion takes a minutia, told by all matched pairs but its own."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.kernels_workspace import DISPLACEMENT_STEPS, F32, MATCHED_TYPE, SIDE

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


@njit(
    types.int64(SIDE, SIDE, types.float32[:, ::1], types.float32[:, ::1]),
    nogil=True,
    cache=True,
)
def gather_matched(a, b, similarity, places):
    """Write the places of the matched pairs and their weights 0.2 + S; returns how many."""
    count = 0
    for i in range(a.n[0]):
        j = a.partner[i]
        if j < 0:
            continue
        places[0, count] = a.x[i]
        places[1, count] = a.y[i]
        places[2, count] = b.x[j]
        places[3, count] = b.y[j]
        places[4, count] = REFIT_WEIGHT + similarity[i, j]
        count += 1
    return count


@njit(types.int64(SIDE, SIDE, F32, F32, MATCHED_TYPE), nogil=True, cache=True)
def list_matched(a, b, x, y, matched):
    """List the matched pairs and by how much the rigid motion misses each; returns how many.

    x, y  float32 (64,), rigidly moved places of A
    """
    count = 0
    for i in range(a.n[0]):
        j = a.partner[i]
        if j < 0:
            continue
        matched.i[count] = i
        matched.x[count] = x[i]
        matched.y[count] = y[i]
        matched.miss_x[count] = b.x[j] - x[i]
        matched.miss_y[count] = b.y[j] - y[i]
        count += 1
    return count


@njit(
    types.void(types.int64, F32, F32, MATCHED_TYPE, types.int64, F32, F32),
    nogil=True,
    cache=True,
    error_model="numpy",
)
def displace(n, x, y, matched, count, elastic_x, elastic_y):
    """Move A's rigidly moved minutiae by the mean miss of the matched pairs around them.

    The weights are Gaussian (sigma 45 px) with a prior of 0.3 for no displacement. A pair never moves
    its own minutia, so a chance pair cannot pull its place onto itself.

    x, y                  float32 (64,), rigidly moved places of A's n minutiae
    elastic_x, elastic_y  float32 (64,), written
    """
    weight_sum, sum_x, sum_y = matched.weight, matched.sum_x, matched.sum_y
    weight_sum[:n] = PRIOR
    sum_x[:n] = ZERO
    sum_y[:n] = ZERO
    for k in range(count):
        own, xk, yk = matched.i[k], matched.x[k], matched.y[k]
        miss_x, miss_y = matched.miss_x[k], matched.miss_y[k]
        for i in range(n):
            dx = x[i] - xk
            dy = y[i] - yk
            exponent = (dx * dx + dy * dy) * INVERSE_TWICE_VARIANCE
            weight = DECAY[np.int32(min(exponent, EXPONENT_MAX) * STEPS + HALF)]
            counts = (exponent <= EXPONENT_MAX) & (np.int32(i) != own)
            weight = weight if counts else ZERO
            weight_sum[i] += weight
            sum_x[i] += weight * miss_x
            sum_y[i] += weight * miss_y
    for i in range(n):
        elastic_x[i] = x[i] + sum_x[i] / weight_sum[i]
        elastic_y[i] = y[i] + sum_y[i] / weight_sum[i]
