"""Which pairs agree on one rigid motion: support of every pair by the others, and the rigid fit."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.kernels_workspace import F32, PAIRS_TYPE

TOLERANCE_SQUARED = np.float32(GEOMETRY.support_tolerance_px**2)
SLOPE_SQUARED = np.float32(GEOMETRY.support_tolerance_slope**2)
DIRECTION = np.int32(GEOMETRY.support_direction)
ZERO = np.float32(0.0)
ONE = np.float32(1.0)
UNITS_PER_RADIAN = 128.0 / math.pi


@njit(types.void(PAIRS_TYPE, types.int64), nogil=True, cache=True, error_model="numpy")
def support(pairs, count):
    """Sum the similarities of the pairs that each pair's own motion explains.

    Pair t moves A by its two places and directions. Pair k supports it with S_k (1 - e^2 / tol^2),
    e the distance by which the motion misses b_k; the tolerance grows with the distance of a_k.
    """
    xa, ya, xb, yb = pairs.xa, pairs.ya, pairs.xb, pairs.yb
    rotation, cosine, sine, similarity = pairs.rotation, pairs.cosine, pairs.sine, pairs.similarity
    index_a, index_b, total = pairs.i, pairs.j, pairs.support
    total[:count] = ZERO
    for k in range(count):
        xak, yak, xbk, ybk = xa[k], ya[k], xb[k], yb[k]
        rotation_k, similarity_k, ik, jk = rotation[k], similarity[k], index_a[k], index_b[k]
        # One term a pair t: the sum of every t runs over k in order, and the loop vectorises.
        for t in range(count):
            dx = xak - xa[t]
            dy = yak - ya[t]
            ex = (xbk - xb[t]) - (cosine[t] * dx - sine[t] * dy)
            ey = (ybk - yb[t]) - (sine[t] * dx + cosine[t] * dy)
            squared = ex * ex + ey * ey
            tolerance = TOLERANCE_SQUARED + SLOPE_SQUARED * (dx * dx + dy * dy)
            turn = np.int32(((rotation_k - rotation[t] + 128) & 255) - 128)
            agrees = (
                (squared < tolerance)
                & (turn < DIRECTION)
                & (turn > -DIRECTION)
                & (ik != index_a[t])
                & (jk != index_b[t])
            )
            term = similarity_k * (ONE - squared / tolerance)
            total[t] += term if agrees else ZERO


@njit(types.void(PAIRS_TYPE, types.int64, types.int64), nogil=True, cache=True, error_model="numpy")
def mark_members(pairs, count, t):
    """Mark pair t and the pairs that support it as members of one hypothesis, and as used."""
    cosine, sine = pairs.cosine[t], pairs.sine[t]
    for k in range(count):
        dx = pairs.xa[k] - pairs.xa[t]
        dy = pairs.ya[k] - pairs.ya[t]
        ex = (pairs.xb[k] - pairs.xb[t]) - (cosine * dx - sine * dy)
        ey = (pairs.yb[k] - pairs.yb[t]) - (sine * dx + cosine * dy)
        squared = ex * ex + ey * ey
        tolerance = TOLERANCE_SQUARED + SLOPE_SQUARED * (dx * dx + dy * dy)
        turn = ((pairs.rotation[k] - pairs.rotation[t] + 128) & 255) - 128
        agrees = squared < tolerance and -DIRECTION < turn < DIRECTION
        differs = pairs.i[k] != pairs.i[t] and pairs.j[k] != pairs.j[t]
        pairs.is_member[k] = k == t or (agrees and differs)
        if pairs.is_member[k]:
            pairs.is_used[k] = True


@njit(types.int64(PAIRS_TYPE, types.int64), nogil=True, cache=True)
def best_anchor(pairs, count):
    """The unused pair with the largest support above zero, the first among equals; -1 if there is none."""
    best = -1
    largest = ZERO
    for t in range(count):
        if not pairs.is_used[t] and pairs.support[t] > largest:
            largest = pairs.support[t]
            best = t
    return best


@njit(types.int64(types.float32[:, ::1], types.int64, F32), nogil=True, cache=True, error_model="numpy")
def fit_rigid(places, count, motion):
    """Rotation in 1/256 turn that brings A's places onto B's with the least weighted squares.

    places  float32 (5, 64): xa, ya, xb, yb, weight
    motion  float32 (4,), written: centre of A (x, y), centre of B (x, y)
    """
    xa, ya, xb, yb, weight = places[0], places[1], places[2], places[3], places[4]
    total = ZERO
    cxa, cya, cxb, cyb = ZERO, ZERO, ZERO, ZERO
    for k in range(count):
        w = weight[k]
        total += w
        cxa += w * xa[k]
        cya += w * ya[k]
        cxb += w * xb[k]
        cyb += w * yb[k]
    cxa /= total
    cya /= total
    cxb /= total
    cyb /= total
    dot, cross = ZERO, ZERO
    for k in range(count):
        px = xa[k] - cxa
        py = ya[k] - cya
        qx = xb[k] - cxb
        qy = yb[k] - cyb
        dot += weight[k] * (px * qx + py * qy)
        cross += weight[k] * (px * qy - py * qx)
    motion[0] = cxa
    motion[1] = cya
    motion[2] = cxb
    motion[3] = cyb
    return np.int64(np.floor(math.atan2(np.float64(cross), np.float64(dot)) * UNITS_PER_RADIAN + 0.5)) & 255


@njit(types.void(F32, F32, types.int64, types.float32, types.float32, F32, F32, F32), nogil=True, cache=True)
def move(x, y, n, cosine, sine, motion, moved_x, moved_y):
    """Move A's places rigidly into B's image."""
    cxa, cya, cxb, cyb = motion[0], motion[1], motion[2], motion[3]
    for i in range(n):
        dx = x[i] - cxa
        dy = y[i] - cya
        moved_x[i] = (cosine * dx - sine * dy) + cxb
        moved_y[i] = (sine * dx + cosine * dy) + cyb
