"""Epochs: the keys that wrap data keys, each encrypted by the source of secrets.

One epoch is live, two while a rotation runs. When a rotation has ended, nothing in the key store is
wrapped by the old epoch, and the old epoch's key is overwritten: copies of the key store from before
then open only with the secret of their time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.storage.vault import faults, sealing
from musterpoint.storage.vault.envelopes import Envelope
from musterpoint.storage.vault.key_tables import key_epoch
from musterpoint.storage.vault.scopes import KeyKind, KeyScope
from musterpoint.storage.vault.sources import KeySource, KeySources

NO_LINK: Final = bytes(sealing.WRAPPED_BYTES)

_NEWEST: Final = sa.select(sa.func.max(key_epoch.c.number)).where(key_epoch.c.destroyed_at.is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """An epoch as the key store holds it.

    envelope        its key, encrypted; None once the epoch is over
    source          the kind of source that encrypted it
    secret_name     which of the secrets in a key file; empty for other sources
    is_secret_gone  the secret under which it was encrypted was destroyed with it
    """

    number: int
    envelope: Envelope | None
    source: str
    secret_name: str
    check_value: bytes
    began_at: Instant
    destroyed_at: Instant | None
    is_secret_gone: bool


def check_of(epoch_key: bytes) -> bytes:
    """By what an epoch's key is recognised; says nothing about the key, which is random."""
    return hashlib.sha256(b"musterpoint/epoch/v1\0" + epoch_key).digest()


def about(store_id: UUID, number: int) -> bytes:
    """What an envelope is bound to: another store's or epoch's does not open in its place."""
    return b"musterpoint/epoch/v1\0%b%b" % (store_id.bytes, number.to_bytes(4))


def add(connection: sa.Connection, number: int, envelope: Envelope, key: bytes, now: Instant) -> None:
    """Begin an epoch."""
    secret_name = str(envelope.parameters.get("secret", ""))
    row = {"number": number, "envelope": envelope.encode(), "link": NO_LINK, "check_value": check_of(key)}
    row |= {"source": envelope.kind, "secret_name": secret_name, "is_secret_gone": False}
    connection.execute(sa.insert(key_epoch).values(row | {"began_at": now, "destroyed_at": None}))


def link(connection: sa.Connection, number: int, key: bytes, by: int, by_key: bytes) -> None:
    """Have one epoch's key open another's, while a rotation runs.

    So whoever has either secret, or shares from before, can take up a rotation that was interrupted.
    """
    wrapped = sealing.wrap(by, by_key, _link_of(number), key)
    connection.execute(sa.update(key_epoch).where(key_epoch.c.number == number).values(link=wrapped))


def unlink(connection: sa.Connection) -> None:
    """Take all links away: the rotation is over."""
    connection.execute(sa.update(key_epoch).values(link=NO_LINK))


def _link_of(number: int) -> KeyScope:
    return KeyScope(KeyKind.INSTALLATION, b"epoch %d" % number)


def end(connection: sa.Connection, number: int, now: Instant) -> None:
    """Destroy the key of an epoch: its bytes are overwritten where they stand."""
    of_epoch = key_epoch.c.number == number
    size = connection.execute(sa.select(sa.func.length(key_epoch.c.envelope)).where(of_epoch)).scalar_one()
    # In a statement of its own: a row that grows is written elsewhere.
    connection.execute(sa.update(key_epoch).where(of_epoch).values(envelope=bytes(size), link=NO_LINK))
    over = sa.update(key_epoch).where(of_epoch, key_epoch.c.destroyed_at.is_(None))
    connection.execute(over.values(destroyed_at=now))


def live(connection: sa.Connection) -> tuple[Epoch, ...]:
    """Epochs that are not over: one, or two while a rotation runs."""
    return tuple(epoch for epoch in every(connection) if epoch.envelope is not None)


def every(connection: sa.Connection) -> tuple[Epoch, ...]:
    """All epochs there ever were, oldest first. Raises Corrupt."""
    rows = connection.execute(sa.select(key_epoch).order_by(key_epoch.c.number)).all()
    return tuple(
        Epoch(
            number=row.number,
            envelope=None if row.destroyed_at is not None else Envelope.decode(row.envelope),
            source=row.source,
            secret_name=row.secret_name,
            check_value=row.check_value,
            began_at=Instant(row.began_at),
            destroyed_at=None if row.destroyed_at is None else Instant(row.destroyed_at),
            is_secret_gone=row.is_secret_gone,
        )
        for row in rows
    )


def numbers(connection: sa.Connection) -> tuple[int, ...]:
    """Numbers of the epochs that are not over, the newest first."""
    live = sa.select(key_epoch.c.number).where(key_epoch.c.destroyed_at.is_(None))
    return tuple(connection.execute(live.order_by(key_epoch.c.number.desc())).scalars())


def newest_number(connection: sa.Connection) -> int:
    """The epoch under which new keys are wrapped. Raises Corrupt."""
    number = connection.execute(_NEWEST).scalar()
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

    def become_another(self, store_id: UUID) -> None:
        """Go on under another name of the key store; sources are asked for anew."""
        self._store_id = store_id
        self._asked.pop("file", None)

    def known(self, number: int) -> bytes | None:
        """The key of an epoch that was opened before."""
        return self._keys.get(number)

    def remember(self, number: int, key: bytes) -> None:
        """Keep the key of an epoch."""
        self._keys[number] = key

    def forget(self, number: int) -> None:
        """Keep the key of an epoch no longer."""
        self._keys.pop(number, None)

    def unwrap(self, epoch: Epoch) -> bytes:
        """The key of an epoch, by its source. Raises Corrupt, WrongPassphrase, KeyMissing, KeyExposed."""
        assert epoch.envelope is not None, "an epoch that is over has no key"
        source = self.source(epoch.envelope.kind)
        key = source.unwrap(epoch.envelope, about(self._store_id, epoch.number))
        if check_of(key) != epoch.check_value:
            raise faults.damaged("the key of an epoch that is not the one it says")
        self._keys[epoch.number] = key
        return key

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
        by_key = self._keys.get(sealing.epoch_of(row.link))
        if by_key is not None:
            key = sealing.unwrap(by_key, _link_of(number), row.link)
        else:
            envelope = Envelope.decode(row.envelope)
            key = self.source(envelope.kind).unwrap(envelope, about(self._store_id, number))
        if key is None or check_of(key) != row.check_value:
            raise faults.damaged("the key of an epoch that is not the one it says")
        self._keys[number] = key
        return key
