"""Biographic data: sealed under the key of their encounter, apart from everything that is searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from musterpoint.identifiers import EncounterId
from musterpoint.registry.biographic import Biography
from musterpoint.storage import sealed_facts, tables
from musterpoint.storage.reading import Snapshot

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

biography = sa.Table(
    "biography",
    tables.METADATA,
    sa.Column("encounter_id", sa.Uuid, primary_key=True),
    sa.Column("detail", sa.LargeBinary, nullable=False),
    tables.stamp(),
)


def add(work: UnitOfWork, encounter_id: EncounterId, told: Biography) -> None:
    """Keep what was told at an encounter. Raises Conflict where something is kept already."""
    detail = sealed_facts.seal(work, encounter_id, "biography", told.facts())
    work.insert(biography, work.stamped({"encounter_id": encounter_id, "detail": detail}))


def of_encounter(snapshot: Snapshot, encounter_id: EncounterId) -> Biography | None:
    """What was told at an encounter; None where nothing was, or it was erased."""
    statement = sa.select(biography.c.detail).where(biography.c.encounter_id == encounter_id)
    found = snapshot.fetch(statement, lambda row: bytes(row.detail))
    if not found:
        return None
    facts = sealed_facts.unseal_what_is_left(snapshot, encounter_id, "biography", found[0])
    return Biography.from_facts(facts) if facts else None


def forget(connection: sa.Connection, encounters: Sequence[EncounterId]) -> None:
    """Delete what was told at encounters that are being erased."""
    connection.execute(sa.delete(biography).where(biography.c.encounter_id.in_(encounters)))
