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
from numba import njit

from musterpoint.comparison import bare_minutiae, strength_needed, with_cohort_mean
from musterpoint.comparison.kernels_bits import count_ones
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
from musterpoint.gallery.rounds import ShardSearch, Shortlist, in_order
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
    rows: list[tuple[str, str, str]] = [scan_row()]
    rows += one_finger_rows(prints, chosen.size, chosen.every)
    if not chosen.one_finger:
        rows += two_finger_rows(prints, chosen.size, chosen.every)
    print("| figure | reach | here |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def one_finger_rows(prints: Prints, size: int, every: int) -> Iterator[tuple[str, str, str]]:
    """The rows of the table for people who give one finger."""
    made = kept_decoys(prints.source(), size, 1)
    gallery = made.gallery
    trials = [
        Trial(
            probe=(k,),
            mates=tuple((m,) for m in np.flatnonzero(prints.finger == prints.finger[k]).tolist() if m != k),
        )
        for k in range(0, len(prints.templates), every)
    ]
    plan = plan_for(people=size, references=size, fingers=1)
    yield from hit_rows(prints, made, trials, plan)
    filter_bytes, rest = gallery.bytes_held
    yield (
        "memory a finger: filter / all else",
        "<= 3.5 kB",
        f"{filter_bytes / size:.0f} / {rest / size:.0f} B",
    )
    yield from loading_rows(gallery, prints, size)


def two_finger_rows(prints: Prints, people: int, every: int) -> Iterator[tuple[str, str, str]]:
    """The rows for people who give two: two fingers of one set, the same impression of both."""
    made = kept_decoys(prints.source(), people, 2)
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
    plan = plan_for(people=people, references=2 * people, fingers=2)
    yield from hit_rows(prints, made, trials, plan)


def decoys(chimeras: Chimeras, prints: Prints, fingers: int) -> References:
    """A gallery of these chimeras, so many fingers a person."""
    return gallery_of(chimeras, prints.means(), fingers)


def hit_rows(
    prints: Prints, made: Decoys, trials: Sequence[Trial], plan: Plan
) -> Iterator[tuple[str, str, str]]:
    """How often mates are listed, compared, and first; and how long a search takes."""
    fingers = len(trials[0].probe)
    gallery, people = made.gallery, len(made.parents)
    shard = LocalShard(gallery, threads=1)
    outcomes = [
        one for trial in trials for one in outcomes_of(trial, prints, shard.begin(), made.parents, plan)
    ]
    ranks = np.array([one.rank for one in outcomes])
    title = f"{fingers} finger(s), {people:,} people, {len(outcomes)} searches"
    rates = ", ".join(f"<= {r}: {100 * np.mean(ranks < r):.2f}" for r in LISTED_RANKS if r <= plan.listed)
    yield f"{title}: rank in the filter, %", "", rates
    yield (
        f"{title}: in the list of {plan.listed} / compared in full ({plan.refined})",
        "loss <= 0.5 %",
        f"{share(one.is_listed for one in outcomes)} / {share(one.is_compared for one in outcomes)}",
    )
    asked = ">= 98.5 %" if fingers == 1 else ">= 99.8 %"
    yield f"{title}: first after comparison", asked, share(one.is_first for one in outcomes)
    candidates = [one.decoys for one in outcomes[:: len(trials[0].mates)]]
    yield (
        f"{title}: above the threshold of FPIR 1 %: mates / searches with a decoy",
        "",
        f"{share(one.is_candidate for one in outcomes)} / "
        f"{sum(n > 0 for n in candidates)} of {len(candidates)}",
    )
    probes = [probe_of(prints, trial.probe) for trial in trials[:: max(1, len(trials) // TIMED_PROBES)]]
    search = LocalGallerySearch(gallery, threads=1)
    whole = best_ms(lambda probe: search.search(probe), probes)
    listing = best_ms(lambda probe: shard.begin().shortlist([probe], [plan.listed]), probes)
    bound = {1: {100_000: "<= 250 ms", 1_000_000: "<= 1200 ms"}, 2: {100_000: "<= 60 ms"}}
    yield f"{title}: filter, one core", "<= 25 ms a million", f"{listing:.1f} ms"
    yield f"{title}: whole search, one core", bound[fingers].get(people, ""), f"{whole:.0f} ms"


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
    listed = every.take(np.flatnonzero(~own[every.numbers])[: plan.listed])
    compared = search.compare(probe, listed, plan.refined, 0)
    best = max((one.strength for one in compared.found), default=0)
    best_score = max((sum(f.score for f in one.fingers) for one in compared.found), default=-(10**9))
    needed = strength_needed(len(parents), 0.01)
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
    return 0 in in_order(people, np.concatenate((one.totals, others.totals)), count)


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


def loading_rows(gallery: References, prints: Prints, size: int) -> Iterator[tuple[str, str, str]]:
    """Save under AES-GCM, load, and search once."""
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
        asked = {100_000: "<= 3 s", 1_000_000: "<= 10 s"}.get(size, "")
        name = f"load {size:,} fingers, encrypted, and search once: wall / CPU"
        yield name, asked, f"{min(wall):.1f} / {min(cpu):.1f} s"


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


def share(flags: Iterator[bool]) -> str:
    """Per cent of true ones."""
    return f"{100 * np.mean([*flags]):.2f} %"


@njit("void(uint64[:, ::1], uint64[::1], int64[::1])")
def scan(signatures, probe, shared):  # type: ignore[no-untyped-def]  # compiled
    """Bits that signatures of 2 kB share with a probe's."""
    for row in range(len(signatures)):
        total = np.uint64(0)
        for word in range(len(probe)):
            total += count_ones(signatures[row, word] & probe[word])  # type: ignore[call-arg]  # compiled
        shared[row] = np.int64(total)


def scan_row() -> tuple[str, str, str]:
    """How quickly signatures of 2 kB could be compared exhaustively; the gallery does not use them."""
    rng = np.random.default_rng(1)
    signatures = rng.integers(0, 2**63, (200_000, 256)).astype(np.uint64)
    shared, times = np.empty(len(signatures), np.int64), []
    for _ in range(3):
        begun = time.process_time()
        scan(signatures, signatures[0], shared)
        times.append(time.process_time() - begun)
    return "scan of signatures, 2 kB a finger", ">= 15 M/s", f"{len(signatures) / min(times) / 1e6:.1f} M/s"


if __name__ == "__main__":
    main()
