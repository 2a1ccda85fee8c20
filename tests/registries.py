"""Registries for tests, in files or on a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from musterpoint.storage import dialects
from musterpoint.storage.dialects import SERVER_FILE, SERVER_VARIABLE, is_on_server

REGISTRY = "registry.db"
KEYS = "keys.db"

_OWN = "own_"
_COPY = "copy_"


def prepared(folder: Path) -> Path:
    """A folder for a registry of which there will be many copies; on a server in a database of its own."""
    shared = os.environ.get(SERVER_VARIABLE)
    if shared:
        folder.mkdir(parents=True, exist_ok=True)
        name = _OWN + uuid.uuid4().hex[:12]
        make_database(shared, name)
        _point(folder, _in_database(shared, name), "musterpoint")
    return folder


def copied(source: Path, to: Path) -> Path:
    """A copy of a registry that nobody has open, in a folder that is not there yet."""
    shutil.copytree(source, to)
    if not is_on_server(source):
        return to
    address, schema = _place_of(source)
    new = _COPY + uuid.uuid4().hex[:12]
    original = address.rpartition("/")[2]
    if original.startswith((_OWN, _COPY)):
        make_database(address, new, template=original)
        _point(to, _in_database(address, new), schema)
    else:
        _clone(address, schema, new)
        _point(to, address, new)
    return to


def _place_of(folder: Path) -> tuple[str, str]:
    """Address and beginning of the names of schemas."""
    line = (folder / SERVER_FILE).read_text(encoding="utf-8").strip()
    address, _, schema = line.partition("?schema=")
    return address, schema


def _point(folder: Path, address: str, schema: str) -> None:
    (folder / SERVER_FILE).write_text(f"{address}?schema={schema}\n", encoding="utf-8")


def _in_database(address: str, name: str) -> str:
    return f"{address.rpartition('/')[0]}/{name}"


def make_database(address: str, name: str, *, template: str = "template0") -> None:
    """Make a database on the server of the address."""
    with psycopg.connect(_in_database(address, "template1"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _clone(address: str, schema: str, new: str) -> None:
    command = ["pg_dump", "--dbname", address, f"--schema={schema}_registry", f"--schema={schema}_keys"]
    _play(address, _output_of(command).decode().replace(f"{schema}_", f"{new}_"))


def _play(address: str, dump: str) -> None:
    command = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname", address]
    subprocess.run(command, input=dump, check=True, capture_output=True, text=True, timeout=600)


def examples(count: int) -> int:
    """How many examples of a property that many in files are on a server, where each takes far longer."""
    return max(2, count // 4) if SERVER_VARIABLE in os.environ else count


@contextmanager
def swept() -> Iterator[None]:
    """Remove from the server what is made on it meanwhile by this process, or for it."""
    shared = os.environ[SERVER_VARIABLE]
    before = _made(shared)
    try:
        yield
    finally:
        with psycopg.connect(shared, autocommit=True) as connection:
            for schema in _made(shared) - before:
                connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def _made(address: str) -> set[str]:
    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '_(registry|keys)$'")
        return {name for (name,) in found}


@contextmanager
def behind_its_back(
    folder: Path, *, name: str = REGISTRY, is_writer: bool = True, is_checked: bool = True
) -> Iterator[sa.Connection]:
    """A registry's database without the registry's own ways; what was changed is committed at the end.

    name        `registry.db`, or `keys.db` for the keys
    is_checked  False leaves unchecked what rows refer to, as whoever damages a registry would
    """
    is_bare = not is_checked and not is_on_server(folder)
    bare = sa.create_engine(f"sqlite:///{folder / name}") if is_bare else dialects.engine(folder / name)
    made = bare.execution_options(writer=is_writer)
    try:
        with made.begin() as connection:
            if not is_checked and is_on_server(folder):
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield connection
    finally:
        made.dispose()


def in_table(folder: Path, statement: str, *values: object, name: str = REGISTRY) -> list[tuple[Any, ...]]:
    """Run a statement behind the registry's back, whatever rows refer to; each `?` is one of the values."""
    parts = statement.split("?")
    numbered = "".join(f"{part}:value_{number}" for number, part in enumerate(parts[:-1])) + parts[-1]
    bound = {f"value_{number}": value for number, value in enumerate(values)}
    with behind_its_back(folder, name=name, is_checked=False) as connection:
        done = connection.execute(sa.text(numbered), bound)
        return [tuple(row) for row in done] if done.returns_rows else []


def dump_of(folder: Path) -> bytes:
    """A registry and its keys as the engine's own program writes them out."""
    if is_on_server(folder):
        return b"".join(_dumps_of(folder))
    written = b""
    for name in (REGISTRY, KEYS):
        with closing(sqlite3.connect(folder / name)) as connection:
            written += "\n".join(connection.iterdump()).encode()
    return written


def _dumps_of(folder: Path) -> list[bytes]:
    address, schema = _place_of(folder)
    return [
        _output_of(["pg_dump", "--dbname", address, f"--schema={schema}_{name}"])
        for name in ("registry", "keys")
    ]


def _output_of(command: Sequence[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True, timeout=600).stdout


def stored_bytes(folder: Path) -> dict[str, bytes]:
    """Everything that an engine has written to disks for a registry: by name, each file as it is now.

    Of a server these are the files of the database, in which there may be others, without its log.
    """
    found = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    if not is_on_server(folder):
        return found
    with behind_its_back(folder, is_writer=False) as connection:
        place = connection.exec_driver_sql(
            "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database"
            " WHERE datname = current_database()"
        ).scalar_one()
        address = connection.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as server:
        server.execute("CHECKPOINT")
    return found | {f"server/{file.name}": _read(file) for file in Path(place).iterdir()}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        # A table of somebody else's that went meanwhile.
        return b""


class ServerLog:
    """The server's write-ahead log from now on."""

    def __init__(self) -> None:
        self._address = os.environ[SERVER_VARIABLE]
        self._first = self._present()[1]

    def _present(self) -> tuple[str, str]:
        with psycopg.connect(self._address, autocommit=True) as connection:
            row = connection.execute(
                "SELECT current_setting('data_directory'), pg_walfile_name(pg_current_wal_insert_lsn())"
            ).fetchone()
        assert row is not None
        return row[0], row[1]

    def read(self) -> bytes:
        """What was written to it since, with what stood in the same file before."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        place, last = self._present()
        files = sorted((Path(place) / "pg_wal").iterdir())
        return b"".join([_read(file) for file in files if self._first <= file.name <= last])


@dataclass(frozen=True)
class Kept:
    """What a registry and its keys were at a moment, to be put back behind its back."""

    folder: Path
    parts: dict[str, bytes]

    @classmethod
    def of(cls, folder: Path) -> Kept:
        """What they are now; nobody has them open."""
        if not is_on_server(folder):
            return cls(folder, {name: (folder / name).read_bytes() for name in (REGISTRY, KEYS)})
        return cls(folder, dict(zip((REGISTRY, KEYS), _dumps_of(folder), strict=True)))

    def put_back(self, *names: str) -> None:
        """Make them what they were."""
        for name in names:
            if not is_on_server(self.folder):
                for left in self.folder.glob(f"{name}-*"):
                    left.unlink()
                (self.folder / name).write_bytes(self.parts[name])
                continue
            with behind_its_back(self.folder, name=name) as connection:
                schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
                connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
                address = connection.engine.url.set(drivername="postgresql")
            _play(address.render_as_string(hide_password=False), self.parts[name].decode())
