"""Many keys and records at once: what a start with a hundred thousand fingers waits for.

Keys come from one statement, and are dropped when their records are open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from musterpoint.storage.vault import faults, sealing
from musterpoint.storage.vault.epochs import EpochKeys
from musterpoint.storage.vault.key_tables import data_key, key_scope
from musterpoint.storage.vault.scopes import KeyKind, KeyScope

CHUNK: Final = 500
"""Identifiers in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535."""

_FEW: Final = 2000

# Without the columns' types: making `bytes` of `bytes` again costs a fifth of the time.
_RAW: Final[Any] = sa.types.NullType()
_IDENTIFIER: Final = sa.type_coerce(key_scope.c.identifier, _RAW)
_WRAPPED: Final = sa.select(_IDENTIFIER, sa.type_coerce(data_key.c.wrapped, _RAW)).join(
    key_scope, key_scope.c.number == data_key.c.number
)
_OF_KIND: Final = _WRAPPED.where(key_scope.c.kind == sa.bindparam("of_kind"))
_SOME_OF_KIND: Final = _OF_KIND.where(key_scope.c.identifier.in_(sa.bindparam("some", expanding=True)))


def wrapped_keys(
    connection: sa.Connection, kind: KeyKind, identifiers: Collection[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    """Identifier and wrapped key of each scope of a kind that is asked for and there."""
    of_kind = {"of_kind": kind.value}
    if len(identifiers) > _FEW:
        for identifier, wrapped in connection.execute(_OF_KIND, of_kind):
            if identifier in identifiers:
                yield identifier, wrapped
        return
    listed = list(identifiers)
    for begin in range(0, len(listed), CHUNK):
        some = of_kind | {"some": listed[begin : begin + CHUNK]}
        for identifier, wrapped in connection.execute(_SOME_OF_KIND, some):
            yield identifier, wrapped


def opened_keys(
    connection: sa.Connection, epoch_keys: EpochKeys, kind: KeyKind, identifiers: Collection[bytes]
) -> dict[bytes, bytes | None]:
    """The keys of many scopes of a kind; None for those that were destroyed.

    Raises Corrupt where one is missing or was changed.
    """
    keys: dict[bytes, bytes | None] = {}
    ciphers: dict[bytes, AESGCM] = {}
    for identifier, wrapped in wrapped_keys(connection, kind, identifiers):
        number = wrapped[: sealing.EPOCH_BYTES]
        if number == sealing.NO_EPOCH:
            keys[identifier] = None
            continue
        cipher = ciphers.get(number)
        if cipher is None:
            epoch_key = epoch_keys.open(connection, int.from_bytes(number))
            if epoch_key is None:
                raise faults.damaged("a key that is wrapped by an epoch whose key was destroyed")
            cipher = ciphers[number] = AESGCM(epoch_key)
        about = sealing.about_key(kind, identifier, number)
        try:
            keys[identifier] = cipher.decrypt(wrapped[4:16], wrapped[16:], about)
        except InvalidTag:
            raise faults.damaged("a wrapped key that was changed since it was written") from None
    if len(keys) != len(identifiers):
        raise faults.no_key("registry")
    return keys


def opened(
    keys: dict[KeyKind, dict[bytes, bytes | None]], records: Sequence[tuple[KeyScope, str, bytes]]
) -> list[bytes | None]:
    """What is in sealed records; None where the key is destroyed. Raises Corrupt."""
    plain: list[bytes | None] = []
    kind, of_kind = None, dict[bytes, bytes | None]()
    for scope, record, sealed in records:
        if scope.kind is not kind:
            kind = scope.kind
            of_kind = keys[kind]
        key = of_kind[scope.identifier]
        if key is None:
            plain.append(None)
            continue
        one = sealing.open_sealed(key, scope, record, sealed)
        if one is None:
            raise faults.does_not_open(faults.place(record))
        plain.append(one)
    return plain
