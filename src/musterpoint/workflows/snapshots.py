"""Snapshots of a registry's galleries: where they lie, how they are sealed, of which registry they are."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from musterpoint.gallery import Sealing, SnapshotFolder
from musterpoint.storage import Database, Snapshot
from musterpoint.storage.vault import KeyScope, Vault

FOLDER: Final = "snapshot"


def snapshot_folder(database: Database, galleries: frozenset[str] | None) -> SnapshotFolder:
    """Where the snapshot of these galleries lies; None means all there are."""
    name = "all" if galleries is None else hashlib.sha256(_listed(galleries).encode()).hexdigest()[:32]
    return SnapshotFolder(
        folder=database.folder / FOLDER / name, sealing=_sealing(database.vault), threads=os.cpu_count() or 1
    )


def about_of(
    snapshot: Snapshot, position: int, galleries: frozenset[str] | None, cohort: str = ""
) -> dict[str, str]:
    """What a snapshot at a position is of: the galleries, and the history of the registry up to there.

    cohort  name of a cohort of the registry's own people, or empty
    """
    own = {"cohort": cohort} if cohort else {}
    return {"galleries": _listed(galleries), "mark": snapshot.mark(position), **own}


def is_of(
    snapshot: Snapshot,
    position: int,
    about: Mapping[str, str],
    galleries: frozenset[str] | None,
    cohort: str = "",
) -> bool:
    """Whether a snapshot is one of these galleries as they were in the past of this registry.

    A registry that was restored from a backup has another history, though its positions are the same.
    """
    return 0 < position <= snapshot.position and dict(about) == about_of(
        snapshot, position, galleries, cohort
    )


def snapshots_held(database: Database) -> dict[SnapshotFolder, frozenset[str] | None]:
    """The snapshots on disk and the galleries they are of; what cannot be read is deleted."""
    root = database.folder / FOLDER
    held: dict[SnapshotFolder, frozenset[str] | None] = {}
    for path in sorted(root.iterdir()) if root.exists() else ():
        folder = SnapshotFolder(folder=path, sealing=_sealing(database.vault))
        about = folder.about()
        if about is None:
            folder.drop()
            continue
        listed = json.loads(about["galleries"])
        held[folder] = None if listed is None else frozenset(listed)
    return held


def _listed(galleries: frozenset[str] | None) -> str:
    return json.dumps(None if galleries is None else sorted(galleries))


def _sealing(vault: Vault) -> Sealing:
    def seal(name: str, plain: bytes) -> bytes:
        vault.new_key(_scope(name))
        return vault.seal(_scope(name), _record(name), plain)

    def destroy(names: Sequence[str]) -> None:
        vault.destroy(*(_scope(name) for name in names))

    return Sealing(
        seal=seal,
        open=lambda name, sealed: vault.open(_scope(name), _record(name), sealed),
        destroy=destroy,
    )


def _scope(name: str) -> KeyScope:
    return KeyScope.segment(UUID(hex=name))


def _record(name: str) -> str:
    return f"snapshot/{name}"
