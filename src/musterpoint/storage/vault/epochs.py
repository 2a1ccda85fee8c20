"""Epochs: the keys that wrap data keys, each encrypted by the source of secrets.

One epoch is live, two while a rotation runs. When a rotation has ended, nothing in the key store is
wrapped by the old epoch, and the old epoch's key is overwritten: copies of the key store from before
then open only with the secret of their time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.storage.vault import faults
from musterpoint.storage.vault.envelopes import Envelope
from musterpoint.storage.vault.key_tables import key_epoch
from musterpoint.storage.vault.sources import KeySource, KeySources


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """An epoch as the key store holds it.

    envelope  its key, encrypted; None once the epoch is over
    """

    number: int
    envelope: Envelope | None
    check_value: bytes
    began_at: Instant
    destroyed_at: Instant | None


def check_of(epoch_key: bytes) -> bytes:
    """By what an epoch's key is recognised; says nothing about the key, which is random."""
    return hashlib.sha256(b"musterpoint/epoch/v1\0" + epoch_key).digest()


def about(store_id: UUID, number: int) -> bytes:
    """What an envelope is bound to: another store's or epoch's does not open in its place."""
    return b"musterpoint/epoch/v1\0%b%b" % (store_id.bytes, number.to_bytes(4))


def add(connection: sa.Connection, number: int, envelope: Envelope, key: bytes, now: Instant) -> None:
    """Begin an epoch."""
    row = {"number": number, "envelope": envelope.encode(), "check_value": check_of(key)}
    connection.execute(sa.insert(key_epoch).values(row | {"began_at": now, "destroyed_at": None}))


def every(connection: sa.Connection) -> tuple[Epoch, ...]:
    """All epochs there ever were, oldest first. Raises Corrupt."""
    rows = connection.execute(sa.select(key_epoch).order_by(key_epoch.c.number)).all()
    return tuple(
        Epoch(
            number=row.number,
            envelope=None if row.destroyed_at is not None else Envelope.decode(row.envelope),
            check_value=row.check_value,
            began_at=Instant(row.began_at),
            destroyed_at=None if row.destroyed_at is None else Instant(row.destroyed_at),
        )
        for row in rows
    )


def newest_number(connection: sa.Connection) -> int:
    """The epoch under which new keys are wrapped. Raises Corrupt."""
    live = sa.select(sa.func.max(key_epoch.c.number)).where(key_epoch.c.destroyed_at.is_(None))
    number = connection.execute(live).scalar()
    if number is None:
        raise faults.damaged("a key store without an epoch")
    return int(number)


class EpochKeys:
    """The keys of the epochs of one store, as far as they were needed; secrets are asked for once."""

    def __init__(self, store_id: UUID, sources: KeySources) -> None:
        self._store_id = store_id
        self._sources = sources
        self._asked: dict[str, KeySource] = {}
        self._keys: dict[int, bytes] = {}

    def source(self, kind: str) -> KeySource:
        """The source of a kind, which remembers what it was told. Raises KeyMissing."""
        if kind not in self._asked:
            self._asked[kind] = self._sources.source(kind, str(self._store_id))
        return self._asked[kind]

    def use(self, source: KeySource) -> None:
        """Take this source for envelopes of its kind from now on."""
        self._asked[source.kind] = source

    def known(self, number: int) -> bytes | None:
        """The key of an epoch that was opened before."""
        return self._keys.get(number)

    def remember(self, number: int, key: bytes) -> None:
        """Keep the key of an epoch."""
        self._keys[number] = key

    def forget(self, number: int) -> None:
        """Keep the key of an epoch no longer."""
        self._keys.pop(number, None)

    def open(self, connection: sa.Connection, number: int) -> bytes | None:
        """The key of an epoch; None where the epoch is over.

        Raises Corrupt, WrongPassphrase, KeyMissing, KeyExposed.
        """
        key = self._keys.get(number)
        if key is not None:
            return key
        row = connection.execute(sa.select(key_epoch).where(key_epoch.c.number == number)).one_or_none()
        if row is None:
            raise faults.damaged("a key that is wrapped by an epoch which is not there")
        if row.destroyed_at is not None:
            return None
        envelope = Envelope.decode(row.envelope)
        key = self.source(envelope.kind).unwrap(envelope, about(self._store_id, number))
        if check_of(key) != row.check_value:
            raise faults.damaged("the key of an epoch that is not the one it says")
        self._keys[number] = key
        return key
