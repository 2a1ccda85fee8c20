"""Fused strength is an upper bound on chance, and rises with every score."""

from __future__ import annotations

import itertools
import math
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musterpoint.comparison import (
    STRENGTH_MAX,
    Fused,
    expected_false_positives,
    fuse,
    score_for,
    strength_needed,
)
from musterpoint.comparison.fusion import fisher_nats
from musterpoint.comparison.pairing import (
    best_pairings,
    count_all_pairings,
    count_pairings,
    may_be_one,
    other_hand,
)
from musterpoint.templates import FingerPosition

UNKNOWN = FingerPosition.UNKNOWN
RIGHT, LEFT = FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX
THUMB = FingerPosition.RIGHT_THUMB
Labels = list[FingerPosition]
Search = tuple[npt.NDArray[np.int32], Labels, Labels]

labels = st.lists(st.sampled_from([UNKNOWN, RIGHT, LEFT, THUMB]), min_size=1, max_size=4)


@st.composite
def searches(draw: st.DrawFn) -> Search:
    probe, reference = draw(labels), draw(labels)
    row = st.lists(st.integers(-12_000, 25_000), min_size=len(reference), max_size=len(reference))
    rows = draw(st.lists(row, min_size=len(probe), max_size=len(probe)))
    return np.array(rows, np.int32), probe, reference


def fused(rows: list[list[int]], probe: Labels, reference: Labels) -> Fused:
    return fuse(np.array(rows, np.int32), probe, reference)


@given(searches(), st.data())
@settings(max_examples=200, deadline=None)
def test_no_score_that_rises_lowers_the_strength(search: Search, data: st.DataObject) -> None:
    scores, probe, reference = search
    i = data.draw(st.integers(0, len(probe) - 1))
    j = data.draw(st.integers(0, len(reference) - 1))
    higher = scores.copy()
    higher[i, j] += data.draw(st.integers(1, 9_000))

    assert fuse(higher, probe, reference).strength >= fuse(scores, probe, reference).strength


@given(searches())
@settings(max_examples=200, deadline=None)
def test_exchanging_probe_and_reference_changes_nothing(search: Search) -> None:
    scores, probe, reference = search

    assert fuse(scores.T, reference, probe).strength == fuse(scores, probe, reference).strength


@given(searches(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_fingers_changes_nothing(search: Search, random: Random) -> None:
    scores, probe, reference = search
    order = list(range(len(probe)))
    random.shuffle(order)

    mixed = fuse(scores[order], [probe[i] for i in order], reference)

    assert mixed.strength == fuse(scores, probe, reference).strength


@given(searches())
@settings(max_examples=100, deadline=None)
def test_every_finger_is_used_once(search: Search) -> None:
    scores, probe, reference = search

    result = fuse(scores, probe, reference)

    assert 0 <= result.strength <= STRENGTH_MAX
    assert len({pair.probe for pair in result.pairs}) == len(result.pairs)
    assert len({pair.reference for pair in result.pairs}) == len(result.pairs)
    assert all(pair.score == scores[pair.probe, pair.reference] for pair in result.pairs)


def test_one_finger_has_the_strength_of_its_rate() -> None:
    strength = fused([[score_for(1e-6)]], [RIGHT], [RIGHT]).strength

    assert strength == pytest.approx(-1000 * math.log(1e-6 / 0.95), abs=2)


def test_two_fingers_say_more_than_either() -> None:
    alone = fused([[6000]], [RIGHT], [RIGHT]).strength
    both = fused([[6000, -9000], [-9000, 6000]], [RIGHT, LEFT], [RIGHT, LEFT])

    assert both.strength > alone + 5000
    assert [(pair.probe, pair.reference) for pair in both.pairs] == [(0, 0), (1, 1)]


def test_a_weak_finger_does_not_hide_a_strong_one() -> None:
    alone = fused([[14_000]], [RIGHT], [RIGHT])
    beside = fused([[14_000, -9000], [-9000, -9000]], [RIGHT, LEFT], [RIGHT, LEFT])

    assert beside.strength > alone.strength - 1500
    assert [(pair.probe, pair.reference) for pair in beside.pairs] == [(0, 0)]


def test_a_finger_without_counterpart_says_nothing() -> None:
    alone = fused([[9000]], [RIGHT], [RIGHT])
    beside = fused([[9000], [-9000]], [RIGHT, LEFT], [RIGHT])

    assert beside.strength == alone.strength


def test_swapped_hands_are_found_at_a_price() -> None:
    right_way = fused([[9000, -9000], [-9000, 9000]], [RIGHT, LEFT], [RIGHT, LEFT]).strength
    swapped = fused([[-9000, 9000], [9000, -9000]], [RIGHT, LEFT], [RIGHT, LEFT])

    assert right_way - 3400 < swapped.strength < right_way - 3000
    assert [(pair.probe, pair.reference) for pair in swapped.pairs] == [(0, 1), (1, 0)]


def test_other_wrong_labels_are_found_at_a_higher_price() -> None:
    right_way = fused([[9000, -9000], [-9000, 9000]], [RIGHT, THUMB], [RIGHT, THUMB]).strength
    wrong = fused([[-9000, 9000], [9000, -9000]], [RIGHT, THUMB], [RIGHT, THUMB])

    assert right_way - 6000 < wrong.strength < right_way - 4000
    assert [(pair.probe, pair.reference) for pair in wrong.pairs] == [(0, 1), (1, 0)]


@given(searches())
@settings(max_examples=100, deadline=None)
def test_hands_swapped_on_both_sides_change_nothing(search: Search) -> None:
    scores, probe, reference = search
    swapped = [list(map(other_hand, side)) for side in (probe, reference)]

    assert fuse(scores, *swapped).strength == fuse(scores, probe, reference).strength


@given(searches())
@settings(max_examples=100, deadline=None)
def test_swapped_hands_cost_their_price_at_most(search: Search) -> None:
    scores, probe, reference = search

    right_way = fuse(scores, probe, reference).strength
    swapped = fuse(scores, list(map(other_hand, probe)), reference).strength

    assert swapped >= right_way - 1000 * math.log(0.95 / 0.04) - 2


@given(searches(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_finger_more_costs_no_more_than_the_ways_to_choose(search: Search, data: st.DataObject) -> None:
    scores, probe, reference = search
    missing = data.draw(st.integers(0, len(probe) - 1))
    kept = [i for i in range(len(probe)) if i != missing]

    with_all = fuse(scores, probe, reference).strength
    without = fuse(scores[kept], [probe[i] for i in kept], reference).strength

    # With at most 4 fingers a side the ways to choose grow 16-fold at most, and sizes are one more.
    assert with_all >= without - 1000 * math.log(16 * 5) - 1400


def test_the_other_hand_of_the_other_hand_is_the_hand() -> None:
    assert [other_hand(FingerPosition(k)) for k in (0, 1, 2, 5, 6, 10)] == [0, 6, 7, 10, 1, 5]
    assert all(other_hand(other_hand(one)) == one for one in FingerPosition)


def test_an_unknown_finger_pairs_with_any() -> None:
    known = fused([[9000]], [LEFT], [LEFT]).strength

    result = fused([[-9000, 9000]], [UNKNOWN], [RIGHT, LEFT])

    assert result.pairs[0].reference == 1
    assert result.strength == pytest.approx(known - 1000 * math.log(2), abs=2)


def test_nothing_can_be_said_without_fingers() -> None:
    assert fuse(np.empty((0, 2), np.int32), [], [RIGHT, LEFT]) == Fused(strength=0, pairs=())


@pytest.mark.parametrize("shape", [(2, 1), (1, 2), (21, 1)])
def test_scores_of_another_shape_are_refused(shape: tuple[int, int]) -> None:
    probe = [UNKNOWN] * (1 if shape[0] < 21 else 21)

    with pytest.raises(ValueError, match="at most 20 a side"):
        fuse(np.zeros(shape, np.int32), probe, [RIGHT])


def test_chance_reaches_a_strength_no_more_often_than_it_says() -> None:
    random = np.random.default_rng(5)
    probe, reference = [RIGHT, LEFT, UNKNOWN], [RIGHT, LEFT, THUMB]
    # Scores whose false match rate is uniform: independent fingers, as the bound assumes.
    rates = random.uniform(size=(4000, 3, 3))
    scores = np.vectorize(score_for, otypes=[np.int32])(rates)

    strengths = np.array([fuse(one, probe, reference).strength for one in scores])

    for strength in (500, 1000, 2000, 3000, 4000):
        expected = 4000 * math.exp(-strength / 1000)
        assert (strengths >= strength).sum() <= expected + 3 * math.sqrt(expected)
    assert (strengths >= 2000).any()


@given(st.floats(0, 60), st.integers(1, 6))
def test_fishers_method_is_the_tail_of_the_gamma_distribution(total: float, m: int) -> None:
    tail = sum(math.exp(-total) * total**i / math.factorial(i) for i in range(m))

    assert fisher_nats(total, m) == pytest.approx(-math.log(tail), abs=1e-9)


weights = st.lists(
    st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=3, max_size=3), min_size=1, max_size=4
)


@given(weights)
@settings(max_examples=200, deadline=None)
def test_pairings_are_the_heaviest_of_their_size(rows: list[list[int | None]]) -> None:
    found = list(best_pairings(rows))

    cells = [(i, j) for i, row in enumerate(rows) for j, weight in enumerate(row) if weight is not None]
    for m in range(1, 4):
        choices = [
            sum(rows[i][j] or 0 for i, j in chosen)
            for chosen in itertools.combinations(cells, m)
            if len({i for i, _ in chosen}) == len({j for _, j in chosen}) == m
        ]
        assert (len(found) >= m) == bool(choices)
        if choices:
            total, pairing = found[m - 1]
            assert total == max(choices)
            assert total == sum(rows[i][j] or 0 for i, j in pairing)


def once_each(some: Labels) -> Labels:
    return [*{label for label in some if label}, *(label for label in some if not label)]


@given(labels, labels)
@settings(max_examples=100, deadline=None)
def test_pairings_are_counted_as_they_are(probe: Labels, reference: Labels) -> None:
    probe, reference = once_each(probe), once_each(reference)
    cells = list(itertools.product(range(len(probe)), range(len(reference))))

    def count(allowed: list[tuple[int, int]]) -> tuple[int, ...]:
        sizes = [
            len(chosen)
            for m in range(1, 5)
            for chosen in itertools.combinations(allowed, m)
            if len({i for i, _ in chosen}) == len({j for _, j in chosen}) == m
        ]
        return tuple(sizes.count(m) for m in range(1, 5) if m in sizes)

    compatible = [(i, j) for i, j in cells if may_be_one(probe[i], reference[j])]
    assert count_pairings(probe, reference) == count(compatible)
    assert count_all_pairings(len(probe), len(reference)) == count(cells)


def test_expected_false_positives_grow_with_the_people_and_fall_with_the_strength() -> None:
    assert expected_false_positives(0, 7) == 7
    assert expected_false_positives(10_000, 1_000_000) == pytest.approx(45.4, abs=0.1)


@given(st.integers(1, 10**10), st.floats(1e-6, 1))
def test_the_strength_needed_keeps_the_rate(people: int, target: float) -> None:
    strength = strength_needed(people, target)

    assert expected_false_positives(strength, people) <= target * (1 + 1e-12)
    assert expected_false_positives(strength - 1, people) > target * (1 - 1e-12)


@pytest.mark.parametrize(("people", "target"), [(-1, 0.1), (5, 0), (5, 1.1)])
def test_an_impossible_target_is_refused(people: int, target: float) -> None:
    with pytest.raises(ValueError, match="false positive rate"):
        strength_needed(people, target)


def test_nobody_to_search_needs_no_strength() -> None:
    assert strength_needed(0, 0.01) == 0
