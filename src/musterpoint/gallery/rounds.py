"""One part of a gallery: it lists whom the filter finds, and compares whom it is told to compare.

A search asks every part twice. In the first round each lists its best people; the list of the whole gallery
is cut from all of these. In the second each part compares those of the list that it holds. What decides is a
total order over strength and identifier, so the number of parts changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from musterpoint.gallery.protocol import FoundPerson, GalleryStatus, Probe
from musterpoint.gallery.segment import Identifiers
from musterpoint.templates import FingerPosition

Totals: TypeAlias = npt.NDArray[np.int32]
Values: TypeAlias = npt.NDArray[np.int64]
Numbers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shortlist:
    """People that the filter found.

    people   uint64 (k, 2), their identifiers
    totals   int32 (k,), sums of filter strengths over the fingers, in 1/64
    numbers  int64 (k,), by which the part itself knows them
    """

    position: int
    people: Identifiers
    totals: Totals
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.totals)

    def take(self, rows: npt.NDArray[np.intp]) -> Shortlist:
        """Some of the list, in the order asked for."""
        return Shortlist(
            position=self.position,
            people=self.people[rows],
            totals=self.totals[rows],
            numbers=self.numbers[rows],
        )

    def cut(self, count: int) -> Shortlist:
        """The best so many."""
        return self.take(foremost(self.people, self.totals, count))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """People that were compared in full.

    people      uint64 (k, 2)
    values      int64 (k,), by which the list was cut; 0 where it was not
    references  int64 (k,), how many references of each were compared
    found       those who are strong enough; `expected_false_positives` is 0 until the caller knows
    """

    position: int
    people: Identifiers
    values: Values
    references: Values
    found: tuple[FoundPerson, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many references and people a part holds, and how many of those have a finger of the probe.

    fingers  of all people, each counted once; a person's references without a position count as one
    """

    position: int
    references: int
    people: int
    people_comparable: int
    fingers: int


class ShardSearch(Protocol):
    """One search in one part of a gallery, which stays for it as it was when the search began."""

    @property
    def cohort(self) -> str:
        """The name of the cohort under which all scores are."""
        ...

    def count(self, positions: Sequence[FingerPosition]) -> Counted:
        """How many there are, and how many have a finger that may be one of these."""
        ...

    def shortlist(self, probes: Sequence[Probe], counts: Sequence[int]) -> list[Shortlist]:
        """The best so many people for each probe, in one pass."""
        ...

    def compare(self, probe: Probe, listed: Shortlist | None, refined: int, needed: int) -> Compared:
        """Compare listed people in full, or everybody.

        refined  of the list, only the best so many after a sketch; 0 = all, without one
        needed   strength that a candidate has, milli-nats
        """
        ...

    def close(self) -> None:
        """End the search."""
        ...


class Shard(Protocol):
    """One part of a gallery, in this process or another.

    Raises GalleryIncomplete where it does not answer.
    """

    def begin(self) -> ShardSearch:
        """Begin a search in the part as it is now."""
        ...

    def status(self) -> GalleryStatus:
        """How large the part is."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


def foremost(people: Identifiers, values: Totals | Values, count: int) -> npt.NDArray[np.intp]:
    """Places of the `count` largest values, ascending; of equal ones those with the lowest identifiers.

    So which they are does not depend on how the gallery is divided, or in which order people came.
    """
    if len(values) <= count:
        return np.arange(len(values))
    if count == 0:
        return np.empty(0, np.intp)
    least = np.partition(values, len(values) - count)[len(values) - count]
    above, equal = np.flatnonzero(values > least), np.flatnonzero(values == least)
    by_identifier = np.lexsort((people[equal, 1], people[equal, 0]))
    return np.sort(np.concatenate((above, equal[by_identifier[: count - len(above)]])))
