"""A registry in a file of SQLite.

Guarantees, on a local disk that obeys `fsync`:
- a transaction is in the file as a whole or not at all, whenever the process is killed;
- a commit that returned survives loss of power (`synchronous=FULL`);
- a reader sees one state from its first statement to its last (WAL);
- what is deleted is overwritten in the file (`secure_delete`), and nothing is spilled to temporary files.

Not guaranteed: anything on a network share (WAL needs shared memory), and that the disk itself forgets.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa

from musterpoint.limits import ENGINE_WAIT_MAX_S
from musterpoint.storage.dialects.faults import Fault

APPLICATION_ID: Final = 0x4D535452
"""Marks our files in SQLite's header (`MSTR`), bytes 68..71."""

_PRAGMAS: Final = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "trusted_schema=OFF",
    "temp_store=MEMORY",
)


DriverError: Final = sqlite3.Error

# Other writers wait meanwhile.
_TRUNCATE_WAIT_S: Final = 1.0

_FAULTS: Final[Mapping[int, Fault]] = {
    sqlite3.SQLITE_BUSY: Fault.BUSY,
    sqlite3.SQLITE_LOCKED: Fault.BUSY,
    sqlite3.SQLITE_FULL: Fault.UNWRITABLE,
    sqlite3.SQLITE_READONLY: Fault.UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: Fault.UNWRITABLE,
    sqlite3.SQLITE_PERM: Fault.UNWRITABLE,
    sqlite3.SQLITE_IOERR: Fault.UNWRITABLE,
    sqlite3.SQLITE_NOLFS: Fault.UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
    sqlite3.SQLITE_FORMAT: Fault.DAMAGED,
    # A table or column that our own statements name is missing.
    sqlite3.SQLITE_ERROR: Fault.DAMAGED,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: Fault.DUPLICATE,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: Fault.DUPLICATE,
    sqlite3.SQLITE_CONSTRAINT_ROWID: Fault.DUPLICATE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: Fault.DANGLING,
    # The device could not read what was once written.
    sqlite3.SQLITE_IOERR_READ: Fault.DAMAGED,
    sqlite3.SQLITE_IOERR_SHORT_READ: Fault.DAMAGED,
    sqlite3.SQLITE_IOERR_CORRUPTFS: Fault.DAMAGED,
    sqlite3.SQLITE_IOERR_DATA: Fault.DAMAGED,
}


def fault_of(error: BaseException | None) -> Fault:
    """What the engine's own error means; `UNEXPECTED` for what is nobody's to handle."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        # The driver gives no code where a stored text is no text.
        return Fault.DAMAGED if isinstance(error, sqlite3.OperationalError) else Fault.UNEXPECTED
    # The low byte is the class of the error, the rest its detail.
    return _FAULTS.get(code) or _FAULTS.get(code & 0xFF) or Fault.UNEXPECTED


def engine(path: Path) -> sa.Engine:
    """Connections to an existing file; transactions of `engine.execution_options(writer=True)` write."""

    def connect() -> sqlite3.Connection:
        # mode=rw: a file that has vanished is an error, not an empty registry.
        # isolation_level None: pysqlite must not begin or commit by itself.
        return sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=rw",
            uri=True,
            timeout=ENGINE_WAIT_MAX_S,
            isolation_level=None,
            check_same_thread=False,
        )

    made = sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.QueuePool, hide_parameters=True)
    sa.event.listen(made, "connect", _configure)
    sa.event.listen(made, "begin", _begin)
    return made


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # A reader that turns into a writer would be refused as soon as anybody else has committed.
    is_writer = connection.get_execution_options().get("writer", False)
    _driver(connection).execute("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def is_ours(connection: sa.Connection, mark: int = APPLICATION_ID) -> bool:
    """Whether the file was made by musterpoint. Nothing is changed in a file of others."""
    return bool(connection.exec_driver_sql("PRAGMA application_id").scalar() == mark)


def prepare_new(path: Path, mark: int = APPLICATION_ID) -> None:
    """Mark an empty file as ours and set what a file keeps for good."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(f"PRAGMA application_id={mark}")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def begin_migration(connection: sa.Connection) -> None:
    """Begin as a writer, with references between tables unchecked until `dangling_references`.

    Alembic replaces whole tables on SQLite; with checks on, dropping the old one would delete what
    refers to it.
    """
    _driver(connection).execute("PRAGMA foreign_keys=OFF")
    connection.begin()


def end_migration(connection: sa.Connection) -> None:
    """Check references again from here on; outside of a transaction."""
    _driver(connection).execute("PRAGMA foreign_keys=ON")


def is_sound(connection: sa.Connection) -> bool:
    """Whether pages, indexes and references between tables are whole; reads everything."""
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        return False
    return connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar() == "ok"


def copy(path: Path, to: Path) -> None:
    """Copy a database as it is at one moment into an empty file, while others go on reading and writing."""
    source = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True)
    try:
        copied = sqlite3.connect(to, isolation_level=None)
        try:
            source.execute(f"PRAGMA busy_timeout={round(ENGINE_WAIT_MAX_S * 1000)}")
            source.backup(copied)
        finally:
            copied.close()
    finally:
        source.close()


def ask_for_rewriting(connection: sa.Connection) -> None:
    """Note in this transaction that freed pages still hold what must not be there."""
    connection.exec_driver_sql("PRAGMA user_version=1")


def is_rewriting_asked(connection: sa.Connection) -> bool:
    """Whether that was noted and not done yet."""
    return bool(connection.exec_driver_sql("PRAGMA user_version").scalar())


def rewrite_if_asked(engine: sa.Engine) -> None:
    """Write the whole file anew where that was noted, without freed pages; outside of a transaction."""
    pooled = engine.raw_connection()
    try:
        cursor = pooled.cursor()
        if cursor.execute("PRAGMA user_version").fetchone() != (0,):
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA user_version=0")
        cursor.close()
    finally:
        pooled.close()


def truncate_log(engine: sa.Engine) -> bool:
    """Bring the write-ahead log into the file and empty it; False while a reader still needs it."""
    pooled = engine.raw_connection()
    try:
        cursor = pooled.cursor()
        cursor.execute(f"PRAGMA busy_timeout={round(_TRUNCATE_WAIT_S * 1000)}")
        is_busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={round(ENGINE_WAIT_MAX_S * 1000)}")
        cursor.close()
    finally:
        pooled.close()
    return not is_busy


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection
