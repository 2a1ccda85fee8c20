"""The vault: seals and opens records under keys of their own, and destroys keys.

Order instead of one transaction over two databases: a key is made, lasting, before the registry refers
to it (one that nothing refers to does no harm); a key is destroyed after the registry says, lasting,
that it is to be, and an interrupted erasure is taken up again.

Guarantee: once `destroy` has returned, neither `keys.db` nor its write-ahead log holds the key. What
other processes hold in memory, disks hold in old blocks and others hold in copies is beyond it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from musterpoint.clock import Clock, Instant, SystemClock
from musterpoint.errors import WrongPassphrase
from musterpoint.identifiers import StationId
from musterpoint.storage import dialects
from musterpoint.storage.vault import bulk, epochs, faults, keystore, sealing, stations
from musterpoint.storage.vault.epochs import EpochKeys
from musterpoint.storage.vault.key_tables import data_key, key_backup, key_scope, key_share, key_store
from musterpoint.storage.vault.keystore import KeyStore
from musterpoint.storage.vault.memory import disable_core_dumps
from musterpoint.storage.vault.scopes import KeyKind, KeyScope
from musterpoint.storage.vault.sources import FileSource, KeySources

Found = TypeVar("Found")

KEYS_KEPT_MAX: Final = 256
"""Opened keys that a process keeps, of the records that it works on; the oldest makes room."""

_ATTEMPTS_MAX: Final = 3
_CLOCK: Final = SystemClock()
_NO_KEY: Final = bytes(sealing.WRAPPED_BYTES)

_LAST: Final = sa.select(sa.func.coalesce(sa.func.max(data_key.c.number), 0))
_ADD_SCOPE: Final = sa.insert(key_scope)
_ADD_KEY: Final = sa.insert(data_key)

_WRAPPED: Final = sa.select(data_key.c.wrapped, key_scope.c.destroyed_at).join(
    key_scope, key_scope.c.number == data_key.c.number
)
_WRAPPED_OF: Final = _WRAPPED.where(
    key_scope.c.kind == sa.bindparam("of_kind"), key_scope.c.identifier == sa.bindparam("of_identifier")
)


class Vault:
    """The keys of one registry. Threads may share it; a forked process opens its own."""

    def __init__(self, store: KeyStore, epoch_keys: EpochKeys, clock: Clock) -> None:
        self.store = store
        self.epoch_keys = epoch_keys
        self.clock = clock
        self._lock = threading.Lock()
        self._kept: dict[KeyScope, bytes] = {}
        self._unlock()
        if store.has_residue:
            store.wipe()

    @classmethod
    def open_at(
        cls, folder: Path, sources: KeySources, *, must_exist: bool | None = None, clock: Clock = _CLOCK
    ) -> Vault:
        """Open the key store in a registry's folder; without one, make it, unless `must_exist`.

        must_exist  by default, where the folder has a registry: new keys would not open it

        Raises KeyMissing, WrongPassphrase and KeyExposed where the secret is not at hand, Corrupt where
        the key store is damaged, VersionMismatch, StorageFull, RegistryBusy.
        """
        disable_core_dumps()
        if not KeyStore.is_at(folder):
            if dialects.exists(folder / "registry.db") if must_exist is None else must_exist:
                raise faults.missing(
                    "the key store of this registry",
                    f"no {keystore.FILE_NAME} in the folder",
                    "Bring it back from where it is kept; without it nothing in the registry can be read",
                    str(folder),
                )
            keystore.make(folder, lambda connection: _fill(connection, sources, clock))
        store = KeyStore.open(folder)
        try:
            return cls(store, EpochKeys(store.store_id, sources), clock)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Give back all files, and forget keys."""
        self._kept.clear()
        self.store.close()

    def source_kind(self) -> str:
        """The kind of source that wraps the present epoch."""
        return self.read(epochs.every)[-1].source

    def key_file(self) -> Path:
        """Where the key file lies, if the secret is one."""
        source = self.epoch_keys.source("file")
        return source.path if isinstance(source, FileSource) else Path()

    def _unlock(self) -> None:
        """Open the present epoch. A person may be asked, who takes time: so no view is held meanwhile."""
        for attempt in range(_ATTEMPTS_MAX):
            with self.store.reading() as connection:
                live = epochs.live(connection)
                if not live:
                    raise faults.damaged("a key store without an epoch")
                if any(self.epoch_keys.known(epoch.number) for epoch in live):
                    self.epoch_keys.open(connection, live[-1].number)
                    return
            try:
                self.epoch_keys.unwrap(live[-1])
                return
            except WrongPassphrase:
                with self.store.reading() as connection:
                    is_past = epochs.newest_number(connection) != live[-1].number
                if not is_past or attempt == _ATTEMPTS_MAX - 1:
                    raise

    def read(self, look: Callable[[sa.Connection], Found]) -> Found:
        """Look at one view of the key store; at a newer one where a rotation has ended meanwhile.

        A rotation ends by destroying the old secret, which a view from before may still ask for.
        """
        for _ in range(_ATTEMPTS_MAX):
            with self.store.reading() as connection:
                newest = epochs.newest_number(connection)
                try:
                    return look(connection)
                except WrongPassphrase as error:
                    refused = error
            with self.store.reading() as connection:
                if epochs.newest_number(connection) == newest:
                    break
        raise refused

    def new_key(self, *scopes: KeyScope) -> None:
        """Make keys, lasting when it returns; one that is there already stays.

        Raises KeyDestroyed where one was destroyed: it never comes back.
        """
        with self.store.writing() as connection:
            number = epochs.newest_number(connection)
            epoch_key = self.epoch_keys.open(connection, number)
            assert epoch_key is not None, "the newest epoch is live"
            there = _there(connection, scopes)
            if not all(there.values()):
                raise faults.destroyed("keys")
            made = {scope: sealing.new_key() for scope in scopes if scope not in there}
            wrapped = [sealing.wrap(number, epoch_key, scope, key) for scope, key in made.items()]
            self._add(connection, list(made), wrapped, destroyed_at=None)
        for scope, key in made.items():
            self._keep(scope, key)

    def _add(
        self,
        connection: sa.Connection,
        scopes: Sequence[KeyScope],
        wrapped: Sequence[bytes],
        destroyed_at: int | None,
    ) -> None:
        if not scopes:
            return
        last = connection.execute(_LAST).scalar_one()
        numbers = range(last + 1, last + 1 + len(scopes))
        rows = [
            {"number": number, "kind": scope.kind.value, "identifier": scope.identifier}
            | {"made_at": self.clock.now(), "destroyed_at": destroyed_at}
            for number, scope in zip(numbers, scopes, strict=True)
        ]
        connection.execute(_ADD_SCOPE, rows)
        keys = [{"number": number, "wrapped": one} for number, one in zip(numbers, wrapped, strict=True)]
        connection.execute(_ADD_KEY, keys)

    def has(self, scope: KeyScope) -> bool:
        """Whether there is a key for these records that was not destroyed."""
        with self.store.reading() as connection:
            found = connection.execute(_WRAPPED.where(*_is(scope))).one_or_none()
        return found is not None and found.destroyed_at is None

    def is_destroyed(self, scope: KeyScope) -> bool:
        """Whether the key of these records was destroyed."""
        with self.store.reading() as connection:
            found = connection.execute(_WRAPPED.where(*_is(scope))).one_or_none()
        return found is not None and found.destroyed_at is not None

    def seal(self, scope: KeyScope, record: str, plain: bytes) -> bytes:
        """Encrypt a record under the key of its scope, 29 bytes longer.

        record  the record's own name, such as its table and identifier; it opens under no other

        Raises KeyDestroyed, and Corrupt where `new_key` was never called.
        """
        key = self._kept.get(scope)
        return sealing.seal(key or self._key(scope, record), scope, record, plain)

    def open(self, scope: KeyScope, record: str, sealed: bytes) -> bytes:
        """What was sealed. Raises KeyDestroyed; Corrupt where it was changed or is another record's."""
        # Another process may have destroyed the key of an encounter since it was kept here.
        key = None if scope.kind is KeyKind.ENCOUNTER else self._kept.get(scope)
        plain = sealing.open_sealed(key or self._key(scope, record), scope, record, sealed)
        if plain is None:
            raise faults.does_not_open(faults.place(record))
        return plain

    def open_many(self, records: Sequence[tuple[KeyScope, str, bytes]]) -> list[bytes | None]:
        """Open many records at once: scope, record and sealed bytes of each; None where its key is
        destroyed.

        Keys are read together and not kept. Raises Corrupt.
        """
        wanted: dict[KeyKind, set[bytes]] = {kind: set() for kind in KeyKind}
        for (kind, identifier), _, _ in records:
            wanted[kind].add(identifier)
        keys = self.read(
            lambda connection: {
                kind: bulk.opened_keys(connection, self.epoch_keys, kind, identifiers)
                for kind, identifiers in wanted.items()
                if identifiers
            }
        )
        return bulk.opened(keys, records)

    def destroy(self, *scopes: KeyScope) -> None:
        """Destroy keys for good; a key that never was here can then not be made either. Repeatable."""
        now = self.clock.now()
        with self.store.writing() as connection:
            unknown = [scope for scope in scopes if not _destroy(connection, scope, now)]
            self._add(connection, unknown, [_NO_KEY] * len(unknown), destroyed_at=now)
            connection.execute(sa.update(key_store).values(has_residue=True))
        with self._lock:
            for scope in scopes:
                self._kept.pop(scope, None)
        self.store.wipe()

    def destroyed(self, kind: KeyKind) -> frozenset[bytes]:
        """Identifiers of all scopes of a kind whose key was destroyed."""
        gone = sa.select(key_scope.c.identifier).where(
            key_scope.c.kind == kind.value, key_scope.c.destroyed_at.is_not(None)
        )
        with self.store.reading() as connection:
            return frozenset(connection.execute(gone).scalars())

    def station_id(self) -> StationId:
        """The present identifier of this station, which signs with `station_key`."""
        with self.store.reading() as connection:
            return stations.present(connection).station_id

    def station_key(self) -> Ed25519PrivateKey:
        """The key by which this station signs events and checkpoints. Raises Corrupt."""
        with self.store.reading() as connection:
            present = stations.present(connection)
        return present.private_key(self._key(KeyScope.installation(), "station key"))

    def verifiers(self) -> tuple[Ed25519PublicKey, ...]:
        """The keys that verify what this station has signed, under all its names."""
        with self.store.reading() as connection:
            return tuple(one.verifier() for one in stations.every(connection))

    def become_another(self) -> uuid.UUID:
        """Give the key store a name of its own, as after a restore; rotate at once.

        What wraps its epochs is bound to the old name: whoever opens it meanwhile is refused. So this is for
        a copy that nobody else has open.
        """
        self.read(
            lambda connection: [self.epoch_keys.open(connection, one) for one in epochs.numbers(connection)]
        )
        fresh = uuid.uuid4()
        with self.store.writing() as connection:
            connection.execute(sa.update(key_store).values(store_id=fresh))
        self.store.store_id = fresh
        self.epoch_keys.become_another(fresh)
        return fresh

    def renew_station(self) -> StationId:
        """Go on as another station, with a key of its own, as after a restore."""
        key = self._key(KeyScope.installation(), "station key")
        with self.store.writing() as connection:
            return stations.add(connection, key, self.clock.now())

    def note_backup(self, expires_at: Instant) -> None:
        """Note that a copy of the key store is made, which is kept until this instant."""
        with self.store.writing() as connection:
            last = sa.select(sa.func.coalesce(sa.func.max(key_backup.c.number), 0))
            row = {"number": connection.execute(last).scalar_one() + 1, "made_at": self.clock.now()}
            row |= {"epoch": epochs.newest_number(connection), "expires_at": expires_at}
            connection.execute(sa.insert(key_backup).values(row))

    def backups_expire_on(self) -> Instant | None:
        """Until when copies of the key store that were made here may open what is destroyed from now on.

        None where there is no such copy: none was made, all have expired, or the secret of their epoch
        was destroyed and no shares of its key were made. An honest date wants whoever keeps copies to
        destroy them by it; copies that were made in other ways are not known here.
        """
        with self.store.reading() as connection:
            shared = set(connection.execute(sa.select(key_share.c.epoch)).scalars())
            dead = {one.number for one in epochs.every(connection) if one.is_secret_gone} - shared
            copies = sa.select(key_backup.c.epoch, key_backup.c.expires_at)
            dates = [at for epoch, at in connection.execute(copies).all() if epoch not in dead]
        last = max(dates, default=0)
        return Instant(last) if last > self.clock.now() else None

    def _keep(self, scope: KeyScope, key: bytes) -> None:
        with self._lock:
            self._kept[scope] = key
            while len(self._kept) > KEYS_KEPT_MAX:
                del self._kept[next(iter(self._kept))]

    def _key(self, scope: KeyScope, record: str) -> bytes:
        """The key of a scope from the store. Raises KeyDestroyed, Corrupt."""

        def look(connection: sa.Connection) -> bytes:
            asked = {"of_kind": scope.kind.value, "of_identifier": scope.identifier}
            found = connection.execute(_WRAPPED_OF, asked).one_or_none()
            if found is None:
                raise faults.no_key(faults.place(record))
            if found.destroyed_at is not None:
                raise faults.destroyed(faults.place(record))
            epoch_key = self.epoch_keys.open(connection, sealing.epoch_of(found.wrapped))
            if epoch_key is None:
                raise faults.damaged("a key that is wrapped by an epoch whose key was destroyed")
            key = sealing.unwrap(epoch_key, scope, found.wrapped)
            if key is None:
                raise faults.damaged("a wrapped key that was changed since it was written")
            return key

        key = self.read(look)
        self._keep(scope, key)
        return key


def _is(scope: KeyScope) -> tuple[sa.ColumnElement[bool], ...]:
    return (key_scope.c.kind == scope.kind.value, key_scope.c.identifier == scope.identifier)


def _there(connection: sa.Connection, scopes: Sequence[KeyScope]) -> dict[KeyScope, bool]:
    """Those of the scopes that are known, and whether their key is still there."""
    there: dict[KeyScope, bool] = {}
    for kind in {scope.kind for scope in scopes}:
        identifiers = {scope.identifier for scope in scopes if scope.kind is kind}
        for identifier, wrapped in bulk.wrapped_keys(connection, kind, identifiers):
            there[KeyScope(kind, identifier)] = sealing.epoch_of(wrapped) != 0
    return there


def _destroy(connection: sa.Connection, scope: KeyScope, now: int) -> bool:
    """Overwrite a key where it stands; False where there is none."""
    number = connection.execute(sa.select(key_scope.c.number).where(*_is(scope))).scalar()
    if number is None:
        return False
    connection.execute(sa.update(data_key).where(data_key.c.number == number).values(wrapped=_NO_KEY))
    over = sa.update(key_scope).where(key_scope.c.number == number, key_scope.c.destroyed_at.is_(None))
    connection.execute(over.values(destroyed_at=now))
    return True


def _fill(connection: sa.Connection, sources: KeySources, clock: Clock) -> None:
    """The first rows of a key store: its name, its first epoch, and this station."""
    store_id, now = uuid.uuid4(), clock.now()
    epoch_key, key, scope = sealing.new_key(), sealing.new_key(), KeyScope.installation()
    envelope = sources.first(str(store_id)).wrap(epoch_key, epochs.about(store_id, 1))
    row = {"number": 1, "format": keystore.FORMAT, "store_id": store_id, "has_residue": False}
    connection.execute(sa.insert(key_store).values(row))
    epochs.add(connection, 1, envelope, epoch_key, now)
    connection.execute(
        sa.insert(key_scope).values(
            {"number": 1, "kind": scope.kind.value, "identifier": scope.identifier}
            | {"made_at": now, "destroyed_at": None}
        )
    )
    wrapped = sealing.wrap(1, epoch_key, scope, key)
    connection.execute(sa.insert(data_key).values({"number": 1, "wrapped": wrapped}))
    stations.add(connection, key, now)
