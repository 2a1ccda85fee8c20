"""What the 1:N search reaches among hard decoys: hits, times, memory, loading.

    python -m benchmarks.search SET_FOLDER... --templates kept.npz
    python -m benchmarks.search SET_FOLDER... --templates kept.npz --size 1000000 --one-finger

Every print of the development sets searches its mates among chimeras (`chimeras`) that do not hold its own
finger. Times are CPU time of one thread, the best of three. Nothing of a data set is written but the file of
templates that is asked for, and a snapshot that is deleted.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from benchmarks.chimeras import Chimeras
from benchmarks.comparison_templates import PreparedSet, read_sets
from benchmarks.search_decoys import POSITIONS, Decoys, Source, gallery_of, kept_decoys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from musterpoint.comparison import bare_minutiae, with_cohort_mean
from musterpoint.gallery import (
    Entry,
    LocalGallerySearch,
    Probe,
    References,
    Sealing,
    SnapshotFolder,
)
from musterpoint.gallery.local_shard import LocalShard
from musterpoint.gallery.plan import Plan, plan_for
from musterpoint.gallery.rounds import ShardSearch, Shortlist, foremost
from musterpoint.registry.thresholds import threshold
from musterpoint.templates import Template

LISTED_RANKS: Final = (1, 10, 100, 300, 1000, 3000, 30_000)
TIMED_PROBES: Final = 16
MATE = 2 << 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prints:
    """All prints of the sets.

    finger  int64 (n,), told apart across sets
    set_of  int64 (n,)
    """

    templates: list[Template]
    finger: npt.NDArray[np.int64]
    impression: npt.NDArray[np.int64]
    set_of: npt.NDArray[np.int64]

    @classmethod
    def of(cls, sets: Sequence[PreparedSet]) -> Prints:
        """The prints of these sets, each with its cohort mean."""
        return cls(
            templates=[with_cohort_mean(one) for data_set in sets for one in data_set.templates],
            finger=np.concatenate([s.finger.astype(np.int64) + 1000 * k for k, s in enumerate(sets)]),
            impression=np.concatenate([s.impression.astype(np.int64) for s in sets]),
            set_of=np.concatenate([np.full(len(s.templates), k) for k, s in enumerate(sets)]),
        )

    def packed(self) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
        """Their minutiae end to end, and where each print's begin."""
        bare = [bare_minutiae(template) for template in self.templates]
        return np.concatenate(bare), np.cumsum([0, *(len(one) for one in bare)])

    def source(self) -> Source:
        """What decoys are made of."""
        return Source(packed=self.packed(), finger=self.finger, means=self.means())

    def means(self) -> npt.NDArray[np.int64]:
        """Their cohort means, milli-nats."""
        return np.array([one.cohort_mean.millinats for one in self.templates if one.cohort_mean])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """One search: prints of the probe, one a finger, and of its mate, whose fingers no decoy may hold."""

    probe: tuple[int, ...]
    mates: tuple[tuple[int, ...], ...]


def main() -> None:
    """Measure, and print a table beside the figures that were asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folders", type=Path, nargs="+")
    options.add_argument("--templates", type=Path, help="file that keeps the templates")
    options.add_argument("--size", type=int, default=100_000, help="people in the gallery")
    options.add_argument("--one-finger", action="store_true", help="leave out people of two fingers")
    options.add_argument("--every", type=int, default=1, help="search with every so many-th print only")
    chosen = options.parse_args()
    prints = Prints.of(read_sets(chosen.folders, chosen.templates))
    rows = [*one_finger_rows(prints, chosen.size, chosen.every)]
    if not chosen.one_finger:
        rows += two_finger_rows(prints, chosen.size, chosen.every)
    print("| figure | reach | here |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def one_finger_rows(prints: Prints, size: int, every: int) -> Iterator[tuple[str, str, str]]:
    """The rows of the table for people who give one finger."""
    made = kept_decoys(prints.source(), size, 1)
    yield from rows_of(one_finger_hits(prints, made, every))
    filter_bytes, rest = made.gallery.bytes_held
    held = f"{filter_bytes / size:.0f} / {rest / size:.0f} B"
    yield "memory a finger: filter / all else", "<= 3.5 kB", held
    wall, processor = loading_seconds(made.gallery, prints)
    asked = {100_000: "<= 3 s", 1_000_000: "<= 10 s"}.get(size, "")
    name = f"load {size:,} fingers, encrypted, and search once: wall / CPU"
    yield name, asked, f"{wall:.1f} / {processor:.1f} s"


def one_finger_hits(prints: Prints, made: Decoys, every: int) -> Hits:
    """Every so many-th print searches its mates among people of one finger."""
    size = len(made.parents)
    trials = [
        Trial(
            probe=(k,),
            mates=tuple((m,) for m in np.flatnonzero(prints.finger == prints.finger[k]).tolist() if m != k),
        )
        for k in range(0, len(prints.templates), every)
    ]
    return hits_of(prints, made, trials, plan_for(people=size, references=size, fingers=1))


def two_finger_rows(prints: Prints, people: int, every: int) -> Iterator[tuple[str, str, str]]:
    """The rows for people who give two."""
    yield from rows_of(two_finger_hits(prints, kept_decoys(prints.source(), people, 2), every))


def two_finger_hits(prints: Prints, made: Decoys, every: int) -> Hits:
    """The same with two fingers of one set, the same impression of both."""
    people = len(made.parents)
    trials = []
    for k in range(0, len(prints.templates), every):
        same_set = np.unique(prints.finger[prints.set_of == prints.set_of[k]])
        other = same_set[(np.searchsorted(same_set, prints.finger[k]) + 1) % len(same_set)]
        pairs = {
            int(prints.impression[m]): (int(m), int(n))
            for m in np.flatnonzero(prints.finger == prints.finger[k])
            for n in np.flatnonzero((prints.finger == other) & (prints.impression == prints.impression[m]))
        }
        own = pairs.pop(int(prints.impression[k]))
        trials.append(Trial(probe=own, mates=tuple(pairs.values())))
    return hits_of(prints, made, trials, plan_for(people=people, references=2 * people, fingers=2))


def decoys(chimeras: Chimeras, prints: Prints, fingers: int) -> References:
    """A gallery of these chimeras, so many fingers a person."""
    return gallery_of(chimeras, prints.means(), fingers)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hits:
    """What searches for mates among decoys found, and what one costs.

    rank_shares             share of mates with fewer decoys than so many before them in the filter
    listed, compared, first, candidates  shares of the searches
    with_decoy              searches with a decoy above the threshold of FPIR 1 %, of so many
    filter_ms, whole_ms     processor time of one search on one core
    """

    title: str
    plan: Plan
    rank_shares: dict[int, float]
    listed: float
    compared: float
    first: float
    candidates: float
    with_decoy: tuple[int, int]
    filter_ms: float
    whole_ms: float


def hits_of(prints: Prints, made: Decoys, trials: Sequence[Trial], plan: Plan) -> Hits:
    """Search with every trial, and take the time of some."""
    fingers = len(trials[0].probe)
    gallery, people = made.gallery, len(made.parents)
    shard = LocalShard(gallery, threads=1)
    outcomes = [
        one for trial in trials for one in outcomes_of(trial, prints, shard.begin(), made.parents, plan)
    ]
    ranks = np.array([one.rank for one in outcomes])
    let_through = [one.decoys for one in outcomes[:: len(trials[0].mates)]]
    probes = [probe_of(prints, trial.probe) for trial in trials[:: max(1, len(trials) // TIMED_PROBES)]]
    search = LocalGallerySearch(gallery, threads=1)
    return Hits(
        title=f"{fingers} finger(s), {people:,} people, {len(outcomes)} searches",
        plan=plan,
        rank_shares={r: float(np.mean(ranks < r)) for r in LISTED_RANKS if r <= plan.listed},
        listed=share(one.is_listed for one in outcomes),
        compared=share(one.is_compared for one in outcomes),
        first=share(one.is_first for one in outcomes),
        candidates=share(one.is_candidate for one in outcomes),
        with_decoy=(sum(n > 0 for n in let_through), len(let_through)),
        filter_ms=best_ms(lambda probe: shard.begin().shortlist([probe], [plan.listed]), probes),
        whole_ms=best_ms(lambda probe: search.search(probe), probes),
    )


def rows_of(hits: Hits) -> Iterator[tuple[str, str, str]]:
    """The rows of the table that say how often mates are found, and how long a search takes."""
    title, plan = hits.title, hits.plan
    rates = ", ".join(f"<= {rank}: {100 * rate:.2f}" for rank, rate in hits.rank_shares.items())
    yield f"{title}: rank in the filter, %", "", rates
    yield (
        f"{title}: in the list of {plan.listed} / compared in full ({plan.refined})",
        "loss <= 0.5 %",
        f"{100 * hits.listed:.2f} / {100 * hits.compared:.2f} %",
    )
    yield f"{title}: first after comparison", "", f"{100 * hits.first:.2f} %"
    yield (
        f"{title}: above the threshold of FPIR 1 %: mates / searches with a decoy",
        "",
        f"{100 * hits.candidates:.2f} % / {hits.with_decoy[0]} of {hits.with_decoy[1]}",
    )
    yield f"{title}: filter, one core", "<= 25 ms a million", f"{hits.filter_ms:.1f} ms"
    yield f"{title}: whole search, one core", "", f"{hits.whole_ms:.0f} ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a mate.

    rank    decoys that the filter puts before it
    decoys  of the list that a threshold for FPIR 1 % lets through
    """

    rank: int
    is_listed: bool
    is_compared: bool
    is_first: bool
    is_candidate: bool
    decoys: int


def outcomes_of(
    trial: Trial, prints: Prints, search: ShardSearch, parents: npt.NDArray[np.int64], plan: Plan
) -> Iterator[Outcome]:
    """Search one probe among decoys, and say of each mate what would have become of it there."""
    probe = probe_of(prints, trial.probe)
    own: npt.NDArray[np.bool_] = np.isin(parents, prints.finger[list(trial.probe)]).max(axis=1)
    [every] = search.shortlist([probe], [plan.listed + int(np.count_nonzero(own))])
    listed = every.take(np.flatnonzero(~own[every.numbers])).cut(plan.listed)
    compared = search.compare(probe, listed, plan.refined, 0)
    best = max((one.strength for one in compared.found), default=0)
    best_score = max((sum(f.score for f in one.fingers) for one in compared.found), default=-(10**9))
    needed = threshold(len(parents), 0.01, 0.0, fingers=len(trial.probe)).strength_millinats
    let_through = sum(one.strength >= needed for one in compared.found)
    for mate in trial.mates:
        alone = LocalShard(person_of(prints, mate), threads=1).begin()
        [own_list] = alone.shortlist([probe], [1])
        value = alone.compare(probe, own_list, 1, 0)
        strength = max((one.strength for one in value.found), default=-1)
        score = max((sum(f.score for f in one.fingers) for one in value.found), default=-(10**9))
        is_listed = precedes(own_list, listed, plan.listed)
        is_compared = is_listed and int(np.count_nonzero(compared.values > value.values[0])) < plan.refined
        yield Outcome(
            rank=int(np.count_nonzero(listed.totals > own_list.totals[0])),
            is_listed=is_listed,
            is_compared=is_compared,
            is_first=is_compared and (strength, score) > (best, best_score),
            is_candidate=is_compared and strength >= needed,
            decoys=let_through,
        )


def precedes(one: Shortlist, others: Shortlist, count: int) -> bool:
    """Whether the only one of a list is among the first so many with the others."""
    people = np.concatenate((one.people, others.people))
    return 0 in foremost(people, np.concatenate((one.totals, others.totals)), count)


def probe_of(prints: Prints, rows: Sequence[int]) -> Probe:
    """A probe of these prints; two fingers are labelled."""
    return Probe(templates=tuple(labelled(prints, rows)))


def labelled(prints: Prints, rows: Sequence[int]) -> list[Template]:
    """Templates of prints; those of two fingers with their positions."""
    if len(rows) == 1:
        return [prints.templates[rows[0]]]
    return [replace(prints.templates[row], position=p) for row, p in zip(rows, POSITIONS, strict=True)]


def person_of(prints: Prints, rows: Sequence[int]) -> References:
    """A gallery of one person."""
    made = References(is_part=True)
    person = UUID(int=MATE + rows[0])
    made.add(
        Entry(reference=UUID(int=MATE + 16 * rows[0] + k), visit=person, person=person, template=template)
        for k, template in enumerate(labelled(prints, rows))
    )
    return made


def loading_seconds(gallery: References, prints: Prints) -> tuple[float, float]:
    """Save under AES-GCM, load and search once: seconds of the clock and of the processor, the best of three.

    The files are in the page cache, since they were just written.
    """
    cipher = AESGCM(bytes(32))
    sealing = Sealing(
        seal=lambda name, plain: bytes(12) + cipher.encrypt(bytes(12), plain, name.encode()),
        open=lambda name, sealed: cipher.decrypt(sealed[:12], memoryview(sealed)[12:], name.encode()),
        destroy=lambda _: None,
    )
    with tempfile.TemporaryDirectory() as place:
        folder = SnapshotFolder(folder=Path(place), sealing=sealing, threads=os.cpu_count() or 1)
        folder.save(gallery, {})
        wall, cpu = [], []
        for _ in range(3):
            begun, begun_cpu = time.perf_counter(), time.process_time()
            loaded = folder.load(lambda *_: True)
            assert loaded is not None, "it was just saved"
            LocalGallerySearch(loaded).search(probe_of(prints, (0,)))
            wall.append(time.perf_counter() - begun)
            cpu.append(time.process_time() - begun_cpu)
            del loaded
    return min(wall), min(cpu)


def best_ms(call: Callable[[Probe], object], probes: Sequence[Probe]) -> float:
    """CPU milliseconds of a call on average over probes, the best of three for each."""
    total = 0.0
    for probe in probes:
        times = []
        for _ in range(3):
            begun = time.process_time()
            call(probe)
            times.append(time.process_time() - begun)
        total += min(times)
    return 1e3 * total / len(probes)


def share(flags: Iterator[bool]) -> float:
    """Share of true ones."""
    return float(np.mean([*flags]))


if __name__ == "__main__":
    main()
