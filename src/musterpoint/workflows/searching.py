"""Searching the registry as it is now, and again what arrived while we searched.

A search runs outside of any transaction, at a journal position. When its result is recorded, only
the references committed since that position are compared, inside the transaction. So transactions
stay short, and still no two stations can enrol the same new person at the same moment.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from musterpoint.comparison import COMPARATOR_VERSION, Calibration, Needed
from musterpoint.errors import MusterpointError, NotFound, VersionMismatch
from musterpoint.gallery import (
    Entry,
    FoundPerson,
    LocalGallerySearch,
    Probe,
    References,
    SearchResult,
    Terms,
)
from musterpoint.identifiers import EncounterId, ReferenceId, SubjectId
from musterpoint.limits import CANDIDATES_MAX, DELTA_REFERENCES_MAX
from musterpoint.storage import Database, IndexRow, Snapshot, UnitOfWork
from musterpoint.templates import Template, decode
from musterpoint.workflows.calibrated import InForce, in_force, newest_number
from musterpoint.workflows.snapshots import about_of, is_of, snapshot_folder, snapshots_held
from musterpoint.workflows.versions import comparable


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCandidate:
    """Somebody found in the registry.

    encounter_id              the encounter that holds the most similar finger
    subject_id                whose it is, or None while undecided
    strength                  milli-nats, see `musterpoint.comparison.fuse`
    expected_false_positives  how many other people the search would find by chance who reach it
    pairs                     probe finger, reference and score in milli-nats of each compared finger
    """

    encounter_id: EncounterId
    subject_id: SubjectId | None
    strength: int
    expected_false_positives: float
    pairs: tuple[tuple[int, ReferenceId, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a search, and what it was made in.

    position           journal lines that the searched references reflect
    candidates         strongest first
    people             people in the searched galleries
    people_comparable  those who have a finger in common with the probe, as far as positions are known
    references         references looked at for each probe finger
    compared           those of them compared in full; fewer in large galleries
    fingers            of the probe; several captures of one finger count once
    needed             what a candidate needed, and what that says of chance
    calibration        number of the calibration by which; 0 for the one that comes with the program
    galleries          what was searched, where whoever searched has named it
    """

    position: int
    candidates: tuple[FoundCandidate, ...]
    people: int
    people_comparable: int
    references: int
    needed: Needed
    calibration: int
    compared: int = 0
    fingers: int = 0
    galleries: frozenset[str] = frozenset()

    @property
    def comparator(self) -> str:
        """Version of the comparator whose scores these are."""
        return COMPARATOR_VERSION


_CHANGED_MAX: Final = 500
"""Encounters that are loaded again one by one; where more have changed, everything is."""

_SAVED_FROM: Final = 1024
"""References: smaller galleries are loaded from the registry in less than a second."""

_SAVED_OWN_FROM: Final = 64
"""The same where means are under a cohort of the registry's own, which takes 6 ms a reference."""

_UNSAVED_SHARE: Final = 20
"""A snapshot is written again when one in so many references is not in it."""


class RegistryIndex:
    """The references of some galleries in memory, brought up to date before each search.

    It begins with the snapshot, where there is one of this registry, and follows the journal from there.
    """

    def __init__(self, galleries: frozenset[str] | None, *, threads: int | None = None) -> None:
        self._galleries = galleries
        self._threads = threads
        self._lock = threading.Lock()
        self._saving: threading.Thread | None = None
        self._is_loaded = False
        self._by = InForce(newest=0)
        self._use(References())

    def _use(self, references: References) -> None:
        self._references = references
        self._gallery = LocalGallerySearch(references, threads=self._threads)
        self._unsaved = 0
        # Read at once by whoever searches meanwhile, so that scores and what they mean belong together.
        self._searched = (self._gallery, self._by.calibration, references.cohort)

    def search(self, database: Database, probe: Sequence[Template], target_fpir: float) -> Found:
        """Search the galleries as they are when the call is made. Raises NotFound for an unknown one."""
        self.follow(database)
        # Whoever follows the journal meanwhile changes nothing for this search.
        gallery, calibration, _ = self._searched
        return _search(gallery, probe, Terms(target_fpir=target_fpir, calibration=calibration))

    def follow(self, database: Database) -> None:
        """Bring the index up to date. Raises NotFound for an unknown gallery."""
        with self._lock, database.read() as snapshot:
            if self._galleries is not None:
                _refuse_unknown(self._galleries, snapshot.galleries())
            self._go_by(snapshot)
            if not self._is_loaded:
                self._load(database, snapshot)
            self._follow(snapshot)
            if self._is_worth_saving() and self._saving is None:
                self._saving = threading.Thread(target=self._save_quietly, args=(database,))
                self._saving.start()

    def _go_by(self, snapshot: Snapshot) -> None:
        """Find the calibration that counts. Another cohort makes all scores others: then begin anew."""
        if (
            self._is_loaded
            and newest_number(snapshot, self._galleries) == self._by.newest
            and not (self._by.cohort and _have_moved(snapshot, self._references.position))
        ):
            return
        before, self._by = self._by.cohort_name, in_force(snapshot, self._galleries)
        if self._by.cohort_name != before:
            self._is_loaded = False
            self._use(References(cohort=self._by.cohort))
        self._searched = (self._gallery, self._by.calibration, self._references.cohort)

    def _load(self, database: Database, snapshot: Snapshot) -> None:
        folder, cohort = snapshot_folder(database, self._galleries), self._by.cohort_name
        found = folder.load(lambda position, about: is_of(snapshot, position, about, self._galleries, cohort))
        if found is not None:
            found.cohort = self._by.cohort
            self._use(found)
        self._is_loaded = True

    def _follow(self, snapshot: Snapshot) -> None:
        applied = self._references.position
        changed = frozenset(snapshot.changed_encounters(applied)) if applied else frozenset()
        if len(changed) > _CHANGED_MAX:
            self._use(References(cohort=self._by.cohort))
            applied, changed = 0, frozenset()
        try:
            with self._references.lock():
                if changed:
                    self._unsaved += self._references.remove(changed)
                    self._add(snapshot.index_rows(self._galleries, encounters=changed))
                newer = snapshot.index_rows(self._galleries, since=applied)
                self._add(row for row in newer if row.encounter_id not in changed)
                self._references.position = snapshot.position
        except VersionMismatch:
            # Half of what is new is in it: the next search begins anew.
            self._use(References(cohort=self._by.cohort))
            raise

    def _add(self, rows: Iterable[IndexRow]) -> None:
        self._unsaved += self._references.add(
            Entry(
                reference=row.reference_id,
                visit=row.encounter_id,
                # An encounter whose person is undecided stands for a person of its own.
                person=row.subject_id or row.encounter_id,
                template=comparable(decode(row.template)),
            )
            for row in rows
        )

    def _is_worth_saving(self) -> bool:
        count = len(self._references)
        least = _SAVED_FROM if self._references.cohort is None else _SAVED_OWN_FROM
        return count >= least and self._unsaved * _UNSAVED_SHARE >= count

    def _save_quietly(self, database: Database) -> None:
        # A snapshot is a cache: without one the next start is slow, and nothing else is lost.
        with suppress(MusterpointError, OSError):
            self.save(database)
        self._saving = None

    def save(self, database: Database) -> bool:
        """Write a snapshot of the index as it is; returns whether there is one of it now.

        Removed references leave memory, snapshot and keys. Raises OSError where it cannot be written.
        """
        with self._lock:
            position = self._references.position
            with database.read() as snapshot:
                about = about_of(snapshot, position, self._galleries, self._by.cohort_name)
            self._unsaved = 0
        return snapshot_folder(database, self._galleries).save(self._references, about)

    def forget_removed(self, database: Database) -> None:
        """Bring the index up to date, and free the memory of what was removed."""
        with suppress(NotFound, VersionMismatch):
            self.follow(database)
        self._references.forget_removed()

    def held(self) -> tuple[int, dict[UUID, UUID]]:
        """How many references can be found, and whose each visit is."""
        with self._lock:
            return len(self._references), self._references.owners()

    def close(self) -> None:
        """Wait for the snapshot that is being written, and end the threads of the search."""
        saving = self._saving
        if saving is not None:
            saving.join()
        self._gallery.close()

    def search_newcomers(
        self, work: UnitOfWork, probe: Sequence[Template], target_fpir: float, found: Found
    ) -> Found | None:
        """What `found` becomes with the references committed since; None where it must be searched anew.

        It runs inside of the transaction that records the result, so nothing can arrive any more.
        """
        if _have_moved(work, found.position):
            return None
        _, calibration, cohort = self._searched
        newest = newest_number(work, self._galleries)
        if (found.calibration, newest) != (calibration.number, self._by.newest):
            return None
        rows = tuple(work.index_rows(self._galleries, since=found.position))
        if not rows:
            return found
        if len(rows) > DELTA_REFERENCES_MAX:
            return None
        newcomers = RegistryIndex(self._galleries, threads=1)
        newcomers._use(References(cohort=cohort))
        newcomers._add(rows)
        new = len({row.subject_id or row.encounter_id for row in rows})
        people = found.people + new
        terms = Terms(
            target_fpir=target_fpir,
            people=people,
            occasions=found.needed.occasions + new,
            is_whole=True,
            calibration=calibration,
        )
        added = _search(newcomers._gallery, probe, terms)
        return Found(
            position=work.position,
            candidates=_merged(found.candidates + added.candidates),
            people=people,
            people_comparable=found.people_comparable + added.people_comparable,
            references=found.references + added.references,
            compared=found.compared + added.compared,
            fingers=found.fingers,
            needed=added.needed,
            calibration=added.calibration,
        )


def _merged(candidates: Iterable[FoundCandidate]) -> tuple[FoundCandidate, ...]:
    """The strongest first, and each person once."""
    people: dict[UUID, FoundCandidate] = {}
    for one in sorted(candidates, key=lambda candidate: -candidate.strength):
        people.setdefault(one.subject_id or one.encounter_id, one)
    return tuple(people.values())[:CANDIDATES_MAX]


def _search(gallery: LocalGallerySearch, probe: Sequence[Template], terms: Terms) -> Found:
    asked = Probe(templates=tuple(probe))
    return _found(gallery.search(asked, terms), terms.calibration, len(set(asked.fingers())))


def _found(result: SearchResult, calibration: Calibration, fingers: int) -> Found:
    return Found(
        position=result.position,
        candidates=tuple(_candidate(found) for found in result.candidates),
        people=result.people,
        people_comparable=result.people_comparable,
        references=result.examined,
        compared=result.compared,
        fingers=fingers,
        needed=result.needed,
        calibration=calibration.number,
    )


def _candidate(found: FoundPerson) -> FoundCandidate:
    strongest = max(found.fingers, key=lambda finger: finger.score)
    is_decided = found.person != strongest.visit
    return FoundCandidate(
        encounter_id=EncounterId(strongest.visit),
        subject_id=SubjectId(found.person) if is_decided else None,
        strength=found.strength,
        expected_false_positives=found.expected_false_positives,
        pairs=tuple((one.probe, ReferenceId(one.reference), one.score) for one in found.fingers),
    )


def forget_erased(database: Database, indexes: Mapping[frozenset[str] | None, RegistryIndex]) -> None:
    """Have no index, in memory or on disk, hold anything of encounters that were erased.

    indexes  those in the memory of this process; others follow the journal before they answer again
    """
    for folder, galleries in snapshots_held(database).items():
        index = indexes.get(galleries) or RegistryIndex(galleries)
        try:
            index.follow(database)
            is_written = index.save(database)
        except (OSError, NotFound, VersionMismatch):
            is_written = False
        if not is_written:
            folder.drop()
    for index in indexes.values():
        index.forget_removed(database)


def _have_moved(snapshot: Snapshot, since: int) -> bool:
    """Whether references changed hands, or went, after a journal position."""
    return bool(snapshot.changed_encounters(since))


def _refuse_unknown(wanted: frozenset[str], existing: Collection[str]) -> None:
    unknown = sorted(wanted - set(existing))
    if unknown:
        # A search of nothing would find nobody, and somebody known would be enrolled again.
        raise NotFound(
            expected=f"one of the galleries {', '.join(existing)}" if existing else "a gallery that exists",
            found=f"no gallery {', '.join(unknown)}",
            hint="List them with: musterpoint status",
        )
