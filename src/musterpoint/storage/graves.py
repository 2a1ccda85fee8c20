"""Who was erased, as the newest copy of a registry knows it; read without any key.

After an older backup is put back, this is what keeps the erased from coming back: the identifiers of erased
subjects and encounters, and the scopes whose key was destroyed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from musterpoint.errors import Conflict, NotFound
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.storage import dialects, tables
from musterpoint.storage.translation import translated
from musterpoint.storage.vault import KeyKind, KeyScope
from musterpoint.storage.vault.key_tables import key_scope
from musterpoint.storage.vault.keystore import FILE_NAME, KeyStore
from musterpoint.transparency.hashing import Frontier

_LINES_A_FETCH: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Graves:
    """Everybody who was erased, and every key that was destroyed.

    position  lines of the journal of the registry that says so
    """

    position: int
    subjects: Mapping[SubjectId, tuple[EncounterId, ...]]
    scopes: frozenset[KeyScope]


def graves_in(folder: Path, position: int, root: bytes) -> Graves:
    """Who was erased, as a registry in a folder knows it.

    position, root  journal lines of the backup and the root over them, with which that registry's has to
                    begin where it has so many

    Raises NotFound where there is no registry, Conflict where it is another one.
    """
    path = folder / "registry.db"
    if not dialects.exists(path):
        raise NotFound(
            expected="a folder with the newest registry that is known",
            found="no registry.db in the folder",
            hint="Name the folder with --erasures-from; if there is none, say --nothing-newer",
            where=str(folder),
        )
    engine = dialects.engine(path)
    try:
        with translated(), engine.connect() as connection, connection.begin():
            size = connection.execute(sa.select(tables.journal_head.c.size)).scalar_one()
            if size >= position and _root_at(connection, position) != root:
                raise Conflict(
                    expected="the registry of which this is a backup, as it is now",
                    found="another registry",
                    hint="Name the right folder with --erasures-from",
                    where=str(folder),
                )
            subjects = _subjects(connection)
    finally:
        engine.dispose()
    return Graves(position=int(size), subjects=subjects, scopes=_scopes(folder))


def _root_at(connection: sa.Connection, position: int) -> bytes:
    line = tables.journal.c
    hashes = sa.select(line.leaf_hash).where(line.position <= position).order_by(line.position)
    frontier = Frontier()
    for leaf in connection.execute(hashes.execution_options(yield_per=_LINES_A_FETCH)).scalars():
        frontier = frontier.append(leaf)
    return frontier.root()


def _subjects(connection: sa.Connection) -> dict[SubjectId, tuple[EncounterId, ...]]:
    encounters: defaultdict[SubjectId, list[EncounterId]] = defaultdict(list)
    for subject_id in connection.execute(sa.select(tables.erased_subject.c.subject_id)).scalars():
        encounters[SubjectId(subject_id)] = []
    grave = tables.erased_encounter.c
    for subject_id, encounter_id in connection.execute(sa.select(grave.subject_id, grave.encounter_id)):
        encounters[SubjectId(subject_id)].append(EncounterId(encounter_id))
    return {subject_id: tuple(theirs) for subject_id, theirs in encounters.items()}


def _scopes(folder: Path) -> frozenset[KeyScope]:
    """Scopes whose key was destroyed; none where the keys are not there."""
    if not KeyStore.is_at(folder):
        return frozenset()
    path = folder / FILE_NAME
    engine = dialects.engine(path)
    gone = sa.select(key_scope.c.kind, key_scope.c.identifier).where(key_scope.c.destroyed_at.is_not(None))
    try:
        with translated(), engine.connect() as connection:
            return frozenset(KeyScope(KeyKind(kind), name) for kind, name in connection.execute(gone))
    finally:
        engine.dispose()
