"""Two machines on one server: a new person who comes at both at once is enrolled once."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import record
from tests.workflows.requests import screening
from tests.workflows.test_interleavings import PATIENCE_S, PausingIndex, Turns

from musterpoint.extraction import Extractor
from musterpoint.registry import Answer
from musterpoint.storage import keyfiles
from musterpoint.storage.dialects import SERVER_FILE
from musterpoint.workflows.screening import screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.station import Station, open_station

pytestmark = pytest.mark.server_only

GALLERIES = frozenset({"screening"})
ORDERS = sorted(set(itertools.permutations((0, 0, 1, 1))))


@pytest.fixture
def machines(tmp_path: Path, extractor: Extractor) -> Iterator[tuple[Station, Station]]:
    """Stations in two folders that share nothing but the address of the server and the keys of seats."""
    one, other = tmp_path / "one", tmp_path / "other"
    open_station(one).database.close()
    other.mkdir()
    shutil.copy(one / SERVER_FILE, other)
    shutil.copytree(one / keyfiles.PRACTICE_FOLDER, other / keyfiles.PRACTICE_FOLDER)
    first, second = (replace(open_station(folder), extractor=extractor) for folder in (one, other))
    yield first, second
    for station in (first, second):
        station.database.close()


def test_whatever_the_order_one_enrols_and_the_other_asks(machines: tuple[Station, Station]) -> None:
    for newcomer, order in enumerate(ORDERS, start=3000):
        outcomes = arrive_at_both(machines, newcomer, order)

        answers = sorted(one.answer or "" for one in outcomes)
        assert answers == sorted([Answer.NOT_KNOWN, Answer.BEING_DECIDED]), order
        assert sum(one.subject is not None for one in outcomes) == 1
    with machines[1].database.read() as snapshot:
        assert len(snapshot.subjects()) == len(ORDERS)
        positions = [line.position for line in snapshot.journal()]
        assert positions == list(range(1, len(positions) + 1))


def test_a_request_that_was_answered_at_one_machine_is_repeated_at_the_other(
    machines: tuple[Station, Station],
) -> None:
    request = screening(record(3100))

    first, again = (screen(station, request) for station in machines)

    assert not first.is_repeated
    assert again.is_repeated
    assert again.encounter == first.encounter


def arrive_at_both(
    machines: tuple[Station, Station], newcomer: int, order: tuple[int, ...]
) -> list[ScreeningOutcome]:
    """Somebody new comes to both machines; `order` says who searches or records next."""
    turns, outcomes = Turns(), list[ScreeningOutcome]()

    def arrive(number: int) -> None:
        turns.wait(number)
        outcomes.append(screen(machines[number], screening(record(newcomer, number=number + 1))))
        turns.stop(number)

    for number, station in enumerate(machines):
        station.indexes[GALLERIES] = PausingIndex(GALLERIES, number, turns)
    threads = [threading.Thread(target=arrive, args=(number,)) for number in range(len(machines))]
    for thread in threads:
        thread.start()
    for number in order:
        turns.give(number)
    for thread in threads:
        thread.join(PATIENCE_S)
    for station in machines:
        station.indexes.pop(GALLERIES).close()
    return outcomes
