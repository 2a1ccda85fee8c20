"""Stations that start from a snapshot: as if they had read everything, and never with what was erased."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, fingers_of, record
from tests.workflows.requests import screening

from musterpoint.gallery.snapshot import PART, SnapshotFolder
from musterpoint.identifiers import SubjectId
from musterpoint.registry import Answer
from musterpoint.storage import Database, Snapshot
from musterpoint.storage.vault import KeyScope
from musterpoint.synthetic import Finger
from musterpoint.workflows import searching
from musterpoint.workflows.erasure import erase, find_erasable
from musterpoint.workflows.screening import screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.searching import Found, RegistryIndex
from musterpoint.workflows.station import Station

GALLERIES = frozenset({"screening"})
PEOPLE = range(1, 5)


@pytest.fixture(autouse=True)
def _saved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_SAVED_FROM", 1)


@pytest.fixture
def enrolled(new_station: Callable[[], Station]) -> dict[int, ScreeningOutcome]:
    """People whom a station has screened, and then written a snapshot of."""
    station = new_station()
    outcomes = {seed: screen(station, screening(record(seed))) for seed in PEOPLE}
    _search(station, 1)
    station.index(GALLERIES).close()
    return outcomes


def _search(station: Station, seed: int, index: RegistryIndex | None = None) -> Found:
    probe = [one.impression(2).template() for one in _fingers(seed)]
    return (index or station.index(GALLERIES)).search(station.database, probe, 0.01)


def _fingers(seed: int) -> list[Finger]:
    return [fingers_of(seed)[one] for one in (RIGHT_INDEX, LEFT_INDEX)]


def _parts(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "registry" / "snapshot").rglob(f"*{PART}"))


def _reads_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Positions from which references are read from now on."""
    reads: list[int] = []
    before = Snapshot.index_rows

    def counted(self: Snapshot, *arguments: object, since: int = 0, **named: object) -> object:
        reads.append(since)
        return before(self, *arguments, since=since, **named)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(Snapshot, "index_rows", counted)
    return reads


def test_a_station_starts_from_the_snapshot_and_follows_from_there(
    new_station: Callable[[], Station],
    enrolled: dict[int, ScreeningOutcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _parts(tmp_path)
    writer, reader = new_station(), new_station()
    monkeypatch.setattr(searching, "_SAVED_FROM", 10**9)
    screen(writer, screening(record(9)))
    reads = _reads_of(monkeypatch)

    found = {seed: _search(reader, seed) for seed in (*PEOPLE, 9)}

    assert min(reads) > 0
    monkeypatch.setattr(searching, "snapshot_folder", lambda *_: _NoFolder())
    for seed, one in found.items():
        assert one == _search(writer, seed, RegistryIndex(GALLERIES))
        assert len(one.candidates) == 1


class _NoFolder:
    def load(self, _: object) -> None:
        return None


def test_an_erased_person_is_in_no_snapshot_and_found_by_no_station(
    new_station: Callable[[], Station], enrolled: dict[int, ScreeningOutcome], tmp_path: Path
) -> None:
    before = set(_parts(tmp_path))
    station = new_station()
    subject = SubjectId(UUID(enrolled[2].subject or ""))
    with station.database.read() as snapshot:
        person = find_erasable(snapshot, str(subject))
    erase(station, person)

    assert not before & set(_parts(tmp_path))
    other = new_station()
    assert _search(other, 2).candidates == ()
    assert _search(other, 3).candidates[0].subject_id is not None
    for path in before:
        assert station.database.vault.is_destroyed(_scope(path))


def _scope(path: Path) -> KeyScope:
    return KeyScope.segment(UUID(hex=path.stem))


def test_a_station_that_closes_waits_for_its_snapshot(
    new_station: Callable[[], Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station()
    screen(station, screening(record(1)))
    done, closing = list[str](), threading.Event()
    save, end, close = SnapshotFolder.save, RegistryIndex.close, Database.close

    def save_late(*arguments: Any) -> bool:
        closing.wait(60)
        done.append("saved")
        return save(*arguments)

    def told(act: Callable[[Any], None], what: str) -> Callable[[Any], None]:
        def acting(one: Any) -> None:
            done.append(what)
            closing.set()
            act(one)

        return acting

    monkeypatch.setattr(SnapshotFolder, "save", save_late)
    monkeypatch.setattr(RegistryIndex, "close", told(end, "index closed"))
    monkeypatch.setattr(Database, "close", told(close, "database closed"))
    _search(station, 1)

    station.close()

    assert done[:3] == ["index closed", "saved", "database closed"]


def test_a_snapshot_of_another_history_is_passed_over(
    new_station: Callable[[], Station],
    enrolled: dict[int, ScreeningOutcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    station = new_station()
    monkeypatch.setattr(Snapshot, "mark", lambda self, position: "of a registry restored from a backup")
    reads = _reads_of(monkeypatch)
    assert len(_search(station, 1).candidates) == 1
    assert min(reads) == 0


def test_a_damaged_snapshot_costs_time_and_nothing_else(
    new_station: Callable[[], Station], enrolled: dict[int, ScreeningOutcome], tmp_path: Path
) -> None:
    for path in _parts(tmp_path):
        path.write_bytes(path.read_bytes()[:-1])
    station = new_station()
    assert screen(station, screening(record(3, number=2))).answer == Answer.BEING_DECIDED.value
    station.index(GALLERIES).close()
    assert len(_search(new_station(), 3).candidates) == 2


def test_templates_cannot_be_read_in_a_snapshot(
    new_station: Callable[[], Station], enrolled: dict[int, ScreeningOutcome], tmp_path: Path
) -> None:
    station = new_station()
    _search(station, 1)
    [segment] = station.index(GALLERIES)._references.segments
    # A snapshot that is being written would delete the parts of the one before.
    station.index(GALLERIES).close()
    minutiae = segment.columns().bare.minutiae.tobytes()[:64]
    assert not any(minutiae in path.read_bytes() for path in _parts(tmp_path))
    opened = [
        station.database.vault.open(_scope(path), f"snapshot/{path.stem}", path.read_bytes())
        for path in _parts(tmp_path)
    ]
    assert any(minutiae in plain for plain in opened)
