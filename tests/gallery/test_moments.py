"""Searches while the gallery changes: an answer is that of the moment it names, and who is erased is gone."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import pytest
from tests.calibration.people import enrol
from tests.calibration.people import fingers as kept_fingers
from tests.gallery.people import entry, filled, fingers, numbers_of, person_of
from tests.rights.conftest import empty, real, seated
from tests.rights.installations import DEPARTURES, Installation

from musterpoint.gallery import (
    LocalGallerySearch,
    Probe,
    ProcessShard,
    References,
    SearchResult,
    ShardedGallerySearch,
    Terms,
)
from musterpoint.gallery import references as reference_module
from musterpoint.gallery import searching as searching_module
from musterpoint.gallery import segment as segment_module
from musterpoint.gallery.plan import Plan
from musterpoint.workflows.erasure import erase, find
from musterpoint.workflows.searching import RegistryIndex

__all__ = ["empty", "real", "seated"]

COUNT = 60
STEPS = 60
EVERYBODY = Terms(target_fpir=1.0, limit=20)
PROBED = (3, 17, COUNT + 5)
"""Two who are there from the beginning, the first of whom is removed, and one who comes later."""


@pytest.fixture(autouse=True)
def _switching() -> Iterator[None]:
    """Threads take turns far more often than usual, so that one is stopped at any place by another."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(autouse=True)
def _short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filter, sketch and comparison take part, and several segments that are filed again and again."""

    def short(*, people: int, references: int, fingers: int, held: int | None = None) -> Plan:
        return Plan(is_whole=False, listed=25, refined=8)

    monkeypatch.setattr(searching_module, "plan_for", short)
    monkeypatch.setattr(reference_module, "FILTERED_FROM", 1)
    for module in (reference_module, segment_module):
        monkeypatch.setattr(module, "SEGMENT_ROWS", 40)
    monkeypatch.setattr(segment_module, "FILED_AT_ONCE", 16)


def _visit(number: int) -> UUID:
    return UUID(int=(2 << 64) + number)


def _change(references: References, step: int) -> None:
    """One step of a history: people come, go, change hands, and what was removed is forgotten."""
    with references.lock():
        if step % 4 == 3:
            references.remove([_visit(step // 2)])
        elif step % 10 == 4:
            references.give({_visit(40 + step % 9): person_of(50)})
        elif step % 10 == 8:
            references.forget_removed()
        else:
            references.add([entry(COUNT + step, fingers(COUNT + STEPS)[COUNT + step])])
        references.position = step


def _probes() -> list[Probe]:
    return [Probe(templates=(fingers(COUNT + STEPS, 1)[number],)) for number in PROBED]


def _people() -> References:
    return filled((entry(k, fingers(COUNT + STEPS)[k]) for k in range(COUNT)), position=0)


@dataclass
class Searching:
    """Threads that search without pause, until they are stopped; each notes what it saw.

    confirmed  the step that whoever changes the gallery was told is done
    seen       what was confirmed when a search began, which probe, and the answer
    """

    confirmed: int = 0
    seen: list[tuple[int, int, SearchResult]] = field(default_factory=list)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(len(PROBED)))
    running: list[Future[None]] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)
    is_ended: bool = False

    def begin(self, search: Callable[[int], SearchResult], count: int) -> None:
        """Start a thread for each probe."""
        self.running = [self.pool.submit(self._go_on, search, k) for k in range(count)]

    def _go_on(self, search: Callable[[int], SearchResult], probe: int) -> None:
        try:
            while not self.is_ended:
                confirmed = self.confirmed
                found = search(probe)
                with self.more:
                    self.seen.append((confirmed, probe, found))
                    self.more.notify_all()
        finally:
            with self.more:
                self.is_ended = True
                self.more.notify_all()

    def wait_for_more(self) -> None:
        """Return when another answer has come, or searching has failed."""
        with self.more:
            count = len(self.seen)
            self.more.wait_for(lambda: len(self.seen) > count or self.is_ended)

    def wait_for(self, probe: int) -> None:
        """Return when a search that began after the last confirmed step was answered, or has failed."""
        with self.more:
            begun = (self.confirmed, probe)
            self.more.wait_for(lambda: begun in {one[:2] for one in self.seen} or self.is_ended)

    def end(self) -> None:
        """Stop, and raise what a search raised."""
        self.is_ended = True
        for one in self.running:
            one.result()
        self.pool.shutdown()


@pytest.mark.parametrize("threads", [1, 3])
def test_every_answer_is_that_of_the_moment_it_names(threads: int) -> None:
    probes, history = _probes(), _people()
    alone = LocalGallerySearch(history, threads=1)
    expected = [[alone.search(probe, EVERYBODY) for probe in probes]]
    for step in range(1, STEPS):
        _change(history, step)
        expected.append([alone.search(probe, EVERYBODY) for probe in probes])
    assert len({len(one[0].candidates) for one in expected}) > 1, "the history changes what is found"

    gallery = _people()
    local = LocalGallerySearch(gallery, threads=threads)
    searching = Searching()
    searching.begin(lambda k: local.search(probes[k], EVERYBODY), len(probes))
    for step in range(1, STEPS):
        _change(gallery, step)
        searching.confirmed = step
        searching.wait_for_more()
    searching.end()
    local.close()

    assert len({one.position for _, _, one in searching.seen}) > STEPS // 8
    for confirmed, probe, found in searching.seen:
        assert found.position >= confirmed, "a search begins with what was confirmed before it"
        assert found == expected[found.position][probe]


def test_a_batch_is_of_one_moment() -> None:
    probes, gallery = tuple(_probes()), _people()
    local = LocalGallerySearch(gallery, threads=2)
    searching, wrong = Searching(), []

    def search(_: int) -> SearchResult:
        results = local.search_many(probes, EVERYBODY)
        if len({(one.position, one.people, one.examined) for one in results}) != 1:
            wrong.append(results)
        return results[0]

    searching.begin(search, 2)
    for step in range(1, 30):
        _change(gallery, step)
        searching.wait_for_more()
    searching.end()
    local.close()
    assert not wrong


def test_parts_in_other_processes_find_nobody_who_was_removed_before() -> None:
    shards = [ProcessShard() for _ in range(2)]
    sharded = ShardedGallerySearch(shards)
    try:
        for k in range(COUNT):
            shards[k % 2].add([entry(k, fingers(COUNT + STEPS)[k])])
        numbers = (3, 18)
        probes = [Probe(templates=(fingers(COUNT + STEPS, 1)[number],)) for number in numbers]
        searching = Searching()
        searching.begin(lambda k: sharded.search(probes[k]), 2)
        searching.wait_for(0)
        for step in range(1, 12):
            number = COUNT + step
            shards[number % 2].add([entry(number, fingers(COUNT + STEPS)[number])])
            shards[number % 2].remove([_visit(number - 5 if number - 5 >= COUNT else 40 + step)])
            if step == 6:
                assert shards[1].remove([_visit(3)]) == 1
                searching.confirmed = 1
            searching.wait_for_more()
        searching.wait_for(0)
        searching.end()
    finally:
        sharded.close()

    before = [numbers_of(found) for confirmed, probe, found in searching.seen if not (confirmed or probe)]
    after = [numbers_of(found) for confirmed, probe, found in searching.seen if confirmed and not probe]
    assert before[0] == [3]
    assert after
    assert not any(after), "removed, and confirmed before the search began"
    assert all(numbers_of(found) == [18] for _, probe, found in searching.seen if probe)


def test_nobody_is_found_after_an_erasure_was_confirmed(real: Installation) -> None:
    people = 14
    supervisor = real.acting("supervisor")
    subjects = enrol(real.station, [[one] for one in kept_fingers(people)])
    probes = [[one] for one in kept_fingers(people, 1)]
    index = supervisor.index(frozenset({DEPARTURES}))
    erased: list[int] = []
    ended, failed = threading.Event(), list[object]()

    def search_on(first: int) -> None:
        number = first
        while not ended.is_set():
            gone = len(erased)
            found = index.search(supervisor.database, probes[number], 0.01)
            names = [one.subject_id for one in found.candidates]
            if number in erased[:gone] and names:
                failed.append((number, "erased and found"))
            if number >= people - 4 and names != [subjects[number]]:
                failed.append((number, names))
            number = (number + 3) % people

    threads = [threading.Thread(target=partial(search_on, first)) for first in range(2)]
    for thread in threads:
        thread.start()
    for number in range(5):
        erase(supervisor, find(supervisor, str(subjects[number])))
        erased.append(number)
    ended.set()
    for thread in threads:
        thread.join()

    assert not failed
    assert (
        RegistryIndex(frozenset({DEPARTURES})).search(supervisor.database, probes[0], 0.01).candidates == ()
    )
