"""Templates without pictures: valid, repeatable, and mated where they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musterpoint.comparison import compare, prepare
from musterpoint.synthetic import Grade, population
from musterpoint.templates import decode, encode


@given(
    seed=st.integers(-(2**70), 2**70),
    first=st.integers(0, 10**9),
    number=st.integers(0, 10**6),
    grade=st.sampled_from(["good", "fair", "poor"]),
)
@settings(max_examples=40, deadline=None)
def test_every_template_is_valid(seed: int, first: int, number: int, grade: Grade) -> None:
    for template in population(seed, 3, first=first, number=number, grade=grade):
        minutiae = template.minutiae

        assert 5 <= len(minutiae) <= 96
        assert minutiae.x.max() < template.width_px
        assert minutiae.y.max() < template.height_px
        assert set(minutiae.kind) <= {1, 2}
        assert minutiae.quality.min() >= 25
        assert decode(encode(template)) == template


@given(first=st.integers(0, 3000), count=st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_a_finger_is_the_same_wherever_the_count_begins(first: int, count: int) -> None:
    part = list(population(4, count, first=first))

    single = [next(population(4, 1, first=first + k)) for k in range(count)]

    assert part == single


def test_blocks_leave_no_seam() -> None:
    across = list(population(4, 6, first=1021))

    assert len(list(population(4, 2050))) == 2050
    assert across == list(population(4, 1027))[1021:]


def test_another_number_is_another_impression() -> None:
    assert all(
        one != other for one, other in zip(population(2, 20), population(2, 20, number=1), strict=True)
    )


def test_numbers_of_minutiae_are_those_of_fingers() -> None:
    counts = [len(template.minutiae) for template in population(8, 500)]

    assert 40 < np.median(counts) < 65
    assert np.percentile(counts, 5) > 25


@pytest.mark.parametrize("grade", ["good", "fair", "poor"])
def test_mated_pairs_score_above_strangers(grade: Grade) -> None:
    references = [prepare(template) for template in population(2, 12)]
    probes = [prepare(template) for template in population(2, 12, number=1, grade=grade)]

    mated = [compare(probe, reference).score for probe, reference in zip(probes, references, strict=True)]
    strangers = [compare(probes[i], references[j]).score for i in range(12) for j in range(12) if i != j]

    assert np.median(mated) > max(strangers)


def test_poor_impressions_score_lower_than_good_ones() -> None:
    references = [prepare(template) for template in population(2, 30)]

    def median(grade: Grade) -> float:
        probes = population(2, 30, number=1, grade=grade)
        scores = [compare(prepare(probe), one).score for probe, one in zip(probes, references, strict=True)]
        return float(np.median(scores))

    assert median("good") > median("fair") > median("poor")


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="good, fair, poor"):
        population(1, 1, grade="bad")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="negative"):
        population(1, 1, first=-1)
