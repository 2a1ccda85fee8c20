"""A score's false match rate falls with the score, is what was measured, and can be inverted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.comparison import false_match_rate, is_extrapolated, score_for

scores = st.integers(-40_000, 60_000)

# Threshold in nats: share of 78,400 comparisons inside of five public sets and across them at or above it.
MEASURED = {
    -4: 1.761e-2,
    -3: 7.143e-3,
    -2: 2.870e-3,
    -1: 8.673e-4,
    0: 2.296e-4,
    1: 8.929e-5,
}


@given(scores, scores)
def test_the_rate_never_grows_with_the_score(one: int, other: int) -> None:
    low, high = sorted((one, other))

    assert 0 < false_match_rate(high) <= false_match_rate(low) <= 1


@pytest.mark.parametrize(("nats", "rate"), MEASURED.items())
def test_the_rate_is_what_was_measured(nats: int, rate: float) -> None:
    assert 0.85 < false_match_rate(1000 * nats) / rate < 1.5


@given(st.floats(1e-12, 1))
def test_the_score_for_a_rate_is_the_lowest_that_keeps_it(rate: float) -> None:
    score = score_for(rate)

    assert false_match_rate(score) <= rate < false_match_rate(score - 1) or score == score_for(1)


@pytest.mark.parametrize("rate", [0, -1e-3, 1.5, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="false match rate"):
        score_for(rate)


def test_rates_below_one_in_ten_thousand_are_extrapolated() -> None:
    assert not is_extrapolated(score_for(1.01e-4))
    assert is_extrapolated(score_for(0.99e-4))
