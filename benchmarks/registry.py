"""Prints what accountability costs: `python -m benchmarks.registry [fingers]`.

Every figure of wall time depends on the disk, so the machine's own rate of `fsync` is measured beside it.
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
APPENDS: Final = 2000
BLOCK_BYTES: Final = 4096
POSITIONS: Final = tuple(FingerPosition(number) for number in range(2, 2 + FINGERS_EACH))


class Searched(RegistryIndex):
    """An index whose search costs nothing, so that what is left of a screening is its record."""

    def search(self, database: Database, probe: Sequence[Template], target_fpir: float) -> Found:
        """Nobody is found, as of now."""
        with database.read() as snapshot:
            position = snapshot.position
        return Found(position=position, candidates=(), people=25_000, people_comparable=25_000, references=0)


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


def fsync_times(folder: Path) -> list[float]:
    """Of the machine alone: a block written behind the other, each lasting before the next."""
    file = os.open(folder / "fsync", os.O_WRONLY | os.O_CREAT)
    block = os.urandom(BLOCK_BYTES)

    def write() -> None:
        os.write(file, block)
        os.fdatasync(file)

    times = times_ms(write, APPENDS)
    os.close(file)
    return times


def append_times(folder: Path) -> list[float]:
    """A line of the journal in a unit of its own, signed, sealed, committed and lasting."""
    with Database.open(folder) as database:

        def append() -> None:
            with database.unit_of_work() as work:
                work.append_journal("audit.measured", {"encounter": "0" * 32, "site": "north gate"})
                work.commit()

        append()
        return times_ms(append, APPENDS)


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


def screening_times(station: Station) -> list[float]:
    """Recording of screenings of four fingers that nobody has: delta search, facts, journal and commit.

    What is measured is the unit of work, with the wait for its turn; the search before it costs nothing.
    """
    fingers = person(1)
    captures = [
        Capture(template=fingers[one].impression(1).template(), image=None, quality=None) for one in POSITIONS
    ]
    shown = tuple(
        Submission(name="finger", data=encode(one.template), position=one.template.position)
        for one in captures
    )

    def record() -> None:
        request = ScreeningRequest(
            request_id=RequestId(new_uuid()), submissions=shown, purpose="practice", site="north"
        )
        screen(station, request, captures)

    record()
    spent: list[float] = []
    with patch.object(station.database, "unit_of_work", timed(station.database, spent)):
        whole = times_ms(record, SCREENINGS)
    report("screening without capture and search", whole)
    return spent


def timed(database: Database, spent: list[float]) -> Callable[..., AbstractContextManager[UnitOfWork]]:
    """Its unit of work, which notes how many milliseconds it took."""
    unit_of_work = database.unit_of_work

    @contextmanager
    def measured(**named: object) -> Iterator[UnitOfWork]:
        begin = time.perf_counter()
        with unit_of_work(**named) as work:  # type: ignore[arg-type]  # what the station passes on
            yield work
        spent.append(1000 * (time.perf_counter() - begin))

    return measured


def load_times(database: Database) -> list[float]:
    """All references read, unsealed, and ready for an index."""

    def load() -> None:
        with database.read() as snapshot:
            for _ in snapshot.index_rows():
                pass

    return times_ms(load, 3)


def main(fingers: int) -> None:
    """Print all figures."""
    logging.disable()
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MUSTERPOINT_KEY_FILE"] = str(folder / "registry.key")
        os.environ["MUSTERPOINT_SEATS"] = str(folder / "seats")
        before = fsync_times(folder)
        appended = append_times(folder / "journal")
        alone = before + fsync_times(folder)
        report("fsync of the machine, 4 kB", alone)
        report("journal append, one writer, full durability", appended)
        share = statistics.mean(alone) / statistics.mean(appended)
        print(f"{'appends as share of the fsync rate':<58} {100 * share:.0f} %", flush=True)
        station = open_station(folder / "registry")
        fill(station.database, fingers, PRACTICE_GALLERY, rng)
        index = Searched(None)
        station = replace(station, indexes=_Always(index))
        report(f"record step of a screening, {fingers} fingers in the gallery", screening_times(station))
        report(f"load and unseal {fingers} references", load_times(station.database))
        station.database.close()


class _Always(dict[frozenset[str] | None, RegistryIndex]):
    """One index for whatever is searched."""

    def __init__(self, index: RegistryIndex) -> None:
        super().__init__()
        self._index = index

    def setdefault(self, _key: object, _default: object = None) -> RegistryIndex:
        """The index."""
        return self._index


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
