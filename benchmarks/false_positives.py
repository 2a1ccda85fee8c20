"""How often a search of somebody who is not there finds somebody: FPIR by threshold, gallery and fingers.

    python -m benchmarks.false_positives SET_FOLDER... --templates kept.npz --results FOLDER \\
        [--people 10000] [--fingers 1] [--probes chimeras|synthetic] [--searches 10000]
    python -m benchmarks.false_positives --results FOLDER

Probes are chimeras of the development sets, or synthetic fingers; the gallery holds other chimeras, and those
that share a finger with a probe are left out of its search. So no search has a mate. What each search finds
is kept in FOLDER, a thousand searches a file, and a run that was interrupted goes on where it was. The second
form prints the table of everything that FOLDER holds.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from benchmarks.chimeras import Chimeras, make_chimeras
from benchmarks.comparison_templates import read_sets
from benchmarks.search import Prints, decoys
from benchmarks.search_decoys import POSITIONS

from musterpoint.comparison import COMPARATOR_VERSION, with_cohort_mean
from musterpoint.gallery import Probe, References
from musterpoint.gallery.local_shard import LocalShard
from musterpoint.gallery.plan import Plan, plan_for
from musterpoint.registry.binomial import clopper_pearson
from musterpoint.registry.thresholds import threshold
from musterpoint.synthetic import population
from musterpoint.templates import Minutiae, Template

GALLERY_SEED: Final = 101
PROBE_SEED: Final = 202
AT_ONCE: Final = 1000
KEPT_FROM: Final = 3000
"""Milli-nats: strengths below it are not kept."""

TARGETS: Final = (0.1, 0.03, 0.01, 0.003, 0.001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is measured, and where it is kept."""

    people: int
    fingers: int
    probes: str
    folder: Path

    def file(self, block: int) -> Path:
        """The file of a block of searches."""
        name = f"{self.probes}-{self.fingers}-{self.people}-{block:04d}.npz"
        return self.folder / name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What searches found.

    people    float64 (n,), people who were searched
    compared  int64 (n,), people compared in full
    search    int64 (m,), the search of each person found
    strength  int32 (m,), milli-nats
    """

    people: npt.NDArray[np.float64]
    compared: npt.NDArray[np.int64]
    search: npt.NDArray[np.int64]
    strength: npt.NDArray[np.int32]

    def strongest(self) -> npt.NDArray[np.int32]:
        """int32 (n,), the strength of the strongest of each search."""
        found = np.zeros(len(self.people), np.int32)
        np.maximum.at(found, self.search, self.strength)
        return found


def main() -> None:
    """Measure, or tell what was measured."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folders", type=Path, nargs="*")
    options.add_argument("--templates", type=Path, help="file that keeps the templates")
    options.add_argument("--results", type=Path, required=True, help="folder that keeps what was found")
    options.add_argument("--people", type=int, default=10_000)
    options.add_argument("--fingers", type=int, choices=(1, 2), default=1)
    options.add_argument("--probes", choices=("chimeras", "synthetic"), default="chimeras")
    options.add_argument("--searches", type=int, default=10_000)
    options.add_argument("--comparator", default=COMPARATOR_VERSION, help="whose results are printed")
    chosen = options.parse_args()
    chosen.results.mkdir(parents=True, exist_ok=True)
    if chosen.folders:
        trial = Trial(
            people=chosen.people, fingers=chosen.fingers, probes=chosen.probes, folder=chosen.results
        )
        measure(trial, Prints.of(read_sets(chosen.folders, chosen.templates)), chosen.searches)
    tell(chosen.results, chosen.comparator)


def measure(trial: Trial, prints: Prints, searches: int) -> None:
    """Search, a block at a time, what was not searched before."""
    blocks = [block for block in range(-(-searches // AT_ONCE)) if not trial.file(block).exists()]
    if not blocks:
        return
    # One in twelve decoys of one finger shares a finger with a probe; so many more make up for them.
    share = (1 - 2 / len(np.unique(prints.finger))) ** (2 * trial.fingers)
    size = trial.fingers * round(trial.people / (share if trial.probes == "chimeras" else 1))
    chimeras = make_chimeras(GALLERY_SEED, size, prints.packed(), prints.finger)
    gallery = decoys(chimeras, prints, trial.fingers)
    gallery.make_keys(is_filing=True)
    parents = prints.finger[chimeras.parents].reshape(len(gallery.people), -1)
    for block in blocks:
        begun = time.process_time()
        seen = search_block(trial, prints, gallery, parents, block)
        np.savez(
            trial.file(block),
            version=np.array(COMPARATOR_VERSION),
            people=seen.people,
            compared=seen.compared,
            search=seen.search,
            strength=seen.strength,
        )
        took = (time.process_time() - begun) / AT_ONCE
        print(f"{trial.file(block).name}: {1000 * took:.0f} ms of processor time a search", flush=True)


def search_block(
    trial: Trial, prints: Prints, gallery: References, parents: npt.NDArray[np.int64], block: int
) -> Seen:
    """A thousand searches."""
    shard = LocalShard(gallery, threads=1)
    plan = plan_for(people=trial.people, references=trial.people * trial.fingers, fingers=trial.fingers)
    people, compared, search, strength = [], [], [], []
    for k, (probe, fingers) in enumerate(probes_of(trial, prints, block)):
        is_own = np.asarray(np.isin(parents, fingers).any(axis=1), np.bool_)
        found = found_by(shard, probe, is_own, plan)
        people.append(float(np.count_nonzero(~is_own)))
        compared.append(found[0])
        search += [k] * len(found[1])
        strength += found[1]
    return Seen(
        people=np.array(people),
        compared=np.array(compared, np.int64),
        search=np.array(search, np.int64),
        strength=np.array(strength, np.int32),
    )


def found_by(
    shard: LocalShard, probe: Probe, is_own: npt.NDArray[np.bool_], plan: Plan
) -> tuple[int, list[int]]:
    """People compared in full, and the strengths that are kept, leaving out the probe's own."""
    begun = shard.begin()
    listed = len(is_own) if plan.is_whole else plan.listed + int(np.count_nonzero(is_own))
    [every] = begun.shortlist([probe], [listed])
    others = every.take(np.flatnonzero(~is_own[every.numbers]))
    if not plan.is_whole:
        others = others.cut(plan.listed)
    compared = begun.compare(probe, others, 0 if plan.is_whole else plan.refined, KEPT_FROM)
    return len(compared.people), [one.strength for one in compared.found]


def probes_of(trial: Trial, prints: Prints, block: int) -> Iterator[tuple[Probe, npt.NDArray[np.int64]]]:
    """The probes of a block, and the fingers of the prints that each was made of."""
    count = AT_ONCE * trial.fingers
    if trial.probes == "synthetic":
        made = population(PROBE_SEED, count, first=block * count, grade="fair")
        parents = np.empty((count, 0), np.int64)
    else:
        chimeras = make_chimeras(PROBE_SEED + block, count, prints.packed(), prints.finger)
        made = templates_of(chimeras)
        parents = prints.finger[chimeras.parents]
    for k in range(AT_ONCE):
        some = [with_cohort_mean(one) for one in islice(made, trial.fingers)]
        if trial.fingers > 1:
            some = [replace(one, position=p) for one, p in zip(some, POSITIONS, strict=True)]
        first = k * trial.fingers
        yield Probe(templates=tuple(some)), parents[first : first + trial.fingers].ravel()


def templates_of(chimeras: Chimeras) -> Iterator[Template]:
    """Chimeras as templates."""
    for begin, end in zip(chimeras.offsets[:-1], chimeras.offsets[1:], strict=True):
        rows = chimeras.minutiae[begin:end].astype(np.int64)
        direction = (-(rows[:, 2] & 255) & 255) * 256
        minutiae = Minutiae(
            x=rows[:, 0].astype(np.int16),
            y=rows[:, 1].astype(np.int16),
            direction=direction.astype(np.uint16),
            kind=np.zeros(len(rows), np.uint8),
            quality=(rows[:, 2] >> 8).astype(np.uint8),
        )
        yield Template(minutiae=minutiae, width_px=1024, height_px=1024)


def read(folder: Path, comparator: str) -> dict[tuple[str, int, int], Seen]:
    """Everything that was kept of a version of the comparator, by probes, fingers and people."""
    blocks: dict[tuple[str, int, int], list[Seen]] = {}
    for path in sorted(folder.glob("*-*-*-*.npz")):
        probes, fingers, people, _ = path.stem.split("-")
        with np.load(path) as kept:
            if str(kept["version"]) != comparator:
                continue
            names = ("people", "compared", "search", "strength")
            seen = Seen(**{name: kept[name] for name in names})
        blocks.setdefault((probes, int(fingers), int(people)), []).append(seen)
    return {key: joined(some) for key, some in blocks.items()}


def joined(some: list[Seen]) -> Seen:
    """Blocks as one."""
    firsts = np.cumsum([0, *(len(one.people) for one in some)])
    return Seen(
        people=np.concatenate([one.people for one in some]),
        compared=np.concatenate([one.compared for one in some]),
        search=np.concatenate([one.search + first for one, first in zip(some, firsts, strict=False)]),
        strength=np.concatenate([one.strength for one in some]),
    )


def tell(folder: Path, comparator: str) -> None:
    """The tables of everything that was kept."""
    kept = sorted(read(folder, comparator).items())
    tell_occasions(kept)
    print(f"\n{'probes':<11}{'fingers':>7}{'people':>9}{'target':>8}{'needed':>8}{'false':>7}", end="")
    print(f"{'of':>8}{'FPIR':>9}{'95 %':>18}{'N x FMR needs':>15}")
    for (probes, fingers, _), seen in kept:
        for target in TARGETS:
            asked = threshold(round(float(seen.people.mean())), target, 0.0, fingers=fingers)
            false = int(np.count_nonzero(seen.strongest() >= asked.strength_millinats))
            count = len(seen.people)
            sure = clopper_pearson(false, count)
            print(f"{probes:<11}{fingers:>7}{asked.people:>9,}{target:>8.1%}", end="")
            print(f"{asked.strength_millinats:>8,}{false:>7}{count:>8,}{false / count:>9.2%}", end="")
            print(f"{sure.low:>9.2%} -{sure.high:>7.2%}{asked.bound_millinats:>15,}")


def tell_occasions(kept: Sequence[tuple[tuple[str, int, int], Seen]]) -> None:
    """How many people met at random each search was worth, by strength."""
    for (probes, fingers, _), seen in kept:
        count, top = len(seen.people), seen.strongest()
        people = float(seen.people.mean())
        print(f"\n{probes}, {fingers} finger(s), {people:,.0f} people, {count:,} searches, ", end="")
        print(f"{seen.compared.mean():,.0f} people compared in full")
        print(f"{'strength':>9}{'FPIR':>10}{'occasions':>11}{'of compared':>13}{'of people':>11}")
        for strength in range(5000, 20_001, 1000):
            false = int(np.count_nonzero(top >= strength))
            if not false:
                break
            rate = false / count
            occasions = -math.log1p(-min(rate, 1 - 1e-12)) * math.exp(strength / 1000)
            print(f"{strength:>9}{rate:>10.2%}{occasions:>11,.0f}", end="")
            print(f"{occasions / seen.compared.mean():>13.2f}{occasions / people:>11.4f}")


if __name__ == "__main__":
    main()
