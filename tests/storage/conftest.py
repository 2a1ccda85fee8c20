"""A registry in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.registries import copied, prepared
from tests.storage.records import SteppingClock

from musterpoint.storage import Database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "registry"


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a registry in which nothing was ever written; making one takes a while."""
    made = prepared(tmp_path_factory.mktemp("empty") / "registry")
    Database.open(made).close()
    return made


@pytest.fixture
def database(folder: Path, empty_registry: Path) -> Iterator[Database]:
    with Database.open(copied(empty_registry, folder), clock=SteppingClock()) as opened:
        yield opened
