"""Every pair once, and the right ones mated."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from tests.evaluation.builders import write_data_set

from musterpoint.errors import ListingError
from musterpoint.evaluation import DataSet, pairs


def test_every_pair_is_there_once_and_is_mated_if_it_shows_one_finger(tmp_path: Path) -> None:
    data_set = DataSet.read(write_data_set(tmp_path, {9: [1, 2, 3], 4: [1], 12: [5, 1]}))
    plan = pairs(data_set)
    names = [(sample.finger, sample.impression) for sample in data_set.samples]

    assert names == sorted(names)
    assert list(zip(plan.probe.tolist(), plan.reference.tolist(), strict=True)) == list(
        combinations(range(6), 2)
    )
    for probe, reference, is_mated in zip(plan.probe, plan.reference, plan.is_mated, strict=True):
        assert is_mated == (names[probe][0] == names[reference][0])
    assert plan.is_mated.sum() == 3 + 0 + 1
    assert plan.finger_count == 3


def test_a_row_holds_the_pairs_of_one_probe(tmp_path: Path) -> None:
    plan = pairs(DataSet.read(write_data_set(tmp_path, {2: [1, 2, 3], 3: [1, 2]})))
    for probe in range(5):
        row = plan.row(probe)
        assert plan.probe[row].tolist() == [probe] * (4 - probe)
        assert plan.reference[row].tolist() == list(range(probe + 1, 5))


@pytest.mark.parametrize("impressions", [{2: [1, 2, 3]}, {2: [1], 3: [1], 4: [2]}, {2: [1]}])
def test_a_set_that_lacks_a_class_of_pairs_is_refused(
    tmp_path: Path, impressions: dict[int, list[int]]
) -> None:
    data_set = DataSet.read(write_data_set(tmp_path, impressions))
    with pytest.raises(ListingError, match="two fingers, and two impressions of one"):
        pairs(data_set)
