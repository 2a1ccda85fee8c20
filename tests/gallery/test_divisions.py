"""A gallery answers the same however it is divided, in whichever order people came, and with any threads."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gallery.people import LEFT, RIGHT, entry, filled, fingers, search

from musterpoint.comparison import STANDARD, Cohort
from musterpoint.errors import GalleryIncomplete, VersionMismatch
from musterpoint.gallery import (
    Entry,
    LocalGallerySearch,
    Probe,
    ProcessShard,
    References,
    SearchResult,
    ShardedGallerySearch,
    Terms,
    part_of,
)
from musterpoint.gallery import references as reference_module
from musterpoint.gallery import searching as searching_module
from musterpoint.gallery import segment as segment_module
from musterpoint.gallery.local_shard import LocalShard
from musterpoint.gallery.plan import Plan
from musterpoint.templates import FingerPosition, Template

COUNT = 80
POSITION = 5
EVERYBODY = Terms(target_fpir=1.0, limit=1000)


@pytest.fixture(autouse=True)
def _short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*, people: int, references: int, fingers: int, held: int | None = None) -> Plan:
        return Plan(is_whole=False, listed=30, refined=12)

    monkeypatch.setattr(searching_module, "plan_for", short)
    monkeypatch.setattr(reference_module, "FILTERED_FROM", 1)


@cache
def people() -> tuple[Entry, ...]:
    """People of one finger and of two, unlabelled ones, one impression twice, and some who are all alike."""
    made, left = fingers(2 * COUNT)[:COUNT], fingers(2 * COUNT)[COUNT:]
    found = []
    for k in range(COUNT):
        # So many that each list is cut among equals.
        alike = made[k] if k % 2 else made[0]
        label = FingerPosition.UNKNOWN if k % 7 == 3 else RIGHT
        found.append(entry(k, replace(alike, position=label)))
        if k % 3 == 0:
            found.append(entry(k, replace(left[k], position=LEFT), finger=1))
        if k % 5 == 0:
            found.append(entry(k, replace(fingers(COUNT, 2)[k], position=label), finger=2))
    return tuple(found)


@cache
def probes() -> tuple[Probe, ...]:
    """Somebody with one finger, with two, with two of which one has no label, and nobody who is there."""
    right, left = fingers(2 * COUNT, 1)[:COUNT], fingers(2 * COUNT, 1)[COUNT:]
    labelled: Sequence[Sequence[Template]] = (
        [right[0]],
        [replace(right[33], position=RIGHT), replace(left[33], position=LEFT)],
        [replace(right[60], position=FingerPosition.UNKNOWN), replace(left[60], position=LEFT)],
        [fingers(2 * COUNT + 1)[2 * COUNT]],
    )
    return tuple(Probe(templates=tuple(one)) for one in labelled)


@cache
def answers() -> tuple[SearchResult, ...]:
    """What one part with one thread answers, people added in their order."""
    gallery = filled(people(), position=POSITION)
    return tuple(search(gallery, probe.templates, EVERYBODY) for probe in probes())


def test_those_who_are_alike_come_in_the_order_of_their_identifiers() -> None:
    alike = [
        one.person for one in answers()[0].candidates if one.strength == answers()[0].candidates[0].strength
    ]
    assert len(alike) > 9
    assert alike == sorted(alike)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.randoms(use_true_random=False),
    parts=st.integers(1, 4),
    threads=st.integers(1, 3),
    rows=st.sampled_from((16, 50, 65_536)),
    filed=st.sampled_from((8, 40, 4096)),
    is_by_identifier=st.booleans(),
)
def test_order_parts_threads_and_segments_change_nothing(
    order: random.Random, parts: int, threads: int, rows: int, filed: int, is_by_identifier: bool
) -> None:
    shuffled = list(people())
    order.shuffle(shuffled)
    dealt = {one.person: order.randrange(parts) for one in shuffled}
    with pytest.MonkeyPatch.context() as patch:
        for module in (reference_module, segment_module):
            patch.setattr(module, "SEGMENT_ROWS", rows)
        patch.setattr(segment_module, "FILED_AT_ONCE", filed)
        held = [References(is_part=True) for _ in range(parts)]
        for one in shuffled:
            part = part_of(one.person, parts) if is_by_identifier else dealt[one.person]
            held[part].add([one])
        for references in held:
            references.position = POSITION
        gallery = ShardedGallerySearch([LocalShard(one, threads=threads) for one in held])
        try:
            assert gallery.search_many(probes(), EVERYBODY) == answers()
            assert tuple(gallery.search(probe, EVERYBODY) for probe in probes()) == answers()
        finally:
            gallery.close()


@given(st.permutations(range(4)), st.integers(1, 4))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_batch_in_any_order_gives_what_single_searches_give(order: list[int], count: int) -> None:
    local = LocalGallerySearch(filled(people(), position=POSITION), threads=2)
    chosen = [*order[:count], order[0]]
    found = local.search_many(tuple(probes()[k] for k in chosen), EVERYBODY)
    local.close()
    assert found == tuple(answers()[k] for k in chosen)


def test_a_list_longer_than_the_gallery_is_the_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    def long(*, people: int, references: int, fingers: int, held: int | None = None) -> Plan:
        return Plan(is_whole=False, listed=10_000, refined=5_000)

    monkeypatch.setattr(searching_module, "plan_for", long)
    for size in (1, 2, COUNT):
        some = filled(entry(k, fingers(COUNT)[k]) for k in range(size))
        found = search(some, [fingers(COUNT, 1)[0]], EVERYBODY)
        assert (found.people, found.compared) == (size, size)
        whole = search(some, [fingers(COUNT, 1)[0]], replace(EVERYBODY, is_whole=True))
        assert found.candidates == whole.candidates


def _in_processes(parts: int, added: Sequence[Entry], cohort: Cohort | None = None) -> list[ProcessShard]:
    shards = [ProcessShard(threads=1 + k % 2, cohort=cohort) for k in range(parts)]
    for k, shard in enumerate(shards):
        shard.add([one for one in added if one.person.int % parts == k])
        shard.follow(POSITION)
    return shards


def test_processes_answer_as_one_part_until_one_is_killed_in_the_middle_of_a_search() -> None:
    shards = _in_processes(2, people())
    gallery = ShardedGallerySearch(shards)
    try:
        assert gallery.search_many(probes(), EVERYBODY) == answers()
        assert tuple(gallery.search(probe, EVERYBODY) for probe in probes()) == answers()
        nobody = gallery.search(Probe(templates=()))
        assert (nobody.candidates, nobody.people) == ((), answers()[0].people)

        begun = shards[1].begin()
        assert begun.count(()).references
        os.kill(shards[1].pid, signal.SIGKILL)
        shards[1]._process.join()
        for ask in (
            lambda: begun.shortlist(probes()[:1], [10]),
            lambda: begun.compare(probes()[0], None, 0, 0),
            lambda: gallery.search(probes()[0]),
            lambda: gallery.search_many(probes()),
            gallery.status,
        ):
            with pytest.raises(GalleryIncomplete):
                ask()
        begun.close()
    finally:
        gallery.close()


@pytest.fixture(scope="module")
def own() -> Cohort:
    return Cohort.of(fingers(2 * COUNT)[:100])


def test_parts_under_a_cohort_of_their_own_answer_as_one_under_it(own: Cohort) -> None:
    calibration = replace(STANDARD, number=3, cohort=own.name)
    terms = replace(EVERYBODY, calibration=calibration)
    references = References(cohort=own)
    some = people()[:30]
    references.add(some)
    references.position = POSITION
    local = LocalGallerySearch(references, threads=1)
    parts = ShardedGallerySearch(_in_processes(1, some, own))
    try:
        found = parts.search_many(probes()[:2], terms)
        assert found == local.search_many(probes()[:2], terms)
        mine, plain = (one.candidates[0].fingers[0].score for one in (found[0], answers()[0]))
        assert mine != plain, "scores are under another cohort"

        for gallery in (local, parts):
            with pytest.raises(VersionMismatch, match=own.name):
                gallery.search(probes()[0], EVERYBODY)
    finally:
        parts.close()
        local.close()


def test_scores_are_never_read_by_a_calibration_of_something_else(own: Cohort) -> None:
    local = LocalGallerySearch(filled(people()), threads=1)
    for other in (replace(STANDARD, cohort=own.name), replace(STANDARD, comparator="1.0")):
        with pytest.raises(VersionMismatch):
            local.search(probes()[0], replace(EVERYBODY, calibration=other))
    mixed = [References(is_part=True), References(is_part=True, cohort=own)]
    sharded = ShardedGallerySearch([LocalShard(one, threads=1) for one in mixed])
    for calibration in (STANDARD, replace(STANDARD, cohort=own.name)):
        with pytest.raises(VersionMismatch, match="parts under"):
            sharded.search(probes()[0], replace(EVERYBODY, calibration=calibration))
    sharded.close()
    local.close()
