"""Compiled loops that let ridges flow: their direction and period over a finger."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit

from musterpoint.synthetic.kernels import normal, smoothstep, uniform

WIDTH_PX = 416
HEIGHT_PX = 544
ORIENTATIONS = 128
PERIODS = 24
PERIOD_MIN_PX = 6.4
PERIOD_MAX_PX = 12.4
SINGULAR_MAX = 6
_RELAX = 0.3
_RELAX_LIMIT = 0.32
_GRID_PX = 8


@njit("void(float64[:, ::1], int64, float64, float64, float64)", nogil=True, cache=True)
def _set_singular(singular, k, x, y, charge):
    singular[k, 0], singular[k, 1], singular[k, 2] = x, y, charge


@njit("void(uint64, int64, float64[::1], float64[:, ::1])", nogil=True, cache=True)
def _place_two_cores(key, pattern, form, singular):
    cx, cy = form[0], form[1]
    tilt = normal(key, np.uint64(6))
    if pattern == 3:
        gap = 42.0 + 36.0 * uniform(key, np.uint64(11))
        size = 0.25 + 0.5 * uniform(key, np.uint64(12))
        tilt = size if tilt > 0.0 else -size
        spread, low = 45.0, 80.0
    else:
        gap = 7.0 + 31.0 * uniform(key, np.uint64(11))
        tilt *= 0.28
        spread, low = 55.0, 75.0
    across, down = -0.5 * gap * math.sin(tilt), 0.5 * gap * math.cos(tilt)
    _set_singular(singular, 0, cx - across, cy - down, 1.0)
    _set_singular(singular, 1, cx + across, cy + down, 1.0)
    for side in range(2):
        reach = 85.0 + spread * uniform(key, np.uint64(7 + 2 * side))
        depth = low + (140.0 - low) * uniform(key, np.uint64(8 + 2 * side))
        _set_singular(singular, 2 + side, cx + reach if side else cx - reach, cy + depth, -1.0)


@njit("int64(uint64, int64, float64[::1], float64[:, ::1])", nogil=True, cache=True)
def draw_form(key, pattern, form, singular):
    """Draw the class, if -1 is asked, and the parameters of a ridge flow.

    form      filled: centre x, centre y, bend, width of the bend, 1 for an arch, ridge period in px
    singular  filled: x, y, charge of cores and deltas
    returns   0 left loop, 1 right loop, 2 whorl, 3 double loop, 4 arch, 5 tented arch

    Each parameter has its own number in the stream, so that a new one shifts no other.
    """
    for k in range(singular.shape[0]):
        _set_singular(singular, k, 0.0, 0.0, 0.0)
    if pattern < 0:
        # The often cited natural frequencies of the classes, whorls split in two.
        u = uniform(key, np.uint64(0))
        pattern = (u >= 0.338) + (u >= 0.655) + (u >= 0.880) + (u >= 0.934) + (u >= 0.971)
    cx = 208.0 + 8.0 * normal(key, np.uint64(1))
    cy = 215.0 + 14.0 * normal(key, np.uint64(2))
    form[0], form[1] = cx, cy
    form[3] = 70.0 + 25.0 * uniform(key, np.uint64(3))
    form[4] = 1.0 if pattern == 4 else 0.0
    form[5] = min(10.8, max(7.6, 9.1 + 0.6 * normal(key, np.uint64(4))))
    least, most = 18.0, 30.0
    if pattern <= 1:
        least, most = 34.0, 46.0
        across = 70.0 + 55.0 * uniform(key, np.uint64(7))
        _set_singular(singular, 0, cx, cy, 1.0)
        below = cy + 85.0 + 65.0 * uniform(key, np.uint64(8))
        _set_singular(singular, 1, cx + across if pattern == 0 else cx - across, below, -1.0)
    elif pattern <= 3:
        _place_two_cores(key, pattern, form, singular)
    elif pattern == 4:
        least, most = 44.0, 58.0
    else:
        least, most = 34.0, 44.0
        below = cy + 85.0 + 50.0 * uniform(key, np.uint64(7))
        _set_singular(singular, 0, cx, cy + 25.0, 1.0)
        _set_singular(singular, 1, cx + 7.0 * normal(key, np.uint64(6)), below, -1.0)
    form[2] = (least + (most - least) * uniform(key, np.uint64(5))) * math.pi / 180.0
    return pattern


@njit("float64(float64[::1], float64[:, ::1], float64, float64)", nogil=True, cache=True)
def ridge_direction(form, singular, x, y):
    """Direction of the ridges at a point of the master, radians, y down; defined modulo pi only.

    form      centre x, centre y, bend in radians, width of the bend in px, 1 for an arch
    singular  x, y, charge: 1 a core, -1 a delta, 0 unused

    Sherlock and Monro 1993 (zeros and poles), and a bend that lets the outer ridges arch over the top.
    """
    angle = 0.0
    for k in range(singular.shape[0]):
        if singular[k, 2] != 0.0:
            angle += 0.5 * singular[k, 2] * math.atan2(singular[k, 1] - y, x - singular[k, 0])
    if form[4] == 0.0:
        strength = smoothstep((form[1] + 135.0 - y) / 170.0)
    else:
        fade = min(1.0, max(0.0, (form[1] - 20.0 - y) / 200.0))
        strength = smoothstep((form[1] + 190.0 - y) / 200.0) * (1.0 - 0.25 * fade)
    q = (x - form[0]) / form[3]
    return form[2] * strength * 2.6 * q / (1.0 + q * q + 0.35 * abs(q)) - angle


@njit(
    "void(float64[::1], float64[:, ::1], float32[:, ::1], float32[:, ::1], float32[:, ::1], float64[:, ::1])",
    nogil=True,
    cache=True,
)
def directions(form, singular, shift_x, shift_y, turn, out):
    """Ridge direction over the half grid, disturbed by smooth shifts and turns."""
    height, width = out.shape
    for i in range(height):
        for j in range(width):
            x = 2.0 * j + 0.5 + shift_x[i, j]
            y = 2.0 * i + 0.5 + shift_y[i, j]
            out[i, j] = ridge_direction(form, singular, x, y) + turn[i, j]


@njit("float64(float64)", nogil=True, cache=True)
def wrap_half_turn(angle):
    """The same angle modulo pi, in -pi/2 .. pi/2."""
    return angle - math.pi * math.floor(angle / math.pi + 0.5)


@njit("void(float64[:, ::1], float64[:, ::1], float64[:, ::1], float64[:, ::1])", nogil=True, cache=True)
def _stretch_operator(field, tx, ty, out):
    height, width = field.shape
    for i in range(height):
        for j in range(width):
            out[i, j] = 2e-4 * field[i, j]
    for i in range(height - 1):
        for j in range(width - 1):
            gx = (field[i, j + 1] - field[i, j]) / _GRID_PX
            gy = (field[i + 1, j] - field[i, j]) / _GRID_PX
            along = tx[i, j] * gx + ty[i, j] * gy
            p = (tx[i, j] * along + 0.3 * gx) / _GRID_PX
            q = (ty[i, j] * along + 0.3 * gy) / _GRID_PX
            out[i, j] -= p + q
            out[i, j + 1] += p
            out[i + 1, j] += q


@njit("void(float64[:, ::1], float64[:, ::1], float64[:, ::1], float64[:, ::1])", nogil=True, cache=True)
def _stretch_wanted(direction, tx, ty, residual):
    # Fills the tangents and the right-hand side: where ridges diverge, and how much.
    height, width = residual.shape
    for i in range(height):
        for j in range(width):
            tx[i, j] = math.cos(direction[4 * i + 2, 4 * j + 2])
            ty[i, j] = math.sin(direction[4 * i + 2, 4 * j + 2])
    for i in range(height - 1):
        for j in range(width - 1):
            here = direction[4 * i + 2, 4 * j + 2]
            dx = wrap_half_turn(direction[4 * i + 2, 4 * j + 6] - here) / _GRID_PX
            dy = wrap_half_turn(direction[4 * i + 6, 4 * j + 2] - here) / _GRID_PX
            divergence = min(0.03, max(-0.03, tx[i, j] * dy - ty[i, j] * dx))
            p = tx[i, j] * divergence / _GRID_PX
            q = ty[i, j] * divergence / _GRID_PX
            residual[i, j] -= p + q
            residual[i, j + 1] += p
            residual[i + 1, j] += q


@njit("void(float64[:, ::1], float64[:, ::1])", nogil=True, cache=True)
def _relax(field, out):
    # Blur with a deviation of one cell, remove the mean over the middle half, take a share.
    height, width = field.shape
    rows = np.empty((height, width))
    for i in range(height):
        for j in range(width):
            near = field[i, max(0, j - 1)] + field[i, min(width - 1, j + 1)]
            far = field[i, max(0, j - 2)] + field[i, min(width - 1, j + 2)]
            rows[i, j] = 0.40262 * field[i, j] + 0.24421 * near + 0.05448 * far
    mean, count = 0.0, 0
    for i in range(height):
        for j in range(width):
            near = rows[max(0, i - 1), j] + rows[min(height - 1, i + 1), j]
            far = rows[max(0, i - 2), j] + rows[min(height - 1, i + 2), j]
            out[i, j] = 0.40262 * rows[i, j] + 0.24421 * near + 0.05448 * far
            if height // 4 <= i < height - height // 4 and width // 4 <= j < width - width // 4:
                mean += out[i, j]
                count += 1
    mean /= count
    for i in range(height):
        for j in range(width):
            out[i, j] = min(_RELAX_LIMIT, max(-_RELAX_LIMIT, _RELAX * (out[i, j] - mean)))


@njit("void(float64[:, ::1], float64[:, ::1])", nogil=True, cache=True)
def stretch(direction, out):
    """Logarithm of the ridge period relative to its mean, on a grid of 8 px.

    Where ridges diverge, a constant period forces new ridges at the same places in every finger of a
    class. Skin stretches instead: minimise (t . grad l - div t)^2 + mu |grad l|^2 + nu l^2 by conjugate
    gradients.
    """
    height, width = out.shape
    tx, ty = np.empty((height, width)), np.empty((height, width))
    residual, image = np.zeros((height, width)), np.zeros((height, width))
    solution = np.zeros((height, width))
    _stretch_wanted(direction, tx, ty, residual)
    search = residual.copy()
    squared = 0.0
    for i in range(height):
        for j in range(width):
            squared += residual[i, j] * residual[i, j]
    for _ in range(60):
        if squared < 1e-20:
            break
        _stretch_operator(search, tx, ty, image)
        curvature = 0.0
        for i in range(height):
            for j in range(width):
                curvature += search[i, j] * image[i, j]
        step = squared / curvature
        before = squared
        squared = 0.0
        for i in range(height):
            for j in range(width):
                solution[i, j] += step * search[i, j]
                residual[i, j] -= step * image[i, j]
                squared += residual[i, j] * residual[i, j]
        for i in range(height):
            for j in range(width):
                search[i, j] = residual[i, j] + squared / before * search[i, j]
    _relax(solution, out)


@njit(
    "void(float64[:, ::1], float64[:, ::1], float32[:, ::1], float64, float64, uint8[:, ::1], uint8[:, ::1])",
    nogil=True,
    cache=True,
)
def quantise(direction, stretched, noise, period_px, centre_y, orientation_bin, period_bin):
    """Direction and period of the half grid as numbers of kernels in the banks."""
    height, width = direction.shape
    rows, columns = stretched.shape
    scale = (PERIODS - 1) / math.log(PERIOD_MAX_PX / PERIOD_MIN_PX)
    for i in range(height):
        gy = min(rows - 1.001, max(0.0, (i - 2) / 4.0))
        top = int(gy)
        fy = gy - top
        y = 2.0 * i + 0.5
        lower = 1.0 + 0.06 * min(1.0, max(-0.4, (y - centre_y - 60.0) / 180.0))
        for j in range(width):
            turn = direction[i, j] / math.pi
            turn -= math.floor(turn)
            orientation_bin[i, j] = int(turn * ORIENTATIONS) & (ORIENTATIONS - 1)
            gx = min(columns - 1.001, max(0.0, (j - 2) / 4.0))
            left = int(gx)
            fx = gx - left
            log_period = (1.0 - fy) * (
                (1.0 - fx) * stretched[top, left] + fx * stretched[top, left + 1]
            ) + fy * ((1.0 - fx) * stretched[top + 1, left] + fx * stretched[top + 1, left + 1])
            period = period_px * math.exp(log_period) * (1.0 + noise[i, j]) * lower
            number = math.floor(math.log(period / PERIOD_MIN_PX) * scale + 0.5)
            period_bin[i, j] = int(min(PERIODS - 1.0, max(0.0, number)))
