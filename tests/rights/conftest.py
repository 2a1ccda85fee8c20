"""Installations at three moments: empty, with seats, and with an agreement that is live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Done, Run
from tests.rights.installations import Installation, agree, grant, open_empty, version, with_seats

from musterpoint.cli import main
from musterpoint.extraction import Extractor
from musterpoint.registry.agreements import AgreementState


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


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `musterpoint ARGUMENTS` in a folder of its own, with a registry of its own."""
    monkeypatch.setenv("MUSTERPOINT_DATA", str(tmp_path / "registry"))
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        code = ended.value.code
        return Done(code=code if isinstance(code, int) else 0, out=captured.out, err=captured.err)

    return command
