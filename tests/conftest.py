"""What tests of several topics share: synthetic fingers, and a registry in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from musterpoint import imaging
from musterpoint.extraction import Extractor
from musterpoint.interchange import iso19794_2
from musterpoint.synthetic import Finger, person
from musterpoint.templates import FingerPosition
from musterpoint.workflows.station import Station, open_station

RIGHT_INDEX = FingerPosition.RIGHT_INDEX
LEFT_INDEX = FingerPosition.LEFT_INDEX


@cache
def fingers_of(seed: int) -> dict[FingerPosition, Finger]:
    """The fingers of a synthetic person, grown once a process."""
    return person(seed)


@cache
def impression_png(seed: int, position: FingerPosition = RIGHT_INDEX, number: int = 1) -> bytes:
    """An impression of a person's finger as a sensor would hand it in."""
    return imaging.to_png(fingers_of(seed)[position].impression(number).image)


@cache
def smudged_png(seed: int, position: FingerPosition = RIGHT_INDEX) -> bytes:
    """An impression that is too poor for a search."""
    return imaging.to_png(fingers_of(seed)[position].smudged(1).image)


@cache
def record(
    seed: int, positions: tuple[FingerPosition, ...] = (RIGHT_INDEX, LEFT_INDEX), number: int = 1
) -> bytes:
    """A person's true minutiae as an ISO record: no network is needed to read it."""
    return iso19794_2.write([fingers_of(seed)[one].impression(number).template() for one in positions])


@pytest.fixture(scope="session", autouse=True)
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The key file of every registry that a test makes, so that none lands in the user's configuration."""
    path = tmp_path_factory.mktemp("keys") / "registry.key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSTERPOINT_KEY_FILE", str(path))
        yield path


@pytest.fixture(autouse=True)
def seat_keys(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of seats' keys, empty for each test: no test acts in a seat of the person who runs it."""
    folder = tmp_path_factory.mktemp("seats")
    monkeypatch.setenv("MUSTERPOINT_SEATS", str(folder))
    for name in ("MUSTERPOINT_SEAT", "MUSTERPOINT_SECOND", "MUSTERPOINT_AGREEMENT"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(scope="session")
def extractor() -> Extractor:
    """One network for all tests of a process."""
    return Extractor()


@pytest.fixture
def new_station(tmp_path: Path, extractor: Extractor) -> Iterator[Callable[[], Station]]:
    """Opens stations on one registry, as several processes would.

    Nobody is named who acts: for each act it is the first practice seat that may do it.
    """
    opened: list[Station] = []

    def open_one() -> Station:
        opened.append(replace(open_station(tmp_path / "registry"), extractor=extractor))
        return opened[-1]

    yield open_one
    for station in opened:
        station.database.close()


@pytest.fixture
def station(new_station: Callable[[], Station]) -> Station:
    """A station with an empty registry."""
    return new_station()
