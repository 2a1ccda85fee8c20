"""The registry's database in its folder: opened, read, written, upgraded.

Guarantees: see `dialects`, `locking` and `migrating`. A registry appears in its folder whole, by renaming:
where there is a `registry.db`, its tables are there. Folder and files can be read by their owner alone.

Assumptions: a local disk, one machine, and nobody else who writes to the folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import sqlalchemy as sa

from musterpoint.clock import Clock, SystemClock
from musterpoint.errors import NotFound, RegistryBusy, StorageFull
from musterpoint.identifiers import AgreementId
from musterpoint.storage import dialects, erasing, migrating
from musterpoint.storage.journal import MACHINE, Desk, Signer, signer_of
from musterpoint.storage.locking import WriterLock
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.translation import damaged, translated
from musterpoint.storage.turns import KeptConnection
from musterpoint.storage.vault import KeyScope, KeySources, Vault, sources_at_hand
from musterpoint.storage.writing import UnitOfWork

FILE_NAME: Final = "registry.db"

View = TypeVar("View", bound=Snapshot)

_CLOCK: Final = SystemClock()


class Database:
    """A registry on this machine. Threads may share it; a forked process opens its own."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._vault: Vault | None = None
        self._is_own_vault = False
        self._signer: Signer | None = None
        self._is_journal_whole = False
        self._lock = WriterLock(folder)
        self._clock = clock
        self._engine = dialects.engine(folder / FILE_NAME)
        self._writers = self._engine.execution_options(writer=True)
        self._kept = KeptConnection(self._writers)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        must_exist: bool = False,
        clock: Clock = _CLOCK,
        vault: Vault | None = None,
        sources: KeySources | None = None,
    ) -> Database:
        """Open the registry in a folder with its keys; without one, make both, unless `must_exist`.

        clock    where the times of journal lines and erasures come from
        vault    the keys where they are open already; whoever opened them closes them
        sources  where the secret comes from that opens the keys; by default the environment, or a key
                 file in the user's configuration

        Raises NotFound where it must exist and does not, VersionMismatch where another version of
        musterpoint made it, Corrupt where it is damaged or the file of another program, StorageFull
        where the folder cannot be written, RegistryBusy where others hold it for too long, and KeyMissing
        or WrongPassphrase where the secret is not at hand.
        """
        with translated():
            is_there = dialects.exists(folder / FILE_NAME)
        if not is_there and must_exist:
            raise _no_registry(folder)
        if not is_there:
            _prepare(folder)
        database = cls(folder, clock)
        try:
            revision = database._revision() if is_there else migrating.REVISION
            database._vault = vault or database._open_vault(
                sources, must_exist=is_there and _is_sealed(revision)
            )
            if not is_there:
                _make(folder)
            if revision != migrating.REVISION:
                database._upgrade()
            elif database._is_upgrade_unfinished():
                database._finish_upgrade()
            database._finish_erasures()
        except BaseException:
            database.close()
            raise
        return database

    def _revision(self) -> str:
        """The revision of the tables. Raises VersionMismatch where this version cannot go on with it."""
        with translated(), self._engine.connect() as connection:
            revision = migrating.revision_of(connection)
            is_usable = revision == migrating.REVISION or (
                revision in migrating.older_revisions() and migrating.is_empty(connection)
            )
        if not is_usable:
            raise migrating.other_version(revision)
        return revision

    def _open_vault(self, sources: KeySources | None, *, must_exist: bool) -> Vault:
        self._is_own_vault = True
        chosen = sources or sources_at_hand()
        return Vault.open_at(self._folder, chosen, must_exist=must_exist, clock=self._clock)

    @property
    def folder(self) -> Path:
        """Where the files of the registry lie."""
        return self._folder

    @property
    def vault(self) -> Vault:
        """The keys of the registry."""
        if self._vault is None:
            raise RuntimeError("a database is opened with its keys")
        return self._vault

    def _sign(self) -> Signer:
        if self._signer is None:
            self._signer = signer_of(self.vault)
        return self._signer

    def _upgrade(self) -> str:
        """Bring the tables to the newest revision; returns the revision before."""
        with self._lock.held(), translated(), self._writers.connect() as connection:
            before = migrating.revision_of(connection)
            connection.rollback()
            if before == migrating.REVISION:
                return before
            if before not in migrating.older_revisions():
                raise migrating.other_version(before)
            migrating.upgrade(connection, self.vault)
        self._finish_upgrade()
        return before

    def _is_upgrade_unfinished(self) -> bool:
        with translated(), self._engine.connect() as connection:
            return dialects.is_rewriting_asked(connection)

    def _finish_upgrade(self) -> None:
        """Rid the file of what an upgrade has sealed, whose plain bytes still stand in freed pages."""
        with self._lock.held(), translated():
            dialects.rewrite_if_asked(self._engine)
            dialects.truncate_log(self._engine)

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """One consistent view, however long it is looked at. Writers go on meanwhile."""
        with translated():
            connection = self._engine.connect()
        try:
            with translated():
                connection.begin()
            with _ended(Snapshot(connection, self.vault)) as snapshot:
                # SQLite takes its snapshot at the first read, not at the beginning.
                _ = snapshot.position
                yield snapshot
        finally:
            with translated():
                connection.close()

    @contextmanager
    def unit_of_work(
        self, *, author: str = MACHINE, agreement: AgreementId | None = None
    ) -> Iterator[UnitOfWork]:
        """The right to write, in fair turns. Leaving without `commit()` undoes everything.

        author     name of the seat that acts, for the lines of the journal
        agreement  under which it acts; None for what belongs to the installation

        Raises RegistryBusy where others write for longer than is waited, Corrupt where lines of the journal
        are missing.
        """
        with self._lock.held():
            desk = Desk(
                clock=self._clock, vault=self.vault, author=author, agreement=agreement, signer=self._sign
            )
            with self._kept.transaction() as connection, _ended(UnitOfWork(connection, desk)) as work:
                self._refuse_hole(work)
                yield work
            if work.has_erased:
                self._wipe_residue()

    def _refuse_hole(self, work: UnitOfWork) -> None:
        """Write nothing more behind a hole in the journal; looked at once, since it is counted."""
        if self._is_journal_whole:
            return
        if not work.has_every_line():
            raise damaged("a journal from which lines are missing")
        self._is_journal_whole = True

    def provision_station(self) -> None:
        """Say in the journal which key this station signs with, unless that was said before."""
        with self.read() as snapshot:
            if snapshot.is_provisioned(self._sign().station_id):
                return
        with self.unit_of_work() as work:
            work.provision_station()
            work.commit()

    def wipe_residue(self) -> bool:
        """Empty the write-ahead log where erased bytes still stand; False while a reader needs it."""
        if self._has_residue():
            with self._lock.held():
                self._wipe_residue()
        return not self._has_residue()

    def _has_residue(self) -> bool:
        with translated(), self._engine.connect() as connection:
            marks = [sa.select(mark).where(mark).limit(1) for mark in erasing.RESIDUES]
            return any(connection.execute(mark).first() is not None for mark in marks)

    def _finish_erasures(self) -> None:
        """Wipe what a process that died right after an erasure could not wipe."""
        if not self._has_residue():
            return
        # Whoever holds the lock will do it, or the next who opens the registry.
        with suppress(RegistryBusy), WriterLock(self._folder, wait_max_s=0).held():
            self._wipe_residue()

    def _wipe_residue(self) -> None:
        """Destroy the keys of who was erased, and empty the write-ahead log, where erased bytes still stand.

        The lock is held. The erasure itself is committed, so failing here is no failure of it: `counts`
        tells of what is left, and every opening tries again.
        """
        with suppress(RegistryBusy, StorageFull), translated():
            with self._engine.connect() as connection:
                gone = connection.execute(erasing.UNFINISHED).scalars().all()
                outlived = connection.execute(erasing.OUTLIVED).first()
            if gone:
                self.vault.destroy(*map(KeyScope.encounter, gone))
            if not dialects.truncate_log(self._engine, rewritten=erasing.OUTLIVED_IN if outlived else ()):
                return
            with self._writers.begin() as connection:
                for mark in erasing.RESIDUES:
                    connection.execute(sa.update(mark.table).where(mark).values({mark.name: False}))

    def close(self) -> None:
        """Give back all files. The last process to do so empties the write-ahead log."""
        with translated():
            self._kept.close()
            self._engine.dispose()
        if self._vault is not None and self._is_own_vault:
            self._vault.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _ended(view: View) -> Iterator[View]:
    """A view that nothing more is asked of when its block is left."""
    try:
        yield view
    finally:
        with translated():
            view.end()


def upgrade(folder: Path, *, sources: KeySources | None = None) -> tuple[str, str]:
    """Bring the registry in a folder to this version; returns the revisions before and after.

    It is one transaction, checked before it is committed: whatever fails, nothing has changed. Raises
    NotFound, VersionMismatch where a newer version made it, and as `Database.open` does.
    """
    with translated():
        is_there = dialects.exists(folder / FILE_NAME)
    if not is_there:
        raise _no_registry(folder)
    with Database(folder, _CLOCK) as database:
        with translated(), database._engine.connect() as connection:
            revision = migrating.revision_of(connection)
        if revision not in {migrating.REVISION, *migrating.older_revisions()}:
            raise migrating.other_version(revision)
        database._vault = database._open_vault(sources, must_exist=_is_sealed(revision))
        return database._upgrade(), migrating.REVISION


def _is_sealed(revision: str) -> bool:
    """Whether a registry of this revision has keys."""
    return revision != migrating.UNSEALED


def _no_registry(folder: Path) -> NotFound:
    return NotFound(
        expected="a folder with a registry",
        found="no registry.db in the folder",
        hint="Check the folder, or screen or enrol somebody to begin a registry",
        where=str(folder),
    )


def _prepare(folder: Path) -> None:
    with translated():
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        dialects.choose_server(folder)


def _make(folder: Path) -> None:
    """Make an empty registry in a folder, unless another process is quicker."""
    with WriterLock(folder).held(), translated():
        if dialects.exists(folder / FILE_NAME):
            return
        if (folder / f"{FILE_NAME}-wal").exists():
            # SQLite would play the log of the lost file into the new one.
            raise damaged("a write-ahead log whose registry.db is missing")
        dialects.make(folder / FILE_NAME, migrating.make)
