"""Keys that nothing was ever sealed with: made for a unit of work that was not committed."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.storage import adjudication, tables
from musterpoint.storage.database import Database
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.translation import translated
from musterpoint.storage.vault import KeyKind, KeyScope
from musterpoint.storage.vault.key_tables import key_scope

ORPHAN_AGE_US: Final = 86_400_000_000
"""Younger keys may belong to a unit of work that is not committed yet: a day is far more than one takes."""


def sweep_keys(database: Database) -> int:
    """Destroy the keys of encounters that never came to be; returns how many there were.

    Nobody writes meanwhile. Raises RegistryBusy.
    """
    with database.unit_of_work() as work:
        with translated(), database.vault.store.reading() as connection:
            old = sa.select(key_scope.c.identifier).where(
                key_scope.c.kind == KeyKind.ENCOUNTER.value,
                key_scope.c.destroyed_at.is_(None),
                key_scope.c.made_at <= work.now() - ORPHAN_AGE_US,
            )
            made = {UUID(bytes=identifier) for identifier in connection.execute(old).scalars()}
        orphans = made - _sealed_under(work)
        if orphans:
            database.vault.destroy(*map(KeyScope.encounter, orphans))
    return len(orphans)


def _sealed_under(snapshot: Snapshot) -> set[UUID]:
    """Every identifier under whose key something is sealed: encounters, and pairs with a known answer."""
    columns = (
        tables.encounter.c.encounter_id,
        adjudication.adjudication_pair.c.probe_id,
        tables.journal.c.encounter_id,
    )
    return {
        one
        for column in columns
        for one in snapshot.fetch(sa.select(column).where(column.is_not(None)), lambda row: UUID(str(row[0])))
    }
