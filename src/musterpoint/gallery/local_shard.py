"""A part of a gallery in the memory of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.comparison import (
    STANDARD,
    ReadyProbe,
    bare_minutiae,
    fingers_among,
    fuse,
    normalised,
    score_bare,
    sketch_bare,
)
from musterpoint.gallery.key_table import Keys, key_table, keys_of
from musterpoint.gallery.protocol import ComparedFinger, FoundPerson, GalleryStatus, Probe
from musterpoint.gallery.references import References, View, identifier_of
from musterpoint.gallery.rounds import Compared, Counted, Numbers, Shortlist, Totals, Values, foremost
from musterpoint.gallery.segment import SegmentView
from musterpoint.limits import FINGERS_MAX
from musterpoint.templates import FingerPosition, Template

if TYPE_CHECKING:
    from musterpoint.gallery import kernels_index
else:
    kernels_index = _compiled.load("musterpoint.gallery.kernels_index")

Item = TypeVar("Item")
Made = TypeVar("Made")

FUSED_FROM: Final = -4000
"""Milli-nats: whoever stays below it with every finger is no candidate. 3 % of all non-mated
comparisons lie above (docs/explanation/comparison.md), so few people remain to be fused."""

LABEL_PRICE: Final = 2 * 64
"""Taken off a filter strength where both positions are known and differ: wrong labels and swapped hands are
still found."""

SKETCH_SHARE: Final = 200
"""Thousandths that one unit of filter strength adds to a sketch: the two together rank better than either."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What the filter is asked for one finger: its keys, their weights, and what chance shares."""

    position: FingerPosition
    keys: Keys
    weights: npt.NDArray[np.uint8]
    expected: npt.NDArray[np.int64]
    factor: npt.NDArray[np.int64]

    @classmethod
    def of(cls, template: Template) -> _Asked:
        table = key_table()
        minutiae = bare_minutiae(template)
        keys, _ = keys_of(minutiae, np.array((0, len(minutiae))), table.weights)
        expected, factor = table.chance(keys)
        return cls(template.position, keys, table.steps(keys), expected, factor)

    def strengths(self, segment: SegmentView) -> npt.NDArray[np.int16]:
        """Filter strength of each reference of a segment, in 1/64."""
        out = np.empty(len(segment.columns), np.int16)
        shared = segment.shared(self.keys, self.weights)
        kernels_index.strengths_of(shared, segment.columns.sizes, self.expected, self.factor, out)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class _AskedPerson:
    """A probe, and for each of its captures the number of the finger."""

    probe: Probe
    fingers: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """References of some people: segment, row in it, and whose they are as a place in the list."""

    view: View
    segment: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]

    @classmethod
    def of(cls, view: View, people: Numbers) -> _Rows:
        places = np.full(len(view.people), -1, np.int64)
        places[people] = np.arange(len(people))
        found: list[tuple[npt.NDArray[np.int64], ...]] = []
        for s, segment in enumerate(view.segments):
            place = places[segment.columns.owners]
            rows = np.flatnonzero((place >= 0) & (segment.columns.is_live == 1))
            found.append((np.full(len(rows), s), rows, place[rows]))
        columns = [np.concatenate(column) for column in zip(*found, strict=True)]
        return cls(view, *columns) if columns else cls(view, *[np.empty(0, np.int64)] * 3)

    def means(self) -> npt.NDArray[np.int16]:
        """int16 (k,), their cohort means in milli-nats."""
        parts = [
            segment.columns.means[self.row[self.segment == s]] for s, segment in enumerate(self.view.segments)
        ]
        return np.concatenate([np.empty(0, np.int16), *parts])


class LocalShard:
    """A part in the memory of this process."""

    def __init__(self, references: References, *, threads: int) -> None:
        self._references = references
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def status(self) -> GalleryStatus:
        """How large the part is."""
        view = self._references.view()
        filter_bytes, rest = self._references.bytes_held
        return GalleryStatus(
            position=view.position,
            people=self.begin().count(()).people,
            references=view.references,
            filter_bytes=filter_bytes,
            bytes=rest,
        )

    def begin(self) -> LocalShardSearch:
        """See `Shard.begin`."""
        return LocalShardSearch(self._references.view(), self._pool)


@dataclass(frozen=True, slots=True, eq=False)
class LocalShardSearch:
    """One search in a part as it was at one moment."""

    view: View
    pool: ThreadPoolExecutor | None

    @property
    def cohort(self) -> str:
        """See `ShardSearch.cohort`."""
        return self.view.cohort.name if self.view.cohort else STANDARD.cohort

    def close(self) -> None:
        """Nothing to give back."""

    def count(self, positions: Sequence[FingerPosition]) -> Counted:
        """See `ShardSearch.count`."""
        view = self.view
        labels = sum({1 << position for position in positions} | {1 << FingerPosition.UNKNOWN})
        if FingerPosition.UNKNOWN in positions:
            labels = 0xFFFF
        marks = np.zeros(len(view.people), np.uint16)
        for segment in view.segments:
            columns = segment.columns
            kernels_index.mark_people(columns.owners, columns.positions, columns.is_live, marks)
        return Counted(
            position=view.position,
            references=view.references,
            people=int(np.count_nonzero(marks)),
            people_comparable=int(np.count_nonzero(marks & np.uint16(labels))),
            fingers=int(np.bitwise_count(marks).sum(dtype=np.int64)),
        )

    def shortlist(self, probes: Sequence[Probe], counts: Sequence[int]) -> list[Shortlist]:
        """See `ShardSearch.shortlist`."""
        view = self.view
        captures = [(k, *one) for k, probe in enumerate(probes) for one in _by_finger(probe)]
        asked = [_Asked.of(template) for _, _, template in captures]
        # Segment by segment, so that all fingers find its postings in the processor's cache.
        work = [(segment, one) for segment in view.segments for one in asked]
        strengths = list(self._map(lambda item: item[1].strengths(item[0]), work))
        totals = [np.zeros(len(view.people), np.int32) for _ in probes]
        best = np.full(len(view.people), kernels_index.NO_REFERENCE, np.int16)
        for k, (probe, number, template) in enumerate(captures):
            for s, segment in enumerate(view.segments):
                columns = segment.columns
                kernels_index.keep_best(
                    strengths[s * len(asked) + k],
                    columns.owners,
                    columns.positions,
                    columns.is_live,
                    int(template.position),
                    LABEL_PRICE,
                    best,
                )
            if (probe, number) != captures[min(k + 1, len(captures) - 1)][:2] or k + 1 == len(captures):
                kernels_index.add_best(best, totals[probe])
        return [_best_of(view, total, count) for total, count in zip(totals, counts, strict=True)]

    def _map(self, function: Callable[[Item], Made], items: Sequence[Item]) -> Iterator[Made]:
        return iter(self.pool.map(function, items) if self.pool else map(function, items))

    def compare(self, probe: Probe, listed: Shortlist | None, refined: int, needed: int) -> Compared:
        """See `ShardSearch.compare`."""
        view = self.view
        prepared = [view.prepare(template) for template in probe.templates]
        asked = _AskedPerson(probe, fingers_among(prepared, probe.positions))
        ready = ReadyProbe.of(prepared)
        people = _everybody(view) if listed is None else listed.numbers
        values = np.zeros(len(people), np.int64)
        if listed is not None and refined:
            values = self._sketched(ready, asked, _Rows.of(view, people), len(people))
            values += SKETCH_SHARE * listed.totals.astype(np.int64) // 64
            kept = foremost(view.people[people], values, refined)
            people, values = people[kept], values[kept]
        rows = _Rows.of(view, people)
        scores = normalised(self._scored(score_bare, ready, rows), ready.means, rows.means()[:, None])
        return Compared(
            position=view.position,
            people=view.people[people],
            values=values,
            references=np.bincount(rows.place, minlength=len(people)).astype(np.int64),
            found=tuple(one for one in _fused(asked, people, rows, scores) if one.strength >= needed),
        )

    def _sketched(self, ready: ReadyProbe, asked: _AskedPerson, rows: _Rows, count: int) -> Values:
        best = np.zeros((count, len(ready)), np.int64)
        np.maximum.at(best, rows.place, self._scored(sketch_bare, ready, rows))
        each = [best[:, [k for k, n in enumerate(asked.fingers) if n == one]] for one in set(asked.fingers)]
        total: Values = sum((some.max(axis=1) for some in each), np.zeros(count, np.int64))
        return total

    def _scored(self, kernel: Callable[..., Totals], ready: ReadyProbe, rows: _Rows) -> Totals:
        parts = [
            kernel(ready, segment.columns.bare, rows.row[rows.segment == s], threads=self.pool)
            for s, segment in enumerate(rows.view.segments)
        ]
        return np.concatenate([np.empty((0, len(ready)), np.int32), *parts])


def _by_finger(probe: Probe) -> list[tuple[int, Template]]:
    """The captures of a probe with the numbers of their fingers; those of one finger follow each other."""
    return sorted(zip(probe.fingers(), probe.templates, strict=True), key=lambda one: one[0])


def _everybody(view: View) -> Numbers:
    marks = np.zeros(len(view.people), np.bool_)
    for segment in view.segments:
        marks[segment.columns.owners[segment.columns.is_live == 1]] = True
    return np.flatnonzero(marks).astype(np.int64)


def _best_of(view: View, totals: Totals, count: int) -> Shortlist:
    numbers = np.empty(len(totals), np.int64)
    found = kernels_index.people_from(totals, kernels_index.total_of_place(totals, count), numbers)
    numbers = numbers[:found]
    # Gathered once: they lie all over memory.
    every = Shortlist(
        position=view.position, people=view.people[numbers], totals=totals[numbers], numbers=numbers
    )
    return every.cut(count)


def _fused(asked: _AskedPerson, people: Numbers, rows: _Rows, scores: Totals) -> Iterator[FoundPerson]:
    if not scores.size:
        return
    best = np.full(len(people), np.iinfo(np.int32).min, np.int32)
    np.maximum.at(best, rows.place, scores.max(axis=1))
    order = np.argsort(rows.place, kind="stable")
    bounds = np.searchsorted(rows.place[order], np.arange(len(people) + 1))
    for place in np.flatnonzero(best >= FUSED_FROM):
        yield _person(asked, int(people[place]), rows, scores, order[bounds[place] : bounds[place + 1]])


def _person(
    asked: _AskedPerson, number: int, rows: _Rows, scores: Totals, theirs: npt.NDArray[np.intp]
) -> FoundPerson:
    columns = [rows.view.segments[segment].columns for segment in rows.segment[theirs]]
    held = list(zip(columns, rows.row[theirs], theirs, strict=True))
    # More references than people have fingers twice over: the strongest are as many as can be fused.
    held.sort(key=lambda one: (-int(scores[one[2]].max()), *map(int, one[0].identifiers[one[1]])))
    held = held[:FINGERS_MAX]
    held.sort(key=lambda one: tuple(map(int, one[0].identifiers[one[1]])))
    fused = fuse(
        np.ascontiguousarray(scores[[k for _, _, k in held]].T),
        asked.probe.positions,
        [FingerPosition(int(column.positions[row])) for column, row, _ in held],
        probe_fingers=asked.fingers,
    )
    return FoundPerson(
        person=identifier_of(rows.view.people[number]),
        strength=fused.strength,
        expected_false_positives=0.0,
        fingers=tuple(
            ComparedFinger(
                probe=pair.probe,
                reference=identifier_of(held[pair.reference][0].identifiers[held[pair.reference][1]]),
                visit=identifier_of(held[pair.reference][0].visits[held[pair.reference][1]]),
                score=pair.score,
            )
            for pair in fused.pairs
        ),
    )
