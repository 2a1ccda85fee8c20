"""The references that can be searched: segments, the people they belong to, and the position they reflect."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import numpy as np
import numpy.typing as npt

from musterpoint.comparison import Cohort, Prepared, bare_minutiae, prepare, with_cohort_mean
from musterpoint.gallery.kernels_geometry import SEGMENT_ROWS
from musterpoint.gallery.key_table import key_table
from musterpoint.gallery.plan import FILTERED_FROM
from musterpoint.gallery.segment import FILED_AT_ONCE, Identifiers, NewReference, Segment, SegmentView
from musterpoint.templates import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A reference to be added.

    visit   the encounter that it belongs to
    person  whom it belongs to, as far as is known
    """

    reference: UUID
    visit: UUID
    person: UUID
    template: Template


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """The references at one moment.

    people    uint64 (M, 2), identifier of each person by number; some may have no reference left
    position  what the references reflect
    cohort    under which their means are, see `References`
    """

    segments: tuple[SegmentView, ...]
    people: Identifiers
    position: int
    cohort: Cohort | None = None

    def prepare(self, template: Template) -> Prepared:
        """A finger of a probe, ready for comparison under the same cohort."""
        return self.cohort.prepare(template) if self.cohort else prepare(template)

    @property
    def references(self) -> int:
        """References that were not removed."""
        return sum(int(np.count_nonzero(segment.columns.is_live)) for segment in self.segments)


class References:
    """References of people. One thread at a time changes them; others go on searching their views.

    is_part  they are part of a larger gallery, so they are filtered however few they are
    cohort   under which their means are; None for the one that comes with the program
    """

    def __init__(self, *, is_part: bool = False, cohort: Cohort | None = None) -> None:
        self.is_part = is_part
        self.cohort = cohort
        self._lock = threading.RLock()
        self._segments: list[Segment] = []
        self._people: Identifiers = np.empty((64, 2), np.uint64)
        self._count = 0
        self._numbers: dict[bytes, int] | None = {}
        self.position = 0

    @classmethod
    def of(
        cls,
        segments: Iterable[Segment],
        people: Identifiers,
        position: int,
        *,
        cohort: Cohort | None = None,
    ) -> References:
        """References that a snapshot held."""
        made = cls(cohort=cohort)
        made._segments = list(segments)
        made._people, made._count, made._numbers = people, len(people), None
        made.position = position
        return made

    def __len__(self) -> int:
        """References that were not removed."""
        return sum(segment.live for segment in self._segments)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments as they are; only for whoever changes the references, or keeps them."""
        return tuple(self._segments)

    @property
    def people(self) -> Identifiers:
        """Identifiers of people by number."""
        return self._people[: self._count]

    def lock(self) -> threading.RLock:
        """The right to change the references; whoever holds it keeps others from changing them."""
        return self._lock

    def add(self, entries: Iterable[Entry]) -> int:
        """Add references; returns how many. Raises TypeError where something is no template."""
        added = 0
        remaining = iter(entries)
        with self._lock:
            while new := [self._new(entry) for entry in islice(remaining, FILED_AT_ONCE)]:
                added += len(new)
                while new:
                    if not self._segments or self._segments[-1].is_full:
                        self._segments.append(Segment())
                    room = SEGMENT_ROWS - self._segments[-1].count
                    self._segments[-1].append(new[:room])
                    new = new[room:]
        return added

    def _new(self, entry: Entry) -> NewReference:
        if not isinstance(entry.template, Template):
            raise TypeError(f"a Template is expected, found {type(entry.template).__name__}")
        return NewReference(
            identifier=words_of(entry.reference),
            visit=words_of(entry.visit),
            owner=self._number_of(entry.person),
            position=entry.template.position,
            minutiae=bare_minutiae(entry.template),
            mean=self._mean_of(entry.template),
        )

    def _mean_of(self, template: Template) -> int:
        if self.cohort is not None:
            return self.cohort.mean_of(template)
        mean = with_cohort_mean(template).cohort_mean
        assert mean is not None, "it was just computed"
        return mean.millinats

    def _number_of(self, person: UUID) -> int:
        if self._numbers is None:
            rows = self.people.astype(">u8").tobytes()
            self._numbers = {rows[16 * k : 16 * k + 16]: k for k in range(self._count)}
        number = self._numbers.setdefault(person.bytes, self._count)
        if number == self._count:
            if self._count == len(self._people) or not self._people.flags.writeable:
                larger = np.empty((max(64, 3 * self._count // 2), 2), np.uint64)
                larger[: self._count] = self.people
                self._people = larger
            self._people[number] = words_of(person)
            self._count += 1
        return number

    def remove(self, visits: Collection[UUID]) -> int:
        """Mask all references of these encounters; returns how many. No later search finds them."""
        with self._lock:
            return sum(self._mask(segment, visits) for segment in self._segments)

    def _mask(self, segment: Segment, visits: Collection[UUID]) -> int:
        columns = segment.columns()
        rows = np.flatnonzero(_is_among(columns.visits, visits) & (columns.is_live == 1))
        if len(rows):
            segment.changed("is_live")[rows] = 0
        return len(rows)

    def give(self, owners: Mapping[UUID, UUID]) -> int:
        """Give all references of some encounters to other people; returns how many changed hands.

        owners  person by encounter
        """
        with self._lock:
            return sum(
                self._give(segment, visit, person)
                for visit, person in owners.items()
                for segment in self._segments
            )

    def _give(self, segment: Segment, visit: UUID, person: UUID) -> int:
        rows = np.flatnonzero(_is_among(segment.columns().visits, (visit,)))
        if not len(rows):
            return 0
        number = self._number_of(person)
        segment.changed("owners")[rows] = number
        return len(rows)

    def owners(self) -> dict[UUID, UUID]:
        """Whose each encounter is that has a reference."""
        found: dict[UUID, UUID] = {}
        people = self.people.astype(">u8")
        for segment in self._segments:
            columns = segment.columns()
            live = np.flatnonzero(columns.is_live)
            visits = columns.visits[live].astype(">u8").tobytes()
            persons = people[columns.owners[live]].tobytes()
            for k in range(0, len(visits), 16):
                found[UUID(bytes=visits[k : k + 16])] = UUID(bytes=persons[k : k + 16])
        return found

    def forget_removed(self) -> int:
        """Make segments anew that hold removed references, so that no trace of those is left.

        Returns how many references were dropped.
        """
        with self._lock:
            dropped = 0
            for k, segment in enumerate(self._segments):
                removed = segment.count - segment.live
                if removed:
                    dropped += removed
                    self._segments[k] = segment.without_removed()
            return dropped

    @property
    def is_filtered(self) -> bool:
        """Whether they have keys."""
        return self.is_part or sum(segment.count for segment in self._segments) >= FILTERED_FROM

    def view(self) -> View:
        """The references now, ready to be searched."""
        with self._lock:
            if self.is_filtered:
                self.make_keys()
            segments = tuple(segment.view() for segment in self._segments)
            return View(segments=segments, people=self.people, position=self.position, cohort=self.cohort)

    def make_keys(self, *, is_filing: bool = False) -> None:
        """Make the keys that are missing; `is_filing` files all of them."""
        with self._lock:
            for segment in self._segments:
                segment.make_keys(key_table(), is_filing=is_filing)

    @property
    def bytes_held(self) -> tuple[int, int]:
        """Bytes of memory of the filter, and of everything else."""
        held = [segment.bytes_held for segment in self._segments]
        return sum(one for one, _ in held), sum(rest for _, rest in held) + self._people.nbytes


def words_of(identifier: UUID) -> npt.NDArray[np.uint64]:
    """An identifier as two words that sort as it does."""
    return np.frombuffer(identifier.bytes, ">u8").astype(np.uint64)


def identifier_of(words: npt.NDArray[np.uint64]) -> UUID:
    """The identifier of two words."""
    return UUID(int=int(words[0]) << 64 | int(words[1]))


def _is_among(rows: Identifiers, wanted: Collection[UUID]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(rows), np.bool_)
    for identifier in wanted:
        words = words_of(identifier)
        found |= (rows[:, 0] == words[0]) & (rows[:, 1] == words[1])
    return found
