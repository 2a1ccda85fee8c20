"""The filter against plain twins: keys of a template, what two share, and how an index is filed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gallery.people import fingers

from musterpoint.comparison import bare_minutiae
from musterpoint.gallery import kernels_index
from musterpoint.gallery import key_table as tables
from musterpoint.gallery.kernels_geometry import KEY_BITS, TOKENS
from musterpoint.gallery.key_table import key_table, keys_of, parse
from musterpoint.gallery.segment import NewReference, Segment
from musterpoint.templates import Template

ALL_CLASSES = np.ones(1 << 20, np.uint8)


def _keys(template: Template, weights: npt.NDArray[np.uint8] = ALL_CLASSES) -> list[int]:
    minutiae = bare_minutiae(template)
    keys, _ = keys_of(minutiae, np.array((0, len(minutiae))), weights)
    return [int(key) for key in keys]


def _mix(x: int) -> int:
    mask = (1 << 64) - 1
    x ^= x >> 31
    x = x * 0x9E3779B97F4A7C15 & mask
    x ^= x >> 29
    x = x * 0xBF58476D1CE4E5B9 & mask
    return x ^ x >> 32


def _plain_keys(template: Template) -> list[int]:
    """The definition, literally."""
    rows = [tuple(map(int, row)) for row in bare_minutiae(template)]
    strong = [(x, y, d & 255) for x, y, d in rows if d >> 8 >= TOKENS.quality_min]
    found: set[int] = set()
    for grid, (start, shift, nearest) in enumerate(TOKENS.grids):
        for one in strong:
            near = sorted(
                (
                    (other[0] - one[0]) ** 2 + (other[1] - one[1]) ** 2,
                    k,
                )
                for k, other in enumerate(strong)
            )
            near = [n for n in near if n[0] > 0 and int(nearest**2) <= n[0] <= TOKENS.reach_px**2]
            codes = [_plain_code(one, strong[k], start, shift) for _, k in near[: TOKENS.neighbours]]
            for a, b in itertools.combinations(codes, 2):
                token = _mix(_mix((min(a, b) << 20) + max(a, b)) + grid)
                found.add((token >> 24 & 0xFFFFF) * 4 + (token >> 50 & 3))
    return sorted(found)


def _plain_code(one: tuple[int, int, int], other: tuple[int, int, int], start: float, shift: int) -> int:
    angle = one[2] * 2 * math.pi / 256
    c, s = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    dx, dy = np.float32(other[0] - one[0]), np.float32(other[1] - one[1])
    u = math.floor(c * dx + s * dy + np.float32(0.5))
    v = math.floor(c * dy - s * dx + np.float32(0.5))
    ring = max(math.floor((math.hypot(u, v) - start) / 16 + 1e-9), 0)
    sector = min(math.floor(math.atan2(v, u) / (2 * math.pi) % 1 * 14 + 1e-9), 13)
    direction = 10 * ((other[2] - one[2] + shift) & 255) >> 8
    return (ring * 64 + sector) * 64 + direction


@pytest.mark.parametrize("number", range(5))
def test_keys_are_those_of_the_definition(number: int) -> None:
    template = fingers(5)[number]
    assert _keys(template) == _plain_keys(template)


def test_another_impression_shares_more_than_another_finger() -> None:
    first, again = fingers(20), fingers(20, 1)
    shared = [[len(set(_keys(a)) & set(_keys(b))) for b in first] for a in again]
    for k, row in enumerate(shared):
        assert row[k] == max(row)
    assert sum(shared[k][k] for k in range(20)) * 19 > 3 * (sum(map(sum, shared)) - np.trace(shared))


def test_a_template_without_minutiae_has_no_keys() -> None:
    nobody = fingers(1)[0].minutiae.take(np.array([], np.intp))
    assert keys_of(np.empty((0, 3), np.uint16), np.array((0, 0)), ALL_CLASSES)[0].size == 0
    assert len(nobody) == 0
    assert not key_table().chance(np.empty(0, np.uint32))[0].any()


def test_stop_list_leaves_keys_out_and_nothing_else() -> None:
    template = fingers(1)[0]
    weights = key_table().weights
    assert _keys(template, weights) == [key for key in _keys(template) if weights[key >> 2]]


def test_a_table_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        parse('{"version": 0}')


def test_the_table_is_what_its_fingers_make() -> None:
    made = parse(tables.make(fingers(50), origin="a test"))
    # Of 50 fingers the share of one is 2 %, below the share at which classes are stopped.
    assert 0 < np.count_nonzero(made.weights == 0) < np.count_nonzero(made.weights)
    assert made.keys_mean > 500


def _segment(keys_by_row: list[list[int]], filed_after: list[int]) -> Segment:
    segment = Segment()
    for row, keys in enumerate(keys_by_row):
        segment.append([_reference(row)])
        waiting = segment.waiting
        made = np.array(sorted(keys), np.uint32)
        segment.waiting = type(waiting)(
            np.concatenate((waiting.keys, made)), np.append(waiting.bounds, waiting.bounds[-1] + len(made))
        )
        if row in filed_after:
            segment._file()
    return segment


def _reference(row: int) -> NewReference:
    words = np.array((0, row), np.uint64)
    empty = np.empty((0, 3), np.uint16)
    return NewReference(identifier=words, visit=words, owner=row, position=0, minutiae=empty, mean=0)


KEYS = st.sets(st.integers(0, 40), max_size=12)


@settings(max_examples=25, deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=12), KEYS, st.sets(st.integers(0, 11), max_size=3), st.data())
def test_what_is_shared_does_not_depend_on_what_was_filed_when(
    rows: list[set[int]], probe: set[int], filed_after: set[int], data: st.DataObject
) -> None:
    asked = np.array(sorted(probe), np.uint32)
    weights = (asked % 5 + 1).astype(np.uint8)
    expected = [sum(key % 5 + 1 for key in row & probe) for row in rows]
    segment = _segment([sorted(row) for row in rows], sorted(filed_after))

    assert segment.view().shared(asked, weights).tolist() == expected

    removed = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    for row in removed:
        segment.changed("is_live")[row] = 0
    kept = [total for row, total in enumerate(expected) if row not in removed]
    assert segment.without_removed().view().shared(asked, weights).tolist() == kept


def test_an_index_lists_every_reference_under_each_of_its_keys_once() -> None:
    segment = _segment([[3, 5], [5], [0, (1 << KEY_BITS) - 1, 5]], [2])
    starts, postings = segment.filed.starts, segment.filed.postings
    under = {key: postings[starts[key] : starts[key + 1]].tolist() for key in (0, 3, 5, (1 << KEY_BITS) - 1)}
    assert under == {0: [2], 3: [0], 5: [0, 1, 2], (1 << KEY_BITS) - 1: [2]}
    assert len(postings) == 6


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-(2**20), 2**20), min_size=1, max_size=50), st.integers(1, 60))
def test_the_cut_of_a_list_keeps_enough_people(totals: list[int], count: int) -> None:
    array = np.array(totals, np.int32)
    least = kernels_index.total_of_place(array, count)
    assert np.count_nonzero(array >= least) >= min(count, len(totals))
