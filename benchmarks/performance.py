"""Prints what the registry costs, beside what it should.

    python -m benchmarks.performance [--json FILE] [--only NAME]

What takes long to make (100,000 fingers, a log of 1,000,000 events) stays in the cache folder for the next
run; the first run takes about ten minutes more and 1.5 GB. Times are of the wall clock, and of the processor
where that tells more on a machine with other work. The machine's own rate of `fdatasync` is measured between
the appends, since it differs by a factor of ten with what else the disk does.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Final
from unittest.mock import patch

from benchmarks import registry, station_start, transparency
from benchmarks.shares import Shares
from tests import postgresql

from musterpoint.caches import cache_folder
from musterpoint.registry.agreements import PRACTICE_GALLERY
from musterpoint.storage import Database
from musterpoint.storage.dialects import SERVER_VARIABLE
from musterpoint.storage.migrating import REVISION
from musterpoint.transparency import verifier
from musterpoint.transparency.proofs import inclusion_proof
from musterpoint.workflows.searching import RegistryIndex
from musterpoint.workflows.station import open_station

FINGERS: Final = 100_000
ENTRIES: Final = 1_000_000
A_BLOCK: Final = 50
BLOCKS: Final = 20
WRITERS: Final = 16
APPENDS_EACH: Final = 60
LONGEST_S: Final = 300.0
STARTS: Final = 3
BLOCK_BYTES: Final = 8192
BLOCKS_OF_FILE: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table.

    reach, beyond  what it should come to, and what would be more than that
    measured       the same as it was seen
    values         numbers behind it, by name with unit
    load           processes that waited for the two cores while it was measured: a minute's average
    """

    name: str
    reach: str
    beyond: str
    measured: str
    values: Mapping[str, float] = field(default_factory=dict)
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 1))


def main() -> None:
    """Measure, and print a row for each figure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--only", choices=sorted(MEASURES), help="measure this alone")
    given = options.parse_args()
    logging.disable()
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}", flush=True)
    print("\n| figure | reach | beyond | measured | load |\n|---|---|---|---|---|", flush=True)
    made: list[Figure] = []
    for name, measure in MEASURES.items():
        if given.only not in {None, name}:
            continue
        for one in measure():
            made.append(one)
            print(f"| {one.name} | {one.reach} | {one.beyond} | {one.measured} | {one.load} |", flush=True)
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in made], indent=1) + "\n")


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Variables of the environment, as long as it lasts."""
    with patch.dict(os.environ, values):
        yield


@contextmanager
def keys_in(folder: Path) -> Iterator[None]:
    """The keys of a registry beside it, so that nothing of whoever measures is touched."""
    folder.mkdir(parents=True, exist_ok=True)
    with environment(
        MUSTERPOINT_KEY_FILE=str(folder / "registry.key"), MUSTERPOINT_SEATS=str(folder / "seats")
    ):
        yield


@contextmanager
def copied(name: str, make: Callable[[Path], None]) -> Iterator[Path]:
    """A copy of a folder that is made once; what is measured leaves no trace in it."""
    kept = cache_folder("benchmarks") / f"{name}-{REVISION}"
    if not (kept / "whole").exists():
        shutil.rmtree(kept, ignore_errors=True)
        with keys_in(kept):
            make(kept)
        (kept / "whole").touch()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / name
        shutil.copytree(kept, folder)
        with keys_in(folder):
            yield folder


def _fill(folder: Path) -> None:
    station = open_station(folder / "registry")
    registry.fill(station.database, FINGERS, PRACTICE_GALLERY, Random(1))
    station.database.close()


def record_step() -> Iterator[Figure]:
    """A screening's unit of work in a full registry: nobody arrived since the search, or one person did."""
    with copied(f"registry-{FINGERS}", _fill) as folder:
        station = open_station(folder / "registry")
        for arrived, words in (
            (False, "nobody arrived since the search"),
            (True, "one person arrived since"),
        ):
            wall, processor = registry.screening_times(station, arrived=arrived)
            yield Figure(
                name=f"record step of a screening of four fingers, {FINGERS:,} fingers, p50 / p99; {words}",
                reach="15 / 60 ms",
                beyond="6 / 25 ms",
                measured=f"{_quantiles(wall)} ms; processor {_quantiles(processor)} ms",
                values={
                    "p50_ms": _cut(wall, 50),
                    "p99_ms": _cut(wall, 99),
                    "cpu_p50_ms": _cut(processor, 50),
                },
            )
        station.database.close()


def _cut(times: Sequence[float], percent: int) -> float:
    return round(statistics.quantiles(times, n=100)[percent - 1], 3)


def _quantiles(times: Sequence[float]) -> str:
    return f"{_cut(times, 50):.1f} / {_cut(times, 99):.1f}"


def engines() -> Iterator[tuple[str, Path]]:
    """The name of each engine, and a folder on its disk; the environment names it until the next."""
    with tempfile.TemporaryDirectory() as temporary, keys_in(Path(temporary)):
        yield "SQLite", Path(temporary)
    if not postgresql.PROGRAMS:
        print("PostgreSQL is not installed.", file=sys.stderr)
        return
    with (
        tempfile.TemporaryDirectory() as temporary,
        keys_in(Path(temporary)),
        postgresql.server(Path(temporary) / "server") as server,
        environment(**{SERVER_VARIABLE: server.address}),
    ):
        yield "PostgreSQL", Path(temporary)


def sync_times(folder: Path, count: int) -> list[float]:
    """Milliseconds of writes of 8 kB in place, each lasting before the next, as `pg_test_fsync` does."""
    path, block = folder / "fsync", os.urandom(BLOCK_BYTES)
    if not path.exists():
        path.write_bytes(bytes(BLOCK_BYTES * BLOCKS_OF_FILE))
    file = os.open(path, os.O_WRONLY)
    os.fsync(file)

    def write() -> None:
        os.pwrite(file, block, Random().randrange(BLOCKS_OF_FILE) * BLOCK_BYTES)
        os.fdatasync(file)

    times = registry.times_ms(write, count)
    os.close(file)
    return times


def appends() -> Iterator[Figure]:
    """Lines of the journal in units of their own, and `fdatasync` between them."""
    for engine, folder in engines():
        with Database.open(folder / "journal") as database:
            append = partial(registry.append, database)
            registry.times_ms(append, A_BLOCK)
            alone, appended, busy_alone, busy = [], [], 0.0, 0.0
            for _ in range(BLOCKS):
                begun = time.process_time()
                alone += sync_times(folder, A_BLOCK)
                busy_alone += time.process_time() - begun
                begun = time.process_time()
                appended += registry.times_ms(append, A_BLOCK)
                busy += time.process_time() - begun
        yield _share_of_syncs(engine, alone, appended)
        yield _processor_time(engine, 1000 * busy / len(appended), 1000 * busy_alone / len(alone))
        yield _many_writers(engine, folder, 1000 / statistics.mean(alone))


def _share_of_syncs(engine: str, alone: Sequence[float], appended: Sequence[float]) -> Figure:
    share = statistics.mean(alone) / statistics.mean(appended)
    return Figure(
        name=f"journal appends, one writer, as share of the machine's fsync rate beside it, {engine}",
        reach="60 %",
        beyond="",
        measured=(
            f"{100 * share:.0f} % ({1000 / statistics.mean(appended):.0f} of "
            f"{1000 / statistics.mean(alone):.0f} a second; medians {statistics.median(appended):.2f} and "
            f"{statistics.median(alone):.2f} ms)"
        ),
        values={
            "share": round(share, 3),
            "append_ms": statistics.mean(appended),
            "fsync_ms": statistics.mean(alone),
        },
    )


def _processor_time(engine: str, busy: float, busy_alone: float) -> Figure:
    """What does not depend on the disk."""
    return Figure(
        name=f"processor time of one append, {engine}",
        reach="",
        beyond="",
        measured=f"{busy:.2f} ms of the writer; one sync alone takes {busy_alone:.2f} ms of it",
        values={"cpu_ms": round(busy, 3), "sync_cpu_ms": round(busy_alone, 3)},
    )


def _append_some(folder: Path, together: Barrier) -> None:
    with Database.open(folder) as database:
        together.wait()
        for _ in range(APPENDS_EACH):
            registry.append(database)
        together.wait()


def _many_writers(engine: str, folder: Path, rate_alone: float) -> Figure:
    """Processes that append to one registry; that each opens it is not counted."""
    context = multiprocessing.get_context("fork")
    together = context.Barrier(WRITERS + 1)
    writers = [
        context.Process(target=_append_some, args=(folder / "journal", together)) for _ in range(WRITERS)
    ]
    for one in writers:
        one.start()
    together.wait(LONGEST_S)
    begun = time.perf_counter()
    together.wait(LONGEST_S)
    rate = WRITERS * APPENDS_EACH / (time.perf_counter() - begun)
    for one in writers:
        one.join()
    return Figure(
        name=f"the same with {WRITERS} writers, {engine}",
        reach="",
        beyond="5 times the fsync rate",
        measured=f"{rate / rate_alone:.2f} times ({rate:.0f} a second; one is committed after the other)",
        values={"times": round(rate / rate_alone, 3), "appends_a_second": round(rate)},
    )


def log() -> Iterator[Figure]:
    """Proofs out of a large log, and what an observer waits for who verifies all of it."""
    folder = cache_folder("benchmarks") / f"log-{ENTRIES}"
    if not (folder / "checkpoint").exists():
        shutil.rmtree(folder, ignore_errors=True)
        transparency.write_export(folder, ENTRIES)
    tree = transparency.read_tree(folder, ENTRIES)
    chance = Random(1)
    times = registry.times_ms(lambda: inclusion_proof(tree, chance.randrange(ENTRIES), ENTRIES), 2000)
    yield Figure(
        name=f"inclusion proof out of {ENTRIES:,} leaves, tiles in memory, p50 / p99",
        reach="2 ms",
        beyond="0.2 ms",
        measured=f"{_cut(times, 50):.3f} / {_cut(times, 99):.3f} ms",
        values={"p50_ms": _cut(times, 50), "p99_ms": _cut(times, 99)},
    )
    proof = transparency.write_proof(tree, folder.parent / "benchmark.tlog-proof", chance)
    command = [sys.executable, verifier.__file__, str(folder)]
    for words, more, reach, beyond in (
        ("hashes, chains and a proof", [f"--proof={proof}"], "15 s", "5 s"),
        ("with every event signature", ["--signatures"], "75 s", "40 s"),
    ):
        wall, processor = transparency.verifier_seconds([*command, *more])
        yield Figure(
            name=f"stand-alone verification of {ENTRIES:,} leaves, {words}, two cores",
            reach=reach,
            beyond=beyond,
            measured=f"{wall:.1f} s (processors {processor:.1f} s)",
            values={"wall_s": wall, "cpu_s": processor},
        )


def _station(folder: Path) -> None:
    station_start.make(folder, FINGERS)


def start() -> Iterator[Figure]:
    """A fresh process, until it has answered its first search."""
    with copied(f"station-{FINGERS}", _station) as folder:
        command = [sys.executable, "-c", station_start.CHILD, str(folder / "registry"), str(folder / "probe")]
        times = []
        for _ in range(STARTS):
            begun = time.perf_counter()
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            times.append((time.perf_counter() - begun, told))
    wall, told = min(times)
    yield Figure(
        name=f"start of a station with {FINGERS:,} encrypted fingers until the first search is answered",
        reach="3 s",
        beyond="1 s",
        measured=f"{wall:.2f} s, best of {STARTS} ({told})",
        values={"wall_s": wall},
    )


def share() -> Iterator[Figure]:
    """What accountability takes of a screening from image to answer."""
    with copied(f"station-{FINGERS}", _station) as folder:
        station = open_station(folder / "registry")
        index = RegistryIndex(None)
        station = replace(station, indexes=registry.Always(index))
        seen = Shares().of_screenings(station, count=20)
        index.close()
        station.database.close()
    parts = ", ".join(f"{name} {ms:.1f}" for name, ms in seen.parts_ms.items())
    yield Figure(
        name=f"cost of encryption, journal and agreement checks: share of a screening, {FINGERS:,} fingers",
        reach="10 %",
        beyond="3 %",
        measured=f"{100 * seen.share:.1f} % of {seen.whole_ms:.0f} ms of processor time ({parts} ms); "
        f"{100 * seen.wall_share:.1f} % of {seen.whole_wall_ms:.0f} ms on the clock",
        values={"share": seen.share, "wall_share": seen.wall_share, "whole_ms": seen.whole_ms},
    )


MEASURES: Final[Mapping[str, Callable[[], Iterator[Figure]]]] = {
    "record": record_step,
    "appends": appends,
    "log": log,
    "start": start,
    "share": share,
}

if __name__ == "__main__":
    main()
