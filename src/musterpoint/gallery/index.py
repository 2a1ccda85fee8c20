"""An exhaustive search: every probe finger is compared with every reference.

No list is cut before the comparison, so a person is missed only where the comparator misses them,
and the number of people searched is the number that decides how often chance produces a candidate.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from musterpoint.comparison import (
    FingerPair,
    Pack,
    expected_false_positives,
    fuse,
    prepare,
    score_all,
    strength_needed,
)
from musterpoint.limits import CANDIDATES_MAX
from musterpoint.templates import FingerPosition, Template

Person = TypeVar("Person", bound=Hashable)
Scores = npt.NDArray[np.int32]

FUSED_FROM = -4000
"""Milli-nats: whoever stays below it with every finger is no candidate. 3 % of all non-mated
comparisons lie above (docs/explanation/comparison.md), so few people remain to be fused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Generic[Person]):
    """Somebody whom the person of the probe may be.

    strength                  milli-nats, see `musterpoint.comparison.fuse`
    expected_false_positives  how many other people of this gallery would reach it by chance
    pairs                     which finger of the probe was compared with which reference of the person,
                              as indices in the order in which both were given
    """

    person: Person
    strength: int
    expected_false_positives: float
    pairs: tuple[FingerPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult(Generic[Person]):
    """What a search found, and in what.

    candidates         strongest first; those of equal strength in the order of enrolment
    people             people in the gallery; 0 is stated, never hidden
    people_comparable  those who have a finger in common with the probe, as far as positions are known
    references         references compared with each finger of the probe
    """

    candidates: tuple[Candidate[Person], ...]
    people: int
    people_comparable: int
    references: int


class Gallery(Generic[Person]):
    """References of people, kept ready for comparison; about 14 kB of memory a finger."""

    def __init__(self, *, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._pack = Pack.of(())
        self._people: list[Person] = []
        self._numbers: dict[Person, int] = {}
        self._rows: list[list[int]] = []
        self._owners: list[int] = []
        self._positions: list[FingerPosition] = []

    def __len__(self) -> int:
        """The number of people."""
        return len(self._people)

    def add(self, person: Person, template: Template) -> None:
        """Add one reference of a person, who may have others already. Raises TypeError."""
        if not isinstance(template, Template):
            raise TypeError(f"a Template is expected, found {type(template).__name__}")
        prepared = prepare(template)
        number = self._numbers.setdefault(person, len(self._people))
        if number == len(self._people):
            self._people.append(person)
            self._rows.append([])
        self._rows[number].append(len(self._positions))
        self._owners.append(number)
        self._positions.append(template.position)
        self._pack.append(prepared)

    def search(
        self,
        probe: Sequence[Template],
        *,
        target_fpir: float = 0.01,
        people: int | None = None,
        limit: int = CANDIDATES_MAX,
    ) -> SearchResult[Person]:
        """Search the person of a probe.

        probe        templates of the probe's fingers
        target_fpir  how many candidates chance may produce in a search, on average; in (0, 1]
        people       how many people the threshold is set for, where this gallery is part of a larger one
        limit        candidates returned at most
        """
        size = len(self) if people is None else people
        rows = len(self._positions) if probe else 0
        found = self._candidates(probe, size, target_fpir) if rows else []
        return SearchResult(
            candidates=tuple(sorted(found, key=lambda candidate: -candidate.strength)[:limit]),
            people=size,
            people_comparable=self._people_comparable(probe),
            references=rows,
        )

    def _candidates(
        self, probe: Sequence[Template], size: int, target_fpir: float
    ) -> list[Candidate[Person]]:
        prepared = [prepare(template) for template in probe]
        rows = len(self._positions)
        scores = np.stack([score_all(p, self._pack, 0, rows, threads=self._threads) for p in prepared])
        needed = strength_needed(size, target_fpir)
        positions = [template.position for template in probe]
        found = (self._candidate(number, scores, positions, size) for number in self._worth_fusing(scores))
        return [candidate for candidate in found if candidate.strength >= needed]

    def _worth_fusing(self, scores: Scores) -> list[int]:
        best = np.full(len(self), np.iinfo(np.int32).min, np.int32)
        np.maximum.at(best, np.asarray(self._owners), scores.max(axis=0))
        return [int(number) for number in np.flatnonzero(best >= FUSED_FROM)]

    def _candidate(
        self, number: int, scores: Scores, positions: Sequence[FingerPosition], size: int
    ) -> Candidate[Person]:
        rows = self._rows[number]
        fused = fuse(scores[:, rows], positions, [self._positions[row] for row in rows])
        return Candidate(
            person=self._people[number],
            strength=fused.strength,
            expected_false_positives=expected_false_positives(fused.strength, size),
            pairs=fused.pairs,
        )

    def _people_comparable(self, probe: Sequence[Template]) -> int:
        shown = {template.position for template in probe}
        if FingerPosition.UNKNOWN in shown:
            return len(self)
        usable = shown | {FingerPosition.UNKNOWN}
        return sum(any(self._positions[row] in usable for row in rows) for rows in self._rows)
