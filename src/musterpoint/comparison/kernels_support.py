"""Which pairs agree on one rigid motion: support of every pair by the others, and the rigid fit."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import types

from musterpoint.comparison.kernels_bits import kernel, lowest_one
from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.kernels_lanes import (
    choose,
    f32x16,
    fill_f32x16,
    fill_i32x16,
    fill_u64x8,
    i32x16,
    lanes_of,
    largest,
    ones,
    store_f32x16,
    u64x8,
)
from musterpoint.comparison.kernels_workspace import F32, PAIRS_TYPE, SIDE

TOLERANCE_SQUARED = np.float32(GEOMETRY.support_tolerance_px**2)
SLOPE_SQUARED = np.float32(GEOMETRY.support_tolerance_slope**2)
DIRECTION = np.int32(GEOMETRY.support_direction)
ZERO = np.float32(0.0)
ONE = np.float32(1.0)
TURN_MASK = np.int32(255)
NONE = np.uint64(0)
LOWEST_BIT = np.uint64(1)
EVERY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
UNITS_PER_RADIAN = 128.0 / math.pi


@kernel(types.uint64(types.int64))
def first_ones(count):
    """A word with the lowest `count` bits set, 1 to 64."""
    return EVERY >> np.uint64(64 - count)


@kernel(types.void(PAIRS_TYPE, types.int64), error_model="numpy")
def support(pairs, count):
    """Sum the similarities of the pairs that each pair's own motion explains.

    Pair t moves A by its two places and directions. Pair k supports it with S_k (1 - e^2 / tol^2),
    e the distance by which the motion misses b_k; the tolerance grows with the distance of a_k.
    `supported` keeps, for every k, the pairs t that it supports as bits.
    """
    total = pairs.support
    within, slope = fill_f32x16(TOLERANCE_SQUARED), fill_f32x16(SLOPE_SQUARED)
    turn, turns, whole = fill_i32x16(DIRECTION - 1), fill_i32x16(2 * DIRECTION - 1), fill_i32x16(TURN_MASK)
    one, zero = fill_f32x16(ONE), fill_f32x16(ZERO)
    for t in range(0, count, 16):
        store_f32x16(total, t, zero)
    for k in range(count):
        xak, yak = fill_f32x16(pairs.xa[k]), fill_f32x16(pairs.ya[k])
        xbk, ybk = fill_f32x16(pairs.xb[k]), fill_f32x16(pairs.yb[k])
        rotation, similarity = fill_i32x16(pairs.rotation[k]), fill_f32x16(pairs.similarity[k])
        ik, jk = fill_i32x16(pairs.i[k]), fill_i32x16(pairs.j[k])
        bits = NONE
        # Sixteen t at once: the sum of every t runs over k in order.
        for t in range(0, count, 16):
            dx, dy = xak - f32x16(pairs.xa, t), yak - f32x16(pairs.ya, t)
            cosine, sine = f32x16(pairs.cosine, t), f32x16(pairs.sine, t)
            ex = (xbk - f32x16(pairs.xb, t)) - (cosine * dx - sine * dy)
            ey = (ybk - f32x16(pairs.yb, t)) - (sine * dx + cosine * dy)
            squared = ex * ex + ey * ey
            tolerance = within + slope * (dx * dx + dy * dy)
            turned = ((rotation - i32x16(pairs.rotation, t)) + turn) & whole
            agrees = (squared < tolerance) & (turned < turns)
            agrees = agrees & ((ik != i32x16(pairs.i, t)) & (jk != i32x16(pairs.j, t)))
            found = ones(agrees) & (first_ones(count) >> np.uint64(t))
            if found != NONE:
                term = similarity * (one - squared / tolerance)
                store_f32x16(total, t, f32x16(total, t) + choose(lanes_of(found), term, zero))
                bits |= found << np.uint64(t)
        pairs.supported[k] = bits


@kernel(types.uint64(PAIRS_TYPE, types.int64, types.int64))
def members_of(pairs, count, t):
    """Pair t and the pairs that support it, as bits."""
    anchor = LOWEST_BIT << np.uint64(t)
    wanted, none = fill_u64x8(anchor), fill_u64x8(NONE)
    members = NONE
    for k in range(0, count, 8):
        members |= ones((u64x8(pairs.supported, k) & wanted) != none) << np.uint64(k)
    return (members & first_ones(count)) | anchor


@kernel(types.int64(PAIRS_TYPE, types.int64, types.uint64))
def best_anchor(pairs, count, used):
    """The unused pair with the largest support above zero, the first among equals; -1 if there is none.

    used  pairs as bits
    """
    free = ~used & first_ones(count)
    best = fill_f32x16(ZERO)
    for t in range(0, count, 16):
        here = choose(lanes_of(free >> np.uint64(t)), f32x16(pairs.support, t), fill_f32x16(ZERO))
        best = choose(best < here, here, best)
    highest = largest(best)
    if highest == ZERO:
        return -1
    for t in range(0, count, 16):
        bits = ones(f32x16(pairs.support, t) == fill_f32x16(highest)) & (free >> np.uint64(t))
        if bits != NONE:
            return t + np.int64(lowest_one(bits))
    return -1


@kernel(
    types.int64(types.float32[:, ::1], types.int64, F32),
    error_model="numpy",
)
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


@kernel(
    types.void(F32, F32, types.int64, types.float32, types.float32, F32, F32, F32),
)
def move(x, y, n, cosine, sine, motion, moved_x, moved_y):
    """Move A's places rigidly into B's image."""
    cxa, cya = fill_f32x16(motion[0]), fill_f32x16(motion[1])
    cxb, cyb = fill_f32x16(motion[2]), fill_f32x16(motion[3])
    c, s = fill_f32x16(cosine), fill_f32x16(sine)
    for i in range(0, n, 16):
        dx, dy = f32x16(x, i) - cxa, f32x16(y, i) - cya
        store_f32x16(moved_x, i, (c * dx - s * dy) + cxb)
        store_f32x16(moved_y, i, (s * dx + c * dy) + cyb)


@kernel(types.void(SIDE, types.float32, types.float32, F32, F32, F32))
def move_back(b, cosine, sine, motion, back_x, back_y):
    """Move B's minutiae into A's image by the inverse of a rigid motion."""
    cxa, cya = fill_f32x16(motion[0]), fill_f32x16(motion[1])
    cxb, cyb = fill_f32x16(motion[2]), fill_f32x16(motion[3])
    c, s = fill_f32x16(cosine), fill_f32x16(sine)
    for j in range(0, b.n[0], 16):
        dx, dy = f32x16(b.x, j) - cxb, f32x16(b.y, j) - cyb
        store_f32x16(back_x, j, (c * dx + s * dy) + cxa)
        store_f32x16(back_y, j, (c * dy - s * dx) + cya)
