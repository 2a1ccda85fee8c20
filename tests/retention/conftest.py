"""A station with a clock that tests move, over people whose templates are planted words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.registries import copied, prepared
from tests.storage.records import Person, record, record_visit

from musterpoint.clock import Instant
from musterpoint.extraction import Extractor
from musterpoint.identifiers import SubjectId
from musterpoint.storage import Database, keyfiles
from musterpoint.workflows.acting import HeldKeys
from musterpoint.workflows.practice import begin_practice
from musterpoint.workflows.station import Station

DAY_US = 86_400_000_000
BEGINNING = 1_800_000_000_000_000


@dataclass
class MovedClock:
    """A clock that stands still until somebody moves it."""

    at: int = BEGINNING

    def now(self) -> Instant:
        return Instant(self.at)

    def move(self, days: float) -> None:
        self.at += round(days * DAY_US)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(scope="session")
def practice_registry(tmp_path_factory: pytest.TempPathFactory, key_file: Path) -> Path:
    """A registry with its practice seats and nothing else; making one takes a while."""
    folder = prepared(tmp_path_factory.mktemp("practice") / "registry")
    with Database.open(folder, clock=MovedClock()) as database:
        begin_practice(database, folder / keyfiles.PRACTICE_FOLDER)
    return folder


@pytest.fixture
def folder(tmp_path: Path, practice_registry: Path) -> Path:
    return copied(practice_registry, tmp_path / "registry")


@pytest.fixture
def reopen(folder: Path, clock: MovedClock) -> Iterator[Callable[[], Station]]:
    """Opens the registry again, as the next process would."""
    opened: list[Station] = []

    def open_one() -> Station:
        database = Database.open(folder, clock=clock)
        practice = folder / keyfiles.PRACTICE_FOLDER
        keys = HeldKeys(files=keyfiles.held(practice))
        station = Station(database=database, extractor=Extractor(), clock=clock, keys=keys)
        opened.append(station)
        return station

    yield open_one
    for station in opened:
        station.database.close()


@pytest.fixture
def station(reopen: Callable[[], Station]) -> Station:
    return reopen()


def come(station: Station, mark: str = "mark", **facts: object) -> Person:
    """Somebody who comes now for the first time."""
    person = Person(mark=mark, occurred_at=station.clock.now(), **facts)  # type: ignore[arg-type]
    with station.database.unit_of_work() as work:
        record(work, person)
        work.commit()
    return person


def come_again(station: Station, subject_id: SubjectId | None, mark: str = "again") -> Person:
    """Another visit of somebody who is there."""
    person = Person(mark=mark, subject_id=subject_id, occurred_at=station.clock.now())
    with station.database.unit_of_work() as work:
        record_visit(work, person)
        work.commit()
    return person


def present(station: Station) -> set[str]:
    """The marks of everybody whose visit is still there."""
    with station.database.read() as snapshot:
        return {one.source_record.removesuffix("-record") for one in snapshot.encounters()}
