"""The registry on disk: what `musterpoint.registry` defines, kept in SQLite."""

from musterpoint.storage import (
    adjudication,
    agreements,
    appeals,
    biographic,
    calibrations,
    decisions,
    erasing,
    exchanging,
    galleries,
    keyfiles,
    known_answers,
    reindexing,
    retention,
    sealed_facts,
    seats,
    stations,
    subjects,
)
from musterpoint.storage.database import Database, upgrade
from musterpoint.storage.reading import ERASED_OUTCOME, Snapshot
from musterpoint.storage.rows import IndexRow
from musterpoint.storage.writing import UnitOfWork

__all__ = [
    "ERASED_OUTCOME",
    "Database",
    "IndexRow",
    "Snapshot",
    "UnitOfWork",
    "adjudication",
    "agreements",
    "appeals",
    "biographic",
    "calibrations",
    "decisions",
    "erasing",
    "exchanging",
    "galleries",
    "keyfiles",
    "known_answers",
    "reindexing",
    "retention",
    "sealed_facts",
    "seats",
    "stations",
    "subjects",
    "upgrade",
]
