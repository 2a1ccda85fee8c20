"""What is real never comes to a registry for practice, nor what was practised to a real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.exchange.conftest import NewStation
from tests.exchange.registries import fill
from tests.rights.installations import DEPARTURE, Installation, agree, grant, open_empty, version, with_seats
from tests.storage.test_first_line import tables_written

from musterpoint.errors import NoAgreement
from musterpoint.extraction import Extractor
from musterpoint.workflows.exchange_files import MANIFEST
from musterpoint.workflows.exporting import KIND, export_all
from musterpoint.workflows.importing import import_all


@dataclass(frozen=True)
class Place:
    """An installation with real seats, and where its files lie."""

    folder: Path
    installation: Installation


def _real(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("MUSTERPOINT_SEATS", str(folder / "seats"))
    return with_seats(open_empty(folder, Extractor()), folder)


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """A registry whose agreement two parties have signed."""
    made = _real(tmp_path / "real", monkeypatch)
    agree(made, version(made.party_keys, made.clock.now(), grant()))
    yield made
    made.station.database.close()


@pytest.fixture
def real_export(real: Installation, tmp_path: Path) -> Path:
    """What that registry exports; nobody is in it yet."""
    out = tmp_path / "real-export"
    export_all(real.acting("supervisor", "supervisor 2"), out, purpose=DEPARTURE)
    return out


def test_a_real_registry_does_not_come_into_one_for_practice(
    new_station: NewStation, real_export: Path
) -> None:
    target = new_station()
    assert json.loads((real_export / MANIFEST).read_text())[KIND] == "real"

    with pytest.raises(NoAgreement, match="real people"):
        import_all(target, real_export)

    with target.database.read() as snapshot:
        assert snapshot.encounters() == ()
        assert snapshot.journal()[-1].kind == "act.denied"


@pytest.mark.parametrize("said", ["practice", None])
def test_a_manifest_that_says_practice_of_real_agreements_is_not_believed(
    new_station: NewStation, real_export: Path, said: str | None
) -> None:
    facts = json.loads((real_export / MANIFEST).read_text())
    facts.pop(KIND)
    if said:
        facts[KIND] = said
    (real_export / MANIFEST).write_text(json.dumps(facts))

    with pytest.raises(NoAgreement, match="real people"):
        import_all(new_station(), real_export)


def test_a_real_registry_comes_into_one_with_real_seats(
    real_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = _real(tmp_path / "other", monkeypatch)
    try:
        assert import_all(target.acting("supervisor"), real_export).added["agreement"] == 1
    finally:
        target.station.database.close()


def test_what_was_practised_does_not_come_into_a_real_registry(
    new_station: NewStation, real: Installation, tmp_path: Path
) -> None:
    source, out = new_station(), tmp_path / "practised"
    fill(source, 7)
    export_all(source, out, purpose="handing over")

    with pytest.raises(NoAgreement, match="for practice"):
        import_all(real.acting("supervisor"), out)


def test_the_first_line_of_each_part_is_written_before_its_rows(
    new_station: NewStation, tmp_path: Path
) -> None:
    source, target, out = new_station(), new_station(), tmp_path / "all"
    fill(source, 7)
    export_all(source, out, purpose="handing over")

    with tables_written() as seen:
        import_all(target, out)

    first = seen.index("journal")
    assert first < seen.index("gallery") < seen.index("encounter")
    assert "journal" in seen[seen.index("subject") : seen.index("encounter")]
