"""Puts a backup back, into a new folder, or only for a drill.

1. both parts are verified as wholes; 2. copied beside the new place; 3. opened by their secret, or by shares,
and put under a new secret, so that the restored registry and the old one share none; 4. the station gets a
new name, so that its events never collide with those that the old one wrote after the backup; 5. everybody
who was erased since is erased again; 6. everything is checked; 7. the folder is renamed into place.

Until the last step nothing is where it is looked for, so nobody can read what step 5 has not reached.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from musterpoint.clock import Clock, Instant, SystemClock
from musterpoint.errors import Conflict, Corrupt
from musterpoint.extraction import Extractor
from musterpoint.identifiers import StationId
from musterpoint.lasting import sync_folder
from musterpoint.registry.rights import Act
from musterpoint.storage import Database, backup, keyfiles, moving
from musterpoint.storage.backup import Part
from musterpoint.storage.checking import Report, check
from musterpoint.storage.graves import Graves, graves_in
from musterpoint.storage.translation import translated
from musterpoint.storage.vault import FileSource, KeySource, KeySources, Vault, rotating, sharing
from musterpoint.storage.vault.envelopes import Envelope
from musterpoint.workflows.acting import HeldKeys
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.reburial import erase_again
from musterpoint.workflows.station import Front, Station


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """What is put back, and what has been erased since.

    data, keys     the parts of the backup
    to             a folder that does not exist yet; None for a drill, which leaves nothing behind
    newer          folders with newer copies of the registry, which say who was erased
    nothing_newer  that there is none: who was erased since cannot be known
    shares         words of shares, where the secret is lost
    seat, second   names of the seats that act
    """

    data: Path
    keys: Path
    to: Path | None
    newer: tuple[Path, ...] = ()
    nothing_newer: bool = False
    shares: tuple[str, ...] = ()
    seat: str = ""
    second: str = ""
    front: Front = field(default_factory=Front)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of it.

    folder       where the registry is now; None after a drill
    made_at      when the backup was made
    position     journal lines of the backup
    erased       people who were erased since, and were erased again
    key_file     the new key file; None where the secret is another
    """

    folder: Path | None
    made_at: Instant
    position: int
    station_id: StationId
    erased: int
    key_file: Path | None
    report: Report


def restore(request: RestoreRequest, sources: KeySources, *, clock: Clock | None = None) -> Restored:
    """Put a backup back; whatever fails, nothing was restored and the backup is as it was.

    Raises NotFound, Corrupt, Conflict or VersionMismatch as `backup.read_part` does; WrongPassphrase,
    KeyMissing; and as `authorise` does for the seats in the backup.
    """
    clock = clock or SystemClock()
    data = backup.read_part(request.data, backup.DATA, clock.now())
    keys = backup.read_part(request.keys, backup.KEYS, clock.now())
    _insist_on_fit(data, keys)
    graves = _graves(request, data)
    with _room(request.to) as room, _kept_on_success() as fresh, ExitStack() as opened:
        for part in (data, keys):
            backup.lay_out(part, room)
        _insist_on_head(room, data)
        vault = _opened(room, request, sources, clock)
        opened.callback(vault.close)
        for part in (data, keys):
            part.insist_on_signature(vault.verifiers())
        key_file = _put_under_new_secret(vault, request, sources, fresh)
        station_id = vault.renew_station()
        database = opened.enter_context(Database.open(room, must_exist=True, clock=clock, vault=vault))
        station = _station(database, room, request, clock)
        erased = _bring_up_to_date(station, data, graves)
        report = check(database)
        opened.close()
        if request.to is not None:
            with translated():
                moving.move_to_server(room)
            _put_in_place(room, request.to)
    return Restored(
        folder=request.to,
        made_at=data.manifest.made_at,
        position=data.manifest.position,
        station_id=station_id,
        erased=erased,
        key_file=key_file,
        report=report,
    )


def _insist_on_fit(data: Part, keys: Part) -> None:
    if data.manifest.store_id != keys.manifest.store_id:
        raise Conflict(
            expected="data and keys of one registry",
            found="those of two",
            hint="Name the parts that belong together",
            where=str(keys.folder),
        )
    if keys.manifest.position < data.manifest.position:
        raise Conflict(
            expected="keys as new as the data, or newer",
            found="keys from before it, which lack those of its newest records",
            hint="Name the keys that were backed up with this data, or later",
            where=str(keys.folder),
        )


def _graves(request: RestoreRequest, data: Part) -> list[Graves]:
    if not request.newer and not request.nothing_newer:
        raise Conflict(
            expected="the newest copy of the registry that is known, since it says who was erased",
            found="none named",
            hint="Name it with --erasures-from; only if there is none at all, say --nothing-newer",
            where="restore",
        )
    root, position = bytes.fromhex(data.manifest.root), data.manifest.position
    found = [graves_in(folder, position, root) for folder in request.newer]
    if found and not any(map(partial(_knows_more, position), request.newer, found)):
        raise Conflict(
            expected=f"the registry as it is now, or a copy from after the backup of {position} lines",
            found=f"{max(one.position for one in found)} lines, which do not say who was erased since",
            hint="Name a newer copy with --erasures-from; only if there is none at all, say --nothing-newer",
            where=str(request.newer[0]),
        )
    return found


def _knows_more(position: int, folder: Path, graves: Graves) -> bool:
    """Whether a copy may know who was erased after a backup of so many lines; the backup itself does not."""
    return graves.position > position or (graves.position == position and not backup.is_part(folder))


@contextmanager
def _room(to: Path | None) -> Iterator[Path]:
    """A folder to work in, on the disk of the new place; gone afterwards, unless it was renamed."""
    if to is not None and (to.exists() or to.is_symlink()):
        raise Conflict(
            expected="a folder that does not exist yet",
            found="one that is there; nothing in it was changed",
            hint="Name another folder",
            where=str(to),
        )
    try:
        if to is not None:
            to.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=".restoring-", dir=None if to is None else to.parent))
    except OSError as error:
        raise backup.unwritable(to or Path(tempfile.gettempdir())) from error
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _insist_on_head(room: Path, data: Part) -> None:
    position, root = backup.head_in(room / "registry.db")
    if (position, root.hex()) != (data.manifest.position, data.manifest.root):
        raise Corrupt(
            expected="the journal that the manifest names",
            found="another journal",
            hint="Use another backup",
            where=str(data.folder),
        )


def _opened(room: Path, request: RestoreRequest, sources: KeySources, clock: Clock) -> Vault:
    if request.shares:
        return sharing.open_by_shares(room, request.shares, sources, clock=clock)
    return Vault.open_at(room, sources, must_exist=True, clock=clock)


class _Forgotten:
    """A secret that nobody keeps: after a drill nobody opens what was restored."""

    kind = "drill"

    def __init__(self) -> None:
        self._cipher = AESGCM(os.urandom(32))

    def wrap(self, key: bytes, about: bytes) -> Envelope:
        """See `KeySource`."""
        nonce = os.urandom(12)
        return Envelope(kind=self.kind, sealed=nonce + self._cipher.encrypt(nonce, key, about))

    def unwrap(self, envelope: Envelope, about: bytes) -> bytes:
        """See `KeySource`."""
        return self._cipher.decrypt(envelope.sealed[:12], envelope.sealed[12:], about)


def _put_under_new_secret(
    vault: Vault, request: RestoreRequest, sources: KeySources, fresh: list[FileSource]
) -> Path | None:
    """Give the copy a name and a secret of its own; returns its key file, if it has one."""
    kind = vault.source_kind()
    store_id = str(vault.become_another())
    source: KeySource
    if request.to is None:
        source = _Forgotten()
    elif kind == "file" or request.shares:
        fresh.append(FileSource(sources.key_path(store_id), store_id))
        source = fresh[-1]
    else:
        source = vault.epoch_keys.source(kind)
    rotating.rotate(vault, source, keeps_secrets=True)
    return fresh[-1].path if fresh else None


@contextmanager
def _kept_on_success() -> Iterator[list[FileSource]]:
    """Secrets that were made for the restored registry; taken back where it does not come to be."""
    fresh: list[FileSource] = []
    try:
        yield fresh
    except BaseException:
        for source in fresh:
            if source.path.exists():
                source.keep_only(())
        raise


def _station(database: Database, room: Path, request: RestoreRequest, clock: Clock) -> Station:
    held = keyfiles.held(keyfiles.key_folder(), room / keyfiles.PRACTICE_FOLDER)
    station = Station(
        database=database,
        extractor=Extractor(),
        clock=clock,
        keys=HeldKeys(files=held, passphrase=request.front.passphrase),
        notice=request.front.notice,
    )
    station = station.acting_as(request.seat, request.second) if request.seat else station
    with database.read() as snapshot:
        authorise(station, snapshot, Act.RESTORE)
    return station


def _bring_up_to_date(station: Station, data: Part, graves: list[Graves]) -> int:
    """Say in the journal that this is a restored registry, and erase who was erased since."""
    with station.unit_of_work() as work:
        authorise(station, work, Act.RESTORE)
        erased = erase_again(work, graves)
        work.append_journal(
            "backup.restored",
            {
                "backup": str(data.manifest.backup_id),
                "station_before": data.manifest.station,
                "lines": data.manifest.position,
                "erased_again": erased,
                "newest_known": max((one.position for one in graves), default=0),
            },
        )
        work.commit()
    scopes = {scope for one in graves for scope in one.scopes}
    station.database.vault.destroy(*sorted(scopes))
    station.database.wipe_residue()
    return erased


def _put_in_place(room: Path, to: Path) -> None:
    for leftover in room.glob("*.lock"):
        leftover.unlink()
    try:
        room.rename(to)
        sync_folder(to.parent)
    except OSError as error:
        raise backup.unwritable(to) from error
