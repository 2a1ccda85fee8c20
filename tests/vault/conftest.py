"""A place for key stores, and a vault in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.vault.registries import Site
from tests.vault.vaults import Place

from musterpoint.storage.vault import Vault


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty place."""
    made = Place(tmp_path)
    yield made
    for vault in made.opened:
        vault.close()


@pytest.fixture
def vault(place: Place) -> Iterator[Vault]:
    """A new vault with a key file."""
    opened = place.open()
    yield opened
    opened.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A registry with three people and a key file of its own."""
    key_file = tmp_path / "secret" / "registry.key"
    monkeypatch.setenv("MUSTERPOINT_KEY_FILE", str(key_file))
    made = Site(tmp_path, key_file)
    made.visit(3)
    yield made
    for station in made.opened:
        station.database.close()
