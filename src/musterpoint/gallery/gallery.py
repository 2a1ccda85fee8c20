"""People under names of the caller's choice, enrolled and searched in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from musterpoint.comparison import FingerPair, bare_minutiae
from musterpoint.gallery.protocol import FoundPerson, Probe, Terms
from musterpoint.gallery.references import Entry, References
from musterpoint.gallery.searching import LocalGallerySearch
from musterpoint.limits import CANDIDATES_MAX
from musterpoint.templates import Template

Person = TypeVar("Person", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Generic[Person]):
    """Somebody whom the person of the probe may be.

    strength                  milli-nats, see `musterpoint.comparison.fuse`
    expected_false_positives  how many other people this search would find by chance who reach it
    pairs                     which finger of the probe was compared with which reference of the person,
                              as indices in the order in which both were given
    """

    person: Person
    strength: int
    expected_false_positives: float
    pairs: tuple[FingerPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched(Generic[Person]):
    """What a search found, and in what.

    candidates         strongest first; the order of those of equal strength does not depend on when they
                       were enrolled
    people             people in the gallery; 0 is stated, never hidden
    people_comparable  those who have a finger in common with the probe, as far as positions are known
    references         references looked at
    compared           those of them compared in full with each finger of the probe; fewer in large galleries
    """

    candidates: tuple[Candidate[Person], ...]
    people: int
    people_comparable: int
    references: int
    compared: int


class Gallery(Generic[Person]):
    """References of people, 0.4 kB of memory a finger and in a large gallery 3 kB more."""

    def __init__(self, *, threads: int | None = None) -> None:
        self._references = References()
        self._search = LocalGallerySearch(self._references, threads=threads)
        self._people: dict[Person, UUID] = {}
        self._names: dict[UUID, Person] = {}
        self._held: dict[UUID, list[UUID]] = {}
        self._taken: set[UUID] = set()

    def __len__(self) -> int:
        """The number of people."""
        return len(self._people)

    def add(self, person: Person, template: Template) -> None:
        """Add one reference of a person, who may have others already. Raises TypeError."""
        if not isinstance(template, Template):
            raise TypeError(f"a Template is expected, found {type(template).__name__}")
        reference = self._identifier_of(template)
        # A person is called after their first reference, so that no order depends on when they came.
        identifier = self._people.get(person, reference)
        entry = Entry(reference=reference, visit=identifier, person=identifier, template=template)
        self._references.add((entry,))
        self._people[person] = identifier
        self._names[identifier] = person
        self._held.setdefault(identifier, []).append(reference)
        self._taken.add(reference)

    def remove(self, person: Person) -> None:
        """Remove a person with all references. Raises KeyError."""
        identifier = self._people.pop(person)
        self._references.remove((identifier,))
        del self._names[identifier]
        self._taken.difference_update(self._held.pop(identifier))

    def search(
        self,
        probe: Sequence[Template],
        *,
        target_fpir: float = 0.01,
        people: int | None = None,
        limit: int = CANDIDATES_MAX,
    ) -> Searched[Person]:
        """Search the person of a probe.

        probe        templates of the probe's fingers
        target_fpir  how many candidates chance may produce in a search, on average; in (0, 1]
        people       how many people chance has, where this gallery is part of a larger one
        limit        candidates returned at most
        """
        terms = Terms(target_fpir=target_fpir, people=people, limit=limit)
        result = self._search.search(Probe(templates=tuple(probe)), terms)
        return Searched(
            candidates=tuple(self._candidate(found) for found in result.candidates),
            people=result.people,
            people_comparable=result.people_comparable,
            references=result.examined,
            compared=result.compared,
        )

    def _candidate(self, found: FoundPerson) -> Candidate[Person]:
        held = self._held[found.person]
        return Candidate(
            person=self._names[found.person],
            strength=found.strength,
            expected_false_positives=found.expected_false_positives,
            pairs=tuple(
                FingerPair(probe=one.probe, reference=held.index(one.reference), score=one.score)
                for one in found.fingers
            ),
        )

    def _identifier_of(self, template: Template) -> UUID:
        content = bare_minutiae(template).tobytes() + bytes((template.position,))
        copy = 0
        while True:
            digest = hashlib.blake2b(content + copy.to_bytes(4, "little"), digest_size=16).digest()
            if (identifier := UUID(bytes=digest)) not in self._taken:
                return identifier
            copy += 1
