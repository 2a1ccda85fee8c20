"""Several impressions of one finger are one finger: more than one impression, less than two fingers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.comparison.impressions import finger, impression, template_of

from musterpoint.comparison import Prepared, fingers_among, fuse, prepare, score_for
from musterpoint.comparison.calibration import rate_nats
from musterpoint.comparison.impressions import gamma_tail_nats, together_nats
from musterpoint.templates import FingerPosition

UNKNOWN = FingerPosition.UNKNOWN
RIGHT, LEFT = FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX
Labels = list[FingerPosition]

scores = st.lists(st.integers(-12_000, 30_000), min_size=1, max_size=6)


def strength(rows: list[list[int]], probe: Labels, reference: Labels) -> int:
    return fuse(np.array(rows, np.int32), probe, reference).strength


@given(scores, st.data())
@settings(max_examples=300, deadline=None)
def test_a_score_that_rises_never_says_less(some: list[int], data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(some) - 1))
    higher = some.copy()
    higher[k] += data.draw(st.integers(1, 8_000))

    assert together_nats(higher) >= together_nats(some) - 1e-12


@given(scores)
def test_the_order_of_impressions_changes_nothing(some: list[int]) -> None:
    assert together_nats(some) == together_nats(sorted(some))


@given(st.integers(-5_000, 30_000), st.integers(-12_000, 30_000))
def test_a_second_impression_costs_little_whatever_it_shows(good: int, other: int) -> None:
    assert together_nats([good, other]) >= rate_nats(good) - math.log(4) - 1e-9


@given(st.integers(0, 12_000), st.integers(2, 4))
def test_impressions_that_agree_say_more_than_one_and_less_than_so_many_fingers(score: int, n: int) -> None:
    one, together = rate_nats(score), together_nats([score] * n)

    assert one < together < n * one


def test_two_impressions_are_less_than_two_fingers() -> None:
    one = strength([[6000]], [RIGHT], [RIGHT])
    twice = strength([[6000], [6000]], [RIGHT, RIGHT], [RIGHT])
    two = strength([[6000, -9000], [-9000, 6000]], [RIGHT, LEFT], [RIGHT, LEFT])

    assert one + 1000 < twice < two - 3000


def test_an_impression_that_shows_nothing_hides_nothing() -> None:
    alone = strength([[9000]], [RIGHT], [RIGHT])

    assert strength([[9000, -30_000]], [RIGHT], [RIGHT, RIGHT]) >= alone - 1400


@pytest.mark.parametrize("shape", [0.7, 1.0, 1.4, 2.5, 6.0])
def test_the_gamma_tail_is_the_integral_of_its_density(shape: float) -> None:
    for x in (0.05, 0.9, shape + 0.99, shape + 1.01, 7.0, 30.0):
        # The upper tail with t = x + u/(1 - u), by the midpoint rule.
        u = (np.arange(200_000) + 0.5) / 200_000
        t = x + u / (1 - u)
        density = np.exp((shape - 1) * np.log(t) - t - math.lgamma(shape)) / (1 - u) ** 2

        assert gamma_tail_nats(shape, x) == pytest.approx(-math.log(density.mean()), abs=1e-4)


@pytest.mark.parametrize("rows", [1, 2])
def test_chance_reaches_a_strength_no_more_often_than_it_says(rows: int) -> None:
    random = np.random.default_rng(3)
    count, columns = 60_000, 2
    # Impressions of two fingers: rates that are exact, and of which most follows from the fingers.
    shared = random.normal(size=(count, 1, 1))
    normal = 0.6 * shared + 0.8 * random.normal(size=(count, rows, columns))
    rates = np.array([0.5 * math.erfc(x / math.sqrt(2)) for x in normal.ravel()]).reshape(normal.shape)
    weight = [[score_for(max(rate, 1e-12)) for rate in one.ravel()] for one in rates]

    nats = np.array([together_nats(some) for some in weight])

    for reached in (1, 2, 3, 4, 5, 6):
        expected = count * math.exp(-reached)
        assert (nats >= reached).sum() <= expected + 3 * math.sqrt(expected)
    assert (nats >= 6).any()


def prepared(*seeds_and_numbers: tuple[int, int]) -> list[Prepared]:
    return [prepare(impression(seed, number)) for seed, number in seeds_and_numbers]


def test_captures_of_one_unlabelled_finger_are_found_to_be_one() -> None:
    captures = prepared((1, 1), (2, 1), (1, 2), (3, 1), (2, 2))

    assert fingers_among(captures, [UNKNOWN] * 5) == (0, 1, 0, 3, 1)


def test_an_unlabelled_capture_joins_the_labelled_one_of_the_same_finger() -> None:
    captures = prepared((1, 1), (2, 1), (2, 2))

    assert fingers_among(captures, [RIGHT, LEFT, UNKNOWN]) == (0, 1, 1)


def test_one_label_is_one_finger_whatever_the_captures_show() -> None:
    captures = [prepare(finger(1)), prepare(finger(2)), prepare(template_of([]))]

    assert fingers_among(captures, [RIGHT, RIGHT, RIGHT]) == (0, 0, 0)


def test_one_finger_under_two_labels_is_one() -> None:
    captures = [prepare(finger(1)), prepare(impression(1, 1)), prepare(finger(2))]

    assert fingers_among(captures, [RIGHT, LEFT, FingerPosition.RIGHT_THUMB]) == (0, 0, 2)


def test_different_fingers_stay_apart() -> None:
    captures = [prepare(finger(seed)) for seed in range(12)]

    assert fingers_among(captures, [UNKNOWN] * 12) == tuple(range(12))


def test_one_unlabelled_finger_captured_twice_does_not_count_twice() -> None:
    rows = np.array([[5000, 5000], [5000, 5000]], np.int32)
    labels = [UNKNOWN, UNKNOWN]

    apart = fuse(rows, labels, labels).strength
    one = fuse(rows, labels, labels, probe_fingers=(0, 0)).strength

    assert one < apart - 5000
    assert one == fuse(rows.T, labels, labels, reference_fingers=(0, 0)).strength


def test_one_label_cannot_be_several_fingers() -> None:
    with pytest.raises(ValueError, match="under one label"):
        fuse(np.zeros((2, 1), np.int32), [RIGHT, RIGHT], [RIGHT], probe_fingers=(0, 1))
