"""What strengths were measured to mean here: one row for each calibration, sealed, none ever changed.

A row says how often chance reached which strength, and of nobody who was compared. Whoever goes back to the
calibration that comes with the program adds a row without a map.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from musterpoint.storage import sealed_facts, tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

calibration = sa.Table(
    "calibration",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    tables.stamp(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCalibration:
    """One calibration as it is kept.

    galleries  those that were measured, for which it counts
    facts      the map and how it was measured; empty where the standard one counts again
    """

    number: int
    galleries: frozenset[str]
    facts: Mapping[str, Any]


def add(work: UnitOfWork, galleries: frozenset[str], facts: Mapping[str, Any]) -> int:
    """Keep a calibration of these galleries; returns its number, 1, 2, 3 …"""
    number = work.next_number(calibration)
    content = {"galleries": sorted(galleries), "facts": dict(facts)}
    sealed = sealed_facts.seal(work, None, record(number), content)
    work.insert(calibration, work.stamped({"number": number, "content": sealed}))
    return number


def newest_first(snapshot: Snapshot) -> Iterator[KeptCalibration]:
    """All there are. Raises Corrupt."""
    rows = sa.select(calibration.c.number, calibration.c.content).order_by(calibration.c.number.desc())
    for number, sealed in snapshot.fetch(rows, lambda row: (int(row.number), bytes(row.content))):
        facts = sealed_facts.unseal(snapshot, None, record(number), sealed)
        yield KeptCalibration(number=number, galleries=frozenset(facts["galleries"]), facts=facts["facts"])


def record(number: int) -> str:
    """The name of a row's sealed content."""
    return f"calibration {number}"
