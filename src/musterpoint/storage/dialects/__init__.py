"""The only package that knows which database engine it is: SQLite in a folder, or a PostgreSQL server.

A database is named by the path of its file. Where the folder holds a `postgresql.url`, it lies on that server
instead. That file is one line, such as `postgresql://registry@db.example/movements?schema=gate`: what would
stand in `registry.db` is then in the schema `gate_registry`, what would stand in `keys.db` in `gate_keys`;
without `schema` it is `musterpoint`. Several stations with the same line work on one registry. Give no
password in it: PostgreSQL's own password file serves. A registry that is made while `MUSTERPOINT_POSTGRESQL`
holds such an address is made there, in a schema of its own, and its folder remembers.
"""

from __future__ import annotations

import os
import re
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from musterpoint.errors import UnusableInput
from musterpoint.lasting import sync_folder
from musterpoint.storage.dialects import postgresql, sqlite
from musterpoint.storage.dialects.faults import Fault
from musterpoint.storage.dialects.prepared import Prepared
from musterpoint.storage.dialects.sqlite import APPLICATION_ID, copy, prepare_new

__all__ = [
    "APPLICATION_ID",
    "INTEGER_64",
    "SERVER_FILE",
    "SERVER_VARIABLE",
    "Fault",
    "Prepared",
    "ask_for_rewriting",
    "begin_migration",
    "blank",
    "choose_server",
    "copy",
    "end_migration",
    "engine",
    "exists",
    "fault_of",
    "is_from_driver",
    "is_lost",
    "is_on_server",
    "is_ours",
    "is_rewriting_asked",
    "is_sound",
    "make",
    "prepare_new",
    "references_unordered",
    "rewrite_if_asked",
    "truncate_log",
    "unmake",
]

INTEGER_64: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite makes a rowid of INTEGER alone; other engines need BIGINT for 64 bits."""

SERVER_FILE: Final = "postgresql.url"
"""Lies in the folder of a registry on a server."""

SERVER_VARIABLE: Final = "MUSTERPOINT_POSTGRESQL"
"""Names the server on which new registries are made."""

_URL_BYTES_MAX: Final = 4096
_PREFIX: Final = "musterpoint"
_SCHEMA: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def is_on_server(folder: Path) -> bool:
    """Whether the databases of a folder lie on a server."""
    return (folder / SERVER_FILE).exists()


def _server(path: Path) -> tuple[str, str] | None:
    """Address and schema of a database on a server, or None for a file. Raises UnusableInput."""
    if path.name not in {"registry.db", "keys.db"} or not is_on_server(path.parent):
        return None
    with (path.parent / SERVER_FILE).open("rb") as file:
        address = file.read(_URL_BYTES_MAX).decode("utf-8", "replace").strip()
    url, prefix = _read_address(address)
    return url, f"{prefix}_{path.stem}"


def choose_server(folder: Path) -> None:
    """Have new databases of a folder made on the server that the environment names, if it names one.

    Raises UnusableInput where what it names is no address.
    """
    address = os.environ.get(SERVER_VARIABLE, "").strip()
    if not address or is_on_server(folder) or (folder / "registry.db").exists():
        return
    url, prefix = _read_address(address)
    if prefix == _PREFIX:
        separator = "&" if "?" in url else "?"
        address = f"{url}{separator}schema={_PREFIX}_{uuid.uuid4().hex[:8]}"
    with suppress(FileExistsError):
        file = os.open(folder / SERVER_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            # A umask may have taken the owner's own right to change it.
            os.fchmod(file, 0o600)
            stream.write(f"{address}\n")
        sync_folder(folder)


def _read_address(address: str) -> tuple[str, str]:
    """Address without our own part, and the beginning of the names of schemas. Raises UnusableInput."""
    try:
        url = sa.make_url(address)
        given = url.query.get("schema", _PREFIX)
        is_sound = url.drivername in {"postgresql", "postgres"} and len(address.split()) == 1
    except (sa.exc.ArgumentError, ValueError):
        is_sound, given = False, ""
    if not is_sound or not isinstance(given, str) or not _SCHEMA.fullmatch(given):
        raise UnusableInput(
            expected="one line such as postgresql://registry@db.example/movements",
            found="a line of another form",
            hint=f"Correct {SERVER_FILE} in the folder of the registry, or {SERVER_VARIABLE}",
            where=SERVER_FILE,
        )
    url = url.difference_update_query(["schema"]).set(drivername="postgresql")
    return url.render_as_string(hide_password=False), given


def engine(path: Path) -> sa.Engine:
    """Connections to an existing database; transactions of `execution_options(writer=True)` write."""
    server = _server(path)
    return postgresql.engine(*server) if server else sqlite.engine(path)


def exists(path: Path, mark: int = APPLICATION_ID) -> bool:
    """Whether the database is there, whole."""
    server = _server(path)
    return postgresql.exists(*server, mark) if server else path.exists()


def make(path: Path, fill: Callable[[sa.Connection], None], mark: int = APPLICATION_ID) -> None:
    """Make a database that is not there; whoever looks sees nothing of it, or all.

    fill  makes its tables through a connection that writes, and commits
    """
    server = _server(path)
    if server is None:
        _make_file(path, fill, mark)
        return
    made = postgresql.engine(*server)
    try:
        with made.execution_options(writer=True).connect() as connection:
            postgresql.begin_making(connection, server[1])
            fill(connection)
            postgresql.end_making(connection, server[1], mark)
    finally:
        made.dispose()


def unmake(path: Path) -> None:
    """Remove a database on a server, whole or half made."""
    server = _server(path)
    if server is not None:
        postgresql.unmake(*server)


def _make_file(path: Path, fill: Callable[[sa.Connection], None], mark: int) -> None:
    unfinished = f"{path.stem}.new-"
    for leftover in path.parent.glob(f"{unfinished}*"):
        leftover.unlink()
    file, name = tempfile.mkstemp(prefix=unfinished, suffix=".db", dir=path.parent)
    os.fchmod(file, 0o600)
    os.close(file)
    sqlite.prepare_new(Path(name), mark)
    made = sqlite.engine(Path(name)).execution_options(writer=True)
    with made.connect() as connection:
        fill(connection)
    made.dispose()
    assert not Path(f"{name}-wal").exists(), "the last connection empties the log"
    Path(name).rename(path)
    sync_folder(path.parent)


def is_from_driver(error: BaseException | None) -> bool:
    """Whether it is an error of a driver that was used without SQLAlchemy."""
    return isinstance(error, sqlite.DriverError) or _is_from_psycopg(error)


def is_lost(connection: sa.Connection, error: BaseException) -> bool:
    """Whether an error means that nobody answers on a connection any more, as after a server's restart."""
    dialect: Any = connection.dialect
    driver = connection.connection.driver_connection
    return is_from_driver(error) and bool(dialect.is_disconnect(error, driver, None))


def _is_from_psycopg(error: BaseException | None) -> bool:
    # By name, since psycopg is there only where it is wanted.
    return type(error).__module__.startswith("psycopg")


def fault_of(error: BaseException | None) -> Fault:
    """What the engine's own error means; `UNEXPECTED` for what is nobody's to handle."""
    if _is_from_psycopg(error):
        return postgresql.fault_of(error)
    return sqlite.fault_of(error)


def _is_postgresql(made: sa.Connection | sa.Engine) -> bool:
    return made.dialect.name == postgresql.NAME


def is_ours(connection: sa.Connection, mark: int = APPLICATION_ID) -> bool:
    """Whether the database was made by musterpoint. Nothing is changed in one of others."""
    if _is_postgresql(connection):
        # While it is made, it has no mark yet; nobody else can open it then.
        return postgresql.is_ours(connection, mark)
    return sqlite.is_ours(connection, mark)


def begin_migration(connection: sa.Connection) -> None:
    """Begin as a writer, with references between tables unchecked until the end where that is needed."""
    if _is_postgresql(connection):
        connection.begin()
        postgresql.check_before_changes_of_tables(connection)
    else:
        sqlite.begin_migration(connection)


def end_migration(connection: sa.Connection) -> None:
    """Check references again from here on; outside of a transaction."""
    if _is_postgresql(connection):
        postgresql.end_checks(connection)
    else:
        sqlite.end_migration(connection)


@contextmanager
def references_unordered(connection: sa.Connection, filled: Sequence[sa.Table]) -> Iterator[None]:
    """Rows of a table may come before those of the same table that they refer to; after `begin_migration`."""
    if not _is_postgresql(connection):
        yield
        return
    within = [
        (table.name, str(one.name))
        for table in filled
        for one in table.foreign_key_constraints
        if one.referred_table is table and not one.deferrable
    ]
    postgresql.set_deferrable(connection, within, is_deferrable=True)
    yield
    postgresql.set_deferrable(connection, within, is_deferrable=False)


def is_sound(connection: sa.Connection) -> bool:
    """Whether pages, indexes and references between tables are whole; reads everything.

    A server watches over its own pages; there it says only that the database answers.
    """
    return _is_postgresql(connection) or sqlite.is_sound(connection)


class blank(sa.ColumnElement[Any]):  # noqa: N801  (an SQL function)
    """A value of as many bytes that says nothing: SQLite then overwrites the row where it stands."""

    inherit_cache = False

    def __init__(self, column: sa.Column[Any]) -> None:
        self.column = column
        self.type = column.type

    @property
    def is_binary(self) -> bool:
        """Whether it stands for bytes, not for text."""
        return isinstance(self.type, sa.LargeBinary)


@compiles(blank, "sqlite")
def _blank_sqlite(element: blank, compiler: SQLCompiler, **options: Any) -> str:
    size = f"length(CAST({compiler.process(element.column, **options)} AS BLOB))"
    return f"zeroblob({size})" if element.is_binary else f"printf('%*s', {size}, '')"


@compiles(blank, "postgresql")
def _blank_postgresql(element: blank, compiler: SQLCompiler, **options: Any) -> str:
    size = f"octet_length({compiler.process(element.column, **options)})"
    return f"decode(repeat('00', {size}), 'hex')" if element.is_binary else f"repeat(' ', {size})"


def ask_for_rewriting(connection: sa.Connection) -> None:
    """Note in this transaction that freed pages still hold what must not be there."""
    if not _is_postgresql(connection):
        sqlite.ask_for_rewriting(connection)


def is_rewriting_asked(connection: sa.Connection) -> bool:
    """Whether that was noted and not done yet."""
    return not _is_postgresql(connection) and sqlite.is_rewriting_asked(connection)


def rewrite_if_asked(made: sa.Engine) -> None:
    """Write the whole file anew where that was noted, without freed pages; outside of a transaction."""
    if not _is_postgresql(made):
        sqlite.rewrite_if_asked(made)


def truncate_log(made: sa.Engine, *, rewritten: Collection[str] | None = ()) -> bool:
    """Remove what was deleted from where it may still stand; False while a reader still needs it.

    rewritten  tables that a server writes anew, because a key still opens what was deleted of them; None
               for all
    """
    if _is_postgresql(made):
        return postgresql.vacuum(made, rewritten)
    return sqlite.truncate_log(made)
