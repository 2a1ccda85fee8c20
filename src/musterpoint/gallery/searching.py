"""The search of a gallery that consists of one part or of many."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from musterpoint.comparison import STANDARD, Calibration, Needed
from musterpoint.errors import GalleryBehind, VersionMismatch
from musterpoint.gallery.local_shard import LocalShard
from musterpoint.gallery.occasions import occasions
from musterpoint.gallery.plan import Plan, plan_for
from musterpoint.gallery.protocol import FoundPerson, GalleryStatus, Probe, SearchResult, Terms
from musterpoint.gallery.references import References, identifier_of
from musterpoint.gallery.rounds import Compared, Counted, Shard, ShardSearch, Shortlist, foremost

Answer = TypeVar("Answer")
Places: TypeAlias = npt.NDArray[np.intp]

_DEFAULT = Terms()


class ShardedGallerySearch:
    """A gallery in several parts, searched in two rounds; the answer is that of one part.

    What fails to answer is an error, never a shorter list: a person who is in a part that was not asked would
    be taken for a new one. A part whose scores are under another cohort than the calibration was measured
    with is an error too: its scores would mean something else.
    """

    def __init__(self, shards: Sequence[Shard]) -> None:
        if not shards:
            raise ValueError("a gallery has one part at least")
        self._shards = tuple(shards)
        self._pool = ThreadPoolExecutor(len(shards)) if len(shards) > 1 else None

    def close(self) -> None:
        """Close all parts."""
        if self._pool is not None:
            self._pool.shutdown()
        for shard in self._shards:
            shard.close()

    def status(self) -> GalleryStatus:
        """See `GallerySearch.status`."""
        found = _ask_all(self._pool, [shard.status for shard in self._shards])
        return GalleryStatus(
            position=min(one.position for one in found),
            people=sum(one.people for one in found),
            references=sum(one.references for one in found),
            filter_bytes=sum(one.filter_bytes for one in found),
            bytes=sum(one.bytes for one in found),
            shards=len(found),
        )

    def search(self, probe: Probe, terms: Terms = _DEFAULT) -> SearchResult:
        """See `GallerySearch.search`."""
        return self.search_many((probe,), terms)[0]

    def search_many(self, probes: tuple[Probe, ...], terms: Terms = _DEFAULT) -> tuple[SearchResult, ...]:
        """See `GallerySearch.search_many`."""
        with ExitStack() as begun:
            parts = [begun.enter_context(closing(shard.begin())) for shard in self._shards]
            _refuse_other_scale(parts, terms.calibration)
            return _Search(parts, self._pool, terms).results(probes)


@dataclass(frozen=True, slots=True)
class _Search:
    """One search, in parts that stay as they are meanwhile."""

    parts: Sequence[ShardSearch]
    pool: ThreadPoolExecutor | None
    terms: Terms

    def results(self, probes: Sequence[Probe]) -> tuple[SearchResult, ...]:
        counted = [self._counted(probe) for probe in probes]
        plans = [_plan(probe, counts, self.terms) for probe, counts in zip(probes, counted, strict=True)]
        filtered = [k for k, plan in enumerate(plans) if not plan.is_whole]
        found = self._shortlists([probes[k] for k in filtered], [plans[k] for k in filtered])
        lists = dict(zip(filtered, found, strict=True))
        return tuple(
            self._compared(probe, plans[k], lists.get(k), counted[k]) for k, probe in enumerate(probes)
        )

    def _counted(self, probe: Probe) -> list[Counted]:
        return _ask_all(self.pool, [partial(part.count, probe.positions) for part in self.parts])

    def _shortlists(self, probes: Sequence[Probe], plans: Sequence[Plan]) -> list[list[Shortlist]]:
        """For each probe the part of its list that each part of the gallery holds."""
        if not probes:
            return []
        counts = [plan.listed for plan in plans]
        by_part = _ask_all(self.pool, [partial(part.shortlist, probes, counts) for part in self.parts])
        return [_cut([lists[k] for lists in by_part], count) for k, count in enumerate(counts)]

    def _compared(
        self,
        probe: Probe,
        plan: Plan,
        lists: list[Shortlist] | None,
        counted: Sequence[Counted],
    ) -> SearchResult:
        terms = self.terms
        references = sum(one.references for one in counted)
        people = sum(one.people for one in counted) if terms.people is None else terms.people
        needed = _needed(probe, plan, people, terms)
        listed = sum(len(one) for one in lists) if lists is not None else 0
        refined = plan.refined if listed > plan.refined else 0
        asked = [
            partial(part.compare, probe, None if lists is None else lists[k], refined, needed.strength)
            for k, part in enumerate(self.parts)
        ]
        parts = _ask_all(self.pool, asked) if probe.templates else []
        kept = _kept(parts, refined)
        found = [one for part, places in zip(parts, kept, strict=True) for one in _of(part, places)]
        found.sort(key=lambda one: (-one.strength, one.person))
        position = min([one.position for one in counted] + [part.position for part in parts])
        if position < terms.at_least:
            raise _behind()
        return SearchResult(
            position=position,
            candidates=tuple(
                replace(one, expected_false_positives=_expected(one, needed, terms))
                for one in found[: terms.limit]
            ),
            people=people,
            people_comparable=sum(one.people_comparable for one in counted),
            examined=references if probe.templates else 0,
            compared=sum(
                int(part.references[places].sum()) for part, places in zip(parts, kept, strict=True)
            ),
            needed=needed,
        )


def _needed(probe: Probe, plan: Plan, people: int, terms: Terms) -> Needed:
    """What a candidate needs. Where the gallery is part of a larger one, all of that counts."""
    chances = terms.occasions
    if chances is None:
        chances = occasions(plan, people) if terms.people is None else float(people)
    return terms.calibration.needed(chances, terms.target_fpir, len(set(probe.fingers())))


def _expected(one: FoundPerson, needed: Needed, terms: Terms) -> float:
    return terms.calibration.expected(one.strength, needed.occasions, len(one.fingers))


def _ask_all(pool: ThreadPoolExecutor | None, asked: Sequence[Callable[[], Answer]]) -> list[Answer]:
    if pool is None:
        return [ask() for ask in asked]
    return list(pool.map(lambda ask: ask(), asked))


class LocalGallerySearch(ShardedGallerySearch):
    """A gallery in the memory of this process."""

    def __init__(self, references: References, *, threads: int | None = None) -> None:
        super().__init__((LocalShard(references, threads=threads or os.cpu_count() or 1),))


def _plan(probe: Probe, counted: Sequence[Counted], terms: Terms) -> Plan:
    references = sum(one.references for one in counted)
    people = sum(one.people for one in counted)
    if terms.is_whole or not people or not probe.templates:
        return Plan(is_whole=True)
    held = sum(one.fingers for one in counted)
    return plan_for(people=people, references=references, fingers=len(set(probe.fingers())), held=held)


def _cut(lists: Sequence[Shortlist], count: int) -> list[Shortlist]:
    """Each shard's part of the best `count` people of all."""
    people = np.concatenate([one.people for one in lists])
    totals = np.concatenate([one.totals for one in lists])
    shard = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    place = np.concatenate([np.arange(len(one)) for one in lists])
    best = foremost(people, totals, count)
    return [one.take(place[best[shard[best] == k]]) for k, one in enumerate(lists)]


def _kept(parts: Sequence[Compared], refined: int) -> list[Places]:
    """Which of each shard's people are among the best `refined` of all; 0 keeps everybody."""
    if not refined or len(parts) < 2:
        return [np.arange(len(part.values)) for part in parts]
    people = np.concatenate([part.people for part in parts])
    values = np.concatenate([part.values for part in parts])
    shard = np.repeat(np.arange(len(parts)), [len(part.values) for part in parts])
    place = np.concatenate([np.arange(len(part.values)) for part in parts])
    best = foremost(people, values, refined)
    return [place[best[shard[best] == k]] for k in range(len(parts))]


def _of(part: Compared, places: Places) -> list[FoundPerson]:
    if len(places) == len(part.people):
        return list(part.found)
    kept = {identifier_of(words) for words in part.people[places]}
    return [one for one in part.found if one.person in kept]


def _refuse_other_scale(parts: Sequence[ShardSearch], calibration: Calibration) -> None:
    """Raise VersionMismatch where what the calibration says of scores was not said of these."""
    cohorts = {part.cohort for part in parts}
    if cohorts != {calibration.cohort}:
        raise VersionMismatch(
            expected=f"a gallery under the cohort of its calibration, {calibration.cohort}",
            found=f"parts under {' and '.join(sorted(cohorts))}",
            hint="Make the gallery anew under that cohort, or search by the calibration of its own",
            where="gallery",
        )
    if calibration.comparator != STANDARD.comparator:
        raise VersionMismatch(
            expected=f"a calibration of the comparator {STANDARD.comparator}",
            found=f"one of {calibration.comparator}",
            hint="Measure again: musterpoint calibrate --measure",
            where="calibration",
        )


def _behind() -> GalleryBehind:
    return GalleryBehind(
        expected="a gallery that reflects the registry as it is",
        found="one that lags behind it",
        hint="Try again; if it stays so, the process that holds the gallery no longer follows the registry",
    )
