"""What speaks for and against one hypothesis: sums over its matched pairs and its overlap, and the score."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_coverage import (
    BORDER_PX,
    CELL_PX,
    CELLS_A_SIDE,
    FIRST_SAMPLED,
    HALF_PX,
    is_covered,
)
from musterpoint.comparison.kernels_geometry import COVERAGE, GEOMETRY, WEIGHTS
from musterpoint.comparison.kernels_workspace import F32, INPUTS, MATCHED_TYPE, SIDE

# The sums of one hypothesis, by place.
MATCHED = 0
SIMILARITY = 1
SIMILARITY_SQUARED = 2
RESIDUAL_SQUARED = 3
AGREEMENT = 4
NEIGHBOURING = 5
CONNECTED = 6
COUNT_A, QUALITY_A, UNMATCHED_A = 7, 8, 9
COUNT_B, QUALITY_B, UNMATCHED_B = 10, 11, 12
SHARED_CELLS = 13
SUPPORT = 14

MEAN, DEVIATION, WEIGHT = 0, 1, 2

LAST_SQUARED = np.float32(GEOMETRY.last_tolerance_px**2)
LAST_DIRECTION = np.float32(GEOMETRY.last_direction)
RADIUS_SQUARED = np.float32(GEOMETRY.connection_radius_px**2)
CONNECTION = np.float32(GEOMETRY.connection_tolerance_px)
CONNECTION_SLOPE = np.float32(GEOMETRY.connection_tolerance_slope)
HALF = np.float32(0.5)
ONE = np.float32(1.0)
SUMS_TYPE = types.float64[::1]


@njit(
    types.void(SIDE, SIDE, F32, F32, types.int64, types.float32[:, ::1], SUMS_TYPE),
    nogil=True,
    cache=True,
    error_model="numpy",
)
def sum_matched(a, b, elastic_x, elastic_y, rotation, similarity, sums):
    """Sums over the matched pairs: similarity, distance, agreement weighed by quality."""
    for i in range(a.n[0]):
        j = a.partner[i]
        if j < 0:
            continue
        ex = elastic_x[i] - b.x[j]
        ey = elastic_y[i] - b.y[j]
        turn = ((b.direction[j] - a.direction[i] - rotation + 128) & 255) - 128
        ratio = np.float32(turn) / LAST_DIRECTION
        residual = (ex * ex + ey * ey) / LAST_SQUARED
        agreement = (ONE - HALF * residual) * (ONE - HALF * ratio * ratio)
        sums[MATCHED] += 1.0
        sums[SIMILARITY] += similarity[i, j]
        sums[SIMILARITY_SQUARED] += similarity[i, j] * similarity[i, j]
        sums[RESIDUAL_SQUARED] += residual
        sums[AGREEMENT] += a.quality[i] * b.quality[j] * agreement


@njit(types.void(MATCHED_TYPE, types.int64, SUMS_TYPE), nogil=True, cache=True)
def sum_connected(matched, count, sums):
    """Count neighbouring matches, and those whose distance vector is the same in both images."""
    x, y, miss_x, miss_y = matched.x, matched.y, matched.miss_x, matched.miss_y
    neighbouring = 0
    connected = 0
    for k in range(count):
        xk, yk, miss_xk, miss_yk = x[k], y[k], miss_x[k], miss_y[k]
        for m in range(k + 1, count):
            dx = x[m] - xk
            dy = y[m] - yk
            squared = dx * dx + dy * dy
            # Where both are missed by as much, the vector between them is the same.
            ex = miss_x[m] - miss_xk
            ey = miss_y[m] - miss_yk
            tolerance = CONNECTION + CONNECTION_SLOPE * np.sqrt(squared)
            is_near = squared < RADIUS_SQUARED
            neighbouring += is_near
            connected += is_near & (ex * ex + ey * ey < tolerance * tolerance)
    sums[NEIGHBOURING] = 2 * neighbouring
    sums[CONNECTED] = 2 * connected


@njit(types.void(SIDE, F32, F32, COVERAGE, SUMS_TYPE, types.int64), nogil=True, cache=True)
def sum_overlap(side, x, y, coverage, sums, first):
    """Over the minutiae that the other image shows the place of, or that are matched.

    x, y      float32 (64,), places in the other image
    coverage  int16 (128, 2), of the other template
    sums      [first : first + 3] is increased: count, quality, cubed quality of the unmatched
    """
    for i in range(side.n[0]):
        is_matched = side.partner[i] >= 0
        if not is_matched and not is_covered(
            coverage, np.int64(np.floor(x[i] + HALF)), np.int64(np.floor(y[i] + HALF))
        ):
            continue
        q = np.float64(side.quality[i])
        sums[first] += 1.0
        sums[first + 1] += q
        if not is_matched:
            sums[first + 2] += q * q * q


@njit(
    types.int64(COVERAGE, COVERAGE, types.float32, types.float32, F32),
    nogil=True,
    cache=True,
)
def count_shared_cells(coverage_a, coverage_b, cosine, sine, motion):
    """Covered cells of A, every second row and column, that lie on covered cells of B."""
    count = 0
    cxa, cya, cxb, cyb = motion[0], motion[1], motion[2], motion[3]
    for row in range(FIRST_SAMPLED, CELLS_A_SIDE - FIRST_SAMPLED + 1, 2):
        first = max(np.int64(coverage_a[row, 0]), FIRST_SAMPLED)
        first += (first + 1) & 1
        past = min(np.int64(coverage_a[row, 1]), CELLS_A_SIDE - FIRST_SAMPLED + 1)
        dy = np.float32(CELL_PX * row + HALF_PX - BORDER_PX) - cya
        for column in range(first, past, 2):
            dx = np.float32(CELL_PX * column + HALF_PX - BORDER_PX) - cxa
            x = np.int64(np.floor((cosine * dx - sine * dy) + cxb + HALF))
            y = np.int64(np.floor((sine * dx + cosine * dy) + cyb + HALF))
            count += is_covered(coverage_b, x, y)
    return count


@njit(types.void(SUMS_TYPE, SUMS_TYPE), nogil=True, cache=True, error_model="numpy")
def inputs_of(sums, inputs):
    """The eleven inputs of the score, in the order of the parameters' file.

    inputs  float64 (11,), written
    """
    n = sums[MATCHED]
    matched = max(n, 1.0)
    overlap = math.sqrt(sums[COUNT_A] * sums[COUNT_B]) + 1.0
    quality = math.sqrt(sums[QUALITY_A] * sums[QUALITY_B]) + 0.5
    inputs[0] = math.log1p(n)
    inputs[1] = math.log1p(sums[SIMILARITY])
    inputs[2] = sums[SIMILARITY] / matched
    inputs[3] = n / overlap
    inputs[4] = sums[AGREEMENT] / quality
    inputs[5] = math.sqrt(sums[RESIDUAL_SQUARED] / matched)
    inputs[6] = math.log1p(sums[SUPPORT])
    inputs[7] = math.sqrt(sums[UNMATCHED_A] + sums[UNMATCHED_B])
    inputs[8] = sums[CONNECTED] / (sums[NEIGHBOURING] + 2.0)
    inputs[9] = sums[SIMILARITY_SQUARED] / matched
    inputs[10] = math.log1p(sums[SHARED_CELLS])


@njit(types.float64(SUMS_TYPE, WEIGHTS, SUMS_TYPE), nogil=True, cache=True, error_model="numpy")
def score_of(sums, weights, inputs):
    """Weighted sum of the standardised inputs, in nats.

    weights  float64 (4, 11): means, deviations, weights, and the intercept at [3, 0]
    inputs   float64 (11,), scratch
    """
    inputs_of(sums, inputs)
    score = weights[3, 0]
    for k in range(INPUTS):
        score += weights[WEIGHT, k] * (inputs[k] - weights[MEAN, k]) / weights[DEVIATION, k]
    return score
