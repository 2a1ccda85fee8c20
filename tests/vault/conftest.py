"""A place for key stores, and a vault in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.vault.vaults import Place

from musterpoint.storage.vault import Vault


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty place."""
    return Place(tmp_path)


@pytest.fixture
def vault(place: Place) -> Iterator[Vault]:
    """A new vault with a key file."""
    opened = place.open()
    yield opened
    opened.close()
