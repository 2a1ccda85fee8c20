"""Searching the registry as it is now, and again what arrived while we searched.

A search runs outside of any transaction, at a journal position. When its result is recorded, only
the references committed since that position are compared, inside the transaction. So transactions
stay short, and still no two stations can enrol the same new person at the same moment.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from musterpoint.comparison import FingerPair
from musterpoint.errors import NotFound
from musterpoint.gallery import Candidate, Gallery
from musterpoint.identifiers import EncounterId, ReferenceId, SubjectId
from musterpoint.limits import CANDIDATES_MAX, DELTA_REFERENCES_MAX
from musterpoint.storage import Database, IndexRow, Snapshot, UnitOfWork
from musterpoint.templates import Template, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCandidate:
    """Somebody found in the registry.

    encounter_id              the encounter that holds the most similar finger
    subject_id                whose it is, or None while undecided
    strength                  milli-nats, see `musterpoint.comparison.fuse`
    expected_false_positives  how many other people of the searched galleries would reach it by chance
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
    references         references compared with each probe finger
    """

    position: int
    candidates: tuple[FoundCandidate, ...]
    people: int
    people_comparable: int
    references: int


class RegistryIndex:
    """The references of some galleries in memory, brought up to date before each search."""

    def __init__(self, galleries: frozenset[str] | None, *, threads: int | None = None) -> None:
        self._galleries = galleries
        self._threads = threads
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._gallery: Gallery[UUID] = Gallery(threads=self._threads)
        self._rows: dict[UUID, list[IndexRow]] = {}
        self._applied = 0

    def search(self, database: Database, probe: Sequence[Template], target_fpir: float) -> Found:
        """Search the galleries as they are when the call is made. Raises NotFound for an unknown one."""
        with self._lock:
            with database.read() as snapshot:
                self._follow(snapshot)
            return self._search(probe, target_fpir, people=len(self._gallery))

    def _follow(self, snapshot: Snapshot) -> None:
        if self._galleries is not None:
            _refuse_unknown(self._galleries, snapshot.galleries())
        if self._applied and _have_moved(snapshot, self._applied):
            self._clear()
        self._add(snapshot.index_rows(self._galleries, since=self._applied))
        self._applied = snapshot.position

    def _add(self, rows: Iterable[IndexRow]) -> None:
        for row in rows:
            # An encounter whose person is undecided stands for a person of its own.
            person: UUID = row.subject_id or row.encounter_id
            self._gallery.add(person, decode(row.template))
            self._rows.setdefault(person, []).append(row)

    def _search(self, probe: Sequence[Template], target_fpir: float, people: int) -> Found:
        result = self._gallery.search(probe, target_fpir=target_fpir, people=people)
        return Found(
            position=self._applied,
            candidates=tuple(self._found(candidate) for candidate in result.candidates),
            people=result.people,
            people_comparable=result.people_comparable,
            references=result.references,
        )

    def _found(self, candidate: Candidate[UUID]) -> FoundCandidate:
        rows = self._rows[candidate.person]
        strongest: FingerPair = max(candidate.pairs, key=lambda pair: pair.score)
        row = rows[strongest.reference]
        return FoundCandidate(
            encounter_id=row.encounter_id,
            subject_id=row.subject_id,
            strength=candidate.strength,
            expected_false_positives=candidate.expected_false_positives,
            pairs=tuple((p.probe, rows[p.reference].reference_id, p.score) for p in candidate.pairs),
        )

    def search_newcomers(
        self, work: UnitOfWork, probe: Sequence[Template], target_fpir: float, found: Found
    ) -> Found | None:
        """What `found` becomes with the references committed since; None where it must be searched anew.

        It runs inside of the transaction that records the result, so nothing can arrive any more.
        """
        if _have_moved(work, found.position):
            return None
        rows = tuple(work.index_rows(self._galleries, since=found.position))
        if not rows:
            return found
        if len(rows) > DELTA_REFERENCES_MAX:
            return None
        newcomers = RegistryIndex(self._galleries, threads=1)
        newcomers._add(rows)
        people = found.people + len(newcomers._gallery)
        added = newcomers._search(probe, target_fpir, people)
        candidates = sorted(found.candidates + added.candidates, key=lambda candidate: -candidate.strength)
        return Found(
            position=work.position,
            candidates=tuple(candidates[:CANDIDATES_MAX]),
            people=people,
            people_comparable=found.people_comparable + added.people_comparable,
            references=found.references + added.references,
        )


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
