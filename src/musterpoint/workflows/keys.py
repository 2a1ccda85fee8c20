"""The keys of an installation: shown, renewed, put under another secret, shared, recovered.

Whoever does this sees no person. Each act leaves a line in the journal, before it begins and after it ended
where it can be interrupted; lines never say where a secret is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from musterpoint.registry.erasure import StoreKind
from musterpoint.registry.rights import Act
from musterpoint.storage import Database, erasing
from musterpoint.storage.vault import KeySource, KeySources, Vault, rotating, sharing
from musterpoint.storage.vault.overview import Overview, overview
from musterpoint.storage.vault.rotating import Rotation
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.station import Station


def show_keys(station: Station) -> Overview:
    """What there is to say about the keys. Raises as `authorise` does."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.MANAGE_KEYS)
    return overview(station.database.vault)


def rotate_keys(station: Station) -> Rotation:
    """Wrap all keys anew, under a new secret where that is a key file; see `rotating.rotate`."""
    return _rotate(station, None, "key.rotated")


def change_secret(station: Station, to: KeySource) -> Rotation:
    """Put all keys under another secret; nothing opens by the old one any more, but older copies."""
    return _rotate(station, to, "key.changed")


def _rotate(station: Station, to: KeySource | None, kind: str) -> Rotation:
    _write(station, "key.rotation.begun", {"source": to.kind if to else "as before"})
    done = rotating.rotate(station.database.vault, to)
    facts: dict[str, str | int] = {"epoch": done.epoch, "keys": done.keys}
    if done.is_secret_gone:
        _let_backups_go(station)
    _write(station, kind, facts | {"old_secret": "destroyed" if done.is_secret_gone else "kept by others"})
    return done


def _let_backups_go(station: Station) -> None:
    """Backups of the keys that nobody can open any more answer for the erasures that wait for them."""
    if station.database.vault.backups_expire_on() is not None:
        return
    holder = erasing.holder.c
    waiting = sa.select(holder.name).where(holder.kind == StoreKind.BACKUP.value, holder.gone_at.is_(None))
    with station.database.unit_of_work() as work:
        names = work.fetch(waiting, lambda row: str(row.name))
        if not names:
            return
        for name in names:
            erasing.holder_gone(work, name)
        work.append_journal("backup.keys_gone", {"backups": names})
        work.commit()


def share_keys(station: Station, *, needed: int, made: int) -> tuple[str, ...]:
    """Shares of the key, of which `needed` open the registry. Raises UnusableInput."""
    _authorise(station)
    shares = sharing.share(station.database.vault, needed=needed, made=made)
    _write(station, "key.shared", {"needed": needed, "made": made})
    return shares


def rehearse_shares(station: Station, shares: Sequence[str]) -> None:
    """See whether shares would open the registry. Raises UnusableInput, WrongPassphrase."""
    _authorise(station)
    sharing.rehearse(station.database.vault, shares)
    _write(station, "key.rehearsed", {"shares": len(shares)})


def combine_shares(
    folder: Path, shares: Sequence[str], sources: KeySources, to: Callable[[Vault], KeySource]
) -> Rotation:
    """Open a registry whose secret is lost, and put its keys under a new secret.

    to  the new secret's source, for the opened vault

    Whoever brings enough shares needs no seat: the offices that gave them have decided. Raises
    UnusableInput, WrongPassphrase.
    """
    vault = sharing.open_by_shares(folder, shares, sources)
    try:
        with Database.open(folder, must_exist=True, vault=vault) as database:
            done = rotating.rotate(vault, to(vault))
            with database.unit_of_work() as work:
                work.append_journal("key.recovered", {"shares": len(shares), "epoch": done.epoch})
                work.commit()
        return done
    finally:
        vault.close()


def _authorise(station: Station) -> None:
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.MANAGE_KEYS)


def _write(station: Station, kind: str, facts: Mapping[str, str | int]) -> None:
    with station.unit_of_work() as work:
        authorise(station, work, Act.MANAGE_KEYS)
        work.append_journal(kind, facts)
        work.commit()
