"""How searching grows with the gallery: hits, times, memory and loading from 10,000 to 1,000,000 people.

    python -m benchmarks.scale SET_FOLDER... [--synthetic SET_FOLDER...] [--size N]... [--again] [--write]

Prints of the development sets, and of synthetic data sets where some are given, search their mates in two
kinds of gallery: of chimeras, which are as hard as other people's fingers, and of synthetic fingers. Each
gallery is measured once and its row kept in the cache folder, so that an interrupted run goes on; --again
measures anew. Without folders, --write draws what was measured: the pictures, and the section of
`docs/performance.md`. Times are processor time of one core, the best of three for each probe.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmarks import scale_page, search
from benchmarks.comparison_templates import read_sets
from benchmarks.scale_results import CHIMERAS, REAL, SYNTHETIC, Gallery, Results, Searches
from benchmarks.scale_scores import all_distributions
from benchmarks.search_decoys import Decoys, Makes, SyntheticSource, kept_decoys

from musterpoint.caches import cache_folder
from musterpoint.comparison import COMPARATOR_VERSION

SIZES: Final = (10_000, 31_623, 100_000, 316_228, 1_000_000)
"""Half a power of ten apart."""

SEARCHES_OF_LARGE: Final = ((500_000, 10), (200_000, 4), (0, 1))
"""Above so many people, every so many-th print searches: a search takes longer there."""

SYNTHETIC_FINGERS_FROM: Final = 1_000_000
"""Numbers of synthetic probes' fingers begin here, so that none is taken for a parent of a chimera."""


@dataclass(frozen=True)
class Sources:
    """The data sets, read when first needed."""

    folders: Sequence[Path]
    synthetic: Sequence[Path]

    @cached_property
    def real(self) -> search.Prints:
        """The prints of the development sets."""
        return _prints(self.folders)

    @cached_property
    def probes(self) -> dict[str, search.Prints]:
        """Whose mates are searched, by kind."""
        found = {REAL: self.real}
        if self.synthetic:
            made = _prints(self.synthetic)
            found[SYNTHETIC] = replace(made, finger=made.finger + SYNTHETIC_FINGERS_FROM)
        return found

    def decoys(self, kind: str, size: int) -> Decoys:
        """A gallery of that kind, from the cache folder as far as it is there."""
        source: Makes = self.real.source() if kind == CHIMERAS else SyntheticSource()
        return kept_decoys(source, size, 1)


def _prints(folders: Sequence[Path]) -> search.Prints:
    return search.Prints.of(read_sets(folders, cache_folder("benchmarks") / "templates.npz"))


def main() -> None:
    """Measure what was not measured yet, and say it; draw it where that is asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folders", type=Path, nargs="*", metavar="SET_FOLDER")
    options.add_argument("--synthetic", type=Path, nargs="+", default=[], metavar="SET_FOLDER")
    options.add_argument("--size", type=int, action="append", help="people; all sizes by default")
    options.add_argument("--decoys", choices=(CHIMERAS, SYNTHETIC), action="append", help="all by default")
    options.add_argument("--every", type=int, help="search with every so many-th print only")
    options.add_argument("--results", type=Path, help="file that keeps what was measured")
    options.add_argument("--again", action="store_true", help="measure what was measured before")
    options.add_argument("--scores", action="store_true", help="measure the scores of decoys, no gallery")
    options.add_argument("--write", action="store_true", help="draw, and write docs/performance.md")
    given = options.parse_args()
    results = Results.read(given.results or cache_folder("benchmarks") / "scale.json")
    if given.folders:
        measure(Sources(given.folders, given.synthetic), given, results)
    print(scale_page.table(results))
    if given.write:
        scale_page.write(results)


def measure(sources: Sources, given: argparse.Namespace, results: Results) -> None:
    """Measure galleries, and the scores of decoys; each is kept as soon as it is there."""
    sizes = [] if given.scores else sorted(given.size or SIZES)
    for size in sizes:
        for kind in given.decoys or (CHIMERAS, SYNTHETIC):
            if given.again or not results.has(kind, size, sources.probes):
                results.keep_gallery(gallery_of(sources, kind, size, given.every))
                print(scale_page.rows_of(results.galleries[-1]), flush=True)
    if given.scores or given.again or not results.scores:
        results.keep_scores(all_distributions(sources.probes, sources.decoys))


def gallery_of(sources: Sources, kind: str, size: int, every: int | None) -> Gallery:
    """One gallery: who is found in it, what it costs to search, to hold and to load."""
    begun = time.monotonic()
    made = sources.decoys(kind, size)
    step = every or next(step for people, step in SEARCHES_OF_LARGE if size > people)
    searches = tuple(searches_of(name, prints, made, step) for name, prints in sources.probes.items())
    filter_bytes, rest = made.gallery.bytes_held
    wall, processor = search.loading_seconds(made.gallery, sources.real)
    return Gallery(
        decoys=kind,
        size=size,
        searches=searches,
        filter_bytes=filter_bytes / size,
        other_bytes=rest / size,
        load_s=wall,
        load_processor_s=processor,
        machine_load=round(os.getloadavg()[0], 1),
        comparator=COMPARATOR_VERSION,
        measured=f"{datetime.now(UTC):%Y-%m-%d}",
        took_s=round(time.monotonic() - begun),
    )


def searches_of(name: str, prints: search.Prints, made: Decoys, every: int) -> Searches:
    """Prints of one kind search their mates, which are hidden among these decoys one after another."""
    hits = search.one_finger_hits(prints, made, every)
    searched = prints.finger[::every]
    return Searches(
        probes=name,
        searches=len(searched),
        mates=int((searched[:, None] == prints.finger[None, :]).sum()) - len(searched),
        listed=hits.listed,
        first_hundred=hits.rank_shares[100],
        first=hits.first,
        strong_enough=hits.candidates,
        with_decoy=hits.with_decoy[0],
        filter_ms=hits.filter_ms,
        whole_ms=hits.whole_ms,
    )


if __name__ == "__main__":
    main()
