"""Weights of the other sets: nothing of the set that is left out goes into them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from musterpoint.evaluation import Pairs, training
from musterpoint.evaluation.leaving_out import Prints, comparators
from musterpoint.evaluation.protocol import row_of
from musterpoint.evaluation.work_folder import WorkFolder
from musterpoint.synthetic import population
from musterpoint.templates import Template

FINGERS = 5


@pytest.fixture(autouse=True)
def _few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "CROSS_PAIRS", 20)


def prints(seed: int, order: int = 1) -> Prints:
    """Two impressions each of some synthetic fingers; `order` deals the names of the fingers anew."""
    templates: list[Template | None] = [
        template
        for pair in zip(*(population(seed, FINGERS, number=number) for number in (0, 1)), strict=True)
        for template in pair
    ]
    finger = (np.arange(2 * FINGERS) * order % (2 * FINGERS) // 2).astype(np.int32)
    probe, reference = (index.astype(np.int32) for index in np.triu_indices(2 * FINGERS, 1))
    plan = Pairs(finger=finger, probe=probe, reference=reference, is_mated=finger[probe] == finger[reference])
    return Prints(plan, templates)


def names(sets: list[Prints], beside: list[Prints] | None = None) -> list[str]:
    return [one.name for one in comparators(sets, beside or [], WorkFolder(None), None)]


def test_a_set_left_out_changes_nothing_of_its_own_weights() -> None:
    first = names([prints(1), prints(2), prints(3)])
    again = names([prints(1, order=3), prints(2), prints(3)])
    assert again[0] == first[0]
    assert all(one != other for one, other in zip(again[1:], first[1:], strict=True))


def test_sets_beside_are_trained_with_every_time() -> None:
    alone, helped = names([prints(1), prints(2)]), names([prints(1), prints(2)], [prints(3)])
    assert len(helped) == 2
    assert not set(alone) & set(helped)


def rows_of(templates: list[Template], name: int) -> Iterator[list[int]]:
    compare = comparators([prints(1), prints(2)], [], WorkFolder(None), None)[name]
    row = compare.open(templates)
    for index in range(len(templates)):
        yield row(index).tolist()


def test_trained_weights_tell_mated_from_non_mated_pairs() -> None:
    templates = [template for template in prints(1).templates if template is not None]
    rows = list(rows_of(templates, 0))
    assert [len(row) for row in rows] == list(range(len(templates) - 1, -1, -1))
    mated = [rows[2 * finger][0] for finger in range(FINGERS)]
    others = [score for i, row in enumerate(rows) for j, score in enumerate(row, i + 1) if i // 2 != j // 2]
    assert np.median(mated) > max(others)


def test_rows_of_pairs_follow_each_other() -> None:
    rows = [row_of(7, probe) for probe in range(7)]
    assert rows[0].start == 0
    assert rows[-1].stop == 21
    assert all(one.stop == other.start for one, other in pairwise(rows))
