"""Installations at three moments: empty, with seats, and with an agreement that is live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import run
from tests.rights.installations import Installation, agree, grant, open_empty, version, with_seats

from musterpoint.extraction import Extractor
from musterpoint.registry.agreements import AgreementState

__all__ = ["run"]


@pytest.fixture
def empty(tmp_path: Path, extractor: Extractor) -> Iterator[Installation]:
    """A new registry."""
    made = open_empty(tmp_path, extractor)
    yield made
    made.station.database.close()


@pytest.fixture
def seated(empty: Installation, tmp_path: Path) -> Installation:
    """Two seats of each role, and no agreement yet."""
    return with_seats(empty, tmp_path)


@pytest.fixture
def real(seated: Installation) -> Installation:
    """A live agreement over departures."""
    assert agree(seated, version(seated.party_keys, seated.clock.now(), grant())) is AgreementState.LIVE
    return seated
