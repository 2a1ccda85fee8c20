"""A prepared template holds the right minutiae, in an order that does not depend on how they came."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.comparison.impressions import degenerate, finger, moved, rows_of, shuffled, template_of

from musterpoint.comparison import prepare

seeds = st.integers(0, 10_000)


def test_weak_minutiae_are_left_out_and_unreported_quality_is_not_weak() -> None:
    prepared = prepare(template_of([(10, 10, 0, 25), (50, 20, 0, 26), (90, 30, 0, 0)]))

    assert prepared.points[:, 3].tolist() == [26, 230]
    assert prepared.source.tolist() == [1, 2]


def test_the_64_best_minutiae_are_kept() -> None:
    rows = [(7 * i, (31 * i) % 200, 0, 30 + i) for i in range(200)]

    prepared = prepare(template_of(rows))

    assert sorted(prepared.source.tolist()) == list(range(136, 200))


def test_of_equal_quality_those_nearest_to_the_centre_are_kept() -> None:
    prepared = prepare(template_of([(10 * i, 50, 0, 0) for i in range(200)]))

    assert sorted(prepared.source.tolist()) == list(range(68, 132))


def test_directions_turn_the_other_way_in_a_frame_whose_y_runs_down() -> None:
    rows = [
        (i, 10 * i, direction, 200) for i, direction in enumerate((0, 16384, 32768, 49152, 127, 128, 65535))
    ]

    prepared = prepare(template_of(rows))

    assert prepared.points[:, 2].tolist() == [0, 192, 128, 64, 0, 255, 0]


@given(seeds, seeds)
@settings(max_examples=30, deadline=None)
def test_the_order_of_minutiae_is_forgotten(seed: int, order: int) -> None:
    template = finger(seed, 110)
    other = shuffled(template, order)

    first, second = prepare(template), prepare(other)

    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.neighbours, second.neighbours)
    picked = [rows_of(template)[i] for i in first.source]
    assert picked == [rows_of(other)[i] for i in second.source]


@given(seeds, st.integers(-900, 900), st.integers(-900, 900))
@settings(max_examples=30, deadline=None)
def test_a_shift_by_whole_pixels_changes_only_the_origin(seed: int, dx: int, dy: int) -> None:
    template = finger(seed, 110)

    here, there = prepare(template), prepare(moved(template, dx, dy))

    assert np.array_equal(here.points, there.points)
    assert np.array_equal(here.coverage, there.coverage)
    assert there.origin == (here.origin[0] + dx, here.origin[1] + dy)


@pytest.mark.parametrize("name", degenerate())
def test_any_template_can_be_prepared(name: str) -> None:
    prepared = prepare(degenerate()[name])

    assert len(prepared) <= 64
    assert not prepared.points.flags.writeable
