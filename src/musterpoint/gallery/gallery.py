"""People under names of the caller's choice, enrolled and searched in memory."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from musterpoint.comparison import FingerPair, bare_minutiae, insist_on_comparable, prepare, with_cohort_mean
from musterpoint.errors import TargetUnsupported, TooManyFingers
from musterpoint.gallery.protocol import FoundPerson, Probe, Terms
from musterpoint.gallery.references import Entry, References
from musterpoint.gallery.searching import LocalGallerySearch
from musterpoint.limits import CANDIDATES_MAX, FINGERS_MAX
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
        self._names_lock = threading.Lock()

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
        # Known by name before they can be found: somebody may be searching.
        with self._names_lock:
            self._names[identifier] = person
            self._held.setdefault(identifier, []).append(reference)
        self._people[person] = identifier
        self._taken.add(reference)
        entry = Entry(reference=reference, visit=identifier, person=identifier, template=template)
        self._references.add((entry,))

    def remove(self, person: Person) -> None:
        """Remove a person with all references. Raises KeyError."""
        identifier = self._people.pop(person)
        self._references.remove((identifier,))
        with self._names_lock:
            del self._names[identifier]
            held = self._held.pop(identifier)
        self._taken.difference_update(held)

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
        limit        candidates returned at most, from 1 on

        Whoever is removed while it searches is found or not, but is no candidate any more.

        Raises ValueError for other numbers; TooManyFingers; NotCapturable for a probe of which nothing can be
        found; TargetUnsupported for a target that no data support.
        """
        if limit < 1 or (people is not None and people < 1):
            raise ValueError(f"at most {limit} candidates among {people} people: both are 1 or more")
        _check_number(probe)
        # Once here, and not each time that one is made ready.
        templates = tuple(with_cohort_mean(one) for one in probe)
        insist_on_comparable(map(prepare, templates))
        terms = Terms(target_fpir=target_fpir, people=people, limit=limit)
        result = self._search.search(Probe(templates=templates), terms)
        if not result.needed.is_kept:
            raise _unsupported(target_fpir, result.needed.expected, len(probe))
        candidates = (self._candidate(found) for found in result.candidates)
        return Searched(
            candidates=tuple(one for one in candidates if one is not None),
            people=result.people,
            people_comparable=result.people_comparable,
            references=result.examined,
            compared=result.compared,
        )

    def _candidate(self, found: FoundPerson) -> Candidate[Person] | None:
        with self._names_lock:
            if found.person not in self._names:
                return None
            name, held = self._names[found.person], list(self._held[found.person])
        return Candidate(
            person=name,
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


def _check_number(probe: Sequence[Template]) -> None:
    if len(probe) > FINGERS_MAX:
        raise TooManyFingers(
            expected=f"at most {FINGERS_MAX} impressions of one person",
            found=f"{len(probe)} impressions",
            hint="Search the fingers of one person at a time",
        )


def _unsupported(target_fpir: float, least: float, fingers: int) -> TargetUnsupported:
    return TargetUnsupported(
        expected=f"{_rounded_up(least)} or more false candidates a search, the strictest that data support",
        found=f"{target_fpir:.2g}",
        hint="Search with two fingers, or ask for more" if fingers == 1 else "Ask for more",
        where="target_fpir",
    )


def _rounded_up(rate: float) -> str:
    """Two digits, so that what is suggested is supported."""
    step = 10.0 ** (math.floor(math.log10(rate)) - 1)
    return f"{math.ceil(rate / step) * step:.2g}"
