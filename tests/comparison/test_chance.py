"""What strengths are worth: maps, the tail beyond the data, targets that can and cannot be kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.comparison import (
    STANDARD,
    expected_false_positives,
    fused_likelihood_ratio,
    likelihood_ratio,
    strength_needed,
)
from musterpoint.comparison.chance import ChanceMap, Knot, as_facts, from_facts
from musterpoint.comparison.measuring import Comparisons, measure
from musterpoint.comparison.tail import fit_tail

TARGETS = st.floats(1e-6, 1.0)
OCCASIONS = st.floats(0, 1e6)


@given(OCCASIONS, TARGETS, st.integers(1, 10))
def test_what_is_needed_keeps_the_target_or_says_that_it_does_not(
    occasions: float, target: float, fingers: int
) -> None:
    needed = STANDARD.needed(occasions, target, fingers)

    assert (needed.expected <= target * 1.0001) == needed.is_kept
    assert needed.expected == pytest.approx(STANDARD.expected(needed.strength, occasions, fingers))
    assert needed.at_least <= needed.at_most
    if not needed.is_kept:
        least = STANDARD.least_target(occasions, fingers)
        assert least > target
        assert STANDARD.needed(occasions, min(1.0, least * 1.01), fingers).is_kept


@given(OCCASIONS, OCCASIONS, TARGETS)
def test_more_occasions_never_need_less(few: float, many: float, target: float) -> None:
    few, many = sorted((few, many))
    assert STANDARD.needed(few, target, 1).strength <= STANDARD.needed(many, target, 1).strength


def test_the_standard_calibration_is_what_strengths_say() -> None:
    for people, target in ((100, 0.01), (10_000, 0.01), (1, 1.0)):
        needed = STANDARD.needed(people, target, 1)
        assert needed.strength == strength_needed(people, target)
        assert needed.expected == pytest.approx(expected_false_positives(needed.strength, people))


def test_what_is_rarer_than_anything_seen_is_extrapolated_and_then_refused() -> None:
    seen, beyond, never = (STANDARD.needed(100, target, 1) for target in (0.1, 1e-4, 1e-6))

    assert [one.is_extrapolated for one in (seen, beyond, never)] == [False, True, True]
    assert [one.is_kept for one in (seen, beyond, never)] == [True, True, False]
    assert beyond.at_most > 3 * beyond.at_least
    assert STANDARD.needed(100, 1e-6, 2).is_kept, "a second finger reaches further"


def test_nothing_is_said_beyond_the_limit() -> None:
    limit = STANDARD.one.limit
    assert STANDARD.expected(40_000, 1000, 1) == pytest.approx(1000 * math.exp(-limit / 1000))


@pytest.mark.parametrize(
    "knots",
    [
        [(0, 0, 0, 0)],
        [(0, 0, 0, 0), (0, 1, 1, 1)],
        [(0, 5, 0, 0), (1, 4, 0, 0)],
        [(0, -1, 0, 0), (1, 4, 0, 0)],
    ],
)
def test_a_map_that_falls_is_refused(knots: list[tuple[int, int, int, int]]) -> None:
    with pytest.raises(ValueError, match="map"):
        ChanceMap(
            knots=tuple(Knot(strength=a, nats=b, at_least=c, at_most=d) for a, b, c, d in knots),
            measured_to=0,
            limit=1,
        )


def test_a_calibration_comes_back_from_its_facts() -> None:
    assert from_facts(as_facts(STANDARD)) == STANDARD


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.3])
def test_the_tail_is_found_again(shape: float) -> None:
    rng = np.random.default_rng(3)
    uniform = rng.random(200_000)
    values = -np.log(uniform) if shape == 0 else (uniform**-shape - 1) / shape
    tail = fit_tail(2 * values, np.ones(len(values)), 1.0)
    assert tail is not None
    assert tail.shape == pytest.approx(shape, abs=0.03)
    far = float(np.quantile(2 * values, 0.9999))
    assert tail.nats_at(np.array([far]))[0] == pytest.approx(math.log(10_000), abs=0.35)


def test_few_values_have_no_tail() -> None:
    assert fit_tail(np.arange(9.0), np.ones(9), -1.0) is None


def comparisons(scale: float, people: int = 220, seed: int = 5) -> Comparisons:
    """People whose strengths are exponential: with the scale 1 exactly what strengths promise."""
    first, second = np.triu_indices(people, 1)
    strength = np.random.default_rng(seed).exponential(1000 * scale, len(first))
    return Comparisons(
        strength=strength.astype(np.int32),
        first=first.astype(np.int64),
        second=second.astype(np.int64),
        people=people,
    )


def test_strengths_that_keep_their_promise_are_worth_it_on_the_cautious_side() -> None:
    measured = measure(comparisons(1.0), draws=100)

    low, high = measured.shape_range
    assert low < 0 < high
    for strength in (2000, 4000, 8000, 12_000):
        assert 0.8 * strength <= measured.chance.nats_of(strength) <= 1.01 * strength


def test_strengths_that_promise_too_much_are_worth_less() -> None:
    measured = measure(comparisons(1.5), draws=100)

    assert 6200 <= measured.chance.nats_of(12_000) <= 8100
    needed = measured.chance.strength_for(9000)
    assert needed is not None
    assert needed > 13_000


def test_what_is_measured_does_not_depend_on_the_run() -> None:
    assert measure(comparisons(1.0), draws=20).chance == measure(comparisons(1.0), draws=20).chance


def test_too_few_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        measure(comparisons(1.0, people=199))


@given(st.integers(-30_000, 40_000), st.integers(-30_000, 40_000))
def test_a_likelihood_ratio_never_falls_and_keeps_within_what_is_known(low: int, high: int) -> None:
    low, high = sorted((low, high))
    assert likelihood_ratio(low).nats <= likelihood_ratio(high).nats
    assert -4 <= likelihood_ratio(low).nats <= 12


def test_a_likelihood_ratio_says_where_it_ends() -> None:
    assert likelihood_ratio(20_000).is_capped
    assert likelihood_ratio(20_000).is_extrapolated
    assert not likelihood_ratio(0).is_capped
    assert likelihood_ratio(-10_000).is_capped


@given(st.lists(st.integers(-5000, 30_000), max_size=10), st.integers(0, 46_000))
def test_fingers_together_never_promise_more_than_their_strength(scores: list[int], strength: int) -> None:
    ratio = fused_likelihood_ratio(scores, strength)
    assert ratio.nats <= max(strength / 1000, 0)
