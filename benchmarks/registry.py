"""Prints what accountability costs: `python -m benchmarks.registry [fingers]`.

`benchmarks.performance` measures the same and more, and keeps what it makes.
"""

from __future__ import annotations

import logging
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest.mock import patch

from tests.storage.records import Person

from musterpoint.comparison import STANDARD, with_cohort_mean
from musterpoint.identifiers import EncounterId, ReferenceId, RequestId, new_uuid
from musterpoint.registry import Reference
from musterpoint.registry.agreements import PRACTICE_GALLERY
from musterpoint.storage import Database, UnitOfWork
from musterpoint.synthetic import person
from musterpoint.templates import FingerPosition, Template, encode
from musterpoint.workflows.capturing import Capture, Submission
from musterpoint.workflows.screening import ScreeningRequest, screen
from musterpoint.workflows.searching import Found, RegistryIndex
from musterpoint.workflows.station import Station, open_station

FINGERS_EACH: Final = 4
A_UNIT: Final = 500
SCREENINGS: Final = 300
WARM_UP: Final = 20
VISITORS: Final = 12
POSITIONS: Final = tuple(FingerPosition(number) for number in range(2, 2 + FINGERS_EACH))


class Searched(RegistryIndex):
    """An index whose search costs nothing, so that what is left of a screening is its record.

    lags  the search is as old as the screening before, so that its person has arrived since
    """

    def __init__(self, *, lags: bool = False) -> None:
        super().__init__(None)
        self._lags = lags
        self._seen: list[int] = []

    def search(self, database: Database, probe: Sequence[Template], target_fpir: float) -> Found:
        """Nobody is found, as of now or of the search before."""
        with database.read() as snapshot:
            self._seen.append(snapshot.position)
        position = self._seen[-2] if self._lags and len(self._seen) > 1 else self._seen[-1]
        return Found(
            position=position,
            candidates=(),
            people=25_000,
            people_comparable=25_000,
            references=0,
            needed=STANDARD.needed(25_000, target_fpir, FINGERS_EACH),
            calibration=STANDARD.number,
        )


def times_ms(action: Callable[[], object], repetitions: int) -> list[float]:
    """Wall time of each repetition in milliseconds."""
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - begin))
    return times


def report(what: str, times: Sequence[float]) -> None:
    """Median, 99th percentile and rate."""
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    rate = 1000 * len(ordered) / sum(ordered)
    print(
        f"{what:<58} p50 {statistics.median(ordered):7.2f} ms  p99 {p99:7.2f} ms  {rate:8.0f}/s", flush=True
    )


def append(database: Database) -> None:
    """A line of the journal in a unit of its own, signed, sealed, committed and lasting."""
    with database.unit_of_work() as work:
        work.append_journal("audit.measured", {"encounter": "0" * 32, "site": "north gate"})
        work.commit()


def fill(database: Database, fingers: int, gallery: str, rng: random.Random) -> None:
    """People with templates that are found in the gallery, some hundred in a unit."""
    people = fingers // FINGERS_EACH
    for begin in range(0, people, A_UNIT):
        count = min(A_UNIT, people - begin)
        visitors = [Person(fingers=(), gallery=gallery) for _ in range(count)]
        with database.unit_of_work() as work:
            work.make_keys(*(one.encounter_id for one in visitors))
            work.append_journal("import.measured", {"people": count})
            for one in visitors:
                assert one.subject_id
                work.add_subject(one.subject_id)
                work.add_encounter(one.encounter)
                work.add_reference(
                    *(_reference(one.encounter_id, position, rng.randbytes(500)) for position in POSITIONS)
                )
            work.commit()


def _reference(encounter_id: EncounterId, position: FingerPosition, template: bytes) -> Reference:
    return Reference(
        reference_id=ReferenceId(new_uuid()),
        encounter_id=encounter_id,
        position=position,
        template=template,
        quality=70,
    )


def screening_times(station: Station, *, arrived: bool = False) -> tuple[list[float], list[float]]:
    """Milliseconds of wall and processor that recording a screening takes of four fingers nobody has.

    arrived  somebody else has been recorded since the search, with whom the fingers are compared first

    What is measured is the unit of work: the wait for its turn, agreement checks, delta search, facts,
    keys, journal and commit; the search before it costs nothing.
    """
    station = replace(station, indexes=Always(Searched(lags=arrived)))
    visitors = [_shown(seed) for seed in range(1, 1 + VISITORS)]

    def record(number: int) -> None:
        captures, shown = visitors[number % VISITORS]
        request = ScreeningRequest(
            request_id=RequestId(new_uuid()), submissions=shown, purpose="practice", site="north"
        )
        screen(station, request, captures)

    for number in range(WARM_UP):
        record(number)
    wall: list[float] = []
    processor: list[float] = []
    with patch.object(station.database, "unit_of_work", timed(station.database, wall, processor)):
        for number in range(WARM_UP, WARM_UP + SCREENINGS):
            record(number)
    return wall, processor


def _shown(seed: int) -> tuple[list[Capture], tuple[Submission, ...]]:
    """Four fingers of somebody, as taken and as handed in."""
    fingers = person(seed)
    templates = [with_cohort_mean(fingers[one].impression(1).template()) for one in POSITIONS]
    captures = [Capture(template=one, image=None, quality=None) for one in templates]
    handed_in = tuple(Submission(name="finger", data=encode(one), position=one.position) for one in templates)
    return captures, handed_in


def timed(
    database: Database, wall: list[float], processor: list[float]
) -> Callable[..., AbstractContextManager[UnitOfWork]]:
    """Its unit of work, which notes how many milliseconds it took where it wrote."""
    unit_of_work = database.unit_of_work

    @contextmanager
    def measured(**named: object) -> Iterator[UnitOfWork]:
        begin, busy = time.perf_counter(), time.process_time()
        with unit_of_work(**named) as work:  # type: ignore[arg-type]  # what the station passes on
            yield work
            has_written = work.has_changed
        if has_written:
            wall.append(1000 * (time.perf_counter() - begin))
            processor.append(1000 * (time.process_time() - busy))

    return measured


def load_times(database: Database) -> list[float]:
    """All references read, unsealed, and ready for an index."""

    def load() -> None:
        with database.read() as snapshot:
            for _ in snapshot.index_rows():
                pass

    return times_ms(load, 3)


def main(fingers: int) -> None:
    """Print what `benchmarks.performance` prints of a registry, of any size, and what loading it takes."""
    logging.disable()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MUSTERPOINT_KEY_FILE"] = str(folder / "registry.key")
        os.environ["MUSTERPOINT_SEATS"] = str(folder / "seats")
        station = open_station(folder / "registry")
        fill(station.database, fingers, PRACTICE_GALLERY, random.Random(1))
        wall, processor = screening_times(station)
        report(f"record step of a screening, {fingers} fingers in the gallery", wall)
        report("the same, time of the processor", processor)
        report(f"load and unseal {fingers} references", load_times(station.database))
        station.database.close()


class Always(dict[frozenset[str] | None, RegistryIndex]):
    """One index for whatever is searched."""

    def __init__(self, index: RegistryIndex) -> None:
        super().__init__()
        self._index = index

    def setdefault(self, _key: object, _default: object = None) -> RegistryIndex:
        """The index."""
        return self._index


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
