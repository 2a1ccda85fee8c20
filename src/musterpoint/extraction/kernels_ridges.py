"""Measures ridges block by block: gradients, then the grey profile across the ridges."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

BLOCK = 16
ACROSS = 24
ALONG = 8
STRIDE = 2
LINES = 2 * ALONG // STRIDE + 1
PERIODS = 40
PERIOD_MIN = 3.0
PERIOD_MAX = 24.0

# An image is read-only, which a signature written as text cannot say.
_IMAGE = types.Array(types.uint8, 2, "C", readonly=True)


@njit(types.void(_IMAGE, types.float32[:, :, ::1]), nogil=True, cache=True)
def gradients(pixels, sums):
    """Sums over blocks of 16x16 pixels.

    pixels  uint8 (H, W)
    sums    float32 (H // 16, W // 16, 6), written: products of the central differences (xx, yy, xy) in grey
            levels per pixel, grey value, its square, pixels counted; the outermost pixels have no differences
    """
    height, width = pixels.shape
    for row in range(sums.shape[0]):
        for column in range(sums.shape[1]):
            xx, yy, xy, grey, square, count = 0.0, 0.0, 0.0, 0.0, 0.0, 0
            for y in range(max(row * BLOCK, 1), min((row + 1) * BLOCK, height - 1)):
                for x in range(max(column * BLOCK, 1), min((column + 1) * BLOCK, width - 1)):
                    dx = 0.5 * (float(pixels[y, x + 1]) - float(pixels[y, x - 1]))
                    dy = 0.5 * (float(pixels[y + 1, x]) - float(pixels[y - 1, x]))
                    value = float(pixels[y, x])
                    xx += dx * dx
                    yy += dy * dy
                    xy += dx * dy
                    grey += value
                    square += value * value
                    count += 1
            sums[row, column, 0] = xx
            sums[row, column, 1] = yy
            sums[row, column, 2] = xy
            sums[row, column, 3] = grey
            sums[row, column, 4] = square
            sums[row, column, 5] = count


@njit("float64[:, :, ::1]()", nogil=True, cache=True)
def _waves():
    """Tapered cosines and sines of each period: (periods, 2, samples)."""
    length = 2 * ACROSS + 1
    waves = np.empty((PERIODS, 2, length))
    for k in range(PERIODS):
        step = 2 * math.pi / (PERIOD_MIN * (PERIOD_MAX / PERIOD_MIN) ** (k / (PERIODS - 1)))
        for i in range(length):
            taper = 0.5 * (1 + math.cos(math.pi * (i - ACROSS) / (ACROSS + 1)))
            waves[k, 0, i] = taper * math.cos(step * (i - ACROSS))
            waves[k, 1, i] = taper * math.sin(step * (i - ACROSS))
    return waves


@njit("void(float64[::1], float64[:, :, ::1], float64, float32[::1])", nogil=True, cache=True)
def _analyse(profile, waves, variance, out):
    length = len(profile)
    ordered = np.sort(profile)
    low, high = ordered[length // 10], ordered[length - 1 - length // 10]
    dark = 0
    mean, slope, spread = 0.0, 0.0, 0.0
    for i in range(length):
        mean += profile[i] / length
        slope += profile[i] * (i - ACROSS)
        spread += (i - ACROSS) * (i - ACROSS)
        if profile[i] < 0.5 * (low + high):
            dark += 1
    slope /= spread
    energy, plain, weight = 0.0, 0.0, 0.0
    for i in range(length):
        plain += (profile[i] - mean) ** 2 / length
        profile[i] -= mean + slope * (i - ACROSS)
        taper = 0.5 * (1 + math.cos(math.pi * (i - ACROSS) / (ACROSS + 1)))
        energy += taper * profile[i] * profile[i]
        weight += taper
    best_power, best = 0.0, 0
    for k in range(PERIODS):
        real, imaginary = 0.0, 0.0
        for i in range(length):
            real += profile[i] * waves[k, 0, i]
            imaginary += profile[i] * waves[k, 1, i]
        power = real * real + imaginary * imaginary
        if power > best_power:
            best_power, best = power, k
    out[0] = PERIOD_MIN * (PERIOD_MAX / PERIOD_MIN) ** (best / (PERIODS - 1))
    out[1] = min(2 * best_power / (weight * energy), 1.0) if energy > 1e-6 else 0.0
    out[2] = high - low
    out[3] = dark / length
    out[4] = min(plain / variance, 1.0)


@njit(
    types.void(_IMAGE, types.float32[:, ::1], types.boolean[:, ::1], types.float32[:, :, ::1]),
    nogil=True,
    cache=True,
)
def profiles(pixels, normal, wanted, measures):
    """The grey profile across the ridges of each block, averaged along them, and what it shows.

    pixels    uint8 (H, W)
    normal    float32 (rows, columns), radians: the direction across the ridges, y down
    wanted    bool (rows, columns): blocks to measure
    measures  float32 (rows, columns, 5), written where wanted:
              period in pixels of the strongest wave; its share of the profile's variance, 0..1;
              contrast, the profile's 90th minus 10th percentile in grey levels;
              share of the profile that is darker than halfway between those two, 0..1;
              the profile's share of the variance of all samples, 0..1: 1 where nothing changes along
    """
    height, width = pixels.shape
    length = 2 * ACROSS + 1
    profile = np.empty(length)
    waves = _waves()
    for row in range(wanted.shape[0]):
        for column in range(wanted.shape[1]):
            if not wanted[row, column]:
                continue
            angle = float(normal[row, column])
            cos, sin = math.cos(angle), math.sin(angle)
            middle_x, middle_y = column * BLOCK + 0.5 * (BLOCK - 1), row * BLOCK + 0.5 * (BLOCK - 1)
            total, square = 0.0, 0.0
            for i in range(length):
                line = 0.0
                for j in range(-ALONG, ALONG + 1, STRIDE):
                    x = middle_x + (i - ACROSS) * cos - j * sin
                    y = middle_y + (i - ACROSS) * sin + j * cos
                    x = min(max(x, 0.0), width - 1.001)
                    y = min(max(y, 0.0), height - 1.001)
                    left, top = int(x), int(y)
                    fx, fy = x - left, y - top
                    upper = (1 - fx) * pixels[top, left] + fx * pixels[top, left + 1]
                    lower = (1 - fx) * pixels[top + 1, left] + fx * pixels[top + 1, left + 1]
                    value = (1 - fy) * upper + fy * lower
                    line += value
                    square += value * value
                total += line
                profile[i] = line / LINES
            samples = length * LINES
            mean = total / samples
            variance = max(square / samples - mean * mean, 1e-6)
            _analyse(profile, waves, variance, measures[row, column])


@njit("int64(boolean[:, ::1], int32[:, ::1])", nogil=True, cache=True)
def label(mask, labels):
    """Number the connected parts of a mask from 1; neighbours by side or corner.

    mask    bool (rows, columns)
    labels  int32 (rows, columns), zero on entry, written
    returns how many parts there are
    """
    rows, columns = mask.shape
    stack = np.empty(rows * columns, np.int64)
    count = 0
    for start in range(rows * columns):
        if not mask[start // columns, start % columns] or labels[start // columns, start % columns] != 0:
            continue
        count += 1
        labels[start // columns, start % columns] = count
        stack[0] = start
        height = 1
        while height > 0:
            height -= 1
            row, column = stack[height] // columns, stack[height] % columns
            for y in range(max(row - 1, 0), min(row + 2, rows)):
                for x in range(max(column - 1, 0), min(column + 2, columns)):
                    if mask[y, x] and labels[y, x] == 0:
                        labels[y, x] = count
                        stack[height] = y * columns + x
                        height += 1
    return count
