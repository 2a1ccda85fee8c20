"""Rotation: a new epoch wraps all keys, and the old epoch's key is destroyed.

Readers and writers go on meanwhile: new keys are wrapped by the newest epoch from its first moment, old
ones move in short transactions, and whatever epoch a key is in, its row says so. Every step can be
repeated, so a rotation that was killed is taken up by the next call, wherever it was.

Changing the secret is a rotation too: an epoch that was wrapped by the old secret must not live on.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from musterpoint.errors import RegistryBusy
from musterpoint.storage.vault import epochs, faults, sealing
from musterpoint.storage.vault.epochs import Epoch
from musterpoint.storage.vault.key_tables import data_key, key_epoch, key_scope, key_store
from musterpoint.storage.vault.scopes import KeyKind, KeyScope
from musterpoint.storage.vault.sources import FileSource, KeySource
from musterpoint.storage.vault.vault import Vault

BATCH: Final = 1000
"""Keys that move in one transaction: some 10 ms, for which writers wait."""

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a rotation came to.

    epoch           the epoch that wraps all keys now
    keys            keys that this call moved
    was_resumed     whether it finished one that had been interrupted
    is_secret_gone  whether the old secret was destroyed, so that older copies of the keys do not open
    """

    epoch: int
    keys: int
    was_resumed: bool
    is_secret_gone: bool


def rotate(
    vault: Vault,
    to: KeySource | None = None,
    *,
    keeps_secrets: bool = False,
    step: Step = lambda _name: None,
) -> Rotation:
    """Begin a new epoch, move all keys into it, and destroy the old one.

    to    the source that wraps the new epoch; None for the present one, of which a key file gets a new
          secret. None only finishes a rotation that was interrupted; otherwise another one follows
    keeps_secrets  leave old secrets in their key file, since another key store needs them
    step  told the name of each step before it is taken

    Raises RegistryBusy while another process rotates, and what the sources raise.
    """
    with _alone(vault):
        was_resumed = len(vault.read(epochs.live)) > 1
        keys, is_secret_gone = 0, False
        files = [] if keeps_secrets else [vault.epoch_keys.source("file")]
        if was_resumed:
            keys, is_secret_gone = _finish(vault, files, step)
        if not was_resumed or to is not None:
            source = _begin(vault, to, step)
            files += [] if keeps_secrets else [source]
            more, is_secret_gone = _finish(vault, files, step)
            keys += more
        (epoch,) = vault.read(epochs.live)
    return Rotation(epoch=epoch.number, keys=keys, was_resumed=was_resumed, is_secret_gone=is_secret_gone)


@contextmanager
def _alone(vault: Vault) -> Iterator[None]:
    """Hold the right to rotate, which the kernel takes back from a process that dies."""
    with faults.of_keys():
        handle = os.open(vault.store.folder / "keys.rotation", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise RegistryBusy(
            expected="nobody else to rotate the keys",
            found="another process that does",
            hint="Wait until it has ended, then look with: musterpoint key show",
            where=faults.WHERE,
        ) from None
    finally:
        os.close(handle)


def _begin(vault: Vault, to: KeySource | None, step: Step) -> KeySource:
    """Have a new epoch beside the old one; returns its source."""
    (old,) = vault.read(epochs.live)
    source = to or vault.epoch_keys.source(old.source)
    if isinstance(source, FileSource):
        step("secret")
        source.add_secret()
    key, number = sealing.new_key(), old.number + 1
    envelope = source.wrap(key, epochs.about(vault.store.store_id, number))
    step("begin")
    with vault.store.writing() as connection:
        old_key = vault.epoch_keys.open(connection, old.number)
        assert old_key is not None, "nobody else ends epochs"
        epochs.add(connection, number, envelope, key, vault.clock.now())
        epochs.link(connection, old.number, old_key, number, key)
        epochs.link(connection, number, key, old.number, old_key)
    vault.epoch_keys.remember(number, key)
    vault.epoch_keys.use(source)
    return source


def _finish(vault: Vault, files: list[KeySource], step: Step) -> tuple[int, bool]:
    """Move what is left, end the old epochs, destroy their secrets; keys moved, and whether that was done."""
    *old, new = vault.read(epochs.live)
    keys = _move(vault, new.number, step)
    step("end")
    with vault.store.writing() as connection:
        for epoch in old:
            _insist_on_nothing_left(connection, epoch)
            epochs.end(connection, epoch.number, vault.clock.now())
        epochs.unlink(connection)
        connection.execute(sa.update(key_store).values(has_residue=True))
    step("wipe")
    vault.store.wipe()
    step("destroy secret")
    is_secret_gone = _destroy_secrets(vault, files, old, new)
    for epoch in old:
        vault.epoch_keys.forget(epoch.number)
    return keys, is_secret_gone


def _move(vault: Vault, number: int, step: Step) -> int:
    """Wrap all keys by the newest epoch. What a step reads, it writes in the same transaction: a key
    that is destroyed meanwhile stays destroyed."""
    moved, last = 0, 0
    # Keys that are made from now on are wrapped by the newest epoch; there may be no end of them.
    end = vault.read(lambda connection: connection.execute(_LAST).scalar_one())
    while last < end:
        step(f"move {last}")
        with vault.store.writing() as connection:
            new_key = vault.epoch_keys.open(connection, number)
            assert new_key is not None, "nobody else ends epochs"
            rows = connection.execute(
                sa.select(data_key.c.number, data_key.c.wrapped, key_scope.c.kind, key_scope.c.identifier)
                .join(key_scope, key_scope.c.number == data_key.c.number)
                .where(data_key.c.number > last, data_key.c.number <= end)
                .order_by(data_key.c.number)
                .limit(BATCH)
            ).all()
            if not rows:
                break
            changes = []
            for row in rows:
                epoch = sealing.epoch_of(row.wrapped)
                if epoch in {0, number}:
                    continue
                scope = KeyScope(KeyKind(row.kind), row.identifier)
                old_key = vault.epoch_keys.open(connection, epoch)
                key = sealing.unwrap(old_key, scope, row.wrapped) if old_key else None
                if key is None:
                    raise faults.damaged("a wrapped key that was changed since it was written")
                changes.append({"at": row.number, "to": sealing.wrap(number, new_key, scope, key)})
            if changes:
                connection.execute(_MOVE, changes)
            moved += len(changes)
            last = rows[-1].number
    return moved


def _insist_on_nothing_left(connection: sa.Connection, epoch: Epoch) -> None:
    """Raise Corrupt where a key is wrapped by an epoch: without it, that key would be lost."""
    number = sa.func.substr(data_key.c.wrapped, 1, sealing.EPOCH_BYTES)
    of_epoch = sa.select(data_key.c.number).where(number == epoch.number.to_bytes(sealing.EPOCH_BYTES))
    if connection.execute(of_epoch.limit(1)).first() is not None:
        raise faults.damaged("a key that a rotation could not move, so the old epoch was kept")


_LAST: Final = sa.select(sa.func.coalesce(sa.func.max(data_key.c.number), 0))

_MOVE: Final = (
    sa.update(data_key).where(data_key.c.number == sa.bindparam("at")).values(wrapped=sa.bindparam("to"))
)


def _destroy_secrets(vault: Vault, files: list[KeySource], old: list[Epoch], new: Epoch) -> bool:
    """Take the secrets of past epochs out of their key files, and note which are gone.

    Whether all secrets of the old epochs are. One that a person or the environment holds never is.
    """
    gone: set[str] = set()
    for source in files:
        if isinstance(source, FileSource) and source.path.exists():
            gone |= source.keep_only({new.secret_name})
    with vault.store.writing() as connection:
        over = sa.update(key_epoch).where(key_epoch.c.secret_name.in_(gone))
        connection.execute(over.values(is_secret_gone=True))
    return bool(old) and all(epoch.secret_name in gone for epoch in old)
