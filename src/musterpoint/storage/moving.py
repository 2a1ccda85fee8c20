"""Carries a database from one engine to the other: into a file for a backup, onto a server when restored.

It is the same tables with the same rows, written through the same definitions, so what was sealed stays
sealed and what was signed stays signed.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from musterpoint.errors import Conflict
from musterpoint.storage import dialects, migrating, tables
from musterpoint.storage.vault import keystore
from musterpoint.storage.vault.key_tables import KEYS

NAMES: Final = ("registry.db", keystore.FILE_NAME)

_ROWS_A_PART: Final = 500


def copy_to_file(path: Path, to: Path) -> None:
    """Copy a database on a server, as it is at one moment, into a file that is not there.

    path  as `dialects.engine` takes it; others go on reading and writing
    """
    source = dialects.engine(path)
    try:
        with source.connect() as reading, reading.begin():
            _make(reading, to)
    finally:
        source.dispose()


def move_to_server(folder: Path) -> None:
    """Bring the databases of a folder onto the server that the environment names, if it names one.

    Nobody has them open. Whatever fails, they stay where they are. Raises Conflict where the schema that is
    named holds a registry.
    """
    place = folder / ".on-server"
    place.mkdir(mode=0o700)
    dialects.choose_server(place)
    if not dialects.is_on_server(place):
        place.rmdir()
        return
    if any(dialects.exists(place / name, _mark(name)) for name in NAMES):
        raise Conflict(
            expected="a schema on the server without a registry",
            found="one that holds a registry, in which nothing was changed",
            hint="Name another schema in MUSTERPOINT_POSTGRESQL, or none",
            where=dialects.SERVER_FILE,
        )
    try:
        for name in NAMES:
            source = dialects.engine(folder / name)
            with source.connect() as reading, reading.begin():
                _make(reading, place / name)
            source.dispose()
    except BaseException:
        for name in NAMES:
            dialects.unmake(place / name)
        raise
    for left in [path for name in NAMES for path in folder.glob(f"{name}*")]:
        left.unlink()
    (place / dialects.SERVER_FILE).rename(folder / dialects.SERVER_FILE)
    place.rmdir()


def _mark(name: str) -> int:
    return keystore.APPLICATION_ID if name == keystore.FILE_NAME else dialects.APPLICATION_ID


def _make(source: sa.Connection, to: Path) -> None:
    def fill(target: sa.Connection) -> None:
        if to.name == keystore.FILE_NAME:
            with target.begin():
                KEYS.create_all(target)
        else:
            migrating.make(target)
        dialects.begin_migration(target)
        _copy_rows(source, target, KEYS if to.name == keystore.FILE_NAME else tables.METADATA)
        target.commit()
        dialects.end_migration(target)

    dialects.make(to, fill, _mark(to.name))


def _copy_rows(source: sa.Connection, target: sa.Connection, metadata: sa.MetaData) -> None:
    for table in metadata.sorted_tables:
        target.execute(sa.delete(table))
    with dialects.references_unordered(target, metadata.sorted_tables):
        for table in metadata.sorted_tables:
            with closing(source.execute(sa.select(table).execution_options(yield_per=_ROWS_A_PART))) as rows:
                for part in rows.partitions():
                    target.execute(sa.insert(table), [dict(row._mapping) for row in part])
