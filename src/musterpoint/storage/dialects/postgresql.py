"""A registry on a PostgreSQL server: a schema of its own for the registry, and one for its keys.

Guarantees, with a server that runs with its defaults (`fsync`, `full_page_writes`):
- a transaction is there as a whole or not at all, and a commit that returned survives loss of power
  (`synchronous_commit=on` is asked for by every connection);
- a reader sees one state from its first statement to its last (repeatable read);
- writers take turns, in the order in which they asked, on all machines (an advisory lock, held until the
  transaction ends); so journal positions have no gaps and become visible in their order.

Not guaranteed: that the server forgets. Old versions of rows stay in its files until it vacuums them, and
in its write-ahead log until that is recycled. What is about a person is sealed, and destroyed by its key; the
table of keys is written anew after a key was destroyed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from musterpoint.errors import UnusableInput
from musterpoint.limits import WRITER_WAIT_MAX_S
from musterpoint.storage.dialects.faults import Fault

NAME: Final = "postgresql"

# Others wait behind a table that is waited for.
_VACUUM_WAIT_MAX_S: Final = 1.0

_PAUSE_S: Final = 0.02

_OLD_READERS: Final = """
    SELECT FROM pg_stat_activity AS reader
    WHERE reader.datname = current_database() AND reader.pid <> pg_backend_pid()
    AND age(reader.backend_xmin) > age(%s::xid) AND EXISTS (
        SELECT FROM pg_locks AS held JOIN pg_class AS read ON read.oid = held.relation
        WHERE held.pid = reader.pid AND read.relnamespace = to_regnamespace(current_schema()))
    LIMIT 1
"""
"""Whoever looked into a table of ours in a transaction whose snapshot is older than that."""

# Read committed: what was committed while waiting for the turn has to be seen.
_BEGIN_WRITING: Final = (
    f"BEGIN; SET LOCAL lock_timeout = '{WRITER_WAIT_MAX_S:g}s'; "
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))"
)

_TABLES: Final = "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = current_schema()"
_COLLATIONS: Final = ("C", "POSIX")
_STATES: Final[Mapping[str, Fault]] = {
    "55P03": Fault.BUSY,
    "40001": Fault.BUSY,
    "40P01": Fault.BUSY,
    "57014": Fault.BUSY,
    "53100": Fault.UNWRITABLE,
    "53200": Fault.UNWRITABLE,
    "25006": Fault.UNWRITABLE,
    "42501": Fault.UNWRITABLE,
    "58030": Fault.UNWRITABLE,
    "58P01": Fault.UNWRITABLE,
    "53000": Fault.UNWRITABLE,
    # What a server says of a file that may not grow, and of whatever else it did not expect of its disk.
    "XX000": Fault.UNWRITABLE,
    "XX001": Fault.DAMAGED,
    "XX002": Fault.DAMAGED,
    "42P01": Fault.DAMAGED,
    "42703": Fault.DAMAGED,
    "3F000": Fault.DAMAGED,
    "23505": Fault.DUPLICATE,
    "23503": Fault.DANGLING,
    "22003": Fault.UNSTORABLE,
    "22021": Fault.UNSTORABLE,
    "57P01": Fault.UNREACHABLE,
    "57P02": Fault.UNREACHABLE,
    "57P03": Fault.UNREACHABLE,
    "53300": Fault.UNREACHABLE,
}


def fault_of(error: BaseException | None) -> Fault:
    """What an error of the driver means."""
    import psycopg

    if isinstance(error, psycopg.Error) and error.diag.severity_nonlocalized in {"PANIC", "FATAL"}:
        # The connection has ended, mostly because the server has.
        return Fault.UNREACHABLE
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return _STATES.get(state) or (Fault.UNREACHABLE if state.startswith("08") else Fault.UNEXPECTED)
    if isinstance(error, psycopg.DataError):
        # Text with the character NUL, or one that is not valid Unicode.
        return Fault.UNSTORABLE
    return Fault.UNREACHABLE if isinstance(error, psycopg.OperationalError) else Fault.UNEXPECTED


def engine(url: str, schema: str) -> sa.Engine:
    """Connections to a schema; transactions of `engine.execution_options(writer=True)` write."""
    options = f"-c search_path={schema} -c synchronous_commit=on -c client_min_messages=warning"
    made = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        # psycopg must not begin by itself: `_begin` says more in the same message.
        connect_args={"options": options, "application_name": "musterpoint", "autocommit": True},
        pool_pre_ping=True,
        hide_parameters=True,
    )
    sa.event.listen(made, "begin", _begin)
    return made


def _begin(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("writer", False):
        _driver(connection).execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return
    _driver(connection).execute(_BEGIN_WRITING, prepare=False)


def exists(url: str, schema: str, mark: int) -> bool:
    """Whether the schema was made whole; what a process that died left half made does not count."""
    with engine(url, schema).connect() as connection:
        try:
            return is_ours(connection, mark)
        finally:
            connection.invalidate()


def is_ours(connection: sa.Connection, mark: int) -> bool:
    """Whether the schema that is searched was made by musterpoint."""
    comment = "SELECT obj_description(to_regnamespace(current_schema())::oid, 'pg_namespace')"
    return bool(connection.exec_driver_sql(comment).scalar() == f"musterpoint {mark:08X}")


def begin_making(connection: sa.Connection, schema: str) -> None:
    """Have an empty schema in place of what is not marked as made. Raises UnusableInput."""
    with connection.begin():
        collation = connection.exec_driver_sql(
            "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        ).scalar()
        if collation not in _COLLATIONS:
            raise UnusableInput(
                expected="a database whose texts sort by their bytes (LC_COLLATE 'C')",
                found=f"one that sorts as {collation}",
                hint="Make one: createdb --template=template0 --locale=C --encoding=UTF8 NAME",
                where="PostgreSQL",
            )
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")


def end_making(connection: sa.Connection, schema: str, mark: int) -> None:
    """Mark the schema as whole."""
    with connection.begin():
        connection.exec_driver_sql(f"COMMENT ON SCHEMA {schema} IS 'musterpoint {mark:08X}'")


def unmake(url: str, schema: str) -> None:
    """Remove a schema with everything in it."""
    made = engine(url, schema)
    try:
        with made.execution_options(writer=True).begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    finally:
        made.dispose()


def set_deferrable(
    connection: sa.Connection, constraints: Iterable[tuple[str, str]], *, is_deferrable: bool
) -> None:
    """Have references, by table and name, checked at the commit, or at each statement."""
    how = "DEFERRABLE INITIALLY DEFERRED" if is_deferrable else "NOT DEFERRABLE"
    for table, name in constraints:
        connection.exec_driver_sql(f"ALTER TABLE {table} ALTER CONSTRAINT {name} {how}")


def check_before_changes_of_tables(connection: sa.Connection) -> None:
    """Have deferred references checked before a table goes or changes, which the server insists on."""
    sa.event.listen(connection, "before_cursor_execute", _check_references)


def end_checks(connection: sa.Connection) -> None:
    """Leave that to the commit again."""
    sa.event.remove(connection, "before_cursor_execute", _check_references)


def _check_references(_connection: sa.Connection, cursor: Any, statement: str, *_: Any) -> None:
    if statement.lstrip().startswith(("DROP TABLE", "ALTER TABLE")):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def vacuum(made: sa.Engine, rewritten: Collection[str] | None) -> bool:
    """Free what old versions of rows hold; False while somebody may still read them.

    rewritten  tables that are written anew, so that nothing of them is left in the server's files; None
               for all; others wait meanwhile
    """
    import psycopg

    with made.connect() as connection:
        driver = _driver(connection)
        # Without their names, those of every other registry in the database would be meant too.
        names = [name for (name,) in driver.execute(_TABLES).fetchall()]
        anew = names if rewritten is None else [name for name in names if name in rewritten]
        others = [name for name in names if name not in anew]
        driver.execute(f"SET lock_timeout = '{_VACUUM_WAIT_MAX_S:g}s'")
        try:
            if others:
                driver.execute(f"VACUUM {', '.join(others)}")
            if not _wait_for_readers(driver):
                return False
            if anew:
                driver.execute(f"VACUUM (FULL) {', '.join(anew)}")
        except psycopg.errors.LockNotAvailable:
            return False
        finally:
            driver.execute("RESET lock_timeout")
    return True


def _wait_for_readers(driver: Any) -> bool:
    """Whether nobody reads a state of these tables any more from before now."""
    deadline = time.monotonic() + _VACUUM_WAIT_MAX_S
    (now,) = driver.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::xid::text").fetchone()
    while driver.execute(_OLD_READERS, (now,)).fetchone() is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
    return True


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection
