"""Compiled loops that draw random numbers and smooth random fields.

What decides the topology is integer arithmetic, or is quantised to integers before it is used, so
that a finger is the same on every machine. Floats are added and multiplied in one fixed order.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_BYTES = np.uint64(0x00FF00FF00FF00FF)
_SUM = np.uint64(0x0001000100010001)
_ONE = np.uint64(1)
_S8, _S11, _S27, _S30, _S31, _S48 = (np.uint64(n) for n in (8, 11, 27, 30, 31, 48))
_ROW = np.uint64(1 << 20)


@njit("uint64(uint64, uint64)", nogil=True, cache=True)
def word(key, n):
    """Number n of the stream `key`: splitmix64 (Steele, Lea and Flood 2014) by counter."""
    z = key + (n + _ONE) * _GOLDEN
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)


@njit("float64(uint64, uint64)", nogil=True, cache=True)
def uniform(key, n):
    """Number n of the stream, 0 <= u < 1."""
    return float(word(key, n) >> _S11) * (1.0 / 9007199254740992.0)


@njit("float64(uint64, uint64)", nogil=True, cache=True)
def normal(key, n):
    """Number n of the stream, mean 0, deviation 1: a sum of bytes needs neither log nor cos."""
    z = word(key, n)
    z = (z & _BYTES) + ((z >> _S8) & _BYTES)
    return (float((z * _SUM) >> _S48) - 1020.0) / 209.0


@njit("void(float32[:, ::1], uint64, float64, float64)", nogil=True, cache=True)
def add_noise(field, key, lattice_px, deviation):
    """Add smooth noise: a uniform cubic B-spline over a white lattice.

    The lattice is addressed by row and column, so that a larger field continues a smaller one.
    """
    height, width = field.shape
    rows = int((height - 1) / lattice_px) + 4
    columns = int((width - 1) / lattice_px) + 4
    lattice = np.empty((rows, columns), np.float32)
    for i in range(rows):
        for j in range(columns):
            # The spline keeps .479 of the lattice's deviation.
            lattice[i, j] = normal(key, np.uint64(i) * _ROW + np.uint64(j)) * deviation * 2.1
    weights = np.empty((max(height, width), 4), np.float32)
    first = np.empty(max(height, width), np.int64)
    for i in range(max(height, width)):
        position = i / lattice_px
        first[i] = int(position)
        f = position - first[i]
        weights[i, 0] = (1.0 - f) * (1.0 - f) * (1.0 - f) / 6.0
        weights[i, 1] = (3.0 * f * f * f - 6.0 * f * f + 4.0) / 6.0
        weights[i, 2] = (-3.0 * f * f * f + 3.0 * f * f + 3.0 * f + 1.0) / 6.0
        weights[i, 3] = f * f * f / 6.0
    line = np.empty(columns, np.float32)
    for y in range(height):
        top = first[y]
        for j in range(columns):
            line[j] = (
                weights[y, 0] * lattice[top, j]
                + weights[y, 1] * lattice[top + 1, j]
                + weights[y, 2] * lattice[top + 2, j]
                + weights[y, 3] * lattice[top + 3, j]
            )
        for x in range(width):
            left = first[x]
            field[y, x] += (
                weights[x, 0] * line[left]
                + weights[x, 1] * line[left + 1]
                + weights[x, 2] * line[left + 2]
                + weights[x, 3] * line[left + 3]
            )


@njit("float64(float64)", nogil=True, cache=True)
def smoothstep(t):
    """0 below 0, 1 above 1, a cubic between."""
    t = min(1.0, max(0.0, t))
    return t * t * (3.0 - 2.0 * t)


@njit("void(uint64, uint64[::1])", nogil=True, cache=True)
def fill_words(key, out):
    """Fill an array with the first words of a stream."""
    for n in range(out.shape[0]):
        out[n] = word(key, np.uint64(n))
