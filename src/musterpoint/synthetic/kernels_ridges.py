"""Compiled loops that grow ridges out of noise and read their minutiae off."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit

from musterpoint.synthetic.kernels_flow import ORIENTATIONS, PERIOD_MAX_PX, PERIOD_MIN_PX, PERIODS


@njit("float64(int64)", nogil=True, cache=True)
def _period_px(number):
    return PERIOD_MIN_PX * math.exp(math.log(PERIOD_MAX_PX / PERIOD_MIN_PX) * number / (PERIODS - 1))


@njit("void(int16[::1], int64, float64, float64, float64, float64, boolean)", nogil=True, cache=True)
def _fill_kernel(kernel, size, angle, period, across, along, odd):
    # The cosine loses its mean under the envelope; the sine has none.
    middle = size // 2
    c, s = math.cos(angle), math.sin(angle)
    envelope, phase = np.empty((size, size)), np.empty((size, size))
    total, weighted = 0.0, 0.0
    for i in range(size):
        for j in range(size):
            u = (j - middle) * c + (i - middle) * s
            v = (i - middle) * c - (j - middle) * s
            envelope[i, j] = math.exp(-0.5 * ((u / along) ** 2 + (v / across) ** 2))
            phase[i, j] = 2.0 * math.pi * v / period
            total += envelope[i, j]
            weighted += envelope[i, j] * math.cos(phase[i, j])
    mean = weighted / total
    answer = 0.0
    for i in range(size):
        for j in range(size):
            answer += envelope[i, j] * (math.cos(phase[i, j]) - mean) * math.cos(phase[i, j])
    for i in range(size):
        for j in range(size):
            wave = math.sin(phase[i, j]) if odd else math.cos(phase[i, j]) - mean
            kernel[i * (size + 1) + j] = math.floor(4096.0 * envelope[i, j] * wave / answer + 0.5)


@njit("void(int16[:, ::1], int64, float64, float64, boolean)", nogil=True, cache=True)
def build_bank(bank, size, pixel_px, along, odd):
    """Oriented band-pass kernels, one flattened row each: period * 128 + orientation.

    bank      int16 (24 * 128, at least size * (size + 1)), zero; rows of a kernel are padded by one
    pixel_px  pixels at 500 ppi in one sample
    along     deviation of the Gaussian along the ridge, in periods
    odd       the sine instead of the cosine, at the same scale

    A cosine kernel answers its own cosine of amplitude 1 with 4096.
    """
    across = 0.40 if pixel_px > 1.0 else 0.36
    for number in range(PERIODS):
        period = _period_px(number) / pixel_px
        for orientation in range(ORIENTATIONS):
            angle = (orientation + 0.5) * math.pi / ORIENTATIONS
            row = number * ORIENTATIONS + orientation
            _fill_kernel(bank[row], size, angle, period, across * period, along * period, odd)


@njit(
    "void(int16[:, ::1], uint8[:, ::1], uint8[:, ::1], uint8[:, ::1], int16[:, ::1], int16[::1])",
    nogil=True,
    cache=True,
)
def grow(pattern, orientation_bin, period_bin, iterations, bank, table):
    """Let ridges grow out of noise: filter each pixel along its ridge, as often as `iterations` says."""
    height, width = pattern.shape
    old = np.zeros((height + 14, width + 16), np.int16)
    new = np.zeros((height + 14, width + 16), np.int16)
    last = 0
    for i in range(height):
        for j in range(width):
            old[i + 7, j + 7] = pattern[i, j]
            new[i + 7, j + 7] = pattern[i, j]
            last = max(last, iterations[i, j])
    patch = np.empty(240, np.int16)
    for t in range(last):
        for i in range(height):
            for j in range(width):
                if iterations[i, j] <= t:
                    continue
                for r in range(15):
                    for c in range(16):
                        patch[r * 16 + c] = old[i + r, j + c]
                row = bank[period_bin[i, j] * ORIENTATIONS + orientation_bin[i, j]]
                total = np.int32(0)
                for k in range(240):
                    total += np.int32(patch[k]) * np.int32(row[k])
                new[i + 7, j + 7] = table[min(1023, max(0, (total >> 12) + 512))]
        for i in range(height):
            for j in range(width):
                old[i + 7, j + 7] = new[i + 7, j + 7]
    for i in range(height):
        for j in range(width):
            pattern[i, j] = new[i + 7, j + 7]


@njit("int32(int16[:, ::1], int64, int64, int64)", nogil=True, cache=True)
def _between_rows(pattern, y, j, height):
    # Catmull-Rom at a quarter: sample 2i lies a quarter above half-grid row i, 2i + 1 a quarter below.
    i = y >> 1
    near = 1 if y & 1 else -1
    return (
        np.int32(-9) * pattern[min(height - 1, max(0, i - near)), j]
        + np.int32(111) * pattern[i, j]
        + np.int32(29) * pattern[min(height - 1, max(0, i + near)), j]
        + np.int32(-3) * pattern[min(height - 1, max(0, i + 2 * near)), j]
    )


@njit(
    "void(int16[:, ::1], uint8[:, ::1], uint8[:, ::1], boolean[:, ::1], int16[:, ::1], int16[:, ::1],"
    " int32[:, ::1], int32[:, ::1])",
    nogil=True,
    cache=True,
)
def quadrature(pattern, orientation_bin, period_bin, inside, bank_even, bank_odd, even, odd):
    """Bring the pattern to 500 ppi and filter it once by cosine and sine: even + i odd is its phase."""
    half_height, half_width = pattern.shape
    height, width = even.shape
    fine = np.zeros((height + 18, width + 20), np.int16)
    line = np.empty(half_width + 4, np.int32)
    for y in range(height):
        for j in range(half_width):
            line[j + 2] = _between_rows(pattern, y, j, half_height)
        line[0] = line[1] = line[2]
        line[half_width + 2] = line[half_width + 3] = line[half_width + 1]
        for x in range(width):
            j = (x >> 1) + 2
            near = 1 if x & 1 else -1
            total = -9 * line[j - near] + 111 * line[j] + 29 * line[j + near] - 3 * line[j + 2 * near]
            fine[y + 9, x + 9] = min(256, max(-256, (total + 8192) >> 14))
    patch = np.zeros(384, np.int16)
    for y in range(height):
        for x in range(width):
            if not inside[y >> 1, x >> 1]:
                even[y, x] = 0
                odd[y, x] = 0
                continue
            for r in range(19):
                for c in range(20):
                    patch[r * 20 + c] = fine[y + r, x + c]
            number = period_bin[y >> 1, x >> 1] * ORIENTATIONS + orientation_bin[y >> 1, x >> 1]
            cosine, sine = bank_even[number], bank_odd[number]
            first, second = np.int32(0), np.int32(0)
            for k in range(384):
                first += np.int32(patch[k]) * np.int32(cosine[k])
            for k in range(384):
                second += np.int32(patch[k]) * np.int32(sine[k])
            even[y, x] = first
            odd[y, x] = second


@njit("int64(int64, int64, int64, int64)", nogil=True, cache=True)
def _turns(e1, o1, e2, o2):
    # One edge's share of the winding number around the origin, in whole numbers.
    cross = e1 * o2 - e2 * o1
    if o1 <= 0 < o2 and cross > 0:
        return 1
    if o2 <= 0 < o1 and cross < 0:
        return -1
    return 0


@njit("UniTuple(float64, 2)(int64[::1], int64[::1])", nogil=True, cache=True)
def _zero_of(e, o):
    # Newton's method for the common zero of two bilinear patches; corners run around the cell.
    fx, fy = 0.5, 0.5
    for _ in range(6):
        ex = (1.0 - fy) * (e[1] - e[0]) + fy * (e[2] - e[3])
        ey = (1.0 - fx) * (e[3] - e[0]) + fx * (e[2] - e[1])
        ox = (1.0 - fy) * (o[1] - o[0]) + fy * (o[2] - o[3])
        oy = (1.0 - fx) * (o[3] - o[0]) + fx * (o[2] - o[1])
        ev = (1.0 - fy) * ((1.0 - fx) * e[0] + fx * e[1]) + fy * ((1.0 - fx) * e[3] + fx * e[2])
        ov = (1.0 - fy) * ((1.0 - fx) * o[0] + fx * o[1]) + fy * ((1.0 - fx) * o[3] + fx * o[2])
        determinant = ex * oy - ey * ox
        if determinant == 0.0:
            break
        fx = min(1.0, max(0.0, fx - (ev * oy - ov * ey) / determinant))
        fy = min(1.0, max(0.0, fy - (ov * ex - ev * ox) / determinant))
    return fx, fy


@njit(
    "int64(int32[:, ::1], int32[:, ::1], uint8[:, ::1], uint8[:, ::1], float64[:, ::1])",
    nogil=True,
    cache=True,
)
def vortices(even, odd, orientation_bin, period_bin, out):
    """Find the phase vortices: each is a place where one ridge more leaves than enters.

    out      float64 (capacity, 4): x, y, direction in radians with y down, 1 for an ending or 0
    returns  how many rows of `out` were filled

    The direction points to the side with one ridge more (Larkin and Fletcher 2007), which is into the
    ridge of an ending and into the valley of a bifurcation.
    """
    height, width = even.shape
    count = 0
    e, o = np.zeros(4, np.int64), np.zeros(4, np.int64)
    for y in range(height - 1):
        for x in range(width - 1):
            e[0], e[1], e[2], e[3] = even[y, x], even[y, x + 1], even[y + 1, x + 1], even[y + 1, x]
            positive = (e[0] > 0) + (e[1] > 0) + (e[2] > 0) + (e[3] > 0)
            if positive == 0 or positive == 4:
                continue
            o[0], o[1], o[2], o[3] = odd[y, x], odd[y, x + 1], odd[y + 1, x + 1], odd[y + 1, x]
            if (e[0] | o[0]) == 0 or (e[1] | o[1]) == 0 or (e[2] | o[2]) == 0 or (e[3] | o[3]) == 0:
                continue
            gauge = np.int64(orientation_bin[y >> 1, x >> 1])
            # The sine changes its sign where the direction's number wraps around.
            if abs(np.int64(orientation_bin[y >> 1, (x + 1) >> 1]) - gauge) > 64:
                o[1] = -o[1]
            if abs(np.int64(orientation_bin[(y + 1) >> 1, (x + 1) >> 1]) - gauge) > 64:
                o[2] = -o[2]
            if abs(np.int64(orientation_bin[(y + 1) >> 1, x >> 1]) - gauge) > 64:
                o[3] = -o[3]
            charge = 0
            for k in range(4):
                charge += _turns(e[k], o[k], e[(k + 1) & 3], o[(k + 1) & 3])
            if charge == 0 or count == out.shape[0]:
                continue
            fx, fy = _zero_of(e, o)
            angle = (gauge + 0.5) * math.pi / ORIENTATIONS
            if charge > 0:
                angle += math.pi
            ahead = 0.8 * _period_px(period_bin[y >> 1, x >> 1])
            ahead_x = math.floor(x + fx + ahead * math.cos(angle) + 0.5)
            ahead_y = math.floor(y + fy + ahead * math.sin(angle) + 0.5)
            out[count, 0] = x + fx
            out[count, 1] = y + fy
            out[count, 2] = angle
            out[count, 3] = 0.0
            if 0 <= ahead_x < width and 0 <= ahead_y < height and even[ahead_y, ahead_x] > 0:
                out[count, 3] = 1.0
            count += 1
    return count
