"""Checks a key store: its file, that every key opens, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from musterpoint.errors import Corrupt
from musterpoint.storage import dialects
from musterpoint.storage.vault import epochs, sealing, stations
from musterpoint.storage.vault.key_tables import data_key, key_scope
from musterpoint.storage.vault.scopes import KeyKind, KeyScope
from musterpoint.storage.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCheck:
    """What a check of a key store found.

    live       scopes whose key opens
    destroyed  scopes whose key was destroyed
    damaged    scopes whose key does not open; what is sealed under them cannot be read
    faults     what else is wrong, in words
    """

    live: frozenset[KeyScope]
    destroyed: frozenset[KeyScope]
    damaged: frozenset[KeyScope]
    faults: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.damaged and not self.faults


def check_keys(vault: Vault) -> KeyCheck:
    """Look at everything in a key store. Raises WrongPassphrase, KeyMissing, RegistryBusy."""
    try:
        return vault.read(lambda connection: _checked(vault, connection))
    except Corrupt as error:
        return KeyCheck(live=frozenset(), destroyed=frozenset(), damaged=frozenset(), faults=(error.found,))


def _checked(vault: Vault, connection: sa.Connection) -> KeyCheck:
    faults = [] if dialects.is_sound(connection) else ["the file of the key store is damaged"]
    live_epochs = {epoch.number for epoch in epochs.live(connection)}
    state: dict[str, set[KeyScope]] = {"live": set(), "destroyed": set(), "damaged": set()}
    columns = sa.select(
        key_scope.c.kind, key_scope.c.identifier, key_scope.c.destroyed_at, data_key.c.wrapped
    )
    joined = key_scope.outerjoin(data_key, key_scope.c.number == data_key.c.number)
    for kind, identifier, destroyed_at, wrapped in connection.execute(columns.select_from(joined)):
        scope = KeyScope(KeyKind(kind), identifier)
        if destroyed_at is not None:
            state["damaged" if wrapped is None or any(wrapped) else "destroyed"].add(scope)
            continue
        key = _opened(vault, connection, live_epochs, scope, wrapped)
        state["damaged" if key is None else "live"].add(scope)
        if key is not None and scope == KeyScope.installation():
            faults += _faults_of_stations(connection, key)
    if KeyScope.installation() not in state["live"]:
        faults.append("the key of the installation does not open, so the station cannot sign")
    scopes = sa.select(sa.func.count()).select_from(key_scope)
    if (
        connection.execute(scopes).scalar()
        != connection.execute(sa.select(sa.func.count()).select_from(data_key)).scalar()
    ):
        faults.append("keys of which nothing says what they are for")
    return KeyCheck(
        live=frozenset(state["live"]),
        destroyed=frozenset(state["destroyed"]),
        damaged=frozenset(state["damaged"]),
        faults=tuple(faults),
    )


def _opened(
    vault: Vault, connection: sa.Connection, live_epochs: set[int], scope: KeyScope, wrapped: bytes | None
) -> bytes | None:
    if wrapped is None or sealing.epoch_of(wrapped) not in live_epochs:
        return None
    epoch_key = vault.epoch_keys.open(connection, sealing.epoch_of(wrapped))
    return None if epoch_key is None else sealing.unwrap(epoch_key, scope, wrapped)


def _faults_of_stations(connection: sa.Connection, key: bytes) -> list[str]:
    faults: list[str] = []
    for station in stations.every(connection):
        try:
            station.private_key(key)
        except Corrupt as error:
            faults.append(error.found)
    return faults
