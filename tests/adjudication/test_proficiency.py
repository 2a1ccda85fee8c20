"""Exact intervals and what known-answer pairs say of an adjudicator: the tables of the design."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.registry import Verdict
from musterpoint.registry.binomial import (
    clopper_pearson,
    tail_at_least,
    tail_at_most,
    trials_to_notice,
    upper_bound,
)
from musterpoint.registry.known_answers import SEEDS_MIN, Rate, SeedOpinion, proficiency


@pytest.mark.parametrize(
    ("count", "trials", "low_percent", "high_percent"),
    [
        (0, 50, "0", "7.1"),
        (0, 100, "0", "3.6"),
        (1, 100, "0.03", "5.4"),
        (0, 300, "0", "1.2"),
        (3, 300, "0.2", "2.9"),
        (450, 4113, "10.0", "11.9"),
    ],
)
def test_two_sided_intervals(count: int, trials: int, low_percent: str, high_percent: str) -> None:
    interval = clopper_pearson(count, trials)

    assert f"{100 * interval.low:.{_digits(low_percent)}f}" == low_percent
    assert f"{100 * interval.high:.{_digits(high_percent)}f}" == high_percent


def _digits(text: str) -> int:
    return len(text.partition(".")[2])


@pytest.mark.parametrize(
    ("seeds", "percent"), [(50, "5.8"), (100, "3.0"), (300, "1.0"), (1000, "0.30"), (3000, "0.10")]
)
def test_one_sided_bounds_without_an_error(seeds: int, percent: str) -> None:
    assert f"{100 * upper_bound(0, seeds):.{_digits(percent)}f}" == percent


def test_a_careless_adjudicator_passes_thirty_seeds_now_and_then() -> None:
    assert f"{100 * tail_at_most(0, 30, 0.1):.1f}" == "4.2"
    assert trials_to_notice(0.05) == 59


def test_tails_at_which_a_site_raises_an_alarm() -> None:
    assert tail_at_least(12, 200, 0.02) <= 0.001 < tail_at_least(11, 200, 0.02)
    assert tail_at_least(6, 50, 0.02) <= 0.001 < tail_at_least(5, 50, 0.02)


def _naive_tail(count: int, trials: int, rate: float) -> float:
    return math.fsum(
        math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(count, trials + 1)
    )


@given(st.integers(1, 60), st.data(), st.floats(0.01, 0.99))
def test_tails_agree_with_the_sum_of_all_terms(trials: int, data: st.DataObject, rate: float) -> None:
    count = data.draw(st.integers(0, trials))

    assert tail_at_least(count, trials, rate) == pytest.approx(_naive_tail(count, trials, rate), abs=1e-12)


@given(st.integers(1, 400), st.data())
def test_an_interval_ends_where_the_tails_are_a_fortieth(trials: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, trials))
    interval = clopper_pearson(count, trials)

    assert interval.low <= count / trials <= interval.high
    if count > 0:
        assert tail_at_least(count, trials, interval.low) == pytest.approx(0.025)
    if count < trials:
        assert tail_at_most(count, trials, interval.high) == pytest.approx(0.025)


def _seeds(mated: int, nonmated: int, verdict: Verdict) -> list[SeedOpinion]:
    return [SeedOpinion(is_mated=number < mated, verdict=verdict) for number in range(mated + nonmated)]


def test_nothing_is_said_of_fewer_than_thirty_seeds() -> None:
    assert proficiency(_seeds(10, SEEDS_MIN - 11, Verdict.DIFFERENT)) is None
    assert proficiency(_seeds(10, SEEDS_MIN - 10, Verdict.DIFFERENT)) is not None


def test_each_rate_has_its_own_denominator() -> None:
    opinions = [
        *_seeds(40, 0, Verdict.SAME),
        *_seeds(3, 0, Verdict.DIFFERENT),
        *_seeds(7, 0, Verdict.CANNOT_TELL),
        *_seeds(0, 45, Verdict.DIFFERENT),
        *_seeds(0, 1, Verdict.SAME),
        *_seeds(0, 4, Verdict.CANNOT_TELL),
    ]

    found = proficiency(opinions)

    assert found is not None
    assert _fraction(found.false_positives) == (1, 50)
    assert _fraction(found.false_positives_definite) == (1, 46)
    assert _fraction(found.false_negatives) == (3, 50)
    assert _fraction(found.false_negatives_definite) == (3, 43)
    assert _fraction(found.cannot_tell) == (11, 100)


def _fraction(rate: Rate | None) -> tuple[int, int]:
    assert rate is not None
    return rate.count, rate.trials


def test_a_rate_without_a_trial_is_none() -> None:
    found = proficiency(_seeds(SEEDS_MIN, 0, Verdict.SAME))

    assert found is not None
    assert found.false_positives is None
