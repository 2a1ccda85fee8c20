"""Error rates: the definitions written out once more, slowly, and cases known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.evaluation import FIGURE_NAMES, det, eer, figures, fnmr_at

INFINITY = math.inf

# Few different scores, so that ties are the rule.
SCORES = st.lists(st.sampled_from([-INFINITY, -3.0, -1.5, 0.0, 0.5, 2.0, 7.0]), min_size=1, max_size=40)


def false_match_rate(nonmated: list[float], threshold: float) -> float:
    return sum(score >= threshold and score > -INFINITY for score in nonmated) / len(nonmated)


def false_nonmatch_rate(mated: list[float], threshold: float) -> float:
    return sum(score < threshold or score == -INFINITY for score in mated) / len(mated)


def thresholds(mated: list[float], nonmated: list[float]) -> list[float]:
    return [*sorted({score for score in mated + nonmated if score > -INFINITY}), INFINITY]


def scanned_fnmr(mated: list[float], nonmated: list[float], odds: int | None) -> float | None:
    """The lowest FNMR among all thresholds with few enough false matches."""
    if odds is not None and len(nonmated) < odds:
        return None
    allowed = 0 if odds is None else len(nonmated) // odds
    return min(
        false_nonmatch_rate(mated, threshold)
        for threshold in thresholds(mated, nonmated)
        if round(false_match_rate(nonmated, threshold) * len(nonmated)) <= allowed
    )


def scanned_eer(mated: list[float], nonmated: list[float]) -> float:
    """Walks up the thresholds until FNMR has caught up with FMR."""
    previous: tuple[float, float] | None = None
    for threshold in thresholds(mated, nonmated):
        fmr, fnmr = false_match_rate(nonmated, threshold), false_nonmatch_rate(mated, threshold)
        if fmr <= fnmr:
            if previous is None:
                return (fmr + fnmr) / 2
            gap_before, gap_after = previous[0] - previous[1], fmr - fnmr
            share = gap_before / (gap_before - gap_after)
            return previous[0] + share * (fmr - previous[0])
        previous = (fmr, fnmr)
    raise AssertionError("no match at all has FMR 0 and FNMR 1")


@given(SCORES, SCORES)
def test_the_curve_is_what_counting_at_every_threshold_gives(
    mated: list[float], nonmated: list[float]
) -> None:
    curve = det(mated, nonmated)
    assert curve.threshold.tolist() == thresholds(mated, nonmated)
    assert curve.fmr.tolist() == [false_match_rate(nonmated, t) for t in curve.threshold]
    assert curve.fnmr.tolist() == [false_nonmatch_rate(mated, t) for t in curve.threshold]


@given(SCORES, SCORES, st.sampled_from([None, 2, 3, 10]))
def test_fnmr_at_is_the_best_of_a_scan_of_thresholds(
    mated: list[float], nonmated: list[float], odds: int | None
) -> None:
    point = fnmr_at(mated, nonmated, odds)
    expected = scanned_fnmr(mated, nonmated, odds)
    assert (point.fnmr if point else None) == expected


@given(SCORES, SCORES)
def test_eer_is_where_a_walk_up_the_thresholds_crosses(mated: list[float], nonmated: list[float]) -> None:
    assert eer(mated, nonmated) == pytest.approx(scanned_eer(mated, nonmated), abs=1e-12)


@given(SCORES, SCORES)
def test_figures_do_not_depend_on_the_order_of_the_scores(mated: list[float], nonmated: list[float]) -> None:
    assert figures(mated, nonmated) == figures(mated[::-1], sorted(nonmated))


@given(SCORES, SCORES)
def test_figures_do_not_depend_on_the_scale_of_the_scores(mated: list[float], nonmated: list[float]) -> None:
    def stretched(scores: list[float]) -> list[float]:
        return [score * 4 + 16 for score in scores]

    assert figures(mated, nonmated) == figures(stretched(mated), stretched(nonmated))


def test_perfectly_separated_scores_have_no_error() -> None:
    found = figures([5, 6, 7], [1] * 20_000)
    assert [getattr(found, name) for name in FIGURE_NAMES] == [0, 0, 0, 0, 0]
    assert (found.mated, found.nonmated) == (3, 20_000)


def test_a_constant_score_tells_nothing() -> None:
    found = figures([0] * 10, [0] * 2000)
    assert [getattr(found, name) for name in FIGURE_NAMES] == [0.5, 1, 1, None, 1]


def test_failures_to_extract_are_false_nonmatches_at_every_threshold() -> None:
    found = figures([-INFINITY] * 5 + [9] * 5, [1] * 2000)
    assert [getattr(found, name) for name in FIGURE_NAMES] == [0.5, 0.5, 0.5, None, 0.5]


def test_failures_to_extract_never_match_even_if_nothing_else_is_there() -> None:
    found = figures([-INFINITY] * 4, [-INFINITY] * 200)
    assert [getattr(found, name) for name in FIGURE_NAMES] == [0.5, 1, None, None, 1]


def test_failures_among_the_nonmated_stay_in_the_denominator() -> None:
    # 300 non-mated allow three false matches at 1 in 100, whatever number of them failed.
    nonmated = [-INFINITY] * 290 + [5.0] * 3 + [1.0] * 7
    point = fnmr_at([4.0, 6.0], nonmated, 100)
    assert point is not None
    assert (point.fnmr, point.score) == (0.0, 1.0)


def test_ties_at_the_threshold_count_against_us() -> None:
    nonmated = [3.0, 3.0] + [0.0] * 98  # one false match is allowed, but the largest two are equal
    point = fnmr_at([3.0, 4.0], nonmated, 100)
    assert point is not None
    assert (point.fnmr, point.score) == (0.5, 3.0)


def test_a_rate_that_the_comparisons_cannot_show_is_undefined() -> None:
    assert fnmr_at([1.0], [0.0] * 9999, 10_000) is None
    assert fnmr_at([1.0], [0.0] * 10_000, 10_000) is not None


def test_two_normal_distributions_meet_at_the_known_rate() -> None:
    generator = np.random.default_rng(7)
    mated, nonmated = generator.normal(3, 1, 200_000), generator.normal(0, 1, 200_000)
    assert eer(mated, nonmated) == pytest.approx(0.0668, abs=0.001)  # 1 - Phi(1.5)


@pytest.mark.parametrize("wrong", [[math.nan], [INFINITY], [[1.0]]])
def test_what_is_no_score_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="scores must be"):
        figures(wrong, [0.0])


def test_a_class_without_scores_has_no_figures() -> None:
    found = figures([], [1.0, 2.0])
    assert [getattr(found, name) for name in FIGURE_NAMES] == [None] * 5
    with pytest.raises(ValueError, match="both mated and non-mated"):
        det([1.0], [])
