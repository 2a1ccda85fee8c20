"""The comparator's entry points: prepare one template, compare two, score a probe against many."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_assignment import assign, find_candidates, index_bands
from musterpoint.comparison.kernels_bits import kernel, lowest_one
from musterpoint.comparison.kernels_geometry import (
    CELLS,
    COS,
    COVERAGE,
    DIRECTION,
    GEOMETRY,
    NEIGHBOURS,
    POINTS,
    QUALITY,
    SIN,
    WEIGHTS,
    X,
    Y,
    read_only,
)
from musterpoint.comparison.kernels_lanes import (
    f32x16,
    fill_f32x16,
    i32x16,
    sqrt_f32x16,
    store_f32x16,
    store_i32x16,
)
from musterpoint.comparison.kernels_refinement import displace, gather_matched, list_matched, matched_of
from musterpoint.comparison.kernels_score import (
    COUNT_A,
    COUNT_B,
    SHARED_CELLS,
    count_shared_cells,
    score_of,
    sum_connected,
    sum_matched,
    sum_overlap,
)
from musterpoint.comparison.kernels_similarity import most_similar, similarities
from musterpoint.comparison.kernels_support import (
    best_anchor,
    fit_rigid,
    members_of,
    move,
    move_back,
    support,
)
from musterpoint.comparison.kernels_workspace import PAIRS_TYPE, SIDE, WORKSPACE, N, new_workspace

MINUTIAE_MIN = GEOMETRY.minutiae_min
ANCHORS_MAX = GEOMETRY.anchors_max
REFINED_MAX = GEOMETRY.refined_max
FIRST_TOLERANCE = np.float32(GEOMETRY.first_tolerance_px)
FIRST_SLOPE = np.float32(GEOMETRY.first_tolerance_slope)
FIRST_DIRECTION = GEOMETRY.first_direction
SECOND_TOLERANCE = np.float32(GEOMETRY.second_tolerance_px)
SECOND_DIRECTION = GEOMETRY.second_direction
LAST_TOLERANCE = np.float32(GEOMETRY.last_tolerance_px)
LAST_DIRECTION = GEOMETRY.last_direction
QUALITIES = np.arange(256, dtype=np.float32) / np.float32(255.0)
FAR = np.float32(1e6)
NONE = np.uint64(0)
LOWEST_BIT = np.uint64(1)
ONE = np.float32(1.0)
ZERO = np.float32(0.0)
NOTHING = -30_000
NEVER = -1e300


@kernel(types.void(WORKSPACE, types.int64))
def keep_best(w, rotation):
    """Keep the hypothesis at hand as the best so far."""
    for i in range(len(w.best_partner)):
        w.best_partner[i] = w.a.partner[i]
    for k in range(len(w.sums)):
        w.best_sums[k] = w.sums[k]
    for k in range(len(w.motion)):
        w.best_motion[k] = w.motion[k]
    w.best_rotation[0] = rotation


@kernel(
    types.void(WORKSPACE, types.int32[::1], types.float64[::1], types.float64[::1]),
)
def tell_best(w, partner, sums, motion):
    """Copy the best hypothesis out of the workspace."""
    for i in range(len(w.best_partner)):
        partner[i] = w.best_partner[i]
    for k in range(len(w.sums)):
        sums[k] = w.best_sums[k]
    for k in range(len(w.motion)):
        motion[k] = w.best_motion[k]
    motion[len(w.motion)] = w.best_rotation[0]


@kernel(types.boolean(POINTS, POINTS))
def comes_second(points_a, points_b):
    """Whether A comes after B in the canonical order: fewer minutiae first, then the smaller rows."""
    if len(points_a) != len(points_b):
        return len(points_a) > len(points_b)
    for i in range(len(points_a)):
        for column in (Y, X, DIRECTION, QUALITY):
            if points_a[i, column] != points_b[i, column]:
                return points_a[i, column] > points_b[i, column]
    return False


@kernel(types.void(POINTS, SIDE))
def load(points, side):
    """Spread a template's points over the columns of one side."""
    n = len(points)
    side.n[0] = n
    for i in range(n):
        side.x[i] = np.float32(points[i, X])
        side.y[i] = np.float32(points[i, Y])
        side.direction[i] = points[i, DIRECTION]
        side.quality[i] = QUALITIES[points[i, QUALITY] & 255]
    far = fill_f32x16(FAR)
    store_f32x16(side.x, n, far)
    store_f32x16(side.y, n, far)


@kernel(types.int64(PAIRS_TYPE, types.uint64, types.float32[:, ::1]))
def gather_members(pairs, members, places):
    """Write the places of some pairs and their similarities; returns how many."""
    count = 0
    while members != NONE:
        k = np.int64(lowest_one(members))
        members &= members - LOWEST_BIT
        places[0, count] = pairs.xa[k]
        places[1, count] = pairs.ya[k]
        places[2, count] = pairs.xb[k]
        places[3, count] = pairs.yb[k]
        places[4, count] = pairs.similarity[k]
        count += 1
    return count


@kernel(types.void(WORKSPACE, types.int64))
def widen_reach(w, at):
    """Let A's minutiae reach the further, the further they are from minutia `at`."""
    x, y = fill_f32x16(w.x[at]), fill_f32x16(w.y[at])
    tolerance, slope = fill_f32x16(FIRST_TOLERANCE), fill_f32x16(FIRST_SLOPE)
    for i in range(0, w.a.n[0], 16):
        dx, dy = f32x16(w.x, i) - x, f32x16(w.y, i) - y
        store_f32x16(w.reach, i, tolerance + slope * sqrt_f32x16(dx * dx + dy * dy))


@kernel(types.float32(SIDE, types.float32[:, ::1]))
def similarity_of_matched(a, similarity):
    """Similarities of the matched pairs, added up."""
    total = ZERO
    bits = matched_of(a)
    while bits != NONE:
        i = np.int64(lowest_one(bits))
        bits &= bits - LOWEST_BIT
        total += similarity[i, a.partner[i]]
    return total


@kernel(types.int64(WORKSPACE, types.int64), error_model="numpy")
def match_hypotheses(w, count):
    """Match under the rigid motion of up to six anchors; returns how many gave two pairs or more."""
    pairs, a, b, similarity = w.pairs, w.a, w.b, w.alike.similarity
    used = NONE
    found = 0
    for _ in range(ANCHORS_MAX):
        anchor = best_anchor(pairs, count, used)
        if anchor < 0:
            break
        members = members_of(pairs, count, anchor)
        used |= members
        rotation = fit_rigid(w.places, gather_members(pairs, members, w.places), w.motion)
        move(a.x, a.y, a.n[0], COS[rotation], SIN[rotation], w.motion, w.x, w.y)
        widen_reach(w, np.int64(pairs.i[anchor]))
        listed = find_candidates(
            a, b, w.x, w.y, w.reach, rotation, FIRST_DIRECTION, similarity, w.bands, w.candidates
        )
        if assign(a, b, w.candidates, listed) < 2:
            continue
        for i in range(0, a.n[0], 16):
            store_i32x16(w.partners, found * N + i, i32x16(a.partner, i))
        w.ranks[found] = similarity_of_matched(a, similarity)
        found += 1
    return found


@kernel(types.int64(WORKSPACE, types.int64), error_model="numpy")
def refine(w, hypothesis):
    """Refit a hypothesis and match it twice under elastic displacement.

    Leaves partners, places and motion in the workspace; returns the rotation in 1/256 turn,
    or -1 where fewer than two pairs remain.
    """
    a, b, similarity = w.a, w.b, w.alike.similarity
    for i in range(0, a.n[0], 16):
        store_i32x16(a.partner, i, i32x16(w.partners, hypothesis * N + i))
    count = gather_matched(a, b, similarity, w.places)
    rotation = fit_rigid(w.places, count, w.motion)
    move(a.x, a.y, a.n[0], COS[rotation], SIN[rotation], w.motion, w.x, w.y)
    matched, known = 0, NONE
    for step in range(2):
        count = list_matched(a, b, w.x, w.y, w.matched)
        known = displace(a.n[0], w.x, w.y, w.matched, count, known, w.ex, w.ey)
        w.reach[: a.n[0]] = SECOND_TOLERANCE if step == 0 else LAST_TOLERANCE
        direction_max = SECOND_DIRECTION if step == 0 else LAST_DIRECTION
        listed = find_candidates(
            a, b, w.ex, w.ey, w.reach, rotation, direction_max, similarity, w.bands, w.candidates
        )
        matched = assign(a, b, w.candidates, listed)
    return rotation if matched >= 2 else -1


@kernel(
    types.void(WORKSPACE, COVERAGE, COVERAGE, types.int64),
    error_model="numpy",
)
def sum_hypothesis(w, coverage_a, coverage_b, rotation):
    """Fill the workspace's sums for the hypothesis that `refine` left there."""
    a, b = w.a, w.b
    cosine = COS[rotation]
    sine = SIN[rotation]
    sum_matched(a, b, w.ex, w.ey, rotation, w.alike.similarity, w.sums)
    sum_connected(w.matched, list_matched(a, b, w.x, w.y, w.matched), w.sums)
    sum_overlap(a, w.ex, w.ey, coverage_b, w.sums, COUNT_A)
    w.sums[SHARED_CELLS] = count_shared_cells(coverage_a, coverage_b, cosine, sine, w.motion)
    move_back(b, cosine, sine, w.motion, w.back_x, w.back_y)
    sum_overlap(b, w.back_x, w.back_y, coverage_a, w.sums, COUNT_B)


@kernel(
    types.int64(WORKSPACE, POINTS, NEIGHBOURS, CELLS, COVERAGE, POINTS, NEIGHBOURS, CELLS, COVERAGE, WEIGHTS),
    error_model="numpy",
)
def compare_ordered(
    w, points_a, neighbours_a, cells_a, coverage_a, points_b, neighbours_b, cells_b, coverage_b, weights
):
    """Score of two templates in canonical order, milli-nats; the best hypothesis stays in the workspace."""
    if min(len(points_a), len(points_b)) < MINUTIAE_MIN:
        return NOTHING
    load(points_a, w.a)
    load(points_b, w.b)
    index_bands(w.b, w.bands)
    similarities(neighbours_a, cells_a, neighbours_b, cells_b, w.alike)
    count = most_similar(w.a, w.b, w.alike, w.pairs)
    support(w.pairs, count)
    found = match_hypotheses(w, count)
    best = NEVER
    for _ in range(REFINED_MAX):
        hypothesis = -1
        for h in range(found):
            if w.ranks[h] >= ZERO and (hypothesis < 0 or w.ranks[h] > w.ranks[hypothesis]):
                hypothesis = h
        if hypothesis < 0:
            break
        w.ranks[hypothesis] = -ONE
        rotation = refine(w, hypothesis)
        if rotation < 0:
            continue
        sum_hypothesis(w, coverage_a, coverage_b, rotation)
        score = score_of(w.sums, weights, w.inputs)
        if score > best:
            best = score
            keep_best(w, rotation)
    return max(np.int64(np.floor(1000.0 * best + 0.5)), NOTHING) if best > NEVER else NOTHING


ROWS = read_only(types.int64, 1)


@njit(
    types.void(
        POINTS,
        NEIGHBOURS,
        CELLS,
        COVERAGE,
        POINTS,
        NEIGHBOURS,
        CELLS,
        read_only(types.int16, 3),
        ROWS,
        ROWS,
        WEIGHTS,
        types.int32[::1],
        types.int32[::1],
        types.float64[::1],
        types.float64[::1],
    ),
    nogil=True,
    cache=True,
)
def score_rows(
    points,
    neighbours,
    cells,
    coverage,
    all_points,
    all_neighbours,
    all_cells,
    all_coverages,
    offsets,
    rows,
    weights,
    scores,
    partner,
    sums,
    motion,
):
    """Scores of one probe against rows of a pack, and what the last of them rests on.

    offsets  int64 (N + 1,), where each reference's minutiae begin
    rows     int64 (k,), references to compare with
    scores   int32 (k,), written, milli-nats
    partner  int32 (64,), written: minutia of B by minutia of A, or -1; A comes first in canonical order
    sums     float64 (15,), written
    motion   float64 (5,), written: centre of A, centre of B (x, y), rotation of A in 1/256 turn
    """
    w = new_workspace()
    for k in range(len(rows)):
        row = rows[k]
        points_a, neighbours_a, cells_a, coverage_a = points, neighbours, cells, coverage
        points_b = all_points[offsets[row] : offsets[row + 1]]
        neighbours_b = all_neighbours[offsets[row] : offsets[row + 1]]
        cells_b = all_cells[offsets[row] : offsets[row + 1]]
        coverage_b = all_coverages[row]
        if comes_second(points_a, points_b):
            points_a, points_b = points_b, points_a
            neighbours_a, neighbours_b = neighbours_b, neighbours_a
            cells_a, cells_b = cells_b, cells_a
            coverage_a, coverage_b = coverage_b, coverage_a
        scores[k] = compare_ordered(
            w,
            points_a,
            neighbours_a,
            cells_a,
            coverage_a,
            points_b,
            neighbours_b,
            cells_b,
            coverage_b,
            weights,
        )
    tell_best(w, partner, sums, motion)
