"""Rates of a site: what is chance, what is not, and what is not shown at all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.registry.alarms import Cell, Level, Rate, judge, rejected


def cell(count: int, attempts: int, site: str = "Gate 1", baseline_ppm: int = 20_000) -> Cell:
    return Cell(
        site=site, rate=Rate.FAILED_CAPTURE, count=count, attempts=attempts, baseline_ppm=baseline_ppm
    )


@pytest.mark.parametrize(
    ("count", "attempts", "level"),
    [
        (12, 200, Level.ALARM),
        (11, 200, Level.WARNING),
        (6, 50, Level.ALARM),
        (5, 50, Level.WARNING),
        (4, 200, Level.QUIET),
        (6, 49, Level.TOO_FEW),
        (5, 9, Level.SUPPRESSED),
    ],
)
def test_a_baseline_of_two_percent_alarms_where_the_exact_tail_says(
    count: int, attempts: int, level: Level
) -> None:
    [found] = judge([cell(count, attempts)])

    assert found.level is level


@given(st.integers(1, 120), st.data(), st.integers(1, 999_999))
def test_the_tail_is_the_sum_of_its_terms(attempts: int, data: st.DataObject, share: int) -> None:
    count = data.draw(st.integers(0, attempts))
    p = share / 1_000_000
    terms = [math.comb(attempts, k) * p**k * (1 - p) ** (attempts - k) for k in range(count, attempts + 1)]

    assert cell(count, attempts, baseline_ppm=share).tail == pytest.approx(
        math.fsum(terms), rel=1e-6, abs=1e-12
    )


def test_many_cells_make_one_that_stands_out_a_little_quiet() -> None:
    alone = judge([cell(5, 50)])[0].level
    among_many = judge([cell(5, 50), *(cell(1, 50, site=f"Gate {n}") for n in range(2, 60))])[0].level

    assert (alone, among_many) == (Level.WARNING, Level.QUIET)


def test_benjamini_and_hochberg_reject_as_in_their_own_example() -> None:
    # Table of 15 p-values in Benjamini and Hochberg (1995), section 4.1: the first four are rejected.
    tails = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    tails += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]

    assert rejected(tails) == [True] * 4 + [False] * 11


def test_a_small_site_is_hidden_together_with_one_that_would_give_it_away() -> None:
    found = judge([cell(1, 8, "A"), cell(2, 60, "B"), cell(2, 300, "C")])

    assert [one.level for one in found] == [Level.SUPPRESSED, Level.SUPPRESSED, Level.QUIET]
    assert [one.cell.attempts for one in found] == [0, 0, 300]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=12), st.integers(0, 20))
def test_no_cell_of_fewer_people_is_ever_shown(pairs: list[tuple[int, int]], fewest: int) -> None:
    cells = [cell(min(pair), max(pair), f"Gate {n}") for n, pair in enumerate(pairs)]

    for one in judge(cells, people_shown_min=fewest):
        assert one.cell.attempts == 0 or one.cell.attempts >= max(fewest, 5)
