"""Several stations at one moment: nobody is enrolled twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from tests.conftest import record
from tests.workflows.requests import screening

from musterpoint.registry import Answer
from musterpoint.workflows.screening import screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.searching import Found, RegistryIndex
from musterpoint.workflows.station import Station


class _Interrupted(RegistryIndex):
    """An index whose search is followed, before its result is recorded, by what another station does."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__(frozenset({"screening"}))
        self._meanwhile = meanwhile

    def search(self, *arguments: object, **named: object) -> Found:
        found = super().search(*arguments, **named)  # type: ignore[arg-type]  # passed on as they came
        self._meanwhile()
        return found


@pytest.mark.parametrize("others", [1, 2, 3])
def test_somebody_screened_elsewhere_between_search_and_record_is_found(
    new_station: Callable[[], Station], others: int
) -> None:
    slow, quick = new_station(), new_station()
    meanwhile: list[ScreeningOutcome] = []

    def others_screen() -> None:
        meanwhile.extend(
            screen(quick, screening(record(1, number=number + 2))) for number in range(len(meanwhile), others)
        )

    slow.indexes[frozenset({"screening"})] = _Interrupted(others_screen)

    last = screen(slow, screening(record(1)))

    answers = Counter(outcome.answer for outcome in [*meanwhile, last])
    assert answers == {Answer.NOT_KNOWN.value: 1, Answer.BEING_DECIDED.value: others}
    assert last.answer == Answer.BEING_DECIDED.value


def test_stations_that_screen_one_new_person_at_the_same_moment_enrol_one_subject(
    new_station: Callable[[], Station],
) -> None:
    stations = [new_station() for _ in range(4)]
    for seed in range(1, 6):
        barrier = threading.Barrier(len(stations))
        outcomes: list[ScreeningOutcome] = []

        def arrive(
            station: Station,
            number: int,
            seed: int = seed,
            barrier: threading.Barrier = barrier,
            outcomes: list[ScreeningOutcome] = outcomes,
        ) -> None:
            data = record(seed, number=number)
            barrier.wait()
            outcomes.append(screen(station, screening(data)))

        threads = [
            threading.Thread(target=arrive, args=(station, number))
            for number, station in enumerate(stations, start=1)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers = Counter(outcome.answer for outcome in outcomes)
        assert answers == {Answer.NOT_KNOWN.value: 1, Answer.BEING_DECIDED.value: len(stations) - 1}
    with stations[0].database.read() as snapshot:
        assert len(snapshot.subjects()) == 5
