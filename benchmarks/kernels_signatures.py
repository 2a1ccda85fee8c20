"""Compiled loops over signatures that lie bit after bit: the first of all fingers, then the second of all.

A probe reads the rows of its own bits only, one in thirteen, and counts 64 fingers in one word.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit

BITS = 1 << 14
"""Of a signature, 2 kB."""

WORDS_AT_ONCE = 256
"""Words of a row that are counted before those of the next fingers: their counts stay in the first cache."""

ROWS_AT_ONCE = 8
PLANES_MAX = 15
ONE = np.uint64(1)


@njit("void(uint32[::1], uint16[::1], int64, uint64[:, ::1], uint16[::1])", nogil=True, cache=True)
def file_keys(starts, postings, first, bits, sizes):
    """Set the bits of references that are filed under keys.

    starts, postings  of an index: rows by key, counted from `first` on
    bits              uint64 (BITS, words), changed: finger 64 w + k is bit k of word w
    sizes             uint16 (fingers,), bits of each, increased
    """
    for key in range(len(starts) - 1):
        row = key & (BITS - 1)
        for place in range(starts[key], starts[key + 1]):
            finger = first + np.int64(postings[place])
            bit = ONE << np.uint64(finger & 63)
            if not bits[row, finger >> 6] & bit:
                bits[row, finger >> 6] |= bit
                sizes[finger] += np.uint16(1)


@njit(nogil=True, inline="always")
def both(a, b, c):
    """The sum of three bits and its carry, in each bit of a word."""
    either = a ^ b
    return either ^ c, (a & b) | (either & c)


@njit("void(uint64[:, ::1], int64[::1], int64, int64, uint64[:, ::1], int64)", nogil=True, cache=True)
def count(bits, rows, begin, words, planes, used):
    """How many of some rows each finger has, as binary numbers whose digits lie in planes.

    rows         int64 (k,), bits of the probe
    begin, words where in the rows to count
    planes       uint64 (PLANES_MAX, WORDS_AT_ONCE), increased
    used         planes that k needs
    """
    k = 0
    while k + ROWS_AT_ONCE <= len(rows):
        a, b, c, d = rows[k], rows[k + 1], rows[k + 2], rows[k + 3]
        e, f, g, h = rows[k + 4], rows[k + 5], rows[k + 6], rows[k + 7]
        for w in range(words):
            at = begin + w
            one, two_a = both(planes[0, w], bits[a, at], bits[b, at])
            one, two_b = both(one, bits[c, at], bits[d, at])
            two, four_a = both(planes[1, w], two_a, two_b)
            one, two_a = both(one, bits[e, at], bits[f, at])
            one, two_b = both(one, bits[g, at], bits[h, at])
            two, four_b = both(two, two_a, two_b)
            planes[0, w], planes[1, w] = one, two
            planes[2, w], carry = both(planes[2, w], four_a, four_b)
            for plane in range(3, used):
                held = planes[plane, w]
                planes[plane, w] = held ^ carry
                carry &= held
        k += ROWS_AT_ONCE
    while k < len(rows):
        for w in range(words):
            carry = bits[rows[k], begin + w]
            for plane in range(used):
                held = planes[plane, w]
                planes[plane, w] = held ^ carry
                carry &= held
        k += 1


@njit("void(uint64[:, ::1], int64, int64, uint16[::1])", nogil=True, cache=True)
def numbers_of(planes, w, used, shared):
    """The 64 numbers of one word of the planes: uint16 (64,), written."""
    shared[:] = np.uint16(0)
    for plane in range(used):
        word = planes[plane, w]
        for lane in range(64):
            shared[lane] |= np.uint16(((word >> np.uint64(lane)) & ONE) << np.uint64(plane))


@njit(
    "void(uint64[:, ::1], int64[::1], uint16[::1], float32[::1], float32[::1], float32[::1])",
    nogil=True,
    cache=True,
)
def strengths_of(bits, rows, sizes, expected, factor, strengths):
    """How far each finger shares more bits with a probe than chance would.

    bits       uint64 (BITS, words)
    rows       int64 (k,), bits of the probe
    sizes      uint16 (fingers,), bits of each finger
    expected   float32 (BITS + 1,), shared by chance, by the number of the finger's bits
    factor     float32 (BITS + 1,), likewise
    strengths  float32 (fingers,), written: (shared - expected) * factor
    """
    used = 3
    while len(rows) >> used:
        used += 1
    planes = np.empty((PLANES_MAX, WORDS_AT_ONCE), np.uint64)
    shared = np.empty(64, np.uint16)
    for begin in range(0, bits.shape[1], WORDS_AT_ONCE):
        words = min(WORDS_AT_ONCE, bits.shape[1] - begin)
        planes[:] = np.uint64(0)
        count(bits, rows, begin, words, planes, used)
        for w in range(words):
            numbers_of(planes, w, used, shared)
            first = 64 * (begin + w)
            for lane in range(min(64, len(sizes) - first)):
                size = sizes[first + lane]
                strengths[first + lane] = (np.float32(shared[lane]) - expected[size]) * factor[size]
