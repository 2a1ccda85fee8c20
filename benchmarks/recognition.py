"""Prints what recognition is held to, beside what is measured here.

    python -m benchmarks.recognition DIR... [--only GROUP] [--beside DIR...] [--json FILE] [--write]

Each DIR holds a `dataset.json`. Templates, scores and decoys stay in the cache folder (a million decoys:
4 GB), so the first run takes long. Accuracy is measured with every set under weights that were trained on the
others and on those given --beside. Times are processor time of one core, the best of three; the load of the
machine stands beside them. --write puts the table into `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from statistics import mean
from typing import Final

from benchmarks import comparison, extraction, instruction_paths, search, signatures
from benchmarks.accuracy import STATED_RATE, stated_rates
from benchmarks.comparison_templates import PreparedSet, read_sets
from benchmarks.search_decoys import kept_decoys
from benchmarks.signatures import Signatures

from musterpoint.caches import cache_folder
from musterpoint.comparison import COMPARATOR_VERSION
from musterpoint.evaluation import DataSet, Protocol, Settings, Weights, evaluate_all

PAGE: Final = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- recognition: begin -->", "<!-- recognition: end -->"
HEAD: Final = "| figure | open engine | open matcher | reach | beyond | measured | load | |"
SIZE, LARGE = 100_000, 1_000_000
LARGE_EVERY: Final = 10
SCANNED_RANKS: Final = (1, 300, 6000)
TIMED_SIZE_PX: Final = (388, 374)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One figure of the table.

    engine, matcher  what the best complete open engine reaches, and the best open matcher on our minutiae
    reach, beyond    what it should come to, and what would be more; None where nothing was asked
    is_least         whether more is better
    """

    name: str
    unit: str
    reach: float | None = None
    beyond: float | None = None
    engine: str = ""
    matcher: str = ""
    is_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure as it was measured.

    load  processes that waited for the cores while it was measured: a minute's average
    """

    asked: Asked
    value: float
    note: str = ""
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 1))

    @property
    def verdict(self) -> str:
        """Whether it is what was asked for; what is shown decides, not what was rounded away."""
        if self.asked.reach is None or self.asked.beyond is None:
            return ""
        sign = -1 if self.asked.is_least else 1
        value = sign * float(shown(self.value))
        if value <= sign * self.asked.beyond:
            return "beyond"
        return "reached" if value <= sign * self.asked.reach else "**missed**"

    def __str__(self) -> str:
        asked, sign = self.asked, "≥" if self.asked.is_least else "≤"
        measured = f"{shown(self.value)} {asked.unit}{f' ({self.note})' if self.note else ''}"
        reach = "" if asked.reach is None else f"{sign} {asked.reach:g} {asked.unit}"
        beyond = "" if asked.beyond is None else f"{asked.beyond:g}"
        cells = [
            asked.name,
            asked.engine,
            asked.matcher,
            reach,
            beyond,
            measured,
            f"{self.load}",
            self.verdict,
        ]
        return f"| {' | '.join(cells)} |"


def shown(value: float) -> str:
    """A figure with as many digits as it deserves."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


@dataclass(frozen=True)
class Sources:
    """The data sets, read when first needed."""

    folders: Sequence[Path]
    beside: Sequence[Path]

    @cached_property
    def sets(self) -> list[PreparedSet]:
        """Their templates, ready for comparison."""
        return read_sets(self.folders, cache_folder("benchmarks") / "templates.npz")

    @cached_property
    def prints(self) -> search.Prints:
        """All prints, with their cohort means."""
        return search.Prints.of(self.sets)


def accuracy(sources: Sources) -> Iterator[Row]:
    """Every set under weights of the others."""
    settings = Settings(
        protocols=(Protocol.VERIFICATION,),
        weights=Weights.LEAVE_ONE_SET_OUT,
        beside=tuple(DataSet.read(folder) for folder in sources.beside),
        cache=cache_folder("benchmarks/recognition"),
    )
    [found] = evaluate_all([DataSet.read(folder) for folder in sources.folders], settings)
    for values, figure, asked in (
        (found.mean, "eer", Asked(name="mean EER, each set left out", unit="%", reach=0.19, beyond=0.08)),
        (found.mean, "fmr1000", Asked(name="mean FMR1000, likewise", unit="%", reach=0.45, beyond=0.2)),
        (
            found.pooled,
            "fmr1000",
            Asked(name="one threshold: FNMR at FMR 1e-3", unit="%", reach=0.3, beyond=0.15),
        ),
        (
            found.pooled,
            "fmr10000",
            Asked(name="one threshold: FNMR at FMR 1e-4", unit="%", reach=0.8, beyond=0.4),
        ),
    ):
        engine, matcher = PEERS[asked.name]
        known = Asked(**asdict(asked) | {"engine": engine, "matcher": matcher})
        yield Row(asked=known, value=100 * (values.values[figure] or 0.0))
    rates = stated_rates(found)
    average = mean(rates.values())
    each = ", ".join(f"{rate:.1e}" for rate in rates.values())
    asked = Asked(
        name=f"FMR at the score stated for {STATED_RATE:g}, mean of the sets",
        unit="times",
        reach=2,
        beyond=1.5,
    )
    off = max(average / STATED_RATE, STATED_RATE / average) if average else math.inf
    yield Row(asked=asked, value=off, note=f"mean {average:.1e}; {each}")
    asked = Asked(name="the same, the set with most false matches", unit="times", reach=5, beyond=3)
    yield Row(asked=asked, value=max(rates.values()) / STATED_RATE)


PEERS: Final = {
    "mean EER, each set left out": ("5.93 %", "0.48 %"),
    "mean FMR1000, likewise": ("13.4 %", "1.50 %"),
    "one threshold: FNMR at FMR 1e-3": ("13.1 %", "1.71 %"),
    "one threshold: FNMR at FMR 1e-4": ("15.7 %", "2.71 %"),
}
"""What the best open engine and the best open matcher came to in the same protocol, before this project."""


def comparing(sources: Sources) -> Iterator[Row]:
    """One comparison."""
    mated, nonmated = comparison.mean_times(sources.sets)
    yield Row(
        asked=Asked(
            name="one comparison, non-mated", unit="us", reach=60, beyond=20, engine="57", matcher="62"
        ),
        value=nonmated,
        note=stages(sources, is_mated=False),
    )
    yield Row(
        asked=Asked(
            name="one comparison, mated", unit="us", reach=80, beyond=30, engine="134", matcher="233"
        ),
        value=mated,
        note=stages(sources, is_mated=True),
    )


def stages(sources: Sources, *, is_mated: bool) -> str:
    """What each stage adds."""
    found = comparison.stage_times(sources.sets, is_mated=is_mated)
    return ", ".join(f"{name} {value:.1f}" for name, value in found.items())


def extracting(sources: Sources) -> Iterator[Row]:
    """One extraction of the first set whose images have the size that was asked about."""
    for folder in sources.folders:
        data_set = DataSet.read(folder)
        _, image = next(extraction.images_of(data_set))
        height, width = image.pixels.shape
        if (width, height) == TIMED_SIZE_PX:
            median, fastest, share = extraction.times_of(folder)
            yield Row(
                asked=Asked(
                    name="extraction, 388 x 374 px", unit="ms", reach=85, beyond=40, matcher="374 ms"
                ),
                value=median,
                note=f"fastest {fastest:.0f}; {share:.2f} of the published network's time beside it",
            )
            return


def scanning(sources: Sources) -> Iterator[Row]:
    """Signatures compared exhaustively."""
    prints = sources.prints
    large = kept_decoys(prints.source(), LARGE, 1)
    of_large = Signatures.of(large.gallery.view().segments)
    probes = prints.templates[:: len(prints.templates) // search.TIMED_PROBES]
    rate = signatures.rate(of_large, probes)
    del large, of_large
    made = kept_decoys(prints.source(), SIZE, 1)
    hits = signatures.hit_rates(prints.templates, prints.finger, made, SCANNED_RANKS)
    asked = Asked(
        name="filter, exhaustive, 2 kB a finger, from memory (not used)",
        unit="M/s",
        reach=15,
        beyond=30,
        is_least=True,
    )
    shares = ", ".join(f"{rank:,}: {100 * share:.1f} %" for rank, share in hits.items())
    yield Row(asked=asked, value=rate / 1e6, note=f"mates among the first of 100,000 decoys: {shares}")


def searching(sources: Sources) -> Iterator[Row]:
    """A hundred thousand people, of one finger and of two."""
    hits = search.one_finger_hits(sources.prints, kept_decoys(sources.prints.source(), SIZE, 1), 1)
    name = "one finger among 100,000 hard decoys: in the list and first"
    yield Row(
        asked=Asked(name=name, unit="%", reach=98.5, beyond=99.3, is_least=True),
        value=100 * hits.first,
        note=f"listed {100 * hits.listed:.2f} %, compared {100 * hits.compared:.2f} %",
    )
    asked = Asked(name="the same, whole search", unit="ms", reach=250, beyond=80)
    yield Row(asked=asked, value=hits.whole_ms, note=f"filter {hits.filter_ms:.1f} ms")
    hits = search.two_finger_hits(sources.prints, kept_decoys(sources.prints.source(), SIZE, 2), 1)
    asked = Asked(
        name="two fingers, 100,000 people: first", unit="%", reach=99.8, beyond=99.95, is_least=True
    )
    yield Row(asked=asked, value=100 * hits.first)
    asked = Asked(name="the same, whole search", unit="ms", reach=60, beyond=20)
    yield Row(asked=asked, value=hits.whole_ms, note=f"filter {hits.filter_ms:.1f} ms")


def million(sources: Sources) -> Iterator[Row]:
    """A million fingers."""
    made = kept_decoys(sources.prints.source(), LARGE, 1)
    hits = search.one_finger_hits(sources.prints, made, LARGE_EVERY)
    asked = Asked(name="filter, indexed, 1,000,000 fingers, one probe", unit="ms", reach=25, beyond=8)
    yield Row(asked=asked, value=hits.filter_ms)
    asked = Asked(name="one finger among 1,000,000: whole search", unit="ms", reach=1200, beyond=200)
    yield Row(
        asked=asked,
        value=hits.whole_ms,
        note=f"{hits.title}: listed {100 * hits.listed:.2f} %, first {100 * hits.first:.2f} %",
    )
    held, rest = made.gallery.bytes_held
    asked = Asked(name="memory a finger, filter, all arrays", unit="kB", reach=3.5, beyond=2.5)
    yield Row(asked=asked, value=held / LARGE / 1000, note=f"all else {rest / LARGE / 1000:.2f} kB")
    wall, processor = search.loading_seconds(made.gallery, sources.prints)
    asked = Asked(name="load 1,000,000 fingers, encrypted, and search once", unit="s", reach=10, beyond=3)
    yield Row(asked=asked, value=wall, note=f"processor {processor:.1f} s")


def paths(sources: Sources) -> Iterator[Row]:
    """What older processors take, and whether their scores are the same."""
    for path in instruction_paths.available():
        mated, nonmated, is_same = instruction_paths.measured(path, sources.folders)
        same = "the same scores" if is_same else "**other scores**"
        asked = Asked(name=f"one comparison, non-mated, {path}", unit="us")
        yield Row(asked=asked, value=nonmated, note=f"mated {mated:.0f}; {same}")


GROUPS: Final[dict[str, Callable[[Sources], Iterator[Row]]]] = {
    "accuracy": accuracy,
    "comparison": comparing,
    "paths": paths,
    "extraction": extracting,
    "scan": scanning,
    "search": searching,
    "million": million,
}


def main() -> None:
    """Measure, and print a row for each figure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    options.add_argument("--only", choices=sorted(GROUPS), action="append", help="measure this alone")
    options.add_argument("--beside", type=Path, nargs="+", default=[], metavar="DIR")
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    given = options.parse_args()
    sources = Sources(given.folders, given.beside)
    begun = time.monotonic()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    about = f"{datetime.now(UTC):%d %B %Y}, comparator {COMPARATOR_VERSION}, {machine}"
    print(f"{about}\n\n{HEAD}\n{'|---' * 8}|", flush=True)
    made: list[Row] = []
    for name, measure in GROUPS.items():
        if given.only and name not in given.only:
            continue
        for row in measure(sources):
            made.append(row)
            print(row, flush=True)
    took = f"{(time.monotonic() - begun) / 60:.0f} minutes"
    print(f"\n{took}")
    if given.json:
        found = [asdict(row) | {"verdict": row.verdict} for row in made]
        given.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if given.write:
        write(f"Measured {about}, in {took}.\n\n{HEAD}\n{'|---' * 8}|\n" + "\n".join(map(str, made)))


def write(block: str) -> None:
    """Put the table between its marks in `docs/performance.md`."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
