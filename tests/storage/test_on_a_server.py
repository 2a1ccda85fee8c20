"""What is different where a registry lies on a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from tests.registries import copied
from tests.storage.records import Person, record

from musterpoint.errors import Conflict, Corrupt, RegistryBusy, StorageFull, UnusableInput
from musterpoint.storage import Database, dialects
from musterpoint.storage.translation import translated
from musterpoint.storage.vault import KeySources
from musterpoint.workflows.backup import back_up
from musterpoint.workflows.restoring import RestoreRequest, restore
from musterpoint.workflows.station import Station

pytestmark = pytest.mark.server_only


def test_a_backup_of_a_server_is_put_back_onto_one_but_over_no_other(
    station: Station, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(station, tmp_path / "data", tmp_path / "keys")
    station.database.close()
    taken = (station.database.folder / dialects.SERVER_FILE).read_text().strip()
    request = RestoreRequest(
        data=tmp_path / "data", keys=tmp_path / "keys", to=tmp_path / "new", nothing_newer=True
    )
    sources = KeySources(key_folder=tmp_path, key_file=key_file)
    with monkeypatch.context() as patch:
        patch.setenv(dialects.SERVER_VARIABLE, taken)
        with pytest.raises(Conflict, match="holds a registry"):
            restore(request, sources)
    assert not (tmp_path / "new").exists()

    assert restore(request, sources).report.is_sound

    assert dialects.is_on_server(tmp_path / "new")
    assert not list((tmp_path / "new").glob("*.db*"))
    Database.open(tmp_path / "new", must_exist=True).close()
    Database.open(station.database.folder, must_exist=True).close()


def test_an_erasure_does_not_wait_for_a_reader_of_another_registry(
    database: Database, empty_registry: Path, tmp_path: Path
) -> None:
    person = Person()
    assert person.subject_id
    with database.unit_of_work() as work:
        record(work, person)
        work.commit()
    with Database.open(copied(empty_registry, tmp_path / "other")) as other, other.read():
        with database.unit_of_work() as work:
            work.erase_subject(person.subject_id)
            work.append_journal("subject.erased", {})
            work.commit()

        assert database.wipe_residue()


def test_every_connection_has_the_settings_that_the_guarantees_rest_on(database: Database) -> None:
    with database.read(), database.read() as second:
        reading = second._connection
        assert reading.exec_driver_sql("SHOW transaction_isolation").scalar() == "repeatable read"
        assert reading.exec_driver_sql("SHOW transaction_read_only").scalar() == "on"
    with database.unit_of_work() as work:
        assert work._connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (psycopg.errors.DiskFull(), StorageFull),
        (psycopg.errors.IoError(), StorageFull),
        (psycopg.errors.ReadOnlySqlTransaction(), StorageFull),
        (psycopg.errors.LockNotAvailable(), RegistryBusy),
        (psycopg.errors.DeadlockDetected(), RegistryBusy),
        (psycopg.errors.AdminShutdown(), RegistryBusy),
        (psycopg.errors.TooManyConnections(), RegistryBusy),
        (psycopg.OperationalError("the connection is closed"), RegistryBusy),
        (psycopg.errors.DataCorrupted(), Corrupt),
        (psycopg.errors.UndefinedTable(), Corrupt),
        (psycopg.ProgrammingError("a fault of ours"), RuntimeError),
    ],
)
def test_nothing_of_the_engine_comes_out(raised: Exception, error: type[Exception]) -> None:
    with pytest.raises(error), translated():
        raise raised


@pytest.mark.parametrize(
    "address",
    ["mysql://somewhere/movements", "postgresql://db/movements?schema=Robert'); DROP", "words and words", ""],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    (tmp_path / dialects.SERVER_FILE).write_text(address)

    with pytest.raises(UnusableInput, match="postgresql://"):
        Database.open(tmp_path)
