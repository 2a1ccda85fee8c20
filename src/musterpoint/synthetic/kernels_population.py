"""Compiled loops that draw the minutiae of a finger without its ridges, for galleries of any size."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit

from musterpoint.synthetic.kernels import normal, uniform, word
from musterpoint.synthetic.kernels_flow import SINGULAR_MAX, draw_form, ridge_direction, wrap_half_turn
from musterpoint.synthetic.kernels_skin import draw_warp, place

SLOTS = 96
"""Minutiae of one template at most."""

_BOX_X_PX, _BOX_Y_PX = 300.0, 400.0
_DENSITY_PER_PX2 = 5.9e-4
_APART_PX = 13.5
_SCREENED_PX = 30.0
_NUMBERS_PER_CANDIDATE = np.uint64(16)
_NUMBERS_PER_MINUTIA = np.uint64(8)
_FALSE = np.uint64(4096)
_N = tuple(np.uint64(n) for n in range(64))
_TURN = 2.0 * math.pi


@njit("float64(float64[:, ::1], int64, int64, float64, float64)", nogil=True, cache=True)
def _waves(modes, begin, end, x, y):
    # A sum of sines: rows hold the wave vector, phase and amplitude.
    total = 0.0
    for k in range(begin, end):
        total += modes[k, 3] * math.sin(modes[k, 0] * x + modes[k, 1] * y + modes[k, 2])
    return total


@njit("void(uint64, float64[:, ::1])", nogil=True, cache=True)
def _draw_modes(key, modes):
    # Four that turn the ridges, and three of about 160 px that make the density uneven.
    for k in range(7):
        n = np.uint64(8 * k)
        modes[k, 2] = _TURN * uniform(key, n + _N[2])
        if k < 4:
            modes[k, 0] = _TURN / 200.0 * normal(key, n)
            modes[k, 1] = _TURN / 200.0 * normal(key, n + _N[1])
            modes[k, 3] = 0.09 / math.sqrt(2.0) * normal(key, n + _N[3])
        else:
            angle = _TURN * uniform(key, n)
            modes[k, 0] = _TURN / 160.0 * math.cos(angle)
            modes[k, 1] = _TURN / 160.0 * math.sin(angle)
            modes[k, 3] = math.sqrt(2.0 / 3.0)


@njit("float64(float64[::1], float64[:, ::1], float64[:, ::1], float64, float64)", nogil=True, cache=True)
def _direction(form, singular, modes, x, y):
    return ridge_direction(form, singular, x, y) + _waves(modes, 0, 4, x, y)


@njit(
    "int64(uint64, float64[::1], float64[:, ::1], float64[:, ::1], float64[:, ::1])", nogil=True, cache=True
)
def draw_minutiae(key, form, singular, modes, out):
    """Minutiae of one finger: charges where ridges diverge, on a background of random ones.

    out      float64 (96, 5): x, y, direction in radians with y down, 1 for an ending, 1 for a weak one
    returns  how many rows of `out` were filled
    """
    density = _DENSITY_PER_PX2 * math.exp(0.13 * normal(key, _N[0]))
    candidates = int(4.0 * density * _BOX_X_PX * _BOX_Y_PX + 0.5)
    count = 0
    for k in range(candidates):
        n = np.uint64(k + 1) * _NUMBERS_PER_CANDIDATE
        dx = _BOX_X_PX * (uniform(key, n) - 0.5)
        dy = _BOX_Y_PX * (uniform(key, n + _N[1]) - 0.5) + 15.0
        ex, ey = abs(dx) / 150.0, abs(dy) / (185.0 if dy < 0.0 else 215.0)
        if ex * ex * ex + ey * ey * ey >= 1.0:
            continue
        x, y = form[0] + dx, form[1] + 25.0 + dy
        apart = _APART_PX * (0.55 + 0.9 * uniform(key, n + _N[2]))
        nearest, other = 1e9, -1
        for m in range(count):
            squared = (x - out[m, 0]) ** 2 + (y - out[m, 1]) ** 2
            if squared < nearest:
                nearest, other = squared, m
        crowded = nearest < apart * apart
        for m in range(SINGULAR_MAX):
            if singular[m, 2] > 0.0:
                crowded |= (x - singular[m, 0]) ** 2 + (y - singular[m, 1]) ** 2 < 64.0
        if crowded:
            continue
        base = density * math.exp(0.22 * _waves(modes, 4, 7, x, y) - 0.07)
        angle = _direction(form, singular, modes, x, y)
        turn_x = wrap_half_turn(_direction(form, singular, modes, x + 3.0, y) - angle) / 3.0
        turn_y = wrap_half_turn(_direction(form, singular, modes, x, y + 3.0) - angle) / 3.0
        forced = 1.25 * (math.cos(angle) * turn_y - math.sin(angle) * turn_x) / form[5]
        intensity = math.sqrt(base * base + forced * forced)
        if uniform(key, n + _N[3]) * 4.0 * density >= intensity:
            continue
        if uniform(key, n + _N[4]) >= 0.5 * (1.0 + forced / intensity):
            angle += math.pi
        # Charges screen one another: close neighbours tend to point against each other.
        if uniform(key, n + _N[5]) < 0.30 and other >= 0 and nearest < _SCREENED_PX * _SCREENED_PX:
            if math.cos(angle - out[other, 2]) > 0.0:
                angle += math.pi
        out[count, 0], out[count, 1], out[count, 2] = x, y, angle
        out[count, 3] = 1.0 if uniform(key, n + _N[6]) < 0.55 else 0.0
        out[count, 4] = 1.0 if uniform(key, n + _N[7]) < 0.22 else 0.0
        count += 1
        if count == SLOTS:
            break
    return count


@njit(
    "int64(uint64, uint64, float64[::1], float64[::1], UniTuple(float64, 3), Tuple((int64, boolean)), int64,"
    " int16[:, ::1], uint16[::1], uint8[:, ::1])",
    nogil=True,
    cache=True,
)
def _record(key, n, care, warp, place_on_skin, kind, row, points, directions, kinds):
    # One minutia as it lies in the image; four numbers of the stream from n on.
    x, y, angle = place_on_skin
    ends = np.empty((2, 2))
    ends[0, 0], ends[0, 1] = x, y
    ends[1, 0], ends[1, 1] = x + 3.0 * math.cos(angle), y + 3.0 * math.sin(angle)
    place(warp, ends)
    turned = math.atan2(ends[1, 1] - ends[0, 1], ends[1, 0] - ends[0, 0]) + care[11] * normal(key, n)
    px = math.floor(ends[0, 0] + care[10] * normal(key, n + _N[1]) + 0.5)
    py = math.floor(ends[0, 1] + care[10] * normal(key, n + _N[2]) + 0.5)
    if not (0 <= px < care[13] and 0 <= py < care[14]):
        return row
    points[row, 0], points[row, 1] = px, py
    directions[row] = np.int64(math.floor(0.5 - turned / _TURN * 65536.0)) & 0xFFFF
    u = uniform(key, n + _N[3])
    quality = 0.1 + 0.5 * u * u if kind[1] else care[12] - (care[12] - 0.6) * u * u * u * math.sqrt(u)
    kinds[row, 0], kinds[row, 1] = kind[0], int(255.0 * quality)
    return row + 1


@njit(
    "int64(uint64, float64[::1], float64[::1], float64[:, ::1], int64, int64, int16[:, ::1], uint16[::1],"
    " uint8[:, ::1])",
    nogil=True,
    cache=True,
)
def observe(key, care, form, minutiae, count, begin, points, directions, kinds):
    """What one impression shows of a finger's minutiae; rows of the last three arrays from `begin` on.

    care     the five values of `draw_warp`; pressure; shares of strong and weak minutiae that are missed,
             of false ones and of wrong kinds; jitter in px and radians; best quality; image width, height
    returns  the row after the last one filled
    """
    warp = np.empty(16)
    width, height = care[13], care[14]
    draw_warp(key, care, width, height, form[0], form[1] + 25.0, warp)
    pressure = min(1.2, max(0.68, 1.0 + care[5] * normal(key, _N[40])))
    centre_x = form[0] + 8.0 * normal(key, _N[41])
    centre_y = form[1] + 20.0 + 10.0 * normal(key, _N[42])
    missed = 0.5 + uniform(key, _N[43])
    row = begin
    for k in range(count):
        n = np.uint64(k + 8) * _NUMBERS_PER_MINUTIA
        x, y, angle = minutiae[k, 0], minutiae[k, 1], minutiae[k, 2]
        ex = abs(x - centre_x) / (121.0 * pressure)
        ey = abs(y - centre_y) / ((157.0 if y < centre_y else 174.0) * pressure)
        if ex * ex * ex + ey * ey * ey >= 1.0:
            continue
        # What is missed is mostly there with a low quality, as an extractor would report it.
        low = uniform(key, n) < (care[7] if minutiae[k, 4] > 0.0 else care[6] * missed)
        kind = 1 if minutiae[k, 3] > 0.0 else 2
        if uniform(key, n + _N[1]) < care[9]:
            kind = 3 - kind
        if not low or uniform(key, n + _N[2]) < 0.6:
            row = _record(
                key, n + _N[3], care, warp, (x, y, angle), (kind, low), row, points, directions, kinds
            )
        # A false one lies somewhere near a true one, so that it lies in the contact too.
        m = n + _FALSE
        false = uniform(key, m)
        if false < care[8] + 0.10:
            x += 60.0 * (uniform(key, m + _N[1]) - 0.5)
            y += 60.0 * (uniform(key, m + _N[2]) - 0.5)
            angle = _TURN * uniform(key, m + _N[3])
            low = false >= care[8]
            row = _record(
                key, m + _N[4], care, warp, (x, y, angle), (kind, low), row, points, directions, kinds
            )
        if row - begin > SLOTS - 2:
            break
    return row


@njit(
    "void(uint64, int64, int64, int64, float64[::1], int64[::1], int16[:, ::1], uint16[::1], uint8[:, ::1])",
    nogil=True,
    cache=True,
)
def populate(seed, first, count, number, care, offsets, points, directions, kinds):
    """Impression `number` of the fingers first .. first + count - 1, end to end.

    offsets     int64 (count + 1,), filled: rows of finger k are offsets[k] .. offsets[k + 1] - 1
    points      int16 (count * 96, 2): x, y in px
    directions  uint16 (count * 96,), 1/65536 turn, counter-clockwise
    kinds       uint8 (count * 96, 2): kind, quality in 1/255
    """
    form, singular, modes = np.empty(6), np.empty((SINGULAR_MAX, 3)), np.empty((7, 4))
    minutiae = np.empty((SLOTS, 5))
    offsets[0] = 0
    for k in range(count):
        key = word(seed, np.uint64(first + k))
        draw_form(word(key, _N[0]), -1, form, singular)
        _draw_modes(word(key, _N[1]), modes)
        total = draw_minutiae(word(key, _N[2]), form, singular, modes, minutiae)
        occasion = word(word(key, _N[3]), np.uint64(number))
        offsets[k + 1] = observe(occasion, care, form, minutiae, total, offsets[k], points, directions, kinds)
