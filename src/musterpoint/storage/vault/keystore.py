"""The key store's database, `keys.db`, in the folder of its registry: opened, read, written, wiped.

Guarantees as for the registry (`dialects`, `locking`): a change is in the file as a whole or not at all,
and what returned survives loss of power. A key store appears in its folder whole, by renaming.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from musterpoint.errors import VersionMismatch
from musterpoint.storage import dialects
from musterpoint.storage.locking import WriterLock
from musterpoint.storage.translation import sound
from musterpoint.storage.vault import faults
from musterpoint.storage.vault.key_tables import KEYS, key_store

FILE_NAME: Final = "keys.db"
FORMAT: Final = 1

APPLICATION_ID: Final = 0x4D53544B
"""Marks a key store in SQLite's header (`MSTK`), so that it is not taken for a registry."""

_WIPE_ATTEMPTS_MAX: Final = 2


class KeyStore:
    """The tables of a key store. Threads may share it; a forked process opens its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = WriterLock(folder, name="keys")
        self._engine = dialects.engine(folder / FILE_NAME)
        self._writers = self._engine.execution_options(writer=True)
        self.store_id = uuid.UUID(int=0)
        self.has_residue = False

    @staticmethod
    def is_at(folder: Path) -> bool:
        """Whether there is a key store in a folder."""
        return dialects.exists(folder / FILE_NAME, APPLICATION_ID)

    @classmethod
    def open(cls, folder: Path) -> KeyStore:
        """Open a key store that is there. Raises Corrupt, VersionMismatch, StorageFull, RegistryBusy."""
        store = cls(folder)
        try:
            store._accept()
        except BaseException:
            store.close()
            raise
        return store

    def _accept(self) -> None:
        with self.reading() as connection:
            if not dialects.is_ours(connection, APPLICATION_ID):
                raise faults.damaged("the file of another program, or an empty one")
            row = connection.execute(sa.select(key_store)).one_or_none()
        if row is None or not isinstance(row.format, int) or row.store_id is None:
            raise faults.damaged("a key store that does not say its format")
        self.store_id, self.has_residue = row.store_id, row.has_residue
        if row.format != FORMAT:
            raise VersionMismatch(
                expected=f"a key store of format {FORMAT}",
                found=f"one of format {row.format}, which another version of musterpoint has made",
                hint="Use that version of musterpoint",
                where=faults.WHERE,
            )

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view."""
        with faults.of_keys(), sound(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """The right to write, in fair turns. Committed and lasting when left without an error."""
        with faults.of_keys(), self._lock.held(), self._writers.begin() as connection:
            yield connection

    def wipe(self) -> bool:
        """Empty the write-ahead log, where destroyed keys still stand; False while a reader needs it."""
        for _ in range(_WIPE_ATTEMPTS_MAX):
            with faults.of_keys(), self._lock.held():
                if dialects.truncate_log(self._engine, rewritten=None):
                    break
        else:
            return False
        with self.writing() as connection:
            connection.execute(sa.update(key_store).values(has_residue=False))
        return True

    def close(self) -> None:
        """Give back all files."""
        with faults.of_keys():
            self._engine.dispose()


def make(folder: Path, fill: Callable[[sa.Connection], None]) -> None:
    """Make a key store in a folder, unless another process is quicker.

    fill  puts its first rows into the empty tables; called while others wait
    """
    with faults.of_keys():
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
    with faults.of_keys(), WriterLock(folder, name="keys").held():
        if KeyStore.is_at(folder):
            return
        if (folder / f"{FILE_NAME}-wal").exists():
            raise faults.damaged("a write-ahead log whose keys.db is missing")
        dialects.make(folder / FILE_NAME, lambda connection: _fill(connection, fill), APPLICATION_ID)


def _fill(connection: sa.Connection, fill: Callable[[sa.Connection], None]) -> None:
    with connection.begin():
        KEYS.create_all(connection)
        fill(connection)
