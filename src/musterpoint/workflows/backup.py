"""Makes a backup of a registry: its data in one folder, its keys in another, which belongs elsewhere.

The journal says so first, and the backup is listed among those who hold a copy: receipts of erasures name
the date on which it expires. The data is copied before the keys, so that no record in it lacks its key.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, MusterpointError
from musterpoint.identifiers import new_uuid
from musterpoint.registry.erasure import StoreKind
from musterpoint.registry.rights import Act
from musterpoint.storage import backup, erasing
from musterpoint.storage.backup import Manifest
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.station import Station

KEYS_KEPT_DAYS: Final = 30
"""A copy of the keys opens whoever is erased meanwhile, so it is kept no longer than it takes to notice
that it is needed."""

DATA_KEPT_DAYS: Final = 365
DAYS_MAX: Final = 3650
_DAY_US: Final = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What was made.

    position  journal lines in it
    size      bytes of both parts
    """

    backup_id: UUID
    data: Path
    keys: Path
    position: int
    size: int
    data_expires_at: Instant
    keys_expire_at: Instant


def back_up(
    station: Station,
    data: Path,
    keys: Path,
    *,
    keys_days: int = KEYS_KEPT_DAYS,
    data_days: int = DATA_KEPT_DAYS,
) -> Backup:
    """Make a backup into two folders that are new or empty; others go on reading and writing.

    keys_days, data_days  how long the parts are kept; restoring refuses them afterwards

    Raises as `authorise` does, Conflict for folders with files in them, StorageFull, Corrupt where the
    registry is damaged.
    """
    for days in (keys_days, data_days):
        if not 1 <= days <= DAYS_MAX:
            raise ValueError(f"a backup is kept for 1 to {DAYS_MAX} days")
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.BACK_UP)
    _insist_on_apart(station.database.folder, data, keys)
    for folder in (data, keys):
        backup.new_folder(folder)
    now, backup_id = station.clock.now(), new_uuid()
    keys_expire_at, data_expires_at = (Instant(now + days * _DAY_US) for days in (keys_days, data_days))
    name = f"backup {backup_id}"
    with _taken_back_on_failure(station, name, data, keys):
        with station.unit_of_work() as work:
            authorise(station, work, Act.BACK_UP)
            erasing.add_holder(work, name, StoreKind.BACKUP, expires_at=keys_expire_at)
            work.append_journal(
                "backup.made",
                {
                    "backup": str(backup_id),
                    "keys_expire_at": keys_expire_at,
                    "data_expires_at": data_expires_at,
                },
            )
            work.commit()
        station.database.vault.note_backup(keys_expire_at)
        _write_data(station, data, backup_id, now, data_expires_at)
        position = _write_keys(station, keys, backup_id, now, keys_expire_at)
    size = sum(one.size for folder in (data, keys) for one in backup.files_in(folder).values())
    return Backup(
        backup_id=backup_id,
        data=data,
        keys=keys,
        position=position,
        size=size,
        data_expires_at=data_expires_at,
        keys_expire_at=keys_expire_at,
    )


def _insist_on_apart(registry: Path, *folders: Path) -> None:
    places = [folder.resolve() for folder in folders]
    here = registry.resolve()
    if len(set(places)) < len(places) or any(place.is_relative_to(here) for place in places):
        raise Conflict(
            expected="two folders outside of the registry's",
            found="the same folder twice, or one in the registry's folder",
            hint="Name folders on other disks, one for the data and one for the keys",
            where="backup",
        )


@contextmanager
def _taken_back_on_failure(station: Station, name: str, *folders: Path) -> Iterator[None]:
    """What fails leaves nothing behind, and nobody waits for its date."""
    try:
        yield
    except BaseException:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(MusterpointError), station.database.unit_of_work() as work:
            erasing.holder_gone(work, name)
            work.append_journal("backup.failed", {"backup": name.partition(" ")[2]})
            work.commit()
        raise


def _write_data(station: Station, folder: Path, backup_id: UUID, now: Instant, expires_at: Instant) -> None:
    source = station.database.folder
    backup.copy_database(source / "registry.db", folder / "registry.db")
    backup.copy_beside(source, folder)
    position, root = backup.head_in(folder / "registry.db")
    manifest = _manifest(station, backup.DATA, backup_id, now, expires_at)
    _close(station, folder, manifest, position, root.hex())


def _write_keys(station: Station, folder: Path, backup_id: UUID, now: Instant, expires_at: Instant) -> int:
    backup.copy_database(station.database.folder / "keys.db", folder / "keys.db")
    with station.database.read() as snapshot:
        position = snapshot.position
    manifest = _manifest(station, backup.KEYS, backup_id, now, expires_at)
    _close(station, folder, manifest, position, "")
    return position


def _manifest(station: Station, part: str, backup_id: UUID, now: Instant, expires_at: Instant) -> Manifest:
    vault = station.database.vault
    return Manifest(
        part=part,
        backup_id=backup_id,
        store_id=vault.store.store_id,
        station=vault.station_id().hex,
        made_at=now,
        expires_at=expires_at,
        position=0,
        root="",
        files={},
    )


def _close(station: Station, folder: Path, manifest: Manifest, position: int, root: str) -> None:
    from dataclasses import replace

    whole = replace(manifest, position=position, root=root, files=backup.files_in(folder))
    backup.write_part(folder, whole, station.database.vault.station_key())
