"""The comparator's entry points: prepare one template, compare two, score a probe against many."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_assignment import assign, find_candidates, index_bands
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
from musterpoint.comparison.kernels_refinement import displace, gather_matched, list_matched
from musterpoint.comparison.kernels_score import (
    COUNT_A,
    COUNT_B,
    SHARED_CELLS,
    SUPPORT,
    count_shared_cells,
    score_of,
    sum_connected,
    sum_matched,
    sum_overlap,
)
from musterpoint.comparison.kernels_similarity import most_similar, similarities
from musterpoint.comparison.kernels_support import best_anchor, fit_rigid, mark_members, move, support
from musterpoint.comparison.kernels_workspace import SIDE, WORKSPACE, new_workspace

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
FULL_QUALITY = np.float32(255.0)
ONE = np.float32(1.0)
ZERO = np.float32(0.0)
NOTHING = -30_000
NEVER = -1e300


@njit(types.void(WORKSPACE, types.int64), nogil=True, cache=True)
def keep_best(w, rotation):
    """Keep the hypothesis at hand as the best so far."""
    for i in range(len(w.best_partner)):
        w.best_partner[i] = w.a.partner[i]
    for k in range(len(w.sums)):
        w.best_sums[k] = w.sums[k]
    for k in range(len(w.motion)):
        w.best_motion[k] = w.motion[k]
    w.best_rotation[0] = rotation


@njit(types.void(WORKSPACE, types.int32[::1], types.float64[::1], types.float64[::1]), nogil=True, cache=True)
def tell_best(w, partner, sums, motion):
    """Copy the best hypothesis out of the workspace."""
    for i in range(len(w.best_partner)):
        partner[i] = w.best_partner[i]
    for k in range(len(w.sums)):
        sums[k] = w.best_sums[k]
    for k in range(len(w.motion)):
        motion[k] = w.best_motion[k]
    motion[len(w.motion)] = w.best_rotation[0]


@njit(types.boolean(POINTS, POINTS), nogil=True, cache=True)
def comes_second(points_a, points_b):
    """Whether A comes after B in the canonical order: fewer minutiae first, then the smaller rows."""
    if len(points_a) != len(points_b):
        return len(points_a) > len(points_b)
    for i in range(len(points_a)):
        for column in (Y, X, DIRECTION, QUALITY):
            if points_a[i, column] != points_b[i, column]:
                return points_a[i, column] > points_b[i, column]
    return False


@njit(types.void(POINTS, SIDE), nogil=True, cache=True)
def load(points, side):
    """Spread a template's points over the columns of one side."""
    side.n[0] = len(points)
    for i in range(len(points)):
        side.x[i] = np.float32(points[i, X])
        side.y[i] = np.float32(points[i, Y])
        side.direction[i] = points[i, DIRECTION]
        side.quality[i] = np.float32(points[i, QUALITY]) / FULL_QUALITY


@njit(types.int64(WORKSPACE, types.int64), nogil=True, cache=True, error_model="numpy")
def match_hypotheses(w, count):
    """Match under the rigid motion of up to eight anchors; returns how many gave two pairs or more."""
    pairs, a, b = w.pairs, w.a, w.b
    pairs.is_used[:count] = 0
    found = 0
    for _ in range(ANCHORS_MAX):
        anchor = best_anchor(pairs, count)
        if anchor < 0:
            break
        mark_members(pairs, count, anchor)
        members = 0
        for k in range(count):
            if pairs.is_member[k]:
                w.places[0, members] = pairs.xa[k]
                w.places[1, members] = pairs.ya[k]
                w.places[2, members] = pairs.xb[k]
                w.places[3, members] = pairs.yb[k]
                w.places[4, members] = pairs.similarity[k]
                members += 1
        rotation = fit_rigid(w.places, members, w.motion)
        move(a.x, a.y, a.n[0], COS[rotation], SIN[rotation], w.motion, w.x, w.y)
        at = pairs.i[anchor]
        for i in range(a.n[0]):
            dx = w.x[i] - w.x[at]
            dy = w.y[i] - w.y[at]
            w.reach[i] = FIRST_TOLERANCE + FIRST_SLOPE * np.sqrt(dx * dx + dy * dy)
        listed = find_candidates(
            a, b, w.x, w.y, w.reach, rotation, FIRST_DIRECTION, w.similarity, w.bands, w.candidates
        )
        if assign(a, b, w.candidates, listed) < 2:
            continue
        rank = ZERO
        for i in range(a.n[0]):
            w.partners[found, i] = a.partner[i]
            if a.partner[i] >= 0:
                rank += w.similarity[i, a.partner[i]]
        w.ranks[found] = rank
        w.supports[found] = pairs.support[anchor]
        found += 1
    return found


@njit(types.int64(WORKSPACE, types.int64), nogil=True, cache=True, error_model="numpy")
def refine(w, hypothesis):
    """Refit a hypothesis and match it twice under elastic displacement.

    Leaves partners, places and motion in the workspace; returns the rotation in 1/256 turn,
    or -1 where fewer than two pairs remain.
    """
    a, b = w.a, w.b
    b.partner[: b.n[0]] = -1
    for i in range(a.n[0]):
        a.partner[i] = w.partners[hypothesis, i]
    count = gather_matched(a, b, w.similarity, w.places)
    rotation = fit_rigid(w.places, count, w.motion)
    move(a.x, a.y, a.n[0], COS[rotation], SIN[rotation], w.motion, w.x, w.y)
    matched = 0
    for step in range(2):
        count = list_matched(a, b, w.x, w.y, w.matched)
        displace(a.n[0], w.x, w.y, w.matched, count, w.ex, w.ey)
        w.reach[: a.n[0]] = SECOND_TOLERANCE if step == 0 else LAST_TOLERANCE
        direction_max = SECOND_DIRECTION if step == 0 else LAST_DIRECTION
        listed = find_candidates(
            a, b, w.ex, w.ey, w.reach, rotation, direction_max, w.similarity, w.bands, w.candidates
        )
        matched = assign(a, b, w.candidates, listed)
    return rotation if matched >= 2 else -1


@njit(
    types.void(WORKSPACE, COVERAGE, COVERAGE, types.int64, types.float32),
    nogil=True,
    cache=True,
    error_model="numpy",
)
def sum_hypothesis(w, coverage_a, coverage_b, rotation, anchor_support):
    """Fill the workspace's sums for the hypothesis that `refine` left there."""
    a, b = w.a, w.b
    w.sums[:] = 0.0
    cosine = COS[rotation]
    sine = SIN[rotation]
    sum_matched(a, b, w.ex, w.ey, rotation, w.similarity, w.sums)
    sum_connected(w.matched, list_matched(a, b, w.x, w.y, w.matched), w.sums)
    sum_overlap(a, w.ex, w.ey, coverage_b, w.sums, COUNT_A)
    w.sums[SHARED_CELLS] = count_shared_cells(coverage_a, coverage_b, cosine, sine, w.motion)
    w.sums[SUPPORT] = anchor_support
    # B's minutiae go back into A's image by the inverse rigid motion.
    for j in range(b.n[0]):
        dx = b.x[j] - w.motion[2]
        dy = b.y[j] - w.motion[3]
        w.back_x[j] = (cosine * dx + sine * dy) + w.motion[0]
        w.back_y[j] = (cosine * dy - sine * dx) + w.motion[1]
    sum_overlap(b, w.back_x, w.back_y, coverage_a, w.sums, COUNT_B)


@njit(
    types.int64(WORKSPACE, POINTS, NEIGHBOURS, CELLS, COVERAGE, POINTS, NEIGHBOURS, CELLS, COVERAGE, WEIGHTS),
    nogil=True,
    cache=True,
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
    similarities(neighbours_a, cells_a, neighbours_b, cells_b, w.columns, w.found, w.similarity)
    count = most_similar(w.a, w.b, w.similarity, w.histogram, w.pairs)
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
        sum_hypothesis(w, coverage_a, coverage_b, rotation, w.supports[hypothesis])
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
