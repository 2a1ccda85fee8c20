"""Several writers at once: all commit, none starves, and nothing gets out of order."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.storage.records import Person, ended_by, fork, record, tables_of

from musterpoint.errors import RegistryBusy, StorageFull
from musterpoint.storage import Database
from musterpoint.storage.locking import WriterLock

WRITERS = 4
Pipe = tuple[int, int]


def write(folder: Path, writer: int, position_end: int, ready: Pipe, go: Pipe) -> None:
    """Once all are ready, write without a pause until the journal is as long as that."""
    with Database.open(folder) as database:
        position = 0
        os.write(ready[1], b".")
        os.close(go[1])
        os.read(go[0], 1)
        while position < position_end:
            with database.unit_of_work() as work:
                record(work, Person(site=str(writer), fingers=()))
                position = work.position
                work.commit()


def test_processes_that_write_at_once_all_get_their_turns(folder: Path) -> None:
    # Whoever starts late on a busy machine would find the work done, and that is not unfair.
    ready, go = os.pipe(), os.pipe()
    children = [fork(partial(write, folder, writer, 160, ready, go)) for writer in range(WRITERS)]
    os.close(ready[1])
    assert sum(len(os.read(ready[0], 1)) for _ in range(WRITERS)) == WRITERS
    for end in (ready[0], *go):
        os.close(end)

    assert [ended_by(child) for child in children] == [0] * WRITERS
    tables = tables_of(folder)
    positions = [row[0] for row in tables["journal"]]
    assert sorted(positions) == list(range(1, len(positions) + 1))
    with Database.open(folder) as database, database.read() as snapshot:
        shares = [len(snapshot.encounters(site=str(writer))) for writer in range(WRITERS)]
    # Unfair waiting leaves somebody with one turn out of hundreds.
    assert min(shares) >= 10
    assert sum(shares) == len(positions)


def test_threads_that_share_a_database_write_one_after_the_other(database: Database) -> None:
    start = threading.Barrier(WRITERS)

    def write_some(writer: int) -> list[int]:
        start.wait()
        positions = []
        for _ in range(10):
            with database.unit_of_work() as work:
                record(work, Person(site=str(writer), fingers=()))
                positions.append(work.position)
                work.commit()
        return positions

    with ThreadPoolExecutor(WRITERS) as threads:
        positions = [one for part in threads.map(write_some, range(WRITERS)) for one in part]

    assert sorted(positions) == list(range(1, 10 * WRITERS + 1))
    with database.read() as snapshot:
        assert snapshot.counts()["encounters"] == 10 * WRITERS


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.unit_of_work() as work:
        record(work, Person())
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(read_position, database).result() == 0
        work.commit()

    assert read_position(database) == 1


def read_position(database: Database) -> int:
    with database.read() as snapshot:
        return snapshot.position


def test_a_writer_waits_no_longer_than_allowed(tmp_path: Path) -> None:
    with (
        WriterLock(tmp_path).held(),
        pytest.raises(RegistryBusy, match="longer than is waited"),
        WriterLock(tmp_path, wait_max_s=0.01).held(),
    ):
        pass

    with WriterLock(tmp_path, wait_max_s=0).held():
        pass


def test_who_waited_in_vain_does_not_keep_the_turnstile(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path, wait_max_s=0)
    with WriterLock(tmp_path).held():
        for _ in range(3):
            with pytest.raises(RegistryBusy), lock.held():
                pass

    with lock.held():
        pass


def test_who_holds_the_turnstile_is_next(tmp_path: Path) -> None:
    """A writer that has just finished cannot overtake one that waits."""
    order: list[str] = []
    waits = threading.Event()
    lock = WriterLock(tmp_path)

    def wait_for_a_turn() -> None:
        waits.set()
        with lock.held():
            order.append("waited")

    with ThreadPoolExecutor(1) as thread:
        with lock.held():
            waiting = thread.submit(wait_for_a_turn)
            waits.wait()
            # It has the turnstile as soon as nobody else can take it.
            while is_free(tmp_path / "registry.turn"):
                pass
        with lock.held():
            order.append("came back")
        waiting.result()

    assert order == ["waited", "came back"]


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock on a file; looks without taking it for longer than a moment."""
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


@pytest.mark.sqlite_only("locks the file")
def test_a_program_that_does_not_queue_makes_the_registry_busy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musterpoint.storage.dialects.sqlite.ENGINE_WAIT_MAX_S", 0)
    with Database.open(folder) as database:
        foreign = sqlite3.connect(folder / "registry.db", isolation_level=None)
        foreign.execute("BEGIN IMMEDIATE")

        with pytest.raises(RegistryBusy, match="another program"), database.unit_of_work():
            pass

        foreign.execute("ROLLBACK")
        foreign.close()
        with database.unit_of_work() as work:
            record(work, Person())
            work.commit()


def test_a_folder_that_cannot_be_written_has_no_lock(tmp_path: Path) -> None:
    with pytest.raises(StorageFull), WriterLock(tmp_path / "missing").held():
        pass
