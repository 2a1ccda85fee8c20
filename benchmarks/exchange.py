"""Prints how quick erasing, exporting and taking in are: `python -m benchmarks.exchange [visits]`."""

from __future__ import annotations

import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.exchange.registries import Visitor
from tests.storage.records import record

from musterpoint.clock import Instant, SystemClock
from musterpoint.registry.retention import DAY_US, Kept
from musterpoint.storage import retention
from musterpoint.workflows.erasure import Erasable, erase
from musterpoint.workflows.exporting import export_all
from musterpoint.workflows.importing import import_all
from musterpoint.workflows.retention import run
from musterpoint.workflows.station import Station, open_station

VISITS = 2000
A_UNIT = 100
ERASED = 20

Result = TypeVar("Result")


def fill(station: Station, visits: int) -> list[Visitor]:
    """Visits of two fingers with templates and one image of 20 kB each."""
    chance = random.Random(1)
    people = [
        Visitor(seed=chance.getrandbits(32), occurred_at=SystemClock().now() - 2 * DAY_US, repetitions=90)
        for _ in range(visits)
    ]
    for begin in range(0, visits, A_UNIT):
        with station.database.unit_of_work() as work:
            for person in people[begin : begin + A_UNIT]:
                record(work, person)
            work.commit()
    return people


def timed(action: Callable[[], Result]) -> tuple[float, Result]:
    """Wall time in seconds, and what came of it."""
    began = time.perf_counter()
    result = action()
    return time.perf_counter() - began, result


def main(visits: int) -> None:
    """Fill a registry, give it away, take it in, and erase from it."""
    place = Path(tempfile.mkdtemp(prefix="exchange-"))
    try:
        source, target = open_station(place / "one"), open_station(place / "two")
        people = fill(source, visits)
        took, _ = timed(lambda: export_all(source, place / "all", purpose="figures"))
        size = sum(file.stat().st_size for file in (place / "all").rglob("*") if file.is_file())
        print(f"export {visits} visits, {size / 2**20:.0f} MiB: {took:.1f} s, {visits / took:.0f} a second")
        took, _ = timed(lambda: import_all(target, place / "all"))
        print(f"import {visits} visits: {took:.1f} s, {visits / took:.0f} a second")
        took, _ = timed(lambda: import_all(target, place / "all"))
        print(f"import again, nothing new: {took:.1f} s")
        times = [
            timed(lambda one=one: erase(source, _erasable(one)))[0]  # type: ignore[misc]  # bound at once
            for one in people[:ERASED]
        ]
        print(
            f"erase a person: median {1000 * statistics.median(times):.0f} ms, max {1000 * max(times):.0f} ms"
        )
        make_due(source, people[ERASED : 2 * ERASED])
        took, done = timed(lambda: run(source))
        print(f"retention run, {done.erased} due of {visits}: {took:.1f} s")
        took, _ = timed(lambda: run(source, is_dry=True))
        print(f"retention run, nothing due: {1000 * took:.0f} ms")
    finally:
        shutil.rmtree(place)


def _erasable(one: Visitor) -> Erasable:
    return Erasable(subject_id=one.subject_id, encounters=(one.encounter_id,))


def make_due(station: Station, people: list[Visitor]) -> None:
    """Have the dates of people have come."""
    with station.database.unit_of_work() as work:
        for one in people:
            retention.set_date(work, one.encounter_id, Kept.ENCOUNTER, Instant(work.now() - DAY_US))
        work.append_journal("retention.rules", {})
        work.commit()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else VISITS)
