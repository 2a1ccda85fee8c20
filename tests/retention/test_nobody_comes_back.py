"""After an erasure no search, rebuilt index or repeated request finds the person, whoever searches when."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import record
from tests.retention.conftest import MovedClock
from tests.workflows.requests import screening

from musterpoint.errors import AlreadyErased, NotFound
from musterpoint.identifiers import SubjectId
from musterpoint.registry import Answer
from musterpoint.registry.retention import Kept, RetentionRule
from musterpoint.storage import retention
from musterpoint.workflows.erasure import Erasable, erase, find_erasable
from musterpoint.workflows.retention import run
from musterpoint.workflows.screening import screen
from musterpoint.workflows.snapshots import FOLDER
from musterpoint.workflows.station import Station


def person_of(station: Station, subject: str | None) -> Erasable:
    with station.database.read() as snapshot:
        return find_erasable(snapshot, subject or "")


def test_an_index_in_memory_on_disk_or_built_anew_has_forgotten(
    station: Station, folder: Path, reopen: Callable[[], Station]
) -> None:
    gone, kept = screen(station, screening(record(1))), screen(station, screening(record(2)))
    other = reopen()
    assert screen(other, screening(record(1, number=2))).case is not None
    station.index(None).follow(station.database)
    station.index(None).save(station.database)
    erase(station, person_of(station, gone.subject))
    with station.database.read() as snapshot:
        waiting = [one for one in snapshot.encounters() if str(one.encounter_id) != kept.encounter]
    for one in waiting:
        erase(station, Erasable(subject_id=one.subject_id, encounters=(one.encounter_id,)))

    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    for searcher in (station, other, reopen()):
        found = searcher.index(None).search(searcher.database, [], 0.01)
        assert found.people == 1
    assert screen(reopen(), screening(record(1, number=3))).answer == Answer.NOT_KNOWN.value


def test_a_repeated_request_of_who_went_by_date_is_not_carried_out(
    station: Station, clock: MovedClock
) -> None:
    with station.database.unit_of_work() as work:
        retention.set_rules(work, "rules", [RetentionRule(gallery="*", kept=Kept.ENCOUNTER, days=5)])
        work.append_journal("retention.rules", {})
        work.commit()
    request = screening(record(1))
    screen(station, request)
    clock.move(6)
    assert run(station).erased == 1
    with pytest.raises(AlreadyErased):
        screen(station, request)


@pytest.mark.parametrize("searchers", [2])
def test_erasing_and_searching_the_same_person_at_once_ends_clearly(
    station: Station, reopen: Callable[[], Station], searchers: int
) -> None:
    first = screen(station, screening(record(1)))
    person = person_of(station, first.subject)
    others = [reopen() for _ in range(searchers)]
    barrier, answers, errors = threading.Barrier(searchers + 1), [], []

    def search(one: Station, number: int) -> None:
        barrier.wait()
        try:
            answers.append(screen(one, screening(record(1, number=number))))
        except Exception as error:  # noqa: BLE001 -- whatever a thread raises is for the assertion below
            errors.append(error)

    threads = [
        threading.Thread(target=search, args=(one, number)) for number, one in enumerate(others, start=2)
    ]
    for thread in threads:
        thread.start()
    barrier.wait()
    erase(station, person)
    for thread in threads:
        thread.join()

    assert errors == []
    # Each was recorded before the erasure, with a case, or after it, as somebody new or of the other.
    assert len(answers) == searchers
    with station.database.read() as snapshot:
        enrolled = [one for one in snapshot.subjects() if one.encounters]
        assert SubjectId(person.record_id) not in {one.subject_id for one in enrolled}
        assert len(enrolled) <= 1
        there = {str(one.encounter_id) for one in snapshot.encounters()}
        assert there == {one.encounter for one in answers}
        with pytest.raises(NotFound):
            snapshot.subject(SubjectId(person.record_id))
