"""Registries for tests, in files or on a PostgreSQL server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

from musterpoint.storage import dialects
from musterpoint.storage.dialects import SERVER_FILE, SERVER_VARIABLE, is_on_server

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
    line = (source / SERVER_FILE).read_text(encoding="utf-8").strip()
    address, schema = re.fullmatch(r"(.*)\?schema=(\w+)", line).groups()  # type: ignore[union-attr]  # our own line
    new = _COPY + uuid.uuid4().hex[:12]
    original = address.rpartition("/")[2]
    if original.startswith((_OWN, _COPY)):
        make_database(address, new, template=original)
        _point(to, _in_database(address, new), schema)
    else:
        _clone(address, schema, new)
        _point(to, address, new)
    return to


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
    dump = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    subprocess.run(
        ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname", address],
        input=dump.replace(f"{schema}_", f"{new}_"),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )


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
def behind_its_back(folder: Path, *, is_writer: bool = True) -> Iterator[sa.Connection]:
    """A registry's database without the registry's own ways; what was changed is committed at the end."""
    made = dialects.engine(folder / "registry.db").execution_options(writer=is_writer)
    try:
        with made.begin() as connection:
            yield connection
    finally:
        made.dispose()
