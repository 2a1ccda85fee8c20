"""A scan over packed references gives the scores of the single comparisons, however it is split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.comparison.impressions import degenerate, finger, impression

from musterpoint.comparison import Pack, compare, prepare, score_all

PROBE = prepare(finger(2))
REFERENCES = [
    *(prepare(impression(seed, 1)) for seed in range(40)),
    *(prepare(template) for template in degenerate().values()),
]
PACK = Pack.of(REFERENCES)
SINGLY = np.array([compare(PROBE, reference).score for reference in REFERENCES], np.int32)


def test_a_scan_gives_the_scores_of_single_comparisons() -> None:
    scores = score_all(PROBE, PACK)

    assert scores.dtype == np.int32
    assert np.array_equal(scores, SINGLY)


@given(st.integers(0, len(REFERENCES)), st.integers(0, len(REFERENCES)), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_any_range_and_any_number_of_threads_give_the_same_scores(one: int, other: int, threads: int) -> None:
    begin, end = sorted((one, other))

    assert np.array_equal(score_all(PROBE, PACK, begin, end, threads=threads), SINGLY[begin:end])


def test_rows_can_be_scored_in_any_order() -> None:
    rows = np.array([7, 3, 3, 50])

    assert np.array_equal(PACK.score(PROBE, rows), SINGLY[rows])


def test_a_pack_grows_by_one_reference_at_a_time() -> None:
    pack = Pack.of(REFERENCES[:5])

    rows = [pack.append(reference) for reference in REFERENCES[5:]]

    assert rows == list(range(5, len(REFERENCES)))
    assert np.array_equal(score_all(PROBE, pack), SINGLY)


def test_an_empty_pack_has_no_scores() -> None:
    assert score_all(PROBE, Pack()).shape == (0,)


@pytest.mark.parametrize("rows", [[-1], [len(REFERENCES)], [0, len(REFERENCES)]])
def test_rows_outside_of_the_pack_are_refused(rows: list[int]) -> None:
    with pytest.raises(IndexError, match="of a pack of"):
        PACK.score(PROBE, np.array(rows))


def test_a_range_beyond_the_pack_is_refused() -> None:
    with pytest.raises(IndexError, match="of a pack of"):
        score_all(PROBE, PACK, 0, len(REFERENCES) + 1)
