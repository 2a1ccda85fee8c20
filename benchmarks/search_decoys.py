"""Galleries of decoys for the benchmarks of the search, kept in the cache folder: a million takes minutes.

A gallery is made segment by segment, each from a seed of its own and written when it is whole, so an
interrupted run goes on where it was. What is kept does not depend on the comparator's version.
"""

from __future__ import annotations

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from benchmarks.chimeras import Chimeras, make_chimeras

from musterpoint.caches import cache_folder
from musterpoint.comparison import Bare, bare_minutiae, with_cohort_mean
from musterpoint.gallery import References
from musterpoint.gallery.kernels_geometry import INDEX_VERSION, SEGMENT_ROWS
from musterpoint.gallery.key_table import key_table
from musterpoint.gallery.segment import Columns, Filed, NewReference, Segment, Waiting
from musterpoint.synthetic import GENERATOR_VERSION, population
from musterpoint.templates import FingerPosition

POSITIONS: Final = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
_KEPT: Final = ("identifiers", "visits", "owners", "positions", "is_live", "sizes")


SYNTHETIC_SEED: Final = 90_000
SYNTHETIC_MEANS: Final = 512
"""Synthetic fingers whose cohort means are computed, 6 ms each; the others are given theirs in turn."""


class Makes(Protocol):
    """What decoys are made from."""

    @property
    def digest(self) -> str:
        """What they depend on, in short."""
        ...

    @property
    def finger(self) -> npt.NDArray[np.int64]:
        """int64 (n,), the finger of each print that a decoy can be made of."""
        ...

    @property
    def means(self) -> npt.NDArray[np.int64]:
        """int64 (n,), their cohort means, milli-nats."""
        ...

    def made(self, fingers: int, first: int, count: int) -> Chimeras:
        """So many decoys of a gallery of people with so many fingers, from one on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """The prints that chimeras are made of.

    packed  minutiae end to end, and where each print's begin
    finger  int64 (n,), the finger of each print
    means   int64 (n,), their cohort means, milli-nats
    """

    packed: tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]
    finger: npt.NDArray[np.int64]
    means: npt.NDArray[np.int64]

    @property
    def digest(self) -> str:
        """What the chimeras depend on, in short."""
        arrays = (*self.packed, self.finger, key_table().weights)
        hashed = hashlib.sha256(bytes([INDEX_VERSION]))
        for array in arrays:
            hashed.update(np.ascontiguousarray(array).tobytes())
        return hashed.hexdigest()[:12]

    def made(self, fingers: int, first: int, count: int) -> Chimeras:
        """See `Makes`; each segment from a seed of its own."""
        return make_chimeras(1000 * fingers + first // SEGMENT_ROWS, count, self.packed, self.finger)


class SyntheticSource:
    """Synthetic fingers of one population, as they are: nobody else's finger is in them."""

    finger = np.full(SYNTHETIC_MEANS, -1, np.int64)

    @property
    def digest(self) -> str:
        """What the fingers depend on, in short."""
        hashed = hashlib.sha256(bytes([INDEX_VERSION]) + key_table().weights.tobytes())
        hashed.update(f"{GENERATOR_VERSION} {SYNTHETIC_SEED}".encode())
        return f"synthetic-{hashed.hexdigest()[:12]}"

    @cached_property
    def means(self) -> npt.NDArray[np.int64]:
        """int64 (n,), cohort means of the first fingers, milli-nats."""
        made = (with_cohort_mean(one).cohort_mean for one in population(SYNTHETIC_SEED, SYNTHETIC_MEANS))
        return np.array([one.millinats for one in made if one])

    def made(self, fingers: int, first: int, count: int) -> Chimeras:
        """See `Makes`; the parents only say whose mean a decoy is given."""
        bare = [bare_minutiae(one) for one in population(SYNTHETIC_SEED, count, first=first)]
        parent = (first + np.arange(count)) % SYNTHETIC_MEANS
        return Chimeras(
            minutiae=np.concatenate(bare),
            offsets=np.cumsum([0, *(len(one) for one in bare)]),
            parents=np.stack([parent, parent], axis=1),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoys:
    """People who are decoys.

    parents  int64 (people, 2 * fingers), the fingers that each is made of
    """

    gallery: References
    parents: npt.NDArray[np.int64]


def kept_decoys(source: Makes, people: int, fingers: int) -> Decoys:
    """So many people of so many fingers, from the cache folder as far as they are there."""
    folder = cache_folder(f"benchmarks/search-{source.digest}")
    rows = people * fingers
    firsts = range(0, rows, SEGMENT_ROWS)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        made = list(pool.map(partial(_kept, folder, source, fingers, rows), firsts))
    parents = np.concatenate([parents for _, parents in made])
    numbers = np.stack([np.full(people, 1, np.uint64), np.arange(people, dtype=np.uint64)], axis=1)
    return Decoys(
        gallery=References.of([segment for segment, _ in made], numbers, 1),
        parents=source.finger[parents].reshape(people, -1),
    )


def gallery_of(chimeras: Chimeras, means: npt.NDArray[np.int64], fingers: int) -> References:
    """A gallery of these chimeras, so many fingers a person; a cohort mean is the mean of both parents'.

    means  int64 (n,), those of the prints that they were made of
    """
    count = len(chimeras) // fingers
    of_chimeras = means[chimeras.parents].mean(axis=1).astype(np.int16)
    people = np.stack([np.full(count, 1, np.uint64), np.arange(count, dtype=np.uint64)], axis=1)
    segments = []
    for first in range(0, len(chimeras), SEGMENT_ROWS):
        end = min(first + SEGMENT_ROWS, len(chimeras))
        segments.append(segment_of(chimeras, first, end, number=first, fingers=fingers))
        segments[-1].changed("means")[: end - first] = of_chimeras[first:end]
    return References.of(segments, people, 1)


def segment_of(chimeras: Chimeras, first: int, end: int, *, number: int, fingers: int) -> Segment:
    """A segment of some chimeras, without cohort means; the first of them is the gallery's `number`."""
    segment = Segment()
    segment.append(
        [
            NewReference(
                identifier=np.array((3, number + k), np.uint64),
                visit=np.array((1, (number + k) // fingers), np.uint64),
                owner=(number + k) // fingers,
                position=0 if fingers == 1 else POSITIONS[(number + k) % fingers],
                minutiae=chimeras.minutiae[chimeras.offsets[first + k] : chimeras.offsets[first + k + 1]],
                mean=0,
            )
            for k in range(end - first)
        ]
    )
    return segment


def _kept(
    folder: Path, source: Makes, fingers: int, rows: int, first: int
) -> tuple[Segment, npt.NDArray[np.int64]]:
    count = min(SEGMENT_ROWS, rows - first)
    path = folder / f"{fingers}-{first}-{count}.npz"
    if not path.exists():
        _write(path, _arrays(source, fingers, first, count))
        print(f"{first + count:,} of {rows:,} decoys", file=sys.stderr, flush=True)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    means = source.means[arrays["parents"]].mean(axis=1).astype(np.int16)
    bare = Bare(arrays["minutiae"], arrays["offsets"])
    columns = Columns(bare, **{name: arrays[name] for name in _KEPT}, means=means)
    filed = Filed(arrays["starts"], arrays["postings"], count)
    waiting = Waiting(np.empty(0, np.uint32), np.zeros(1, np.int64))
    return Segment.of(columns, filed, waiting), arrays["parents"]


def _arrays(source: Makes, fingers: int, first: int, count: int) -> dict[str, npt.NDArray[Any]]:
    """A segment of decoys, its keys filed, as arrays by name."""
    chimeras = source.made(fingers, first, count)
    segment = segment_of(chimeras, 0, count, number=first, fingers=fingers)
    segment.make_keys(key_table(), is_filing=True)
    columns = segment.columns()
    arrays = {name: getattr(columns, name) for name in _KEPT}
    arrays |= {"minutiae": columns.bare.minutiae, "offsets": columns.bare.offsets}
    arrays |= {"starts": segment.filed.starts, "postings": segment.filed.postings}
    return arrays | {"parents": chimeras.parents}


def _write(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    beside = path.with_suffix(".unfinished.npz")
    np.savez(beside, **arrays)  # type: ignore[arg-type]  # its own stub forgets arrays by name
    beside.rename(path)
