"""A failing disk: one of our errors, and the registry as it was before."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.storage.records import Person, ended_by, fork, record, tables_of

from musterpoint.errors import Conflict, Corrupt, MusterpointError, RegistryBusy, StorageFull
from musterpoint.storage import Database
from musterpoint.storage.translation import translated

pytestmark = pytest.mark.sqlite_only("breaks the file; tests.faults.campaign breaks a server")

NOBODY = 65_534


@pytest.fixture
def filled(folder: Path) -> Path:
    with Database.open(folder) as database, database.unit_of_work() as work:
        for _ in range(40):
            record(work, Person())
        work.commit()
    return folder


def write(folder: Path) -> None:
    with Database.open(folder) as database, database.unit_of_work() as work:
        record(work, Person(repetitions=2000))
        work.commit()


def refused(folder: Path, error: type[Exception]) -> None:
    with pytest.raises(error):
        write(folder)


@pytest.fixture
def small_disk() -> Iterator[None]:
    """SQLite's own way to have no space left."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=300")

    sa.event.listen(sa.pool.Pool, "connect", limit)
    yield
    sa.event.remove(sa.pool.Pool, "connect", limit)


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_leaves_the_registry_as_it_was(filled: Path) -> None:
    before = tables_of(filled)

    refused(filled, StorageFull)

    assert tables_of(filled) == before


def test_a_write_that_fails_leaves_the_registry_as_it_was(filled: Path) -> None:
    before = tables_of(filled)

    def write_with_a_limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        refused(filled, StorageFull)

    assert ended_by(fork(write_with_a_limit)) == 0
    assert tables_of(filled) == before
    write(filled)


def test_a_registry_that_cannot_be_made_leaves_no_registry(folder: Path) -> None:
    def make_with_a_limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        refused(folder, StorageFull)

    assert ended_by(fork(make_with_a_limit)) == 0
    assert not (folder / "registry.db").exists()
    write(folder)


def test_a_folder_that_may_not_be_written_is_said_to_be_so(filled: Path) -> None:
    before = tables_of(filled)
    for parent in filled.parents[:2]:
        parent.chmod(0o755)
    filled.chmod(0o555)
    for file in filled.iterdir():
        file.chmod(0o444)

    def write_as_nobody() -> None:
        # The superuser may write anywhere.
        if os.getuid() == 0:
            os.setresuid(NOBODY, NOBODY, NOBODY)
        refused(filled, StorageFull)

    child = fork(write_as_nobody)

    assert ended_by(child) == 0
    filled.chmod(0o700)
    assert tables_of(filled) == before


def read_everything(folder: Path) -> None:
    with Database.open(folder) as database, database.read() as snapshot:
        for encounter in snapshot.encounters():
            snapshot.references(encounter.encounter_id)
        list(snapshot.index_rows())
        snapshot.subjects()


def test_a_damaged_page_is_found_when_it_is_read(filled: Path) -> None:
    file = filled / "registry.db"
    sound = file.read_bytes()
    findings = []
    for begin in range(4096, len(sound), 3 * 4096):
        file.write_bytes(sound[:begin] + b"\xa5" * 4096 + sound[begin + 4096 :])
        findings.append(finding(filled))

    # Pages that hold nothing but a part of an image have no structure: templates and images have
    # checksums of their own.
    assert set(findings) <= {None, Corrupt}
    assert findings.count(Corrupt) >= 5


def finding(folder: Path) -> type[MusterpointError] | None:
    try:
        read_everything(folder)
    except MusterpointError as error:
        return type(error)
    return None


def test_a_file_with_its_second_half_missing_is_damaged(filled: Path) -> None:
    file = filled / "registry.db"
    os.truncate(file, file.stat().st_size // 2)

    with pytest.raises(Corrupt):
        read_everything(filled)


def test_a_registry_that_vanished_is_not_replaced_by_an_empty_one(filled: Path) -> None:
    # The connection at hand still has the old file, another one would make a new file.
    with Database.open(filled) as database, database.read():
        (filled / "registry.db").rename(filled / "elsewhere.db")
        with pytest.raises(StorageFull), database.read():
            pass
        assert not (filled / "registry.db").exists()


@pytest.mark.no_registry
@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (sa.exc.TimeoutError(), RegistryBusy),
        (sa.exc.InvalidRequestError(), RuntimeError),
        (OSError(24, "Too many open files"), RegistryBusy),
        (OSError(28, "No space left on device"), StorageFull),
        (sqlite3.OperationalError("without a code"), Corrupt),
        (sqlite3.ProgrammingError("a fault of ours"), RuntimeError),
    ],
)
def test_nothing_of_the_engine_comes_out(raised: Exception, error: type[Exception]) -> None:
    with pytest.raises(error), translated():
        raise raised


@pytest.mark.no_registry
def test_our_own_errors_pass_unchanged() -> None:
    ours = Conflict(expected="one thing", found="another", hint="Think")

    with pytest.raises(Conflict) as caught, translated():
        raise ours
    assert caught.value is ours


def test_no_value_of_a_record_stands_in_an_error(filled: Path) -> None:
    person = Person(mark="PLANTED")
    with Database.open(filled) as database, database.unit_of_work() as work:
        record(work, person)
        with pytest.raises(Conflict) as caught:
            work.add_encounter(person.encounter)

    error: BaseException | None = caught.value
    while error is not None:
        assert "PLANTED" not in str(error)
        assert str(person.encounter_id) not in str(error)
        assert person.encounter_id.hex not in str(error)
        error = error.__cause__
