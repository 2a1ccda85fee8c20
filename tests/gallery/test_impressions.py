"""Several impressions of a finger are one finger in every stage of a search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.gallery.people import LEFT, RIGHT, entry, filled, fingers, numbers_of, search

from musterpoint.gallery import Probe, References, Terms
from musterpoint.gallery import references as reference_module
from musterpoint.gallery import searching as searching_module
from musterpoint.gallery.local_shard import LocalShard
from musterpoint.gallery.plan import Plan, plan_for
from musterpoint.gallery.rounds import Shortlist
from musterpoint.templates import FingerPosition, Template

COUNT = 120
UNKNOWN = FingerPosition.UNKNOWN


def unlabelled(template: Template) -> Template:
    return replace(template, position=UNKNOWN)


def shortlist(references: References, probe: list[Template]) -> Shortlist:
    shard = LocalShard(references, threads=1)
    return shard.begin().shortlist([Probe(templates=tuple(probe))], [COUNT])[0]


@pytest.fixture(scope="module")
def twice() -> References:
    """People with two impressions of one finger each."""
    first, second = fingers(COUNT), fingers(COUNT, 1)
    return filled(
        entry(k, one, finger=finger) for k in range(COUNT) for finger, one in enumerate((first[k], second[k]))
    )


@pytest.fixture
def _filtered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_module, "FILTERED_FROM", 1)


@pytest.mark.usefixtures("_filtered")
@pytest.mark.parametrize("label", [RIGHT, UNKNOWN])
def test_the_filter_takes_the_best_impression_of_a_finger(twice: References, label: FingerPosition) -> None:
    probe = [replace(fingers(COUNT, number)[7], position=label) for number in (2, 3)]

    both, *each = (shortlist(twice, some) for some in (probe, probe[:1], probe[1:]))

    by_person = [dict(zip(one.numbers.tolist(), one.totals.tolist(), strict=True)) for one in (both, *each)]
    assert by_person[0] == {n: max(by_person[1][n], by_person[2][n]) for n in by_person[0]}


@pytest.mark.usefixtures("_filtered")
def test_different_fingers_still_add_up(twice: References) -> None:
    probe = [replace(fingers(COUNT, 2)[7], position=RIGHT), replace(fingers(COUNT, 2)[8], position=LEFT)]

    both, *each = (shortlist(twice, some) for some in (probe, probe[:1], probe[1:]))

    by_person = [dict(zip(one.numbers.tolist(), one.totals.tolist(), strict=True)) for one in (both, *each)]
    assert by_person[0] == {n: by_person[1][n] + by_person[2][n] for n in by_person[0]}


def planned(references: References, probe: list[Template], monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    asked: list[dict[str, int]] = []

    def spy(**facts: int) -> Plan:
        asked.append(facts)
        return Plan(is_whole=True)

    monkeypatch.setattr(searching_module, "plan_for", spy)
    search(references, probe)
    return asked[0]


def test_two_impressions_of_one_finger_are_searched_with_the_long_list_of_one(
    twice: References, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = [fingers(COUNT, number)[7] for number in (2, 3)]

    facts = planned(twice, probe, monkeypatch)

    assert facts == {"people": COUNT, "references": 2 * COUNT, "fingers": 1, "held": COUNT}
    large = {"people": 100_000, "references": 200_000}
    assert plan_for(**large, fingers=2, held=100_000) == plan_for(**large, fingers=1)


def test_unlabelled_references_count_as_one_finger_for_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    held = filled(entry(k, unlabelled(fingers(9)[k + j]), finger=j) for k in range(0, 8, 2) for j in (0, 1))
    probe = [unlabelled(fingers(9, 1)[k]) for k in (0, 1)]

    facts = planned(held, probe, monkeypatch)

    assert (facts["fingers"], facts["held"]) == (2, 4)


def test_an_unlabelled_finger_that_was_captured_twice_counts_once() -> None:
    held = filled(
        [entry(0, unlabelled(fingers(4)[0])), entry(0, unlabelled(fingers(4, 1)[0]), finger=1)]
        + [entry(k, fingers(4)[k]) for k in (1, 2)]
    )
    terms = Terms(target_fpir=1.0, limit=10)

    (found,) = search(held, [unlabelled(fingers(4, n)[0]) for n in (2, 3)], terms).candidates
    (two,) = search(held, [fingers(4, 2)[0], replace(fingers(4, 2)[1], position=LEFT)], terms).candidates[:1]

    assert len(found.fingers) == 1
    assert found.strength <= 23_000
    assert two.person == found.person


def test_a_second_impression_finds_what_the_first_does_not_show(twice: References) -> None:
    empty = replace(fingers(COUNT)[3], minutiae=fingers(COUNT)[3].minutiae.take(np.arange(2)))

    assert numbers_of(search(twice, [empty])) == []
    assert numbers_of(search(twice, [empty, fingers(COUNT, 2)[3]])) == [3]
