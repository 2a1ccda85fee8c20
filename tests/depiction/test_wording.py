"""What is said of a comparison in words."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.depiction import NO_PROBABILITY, describe_comparison, describe_strength

EXPECTED = st.floats(1e-6, 1e4)


@pytest.mark.parametrize(
    ("expected", "people", "sentence"),
    [
        (0.002, 1000, "Among 1,000 people who are not this person, about 0.002 would look this similar"),
        (3.2, 1000, "Among 1,000 people who are not this person, about 3 would look this similar."),
        (0.5, 1, "Among 1 person who is not this person, about 0.5 would look this similar."),
        (1234, 50_000, "Among 50,000 people who are not this person, about 1,200 would look this similar."),
        (0.00096, 20, "Among 20 people who are not this person, about 0.001 would look this similar"),
        (1e-9, 20, "Among 20 people who are not this person, fewer than 0.000001 would look this similar."),
        (0.0, 20, "Among 20 people who are not this person, fewer than 0.000001 would look this similar."),
    ],
)
def test_strength_is_how_many_others_would_look_this_similar(
    expected: float, people: int, sentence: str
) -> None:
    assert describe_strength(expected, people).startswith(sentence)


def test_small_numbers_are_also_told_in_groups() -> None:
    assert "(one person in 500 such groups)" in describe_strength(0.002, 1000)
    assert "groups" not in describe_strength(0.5, 1000)


@given(expected=st.floats(0, 1e6), people=st.integers(0, 10**9))
def test_strength_is_never_told_as_a_probability_that_it_is_somebody(expected: float, people: int) -> None:
    words = describe_strength(expected, people)
    assert not re.search(r"%|percent|probab|certain|likely|match|identical", words)


@given(expected=EXPECTED)
def test_told_number_is_the_number_to_one_significant_digit(expected: float) -> None:
    told = re.search(r"about ([\d.,]+) would", describe_strength(expected, 10_000))
    assert told is not None
    value = float(told[1].replace(",", ""))
    assert abs(value - expected) <= 0.5 * 10 ** math.floor(math.log10(expected)) * (1 + 1e-9)


@given(one=EXPECTED, other=EXPECTED)
def test_rarer_similarity_never_gets_a_more_common_word(one: float, other: float) -> None:
    order = ["common", "not rare", "uncommon", "is rare", "very rare"]

    def band(expected: float) -> int:
        words = describe_strength(expected, 10_000).rsplit("So much", 1)[1]
        return max(rank for rank, word in enumerate(order) if word in words)

    rarer, commoner = sorted((one, other))
    assert band(rarer) >= band(commoner)


@pytest.mark.parametrize(
    ("expected", "word"),
    [(1.0, "common"), (0.1, "not rare"), (0.01, "uncommon"), (0.0001, "is rare"), (0.00009, "very rare")],
)
def test_each_word_stands_for_a_range_of_expected_numbers(expected: float, word: str) -> None:
    assert word in describe_strength(expected, 1000).rsplit("So much", 1)[1]


def test_bound_above_the_number_of_people_is_told_as_all_of_them() -> None:
    assert "about 12 would" in describe_strength(40, 12)


def test_empty_gallery_says_nothing_about_rarity() -> None:
    assert describe_strength(0.0, 0).startswith("Nobody else was searched")


@pytest.mark.parametrize("expected", [-0.1, math.nan, math.inf])
def test_impossible_expectations_are_refused(expected: float) -> None:
    with pytest.raises(ValueError, match="expected false positives"):
        describe_strength(expected, 10)


def test_negative_numbers_of_people_are_refused() -> None:
    with pytest.raises(ValueError, match="-1 people"):
        describe_strength(0.1, -1)


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        (0.02, "Among 1,000 comparisons of different fingers, about 20 would look this similar."),
        (4e-5, "Among 100,000 comparisons of different fingers, about 4 would look this similar."),
        (4e-6, "Among 100,000 comparisons of different fingers, fewer than 1 would look this similar."),
        (0.0, "Among 100,000 comparisons of different fingers, fewer than 1 would look this similar."),
        (0.4, "Among 1,000 comparisons of different fingers, about 400 would look this similar."),
        (1.0, "Most comparisons of different fingers look at least this similar."),
    ],
)
def test_comparison_of_two_fingers_tells_how_often_different_ones_look_alike(
    rate: float, sentence: str
) -> None:
    assert describe_comparison(12, rate)[1] == sentence


def test_number_of_paired_minutiae_is_told_in_the_right_number() -> None:
    first = [describe_comparison(count, 0.1)[0] for count in (0, 1, 27)]
    assert first[0].startswith("No minutiae")
    assert first[1].startswith("1 minutia of")
    assert first[2].startswith("27 minutiae fit together")


@pytest.mark.parametrize(("pairs", "rate"), [(-1, 0.1), (3, -0.1), (3, 1.1), (3, math.nan)])
def test_impossible_comparisons_are_refused(pairs: int, rate: float) -> None:
    with pytest.raises(ValueError, match="must"):
        describe_comparison(pairs, rate)


def test_closing_sentence_leaves_the_decision_to_people() -> None:
    assert "not the probability" in NO_PROBABILITY
    assert "People decide" in NO_PROBABILITY
