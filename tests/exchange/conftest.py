"""Registries that give to each other; fixtures of the tests of retention serve here too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.registries import copied
from tests.retention.conftest import MovedClock, practice_registry

from musterpoint.extraction import Extractor
from musterpoint.storage import Database, keyfiles
from musterpoint.workflows.acting import HeldKeys
from musterpoint.workflows.station import Station

__all__ = ["practice_registry"]

NewStation = Callable[[], Station]


@pytest.fixture
def new_station(tmp_path_factory: pytest.TempPathFactory, practice_registry: Path) -> Iterator[NewStation]:
    """Makes registries with practice seats and nobody in them, each in a folder of its own."""
    opened: list[Station] = []

    def make() -> Station:
        folder = copied(practice_registry, tmp_path_factory.mktemp("place") / "registry")
        clock = MovedClock()
        practice = folder / keyfiles.PRACTICE_FOLDER
        opened.append(
            Station(
                database=Database.open(folder, clock=clock),
                extractor=Extractor(),
                clock=clock,
                keys=HeldKeys(files=keyfiles.held(practice)),
            )
        )
        return opened[-1]

    yield make
    for station in opened:
        station.database.close()
