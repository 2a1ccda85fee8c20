"""Compiled loops that make chimeras, see `chimeras`."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit

MINUTIAE_MAX = 64
APART_SQUARED_PX = 64
DROPPED = 0.12
TURN_SIGMA = 0.17
DIRECTION_SIGMA = 2.5
DISTORTION_PX = 5.0
WAVE_PX = 220.0


@njit(cache=False)
def _wave(field, x, y):
    total = 0.0
    for k in range(3):
        total += math.sin(field[k, 0] * x + field[k, 1] * y + field[k, 2])
    return DISTORTION_PX * math.sqrt(2.0 / 3.0) * total


@njit(cache=False)
def _add_half(one, side, cut, turn, fields, out, n):
    # Minutiae of a print on one side of a line through its centre, distorted and turned.
    cosine, sine = math.cos(turn), math.sin(turn)
    cx, cy = one[:, 0].mean(), one[:, 1].mean()
    for k in range(len(one)):
        x, y = one[k, 0] - cx, one[k, 1] - cy
        if (x * math.cos(cut) + y * math.sin(cut) >= 0.0) != side or np.random.random() < DROPPED:
            continue
        moved_x, moved_y = x + _wave(fields[0], x, y), y + _wave(fields[1], x, y)
        px = round(cosine * moved_x - sine * moved_y)
        py = round(sine * moved_x + cosine * moved_y)
        is_free = n < MINUTIAE_MAX
        for m in range(n):
            if (out[m, 0] - px) ** 2 + (out[m, 1] - py) ** 2 < APART_SQUARED_PX:
                is_free = False
        if is_free:
            turned = one[k, 2] + turn * 128.0 / math.pi + np.random.normal() * DIRECTION_SIGMA
            out[n, 0], out[n, 1] = px, py
            out[n, 2], out[n, 3] = round(turned) & 255, one[k, 3]
            n += 1
    return n


@njit(cache=False)
def _print(minutiae, offsets, row):
    begin, end = offsets[row], offsets[row + 1]
    one = np.empty((end - begin, 4), np.float64)
    for k in range(end - begin):
        one[k, 0], one[k, 1] = minutiae[begin + k, 0], minutiae[begin + k, 1]
        one[k, 2], one[k, 3] = minutiae[begin + k, 2] & 255, minutiae[begin + k, 2] >> 8
    return one


@njit(cache=False)
def make(seed, minutiae, offsets, fingers, out, ends, parents):
    """Fill minutiae, ends and parents of as many chimeras as there is room for."""
    np.random.seed(seed)
    fields = np.empty((2, 3, 3))
    buffer = np.empty((MINUTIAE_MAX, 4), np.int64)
    for c in range(len(parents)):
        a = np.random.randint(len(fingers))
        b = np.random.randint(len(fingers))
        while fingers[a] == fingers[b]:
            b = np.random.randint(len(fingers))
        parents[c, 0], parents[c, 1] = a, b
        cut, turn = np.random.random() * 2.0 * math.pi, np.random.normal() * TURN_SIGMA
        n = 0
        for half in range(2):
            for axis in range(2):
                for k in range(3):
                    angle = np.random.random() * 2.0 * math.pi
                    number = 2.0 * math.pi / (WAVE_PX * (0.8 + 0.6 * np.random.random()))
                    fields[axis, k, 0], fields[axis, k, 1] = (
                        number * math.cos(angle),
                        number * math.sin(angle),
                    )
                    fields[axis, k, 2] = np.random.random() * 2.0 * math.pi
            one = _print(minutiae, offsets, a if half == 0 else b)
            if len(one):
                n = _add_half(one, half == 0, cut, turn, fields, buffer, n)
        # In the order of a template: by y, x, direction, quality, from the corner of the box.
        keys = np.empty(n, np.int64)
        left = buffer[:n, 0].min() if n else 0
        top = buffer[:n, 1].min() if n else 0
        for k in range(n):
            place = (buffer[k, 1] - top) * 4096 + buffer[k, 0] - left
            keys[k] = (place * 256 + buffer[k, 2]) * 256 + buffer[k, 3]
        keys.sort()
        begin = ends[c]
        for k in range(n):
            out[begin + k, 0], out[begin + k, 1] = (keys[k] >> 16) & 4095, keys[k] >> 28
            out[begin + k, 2] = ((keys[k] >> 8) & 255) | ((keys[k] & 255) << 8)
        ends[c + 1] = begin + n
