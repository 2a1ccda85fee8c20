"""What speaks for and against one hypothesis: sums over its matched pairs and its overlap, and the score."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import types

from musterpoint.comparison.kernels_bits import count_ones, kernel, lowest_one
from musterpoint.comparison.kernels_coverage import (
    BORDER_PX,
    CELL_PX,
    CELLS_A_SIDE,
    FIRST_SAMPLED,
    HALF_PX,
    are_covered,
)
from musterpoint.comparison.kernels_geometry import COS, COVERAGE, GEOMETRY, SIN, WEIGHTS
from musterpoint.comparison.kernels_lanes import (
    f32x16,
    fill_f32x16,
    fill_i32x16,
    floor_f32x16,
    ones,
    sqrt_f32x16,
    to_i32x16,
)
from musterpoint.comparison.kernels_refinement import matched_of
from musterpoint.comparison.kernels_support import first_ones
from musterpoint.comparison.kernels_workspace import F32, INPUTS, MATCHED_TYPE, SIDE, N

# The sums of one hypothesis, by place.
MATCHED = 0
SIMILARITY = 1
RESIDUAL_SQUARED = 2
AGREEMENT = 3
DIRECTION_X, DIRECTION_Y = 4, 5
NEIGHBOURING = 6
CONNECTED = 7
COUNT_A, QUALITY_A, UNMATCHED_A = 8, 9, 10
COUNT_B, QUALITY_B, UNMATCHED_B = 11, 12, 13
SHARED_CELLS = 14

MEAN, DEVIATION, WEIGHT = 0, 1, 2

LAST_SQUARED = np.float32(GEOMETRY.last_tolerance_px**2)
LAST_DIRECTION = np.float32(GEOMETRY.last_direction)
RADIUS_SQUARED = np.float32(GEOMETRY.connection_radius_px**2)
CONNECTION = np.float32(GEOMETRY.connection_tolerance_px)
CONNECTION_SLOPE = np.float32(GEOMETRY.connection_tolerance_slope)
HALF = np.float32(0.5)
ONE = np.float32(1.0)
SUMS_TYPE = types.float64[::1]


NONE = np.uint64(0)
LOWEST_BIT = np.uint64(1)
LANES = np.arange(16, dtype=np.float32)


@kernel(
    types.void(SIDE, SIDE, F32, F32, types.int64, types.float32[:, ::1], SUMS_TYPE),
    error_model="numpy",
)
def sum_matched(a, b, elastic_x, elastic_y, rotation, similarity, sums):
    """Sums over the matched pairs: similarity, distance, agreement weighed by quality, direction."""
    matched, alike, missed, agreed, along_x, along_y = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    bits = matched_of(a)
    while bits != NONE:
        i = np.int64(lowest_one(bits))
        bits &= bits - LOWEST_BIT
        j = a.partner[i]
        ex = elastic_x[i] - b.x[j]
        ey = elastic_y[i] - b.y[j]
        turn = ((b.direction[j] - a.direction[i] - rotation + 128) & 255) - 128
        ratio = np.float32(turn) / LAST_DIRECTION
        residual = (ex * ex + ey * ey) / LAST_SQUARED
        agreement = (ONE - HALF * residual) * (ONE - HALF * ratio * ratio)
        matched += 1.0
        alike += similarity[i, j]
        missed += residual
        agreed += a.quality[i] * b.quality[j] * agreement
        along_x += COS[a.direction[i]]
        along_y += SIN[a.direction[i]]
    sums[MATCHED] = matched
    sums[SIMILARITY] = alike
    sums[RESIDUAL_SQUARED] = missed
    sums[AGREEMENT] = agreed
    sums[DIRECTION_X] = along_x
    sums[DIRECTION_Y] = along_y


@kernel(types.void(MATCHED_TYPE, types.int64, SUMS_TYPE))
def sum_connected(matched, count, sums):
    """Count neighbouring matches, and those whose distance vector is the same in both images."""
    x, y, miss_x, miss_y = matched.x, matched.y, matched.miss_x, matched.miss_y
    radius, connection = fill_f32x16(RADIUS_SQUARED), fill_f32x16(CONNECTION)
    slope = fill_f32x16(CONNECTION_SLOPE)
    neighbouring, connected = NONE, NONE
    for k in range(count - 1):
        xk, yk = fill_f32x16(x[k]), fill_f32x16(y[k])
        miss_xk, miss_yk = fill_f32x16(miss_x[k]), fill_f32x16(miss_y[k])
        later = first_ones(count) & ~first_ones(k + 1)
        for m in range((k + 1) & ~15, count, 16):
            dx, dy = f32x16(x, m) - xk, f32x16(y, m) - yk
            squared = dx * dx + dy * dy
            near = ones(squared < radius) & (later >> np.uint64(m))
            if near != NONE:
                # Where both are missed by as much, the vector between them is the same.
                ex, ey = f32x16(miss_x, m) - miss_xk, f32x16(miss_y, m) - miss_yk
                tolerance = connection + slope * sqrt_f32x16(squared)
                neighbouring += count_ones(near)
                connected += count_ones(near & ones((ex * ex + ey * ey) < tolerance * tolerance))
    sums[NEIGHBOURING] = 2 * np.int64(neighbouring)
    sums[CONNECTED] = 2 * np.int64(connected)


@kernel(types.uint64(F32, F32, types.int64, COVERAGE))
def covered_of(x, y, n, coverage):
    """The places that lie on covered cells of the other image, as bits.

    x, y      float32 (80,), n of them
    coverage  int16 (128, 2), of the other template
    """
    half, border = fill_f32x16(HALF), fill_i32x16(np.int32(BORDER_PX))
    covered = NONE
    for i in range(0, n, 16):
        px = to_i32x16(floor_f32x16(f32x16(x, i) + half)) + border
        py = to_i32x16(floor_f32x16(f32x16(y, i) + half)) + border
        covered |= ones(are_covered(coverage, px, py)) << np.uint64(i)
    return covered & (~NONE >> np.uint64(N - n))


@kernel(types.void(SIDE, F32, F32, COVERAGE, SUMS_TYPE, types.int64))
def sum_overlap(side, x, y, coverage, sums, first):
    """Over the minutiae that the other image shows the place of, or that are matched.

    x, y      float32 (80,), places in the other image
    coverage  int16 (128, 2), of the other template
    sums      [first : first + 3] is written: count, quality, cubed quality of the unmatched
    """
    matched = matched_of(side)
    shown = matched | covered_of(x, y, side.n[0], coverage)
    sums[first] = np.int64(count_ones(shown))
    total, unmatched = 0.0, 0.0
    bits = shown
    while bits != NONE:
        total += np.float64(side.quality[np.int64(lowest_one(bits))])
        bits &= bits - LOWEST_BIT
    bits = shown & ~matched
    while bits != NONE:
        q = np.float64(side.quality[np.int64(lowest_one(bits))])
        unmatched += q * q * q
        bits &= bits - LOWEST_BIT
    sums[first + 1] = total
    sums[first + 2] = unmatched


@kernel(
    types.int64(COVERAGE, COVERAGE, types.float32, types.float32, F32),
)
def count_shared_cells(coverage_a, coverage_b, cosine, sine, motion):
    """Covered cells of A, every second row and column, that lie on covered cells of B."""
    count = NONE
    cxa, cya = fill_f32x16(motion[0]), motion[1]
    cxb, cyb = fill_f32x16(motion[2]), fill_f32x16(motion[3])
    c, s, half = fill_f32x16(cosine), fill_f32x16(sine), fill_f32x16(HALF)
    border, apart = fill_i32x16(np.int32(BORDER_PX)), fill_f32x16(np.float32(2 * CELL_PX))
    lanes = f32x16(LANES, 0)
    for row in range(FIRST_SAMPLED, CELLS_A_SIDE - FIRST_SAMPLED + 1, 2):
        first = max(np.int64(coverage_a[row, 0]), FIRST_SAMPLED)
        first += (first + 1) & 1
        past = min(np.int64(coverage_a[row, 1]), CELLS_A_SIDE - FIRST_SAMPLED + 1)
        dy = fill_f32x16(np.float32(CELL_PX * row + HALF_PX - BORDER_PX) - cya)
        for column in range(first, past, 32):
            begin = fill_f32x16(np.float32(CELL_PX * column + HALF_PX - BORDER_PX))
            dx = (begin + apart * lanes) - cxa
            px = to_i32x16(floor_f32x16(((c * dx - s * dy) + cxb) + half)) + border
            py = to_i32x16(floor_f32x16(((s * dx + c * dy) + cyb) + half)) + border
            here = first_ones(min((past - column + 1) >> 1, 16))
            count += count_ones(ones(are_covered(coverage_b, px, py)) & here)
    return np.int64(count)


@kernel(types.void(SUMS_TYPE, SUMS_TYPE), error_model="numpy")
def inputs_of(sums, inputs):
    """The ten inputs of the score, in the order of the parameters' file.

    inputs  float64 (10,), written
    """
    n = sums[MATCHED]
    matched = max(n, 1.0)
    overlap = math.sqrt(sums[COUNT_A] * sums[COUNT_B]) + 1.0
    quality = math.sqrt(sums[QUALITY_A] * sums[QUALITY_B]) + 0.5
    inputs[0] = math.log1p(n)
    inputs[1] = math.log1p(sums[SIMILARITY])
    inputs[2] = n / overlap
    inputs[3] = sums[AGREEMENT] / quality
    inputs[4] = math.sqrt(sums[RESIDUAL_SQUARED] / matched)
    inputs[5] = math.sqrt(sums[UNMATCHED_A] + sums[UNMATCHED_B])
    # False minutiae of one wet print have no partner either; of two good prints both sides' would have.
    inputs[6] = math.sqrt(min(sums[UNMATCHED_A], sums[UNMATCHED_B]))
    inputs[7] = sums[CONNECTED] / (sums[NEIGHBOURING] + 2.0)
    # Chance matches best where ridges run parallel: then all directions are the same.
    inputs[8] = math.sqrt(sums[DIRECTION_X] ** 2 + sums[DIRECTION_Y] ** 2) / matched
    inputs[9] = math.log1p(sums[SHARED_CELLS])


@kernel(types.float64(SUMS_TYPE, WEIGHTS, SUMS_TYPE), error_model="numpy")
def score_of(sums, weights, inputs):
    """Weighted sum of the standardised inputs, in nats.

    weights  float64 (4, 10): means, deviations, weights, and the intercept at [3, 0]
    inputs   float64 (10,), scratch
    """
    inputs_of(sums, inputs)
    score = weights[3, 0]
    for k in range(INPUTS):
        score += weights[WEIGHT, k] * (inputs[k] - weights[MEAN, k]) / weights[DEVIATION, k]
    return score
