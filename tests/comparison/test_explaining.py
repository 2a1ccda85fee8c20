"""An explanation says what the score is made of, in figures that sum up and places that exist."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.comparison.impressions import degenerate, finger, impression, moved, rows_of, template_of, turned

from musterpoint.comparison import compare, explain, prepare
from musterpoint.comparison.explaining import GOOD_QUALITY, SHARES
from musterpoint.comparison.outlines import Outline, common, grown_hull
from musterpoint.comparison.parameters import INPUT_NAMES

STAGES = ["minutiae", "alignment", "overlap", "pairs", "alone", "cohort", "rate"]

seeds = st.integers(0, 5_000)
places = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=12)


@given(seeds, st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_the_shares_sum_to_the_score(seed: int, number: int) -> None:
    found = explain(prepare(finger(seed)), prepare(impression(seed, number)))

    assert sum(share.millinats for share in found.shares) == found.comparison.score
    assert found.shares[-1].name == "start"
    assert abs(found.shares[-1].millinats + 9479) <= 10
    assert [stage.name for stage in found.stages] == STAGES


def test_every_input_has_its_share() -> None:
    assert sorted(one for inputs in SHARES.values() for one in inputs) == sorted((*INPUT_NAMES, "cohort"))


@given(seeds, seeds)
@settings(max_examples=25, deadline=None)
def test_it_explains_the_comparison_itself(seed: int, other: int) -> None:
    probe, reference = prepare(finger(seed)), prepare(impression(other, 1))

    found, plain = explain(probe, reference), compare(probe, reference)

    assert found.comparison.score == plain.score
    assert np.array_equal(found.comparison.pairs, plain.pairs)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_minutiae_that_stand_alone_are_good_and_have_no_partner(seed: int) -> None:
    templates = finger(seed), turned(impression(seed, 1))

    found = explain(*map(prepare, templates))

    for template, alone, paired in zip(templates, found.alone, found.comparison.pairs.T, strict=True):
        assert not {*alone} & {*paired.tolist()}
        assert all(template.minutiae.quality[k] >= GOOD_QUALITY for k in alone)


def test_a_good_minutia_that_the_other_shows_not_stands_alone() -> None:
    template = finger(3)
    inner = min(range(45), key=lambda k: math.dist(rows_of(template)[k][:2], (1180, 1180)))
    rows = [row if k != inner else (*row[:3], 250) for k, row in enumerate(rows_of(template))]
    without = template.minutiae.take(np.array([k for k in range(45) if k != inner]))
    found = explain(prepare(template_of(rows)), prepare(replace(template, minutiae=without)))

    assert found.alone == ((inner,), ())
    [words] = [stage.words for stage in found.stages if stage.name == "alone"]
    assert words.startswith("1 clear minutia of the probe and 0 of the reference")


def test_the_area_moves_with_the_finger() -> None:
    probe, reference = finger(5), moved(finger(5), 40, -25)

    here, there = explain(prepare(probe), prepare(reference)).overlap

    assert len(here) > 8
    for (x, y), (other_x, other_y) in zip(here, there, strict=True):
        assert math.dist((x + 40, y - 25), (other_x, other_y)) < 3


@pytest.mark.parametrize("name", degenerate())
def test_odd_templates_are_explained_without_fault(name: str) -> None:
    one = prepare(degenerate()[name])

    for other in (one, prepare(finger(1)), prepare(degenerate()["none"])):
        found = explain(one, other)
        assert all(stage.words for stage in found.stages)
        assert bool(found.shares) == (found.comparison.alignment is not None)


def test_what_no_sample_supports_is_called_extrapolated() -> None:
    high = explain(prepare(finger(2)), prepare(impression(2, 1))).stages[-1]
    low = explain(prepare(finger(2)), prepare(finger(3))).stages[-1]

    assert "extrapolated" in high.words
    assert high.facts["is_extrapolated"]
    assert "extrapolated" not in low.words
    assert not low.facts["is_extrapolated"]


def test_a_weight_at_either_end_of_what_is_known_is_not_called_that_of_the_score() -> None:
    high = explain(prepare(finger(2)), prepare(impression(2, 1))).stages[-1]
    low = explain(prepare(finger(2)), prepare(finger(3))).stages[-1]

    assert high.facts["is_capped"]
    assert "the most that one finger counts" in high.words
    assert low.facts["is_capped"]
    assert "the least that one finger counts" in low.words


def area(outline: Outline) -> float:
    ends = (*outline[1:], *outline[:1])
    return sum(x * v - u * y for (x, y), (u, v) in zip(outline, ends, strict=True)) / 2


@given(places, places)
@settings(max_examples=100, deadline=None)
def test_what_two_outlines_share_is_in_both(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    first, second = grown_hull(one, 14), grown_hull(other, 14)

    shared = common(first, second)

    assert 0 <= area(shared) <= min(area(first), area(second)) + 1e-6
    assert area(shared) == pytest.approx(area(common(second, first)), abs=1e-6)
    assert area(common(first, first)) == pytest.approx(area(first))
    assert area(first) >= 600  # nearly a circle of 14 px
