"""For every interleaving of screenings of one new person at several stations, one enrols and the others ask.

A screening searches outside of a transaction and records inside of one. Here a schedule says in which order
the searches and the records of several stations happen, each as a thread that waits for its turn.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import record
from tests.workflows.requests import screening

from musterpoint.registry import Answer
from musterpoint.storage import Database
from musterpoint.templates import Template
from musterpoint.workflows.screening import screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.searching import Found, RegistryIndex
from musterpoint.workflows.station import Station

STATIONS = 3
PATIENCE_S = 600.0


class Turns:
    """Lets one thread at a time go on, and waits until it stops again."""

    def __init__(self) -> None:
        self._may_go = [threading.Semaphore(0) for _ in range(STATIONS)]
        self._has_stopped = [threading.Semaphore(0) for _ in range(STATIONS)]

    def give(self, number: int) -> None:
        """Let a thread go on until it stops or ends."""
        self._may_go[number].release()
        assert self._has_stopped[number].acquire(timeout=PATIENCE_S)

    def wait(self, number: int) -> None:
        """Called by a thread: wait for its turn."""
        assert self._may_go[number].acquire(timeout=PATIENCE_S)

    def stop(self, number: int) -> None:
        """Called by a thread: its turn is over."""
        self._has_stopped[number].release()


class PausingIndex(RegistryIndex):
    """Stops after its first search, so that others may go on before it is recorded."""

    def __init__(self, galleries: frozenset[str] | None, number: int, turns: Turns) -> None:
        super().__init__(galleries, threads=1)
        self._number, self._turns, self._has_paused = number, turns, False

    def search(self, database: Database, probe: Sequence[Template], target_fpir: float) -> Found:
        found = super().search(database, probe, target_fpir)
        if not self._has_paused:
            self._has_paused = True
            self._turns.stop(self._number)
            self._turns.wait(self._number)
        return found


NEWCOMERS = itertools.count(1000)
"""Seeds of people whom no registry has seen."""

schedules = st.permutations([station for station in range(STATIONS) for _ in ("search", "record")])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedule=schedules)
def test_one_enrols_and_the_others_are_candidates(
    new_station: Callable[[], Station], schedule: list[int]
) -> None:
    newcomer = next(NEWCOMERS)
    turns, outcomes = Turns(), dict[int, ScreeningOutcome]()
    galleries = frozenset({"screening"})

    def arrive(number: int, station: Station) -> None:
        turns.wait(number)
        outcomes[number] = screen(station, screening(record(newcomer, number=number + 1)))
        turns.stop(number)

    stations = [new_station() for _ in range(STATIONS)]
    with stations[0].database.read() as snapshot:
        before = len(snapshot.subjects())
    for number, station in enumerate(stations):
        station.indexes[galleries] = PausingIndex(galleries, number, turns)
    threads = [threading.Thread(target=arrive, args=one) for one in enumerate(stations)]
    for thread in threads:
        thread.start()
    for number in schedule:
        turns.give(number)
    for thread in threads:
        thread.join(PATIENCE_S)

    answers = sorted(one.answer or "" for one in outcomes.values())
    assert answers == sorted([Answer.NOT_KNOWN] + [Answer.BEING_DECIDED] * (STATIONS - 1))
    with stations[0].database.read() as snapshot:
        assert len(snapshot.subjects()) == before + 1
    assert sum(one.subject is not None for one in outcomes.values()) == 1
    for station in stations:
        station.indexes[galleries].close()
