"""Compiled loops over the inverted index: file keys, add up what a probe shares with each reference."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, types

from musterpoint.comparison.kernels_bits import fetch_ahead
from musterpoint.comparison.kernels_geometry import read_only
from musterpoint.gallery.kernels_geometry import KEY_BITS, WEIGHT_STEP

KEYS = 1 << KEY_BITS
STRENGTH_MAX = 32_767
STRENGTH_MIN = -32_767
NO_REFERENCE = -32_768
NO_TOTAL = -(2**31)
LOWEST = -(1 << 17)
STEP_SHIFT = 4
STEPS = 1 << 16
LISTS_AHEAD, LINES_AHEAD, POSTINGS_A_LINE, AT_ONCE = 2, 8, 32, 8
STARTS = read_only(types.uint32, 1)
POSTINGS = read_only(types.uint16, 1)
U32 = read_only(types.uint32, 1)
U8 = read_only(types.uint8, 1)
I64 = read_only(types.int64, 1)
I16 = read_only(types.int16, 1)
SHARED = types.uint16[::1]


@njit(
    types.void(STARTS, POSTINGS, U32, I64, types.int64, types.uint32[::1], types.uint16[::1]),
    nogil=True,
    cache=True,
)
def file_keys(starts, postings, keys, bounds, first, new_starts, new_postings):
    """The postings of an index with more references filed behind those it has.

    starts        uint32 (2**22 + 1,), where the postings of each key begin
    postings      uint16, rows by key, ascending
    keys, bounds  keys of the new references end to end, and int64 (count + 1,) where each one's begin
    first         row of the first new reference
    new_starts    uint32 (2**22 + 1,), written
    new_postings  uint16 (len(postings) + len(keys),), written
    """
    new_starts[:] = 0
    for k in range(len(keys)):
        new_starts[keys[k]] += np.uint32(1)
    before = np.uint32(0)
    for key in range(KEYS):
        added = new_starts[key]
        held = starts[key + 1] - starts[key]
        for k in range(held):
            new_postings[before + k] = postings[starts[key] + k]
        # For now where the next new row of this key goes; afterwards that is where the next key begins.
        new_starts[key] = before + held
        before += held + added
    for row in range(len(bounds) - 1):
        for k in range(bounds[row], bounds[row + 1]):
            key = keys[k]
            new_postings[new_starts[key]] = np.uint16(first + row)
            new_starts[key] += np.uint32(1)
    for key in range(KEYS, 0, -1):
        new_starts[key] = new_starts[key - 1]
    new_starts[0] = 0


@njit(types.void(STARTS, POSTINGS, U32, U8, SHARED), nogil=True, cache=True)
def add_filed(starts, postings, keys, weights, shared):
    """Add each key's weight to every reference filed under it.

    weights  uint8 (k,), in steps of `WEIGHT_STEP`
    shared   uint16 (65536,), increased
    """
    # Half of the time would go into waiting for memory: the lists of keys are short, and lie anywhere.
    count = len(keys)
    places = np.empty(count, np.uint32)
    ends = np.empty(count, np.uint32)
    for k in range(count):
        places[k] = starts[keys[k]]
        ends[k] = starts[keys[k] + 1]
    for k in range(count):
        ahead = np.int64(places[min(k + LISTS_AHEAD, count - 1)])
        for line in range(LINES_AHEAD):
            fetch_ahead(postings, ahead + line * POSTINGS_A_LINE)
        place, end, weight = np.int64(places[k]), np.int64(ends[k]), np.uint16(weights[k])
        while place + AT_ONCE <= end:
            for step in range(AT_ONCE):
                shared[postings[place + step]] += weight
            place += AT_ONCE
        while place < end:
            shared[postings[place]] += weight
            place += 1


@njit(types.void(U32, I64, types.int64, U8, SHARED), nogil=True, cache=True)
def add_waiting(keys, bounds, first, weight_of_key, shared):
    """The same for references that are not filed yet: row `first` and those after it.

    weight_of_key  uint8 (2**22,), 0 for keys that the probe does not have
    """
    for row in range(len(bounds) - 1):
        total = np.uint16(0)
        for k in range(bounds[row], bounds[row + 1]):
            total += np.uint16(weight_of_key[keys[k]])
        shared[first + row] = total


@njit(
    types.void(read_only(types.uint16, 1), read_only(types.uint16, 1), I64, I64, types.int16[::1]),
    nogil=True,
    cache=True,
)
def strengths_of(shared, sizes, expected, factor, strengths):
    """How far what is shared exceeds what chance shares, in 1/64 of a spread; one for each reference.

    shared     uint16 (n,), in steps of `WEIGHT_STEP`
    sizes      uint16 (n,), keys of each reference, at most 8191
    expected   int64 (8192,), 1/256 units of weight, by the number of keys
    factor     int64 (8192,), 2**24 / spread, by the number of keys
    strengths  int16 (n,), written
    """
    for row in range(len(sizes)):
        size = sizes[row]
        excess = np.int64(shared[row]) * (256 * WEIGHT_STEP) - expected[size]
        strength = (excess * factor[size]) >> 26
        strengths[row] = min(max(strength, STRENGTH_MIN), STRENGTH_MAX)


@njit(
    types.void(I16, U32, U8, U8, types.int64, types.int16, types.int16[::1]),
    nogil=True,
    cache=True,
)
def keep_best(strengths, owners, positions, is_live, label, price, best):
    """Keep the strongest reference of each person for one finger of a probe.

    strengths  int16 (n,), of each reference of a segment
    owners     uint32 (n,), whose it is
    positions  uint8 (n,), 0 = unknown
    is_live    uint8 (n,), 0 for a reference that was removed
    label      position of the probe's finger, 0 = unknown
    price      taken off where both positions are known and differ
    best       int16 (people,), increased
    """
    for row in range(len(strengths)):
        if not is_live[row]:
            continue
        strength = np.int64(strengths[row])
        if label != 0 and positions[row] != 0 and positions[row] != label:
            strength = max(strength - price, STRENGTH_MIN)
        owner = owners[row]
        if strength > best[owner]:
            best[owner] = strength


@njit(types.void(types.int16[::1], types.int32[::1]), nogil=True, cache=True)
def add_best(best, totals):
    """Add one finger's best strengths to people's totals and forget them; nobody without any has a total."""
    for person in range(len(best)):
        if best[person] == NO_REFERENCE:
            totals[person] = NO_TOTAL
        else:
            totals[person] += best[person]
        best[person] = NO_REFERENCE


@njit(types.int32(read_only(types.int32, 1), types.int64), nogil=True, cache=True)
def total_of_place(totals, count):
    """A total that at least `count` people reach, and few more; the lowest of all where there are fewer."""
    steps = np.zeros(STEPS + 1, np.int64)
    for person in range(len(totals)):
        if totals[person] != NO_TOTAL:
            step = (np.int64(totals[person]) - LOWEST) >> STEP_SHIFT
            steps[min(max(step, 0), STEPS)] += 1
    above = 0
    for step in range(STEPS, 0, -1):
        above += steps[step]
        if above >= count:
            return np.int32((step << STEP_SHIFT) + LOWEST)
    return np.int32(NO_TOTAL + 1)


@njit(types.int64(read_only(types.int32, 1), types.int32, types.int64[::1]), nogil=True, cache=True)
def people_from(totals, least, people):
    """Who has at least this total; returns how many.

    people  int64 (len(totals),), written
    """
    count = 0
    for person in range(len(totals)):
        if totals[person] >= least:
            people[count] = person
            count += 1
    return count


@njit(types.void(U32, U8, U8, types.uint16[::1]), nogil=True, cache=True)
def mark_people(owners, positions, is_live, people):
    """Mark who has a reference of which position.

    people  uint16 (people,), bit 1 << position for each that there is
    """
    for row in range(len(owners)):
        if is_live[row]:
            people[owners[row]] |= np.uint16(1 << np.int64(positions[row]))


@njit(
    types.void(STARTS, POSTINGS, read_only(types.int32, 1), types.uint32[::1], types.uint16[::1]),
    nogil=True,
    cache=True,
)
def drop_rows(starts, postings, places, new_starts, new_postings):
    """An index without some of its references.

    places        int32 (rows,), new row of each reference, -1 for those dropped
    new_starts    uint32 (2**22 + 1,), written
    new_postings  uint16, written; has room for all that remain
    """
    kept = np.uint32(0)
    for key in range(KEYS):
        new_starts[key] = kept
        for k in range(starts[key], starts[key + 1]):
            place = places[postings[k]]
            if place >= 0:
                new_postings[kept] = np.uint16(place)
                kept += np.uint32(1)
    new_starts[KEYS] = kept
