"""Looks at everything in a registry, and says what is damaged, what it affects, and what to do.

Nothing is changed. What cannot be told apart from an honest state is not found: facts that were false when
they were written, and a registry and key store that were both put back to an earlier state, which only
whoever holds a later checkpoint of the log can tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from musterpoint.errors import Corrupt, KeyDestroyed, MusterpointError
from musterpoint.storage import tables
from musterpoint.storage.log_checking import faults_of_log
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.sealed_values import Sealed, SealedColumn, sealed_columns, values_in
from musterpoint.storage.vault import KeyKind, KeyScope
from musterpoint.storage.vault.checking import KeyCheck, check_keys
from musterpoint.templates import decode

if TYPE_CHECKING:
    from musterpoint.storage.database import Database

EXAMPLES_MAX: Final = 5
"""Places that are named of each kind of damage."""

_FROM_BACKUP: Final = "Keep the files as they are, and restore a backup: musterpoint restore"
_KEYS_FROM_BACKUP: Final = (
    "Keep the files as they are, and restore a backup and its keys: musterpoint restore"
)
_ERASE_AGAIN: Final = "Open the registry once more, which finishes erasures; then check again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong.

    what      what is damaged
    affected  what cannot be relied on because of it
    remedy    what to do
    places    where, without identifiers of people: tables, numbers, positions
    count     how many there are
    """

    what: str
    affected: str
    remedy: str
    places: tuple[str, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check came to.

    counts  what was looked at
    """

    findings: tuple[Finding, ...]
    counts: dict[str, int]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass(slots=True)
class _Notes:
    """Collects findings of one kind under one heading."""

    found: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, affected: str, remedy: str, place: str = "") -> None:
        self.found.setdefault((what, affected, remedy), []).append(place)

    def report(self) -> Report:
        findings = tuple(
            Finding(
                what=what,
                affected=affected,
                remedy=remedy,
                places=tuple(dict.fromkeys(filter(None, places)))[:EXAMPLES_MAX],
                count=len(places),
            )
            for (what, affected, remedy), places in self.found.items()
        )
        return Report(findings=findings, counts=dict(self.counts))


def check(database: Database, *, signatures: bool = True) -> Report:
    """Check a registry, its keys and its log.

    signatures  whether each signature in the log is verified too, some 100 us a line

    Raises WrongPassphrase, KeyMissing or RegistryBusy; damage is what it reports.
    """
    notes = _Notes()
    keys = check_keys(database.vault)
    _note_keys(notes, keys)
    with database.read() as snapshot:
        looks: list[Callable[[], None]] = [
            lambda: _look_at_file(notes, snapshot),
            lambda: _look_at_encounters(notes, snapshot, keys),
            lambda: _look_at_references(notes, snapshot),
            lambda: _look_at_log(notes, snapshot, signatures=signatures),
            *(partial(_look_at_sealed, notes, snapshot, column) for column in sealed_columns()),
        ]
        for look in looks:
            try:
                look()
            except Corrupt as error:
                what = f"the registry cannot be read to its end: {error.found}"
                notes.add(what, "every record behind this place", _FROM_BACKUP)
    return notes.report()


def _note_keys(notes: _Notes, keys: KeyCheck) -> None:
    notes.counts["keys"] = len(keys.live)
    notes.counts["keys destroyed"] = len(keys.destroyed)
    for fault in keys.faults:
        notes.add(f"keys: {fault}", "everything that is sealed", _FROM_BACKUP)
    for scope in sorted(keys.damaged):
        whose = f"all that is sealed under the key of this {scope.kind}"
        place = "" if scope.kind is KeyKind.ENCOUNTER else scope.kind
        notes.add("keys: a key does not open", whose, _KEYS_FROM_BACKUP, place)


def _look_at_file(notes: _Notes, snapshot: Snapshot) -> None:
    if not snapshot.is_whole():
        notes.add("the file of the registry is damaged", "any record", _FROM_BACKUP)


def _look_at_encounters(notes: _Notes, snapshot: Snapshot, keys: KeyCheck) -> None:
    """Whoever is here has a key; whoever was erased is not here, and has none."""
    column = tables.encounter.c.encounter_id
    here = set(snapshot.fetch(sa.select(column), lambda row: KeyScope.encounter(row[0])))
    grave = tables.erased_encounter.c.encounter_id
    erased = set(snapshot.fetch(sa.select(grave), lambda row: KeyScope.encounter(row[0])))
    notes.counts |= {"encounters": len(here), "encounters erased": len(erased)}
    if not keys.is_sound and not keys.live:
        return
    for _ in here & keys.destroyed:
        notes.add("an encounter is here whose key was destroyed", "this encounter", _ERASE_AGAIN)
    for _ in here - keys.live - keys.destroyed - keys.damaged:
        notes.add("an encounter is here that never had a key", "this encounter", _KEYS_FROM_BACKUP)
    for _ in erased & (keys.live | keys.damaged):
        notes.add("somebody was erased whose key is still there", "the erasure", _ERASE_AGAIN)
    for _ in erased & here:
        notes.add("somebody is here who was erased", "the erasure", _ERASE_AGAIN)
    # A key is made before its record: one without a record does no harm.
    encounters = {scope for scope in keys.live if scope.kind is KeyKind.ENCOUNTER}
    notes.counts["keys without a record"] = len(encounters - here)


def _look_at_references(notes: _Notes, snapshot: Snapshot) -> None:
    """What a search would load: every reference opens and is a template."""
    count = 0
    for row in snapshot.index_rows():
        count += 1
        try:
            decode(row.template)
        except MusterpointError:
            notes.add("a reference is no template", "searches: its person is not found by it", _FROM_BACKUP)
    stored = int(snapshot.value_of(sa.select(sa.func.count()).select_from(tables.reference)))
    notes.counts["references"] = stored
    if stored != count:
        what = "searches would not load every reference"
        notes.add(what, "searches: somebody may be missed", _FROM_BACKUP, f"{count} of {stored}")


def _look_at_log(notes: _Notes, snapshot: Snapshot, *, signatures: bool) -> None:
    notes.counts["journal lines"] = snapshot.position
    for fault, position in faults_of_log(snapshot, signatures=signatures):
        affected = "the log from this line on: it proves nothing to others"
        notes.add(f"journal: {fault}", affected, _FROM_BACKUP, f"line {position}" if position else "")


def _look_at_sealed(notes: _Notes, snapshot: Snapshot, column: SealedColumn) -> None:
    for part in values_in(snapshot, column):
        notes.counts["sealed values"] += len(part)
        try:
            gone = snapshot.vault.open_many(part).count(None)
        except Corrupt:
            gone = sum(_is_gone(notes, snapshot, column, one) for one in part)
        notes.counts["sealed values whose key was destroyed"] += gone


def _is_gone(notes: _Notes, snapshot: Snapshot, column: SealedColumn, sealed: Sealed) -> bool:
    """Whether the key of a value was destroyed; notes one that does not open."""
    try:
        snapshot.vault.open(*sealed)
    except KeyDestroyed:
        return True
    except Corrupt as error:
        what = f"{column.name}: {error.found}"
        notes.add(what, "what this value said", _FROM_BACKUP, _number_in(sealed))
    return False


def _number_in(sealed: Sealed) -> str:
    """The number of a row; identifiers, which may be a person's, are not shown."""
    last = sealed[1].rpartition("/")[2].rpartition(" ")[2]
    return f"row {last}" if last.isdecimal() else ""
