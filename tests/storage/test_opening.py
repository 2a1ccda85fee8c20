"""Opening a registry: it is made whole, private, once; and nothing but a registry is opened."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.registries import behind_its_back
from tests.storage.records import Person, ended_by, fork, record, tables_of

from musterpoint.errors import Corrupt, NotFound, StorageFull, VersionMismatch
from musterpoint.storage import Database, upgrade
from musterpoint.storage.dialects import SERVER_FILE, is_on_server


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_registry_is_empty_and_stays_where_it_is(folder: Path) -> None:
    with Database.open(folder / "below") as made, made.read() as snapshot:
        assert snapshot.position == 0
        assert snapshot.galleries() == ()
        assert not any(snapshot.counts().values())


def test_what_was_committed_is_there_after_opening_again(folder: Path) -> None:
    person = Person()
    with Database.open(folder) as first, first.unit_of_work() as work:
        record(work, person)
        work.commit()

    with Database.open(folder, must_exist=True) as second, second.read() as snapshot:
        assert snapshot.encounter(person.encounter_id) == person.encounter


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o277])
def test_only_the_owner_can_read_folder_and_files_whatever_the_umask(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Database.open(folder) as database, database.unit_of_work() as work:
            record(work, Person())
            work.commit()
            modes = {file.name: mode(file) for file in folder.iterdir()}
    finally:
        os.umask(before)

    assert mode(folder) == 0o700
    in_files = {"registry.db", "registry.db-wal", "registry.db-shm"}
    assert ({SERVER_FILE} if is_on_server(folder) else in_files) <= modes.keys()
    assert {oct(one) for one in modes.values()} == {"0o600"}


def test_the_mode_of_a_folder_that_was_there_is_left_alone(folder: Path) -> None:
    folder.mkdir(mode=0o750)
    folder.chmod(0o750)

    Database.open(folder).close()

    assert mode(folder) == 0o750
    assert mode(folder / (SERVER_FILE if is_on_server(folder) else "registry.db")) == 0o600


@pytest.mark.parametrize("open_existing", [lambda path: Database.open(path, must_exist=True), upgrade])
def test_a_registry_that_must_exist_is_not_made(folder: Path, open_existing: object) -> None:
    assert callable(open_existing)
    with pytest.raises(NotFound, match="no registry"):
        open_existing(folder)

    assert not folder.exists()


def test_of_many_who_make_a_registry_at_once_all_get_the_same_one(folder: Path) -> None:
    def open_and_write() -> None:
        with Database.open(folder) as database, database.unit_of_work() as work:
            record(work, Person())
            work.commit()

    children = [fork(open_and_write) for _ in range(6)]

    assert [ended_by(child) for child in children] == [0] * 6
    assert [row[0] for row in tables_of(folder)["journal"]] == [1, 2, 3, 4, 5, 6]


@pytest.mark.sqlite_only("is about the files")
def test_what_a_killed_maker_left_behind_goes_and_is_never_opened(folder: Path) -> None:
    folder.mkdir()
    (folder / "registry.new-abc.db").write_bytes(b"half")
    (folder / "registry.new-abc.db-wal").write_bytes(b"half")

    Database.open(folder).close()

    assert sorted(file.name for file in folder.iterdir()) == [
        "keys.db",
        "keys.lock",
        "keys.turn",
        "registry.db",
        "registry.lock",
        "registry.turn",
    ]


@pytest.mark.sqlite_only("is about the files")
def test_a_log_without_its_registry_is_damage_and_is_not_played_into_a_new_one(folder: Path) -> None:
    folder.mkdir()
    (folder / "registry.db-wal").write_bytes(b"what is left of a registry")

    with pytest.raises(Corrupt, match="log whose registry"):
        Database.open(folder)

    assert (folder / "registry.db-wal").read_bytes() == b"what is left of a registry"
    assert not (folder / "registry.db").exists()


@pytest.mark.parametrize(
    "content", [b"", b"a shopping list\n" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000]
)
@pytest.mark.sqlite_only("is about the files")
def test_a_file_that_is_no_registry_is_refused_and_left_as_it_is(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "registry.db").write_bytes(content)

    with pytest.raises(Corrupt):
        Database.open(folder)

    assert (folder / "registry.db").read_bytes() == content


@pytest.mark.sqlite_only("is about the files")
def test_the_database_of_another_program_is_refused_and_left_as_it_is(folder: Path) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / "registry.db") as foreign:
        foreign.execute("CREATE TABLE alembic_version (version_num TEXT)")
        foreign.execute("INSERT INTO alembic_version VALUES ('0001')")
    foreign.close()
    before = (folder / "registry.db").read_bytes()

    with pytest.raises(Corrupt, match="another program"):
        Database.open(folder)

    assert (folder / "registry.db").read_bytes() == before


@pytest.mark.parametrize("revisions", [[], ["0001", "0002"]])
def test_a_registry_without_one_revision_is_damaged(folder: Path, revisions: list[str]) -> None:
    Database.open(folder).close()
    with behind_its_back(folder) as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
        for one in revisions:
            connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{one}')")

    with pytest.raises(Corrupt, match="without a revision"):
        Database.open(folder)


@pytest.mark.parametrize("open_anyway", [Database.open, upgrade])
def test_a_registry_of_a_newer_version_is_refused(folder: Path, open_anyway: object) -> None:
    assert callable(open_anyway)
    Database.open(folder).close()
    with behind_its_back(folder) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(VersionMismatch, match="newer version"):
        open_anyway(folder)


def test_a_folder_that_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageFull):
        Database.open(tmp_path / "file" / "registry")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("trusted_schema", 0),
        ("temp_store", 2),
    ],
)
@pytest.mark.sqlite_only("is about the files")
def test_every_connection_has_the_settings_that_the_guarantees_rest_on(
    database: Database, setting: str, value: object
) -> None:
    with database.read(), database.read() as second:
        assert second._connection.exec_driver_sql(f"PRAGMA {setting}").scalar() == value
    with database.unit_of_work() as work:
        assert work._connection.exec_driver_sql(f"PRAGMA {setting}").scalar() == value


def test_opening_loads_neither_the_migrations_library_nor_object_mapping(folder: Path) -> None:
    Database.open(folder).close()
    script = (
        "import sys; from pathlib import Path; from musterpoint.storage import Database\n"
        "Database.open(Path(sys.argv[1])).close()\n"
        "print([name for name in ('alembic', 'sqlalchemy.orm', 'numba', 'openvino') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
