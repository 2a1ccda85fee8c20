"""A score's false match rate falls with the score, stays cautious, and can be inverted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.comparison import false_match_rate, is_extrapolated, score_for

scores = st.integers(-40_000, 60_000)

# Threshold in nats: share of 64 000 comparisons across five public sets at or above it.
MEASURED = {
    -4: 3.09e-2,
    -3: 1.30e-2,
    -2: 4.78e-3,
    -1: 1.81e-3,
    0: 7.19e-4,
    1: 3.13e-4,
    2: 6.25e-5,
    3: 3.13e-5,
}


@given(scores, scores)
def test_the_rate_never_grows_with_the_score(one: int, other: int) -> None:
    low, high = sorted((one, other))

    assert 0 < false_match_rate(high) <= false_match_rate(low) <= 1


@pytest.mark.parametrize(("nats", "rate"), MEASURED.items())
def test_the_rate_is_two_nats_on_the_cautious_side_of_what_was_measured(nats: int, rate: float) -> None:
    assert 4 < false_match_rate(1000 * nats) / rate < 11
    assert 0.6 < false_match_rate(1000 * nats + 2000) / rate < 1.6


@given(st.floats(1e-12, 1))
def test_the_score_for_a_rate_is_the_lowest_that_keeps_it(rate: float) -> None:
    score = score_for(rate)

    assert false_match_rate(score) <= rate < false_match_rate(score - 1) or score == score_for(1)


@pytest.mark.parametrize("rate", [0, -1e-3, 1.5, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="false match rate"):
        score_for(rate)


def test_rates_below_one_in_a_hundred_thousand_are_extrapolated() -> None:
    assert not is_extrapolated(score_for(1.01e-5))
    assert is_extrapolated(score_for(0.99e-5))
