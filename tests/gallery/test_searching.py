"""Searches of galleries large enough to be filtered: who is found, and that nothing else decides it."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from tests.gallery.people import (
    LEFT,
    RIGHT,
    entries,
    entry,
    filled,
    fingers,
    numbers_of,
    person_of,
    search,
)

from musterpoint.errors import GalleryBehind, GalleryIncomplete
from musterpoint.gallery import (
    LocalGallerySearch,
    Probe,
    ProcessShard,
    References,
    ShardedGallerySearch,
    Terms,
    part_of,
)
from musterpoint.gallery import plan as plans
from musterpoint.gallery import references as reference_module
from musterpoint.gallery import searching as searching_module
from musterpoint.gallery import segment as segment_module
from musterpoint.gallery.local_shard import LocalShard
from musterpoint.gallery.plan import Plan, plan_for
from musterpoint.templates import FingerPosition, Minutiae, Template

COUNT = 400
EVERYTHING = Terms(target_fpir=1.0, limit=1000)


@pytest.fixture(autouse=True)
def _short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists as short as in a gallery a hundred times as large, so that every stage takes part."""

    def short(*, people: int, references: int, fingers: int, held: int | None = None) -> Plan:
        return Plan(is_whole=False, listed=100, refined=20)

    monkeypatch.setattr(searching_module, "plan_for", short)
    monkeypatch.setattr(reference_module, "FILTERED_FROM", 1)


@pytest.fixture(scope="module")
def gallery() -> References:
    return filled(entries(COUNT), position=7)


def test_a_person_is_found_by_another_impression_and_few_are_compared(gallery: References) -> None:
    for number in range(0, COUNT, 40):
        result = search(gallery, [fingers(COUNT, 1)[number]])
        assert numbers_of(result) == [number]
        assert (result.people, result.examined, result.compared, result.position) == (COUNT, COUNT, 20, 7)


def test_strangers_are_not_found(gallery: References) -> None:
    for stranger in fingers(COUNT + 10)[COUNT:]:
        assert search(gallery, [stranger]).candidates == ()


def test_what_is_found_is_what_a_comparison_with_everybody_finds(gallery: References) -> None:
    for number in range(5, COUNT, 50):
        probe = [fingers(COUNT, 2)[number]]
        whole = search(gallery, probe, Terms(is_whole=True))
        assert whole.compared == COUNT
        found = search(gallery, probe)
        assert [(one.person, one.fingers) for one in found.candidates] == [
            (one.person, one.fingers) for one in whole.candidates
        ]
        assert found.needed.occasions < whole.needed.occasions == COUNT


def test_threads_change_nothing(gallery: References) -> None:
    probe = Probe(templates=(fingers(COUNT, 1)[3],))
    results = [LocalGallerySearch(gallery, threads=n).search(probe, EVERYTHING) for n in (1, 2, 5)]
    assert results[0] == results[1] == results[2]


def test_the_order_of_enrolment_changes_nothing(gallery: References) -> None:
    shuffled = entries(COUNT)
    random.Random(5).shuffle(shuffled)
    other = filled(shuffled, position=7)
    for number in (0, 200, 399):
        probe = [fingers(COUNT, 1)[number]]
        assert search(other, probe, EVERYTHING) == search(gallery, probe, EVERYTHING)


def test_segments_change_nothing(gallery: References, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reference_module, segment_module):
        monkeypatch.setattr(module, "SEGMENT_ROWS", 120)
    monkeypatch.setattr(segment_module, "FILED_AT_ONCE", 50)
    other = filled(entries(COUNT), position=7)
    other.make_keys()
    assert [segment.count for segment in other.segments] == [120, 120, 120, 40]
    monkeypatch.undo()
    for number in (1, 201, 398):
        probe = [fingers(COUNT, 1)[number]]
        mine = search(other, probe, Terms(target_fpir=1.0))
        assert mine == replace(search(gallery, probe, Terms(target_fpir=1.0)))


def test_a_batch_gives_what_single_searches_give(gallery: References) -> None:
    probes = tuple(Probe(templates=(fingers(COUNT, 1)[number],)) for number in (2, 20, 200))
    local = LocalGallerySearch(gallery, threads=2)
    assert local.search_many(probes, EVERYTHING) == tuple(local.search(p, EVERYTHING) for p in probes)


def test_two_fingers_find_where_labels_are_right_wrong_and_missing() -> None:
    left = fingers(2 * COUNT)[COUNT:]
    both = [
        entry(k, replace(template, position=position), finger=finger)
        for k in range(COUNT)
        for finger, (template, position) in enumerate(((fingers(COUNT)[k], RIGHT), (left[k], LEFT)))
    ]
    gallery = filled(both)
    number = 321
    again = fingers(COUNT, 1)[number], fingers(2 * COUNT, 1)[COUNT + number]
    for labels in ((RIGHT, LEFT), (LEFT, RIGHT), (FingerPosition.UNKNOWN, FingerPosition.UNKNOWN)):
        probe = [replace(finger, position=label) for finger, label in zip(again, labels, strict=True)]
        assert numbers_of(search(gallery, probe)) == [number]


def test_removed_people_are_not_found_and_come_back_when_added() -> None:
    gallery = filled(entries(COUNT))
    probe = [fingers(COUNT, 1)[42]]
    assert numbers_of(search(gallery, probe)) == [42]

    assert gallery.remove([UUID(int=(2 << 64) + 42)]) == 1
    gone = search(gallery, probe)
    assert (gone.candidates, gone.people, gone.examined) == ((), COUNT - 1, COUNT - 1)

    assert gallery.forget_removed() == 1
    assert search(gallery, probe) == gone
    assert b"".join(segment.columns().visits.tobytes() for segment in gallery.segments).find(
        (42).to_bytes(8, "little") + b"\x02"
    )

    gallery.add([entry(42, fingers(COUNT)[42])])
    assert numbers_of(search(gallery, probe)) == [42]


def test_an_encounter_given_to_somebody_else_is_found_as_theirs() -> None:
    gallery = filled(entries(COUNT))
    assert gallery.give({UUID(int=(2 << 64) + 9): person_of(10)}) == 1
    result = search(gallery, [fingers(COUNT, 1)[9]])
    assert numbers_of(result) == [10]
    assert result.people == COUNT - 1


def test_a_search_sees_the_gallery_as_it_was_when_it_began() -> None:
    gallery = filled(entries(COUNT))
    shard = LocalShard(gallery, threads=1)
    begun = shard.begin()
    gallery.remove([UUID(int=(2 << 64) + 5)])
    gallery.add([entry(COUNT, fingers(COUNT + 1)[COUNT])])

    assert begun.count(()).references == COUNT
    probe = Probe(templates=(fingers(COUNT, 1)[5],))
    [listed] = begun.shortlist([probe], [10])
    found = begun.compare(probe, listed, 0, 10_000).found
    assert [one.person for one in found] == [person_of(5)]
    assert shard.begin().count(()).references == COUNT
    assert begun.compare(probe, None, 0, 10_000).references.sum() == COUNT


def test_people_are_enrolled_and_removed_while_others_are_searched() -> None:
    gallery = filled(entries(COUNT))
    local = LocalGallerySearch(gallery, threads=2)
    ended = threading.Event()
    failures: list[int] = []

    def search_on(number: int) -> None:
        probe = Probe(templates=(fingers(COUNT, 1)[number],))
        while not ended.is_set():
            if numbers_of(local.search(probe)) != [number]:
                failures.append(number)

    searching = [threading.Thread(target=search_on, args=(number,)) for number in (3, 33)]
    for thread in searching:
        thread.start()
    more = fingers(COUNT + 200)
    for k in range(COUNT, COUNT + 200):
        gallery.add([entry(k, more[k])])
        if k % 2:
            gallery.remove([UUID(int=(2 << 64) + k)])
        if k % 50 == 0:
            gallery.forget_removed()
    ended.set()
    for thread in searching:
        thread.join()
    assert not failures
    assert len(gallery) == COUNT + 100


def test_an_answer_from_before_the_request_is_refused(gallery: References) -> None:
    probe = [fingers(COUNT, 1)[1]]
    assert search(gallery, probe, Terms(at_least=7)).position == 7
    with pytest.raises(GalleryBehind):
        search(gallery, probe, Terms(at_least=8))


def test_empty_galleries_those_of_one_and_odd_templates() -> None:
    probe = [fingers(COUNT, 1)[0]]
    for terms in (Terms(), Terms(is_whole=True)):
        nobody = search(References(), probe, terms)
        assert (nobody.candidates, nobody.people, nobody.examined, nobody.compared) == ((), 0, 0, 0)
        one = search(filled(entries(1)), probe, terms)
        assert (numbers_of(one), one.compared) == ([0], 1)
    full = filled(entries(20))
    for template in (_of(0), _of(1), _of(2), _of(255), _of(40, same_place=True)):
        full.add([entry(20 + len(template.minutiae), template)])
        assert search(full, [template], Terms(target_fpir=1.0)).people == len(full)
    assert search(full, []).compared == 0


def _of(count: int, *, same_place: bool = False) -> Template:
    many = [fingers(12)[k].minutiae for k in range(12)]
    x = [int(v) for one in many for v in one.x][:count]
    y = [int(v) for one in many for v in one.y][:count]
    minutiae = Minutiae(
        x=[5] * count if same_place else x,  # type: ignore[arg-type]  # made arrays by the value itself
        y=[5] * count if same_place else y,  # type: ignore[arg-type]
        direction=[256 * (k % 256) for k in range(count)],  # type: ignore[arg-type]
        kind=[1] * count,  # type: ignore[arg-type]
        quality=[200] * count,  # type: ignore[arg-type]
    )
    return replace(fingers(1)[0], minutiae=minutiae)


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_a_gallery_in_parts_answers_as_one(gallery: References, parts: int) -> None:
    held = [References(is_part=True) for _ in range(parts)]
    for one in entries(COUNT):
        held[part_of(one.person, parts)].add([one])
    for part in held:
        part.position = 7
    sharded = ShardedGallerySearch([LocalShard(part, threads=1) for part in held])
    assert min(len(part) for part in held) > COUNT / parts / 2
    for number in (0, 144, 311):
        for terms in (Terms(), EVERYTHING, Terms(is_whole=True, target_fpir=1.0)):
            probe = Probe(templates=(fingers(COUNT, 1)[number],))
            assert sharded.search(probe, terms) == search(gallery, probe.templates, terms)
    sharded.close()


@pytest.fixture(scope="module")
def in_processes() -> Iterator[list[ProcessShard]]:
    shards = [ProcessShard() for _ in range(2)]
    for k, shard in enumerate(shards):
        shard.add([one for one in entries(COUNT) if part_of(one.person, 2) == k])
        shard.follow(7)
    yield shards
    for shard in shards:
        shard.close()


def test_processes_answer_as_one_and_a_dead_one_is_an_error(
    gallery: References, in_processes: list[ProcessShard]
) -> None:
    sharded = ShardedGallerySearch(in_processes)
    assert (sharded.status().references, sharded.status().shards) == (COUNT, 2)
    probe = Probe(templates=(fingers(COUNT, 1)[77],))
    for terms in (Terms(), EVERYTHING, Terms(is_whole=True)):
        assert sharded.search(probe, terms) == search(gallery, probe.templates, terms)

    in_processes[0].close()
    for ask in (lambda: sharded.search(probe), sharded.status):
        with pytest.raises(GalleryIncomplete):
            ask()


def test_small_galleries_are_compared_whole_and_more_fingers_need_shorter_lists() -> None:
    assert plan_for(people=1000, references=1000, fingers=10).is_whole
    assert plan_for(people=2000, references=4000, fingers=1).is_whole
    one = plan_for(people=100_000, references=200_000, fingers=1)
    two = plan_for(people=100_000, references=200_000, fingers=2)
    assert not one.is_whole
    assert one.listed == 6000 > two.listed
    # Where people gave one finger, a second finger of the probe finds nothing to add.
    assert plan_for(people=100_000, references=100_000, fingers=2) == one
    assert plans.FILTERED_FROM <= plans.WHOLE_UP_TO
