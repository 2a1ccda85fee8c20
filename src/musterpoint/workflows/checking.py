"""Checks an installation: registry, keys, log, and what it has signed of that log."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from musterpoint.errors import MusterpointError, VersionMismatch
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, checking
from musterpoint.storage.checking import Finding, Report
from musterpoint.transparency.checkpoints import checkpoint_of
from musterpoint.transparency.proofs import root_at
from musterpoint.workflows import facts_checking
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.searching import RegistryIndex
from musterpoint.workflows.snapshots import FOLDER
from musterpoint.workflows.station import Station
from musterpoint.workflows.transparency import Books

_AFFECTED: Final = "what others were told by checkpoints: they can show that the log was changed"


def check(station: Station, *, signatures: bool = True) -> Report:
    """Look at everything; nothing is changed. See `checking.check`; raises as `authorise` does."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.CHECK)
    report = checking.check(station.database, signatures=signatures)
    found = [*report.findings, *_of_checkpoint(station)]
    if report.is_sound:
        # What cannot be read from the registry was told already.
        found += _of_index(station)
        with station.database.read() as snapshot:
            found += facts_checking.findings(snapshot)
    return replace(report, findings=tuple(found))


def _of_checkpoint(station: Station) -> list[Finding]:
    books = Books(station.database.folder / "log")
    with station.database.read() as snapshot:
        fault = _fault_of_checkpoint(snapshot, books, station.database.vault.station_id().hex)
    remedy = "Restore the newest backup, which goes on under a new name, and tell whoever has the checkpoints"
    return [Finding(what=f"log: {fault}", affected=_AFFECTED, remedy=remedy)] if fault else []


def _of_index(station: Station) -> list[Finding]:
    """Whether what a search would use, with what is kept of it on disk, is what the registry says."""
    index = RegistryIndex(None)
    try:
        index.follow(station.database)
        count, owners = index.held()
        with station.database.read() as snapshot:
            rows = [(row.encounter_id, row.subject_id or row.encounter_id) for row in snapshot.index_rows()]
    except VersionMismatch as error:
        affected = "searches, which are refused"
        return [Finding(what=f"index: {error.found}", affected=affected, remedy=error.hint)]
    finally:
        index.close()
    if (count, owners) == (len(rows), dict(rows)):
        return []
    return [
        Finding(
            what=f"index: {count} references can be found, and the registry has {len(rows)}",
            affected="searches: somebody may be missed, or taken for somebody else",
            remedy=f"Delete the folder {FOLDER} in the registry's, which is made again from the registry",
        )
    ]


def _fault_of_checkpoint(snapshot: Snapshot, books: Books, station_id: str) -> str:
    """What is wrong with the newest checkpoint that was signed here; empty where nothing is."""
    try:
        latest = books.latest()
        if latest is None:
            return ""
        seen = checkpoint_of(latest.text)
        if seen.origin != books.origin(station_id):
            return ""
        if seen.size > snapshot.log_size():
            return f"a checkpoint of {seen.size} lines was signed, and there are fewer"
        if root_at(snapshot, seen.size) != seen.root:
            return f"the first {seen.size} lines are not those that were signed"
    except MusterpointError as error:
        return f"the newest checkpoint cannot be read: {error.found}"
    return ""
