"""Prints how quick a registry is: `python -m benchmarks.storage [references]`."""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.storage.records import Person, ended_by, fork, record, record_visit

from musterpoint.identifiers import EncounterId, ReferenceId, SubjectId, new_uuid
from musterpoint.registry import Reference
from musterpoint.storage import Database, UnitOfWork
from musterpoint.templates import FingerPosition

FINGERS = 4
TEMPLATE_BYTES = 500
IMAGE_BYTES = 20_000
WRITERS = 4
SECONDS = 4.0


def visit(work: UnitOfWork, rng: random.Random, image_bytes: int) -> SubjectId:
    """Somebody new with four fingers, as a screening records it."""
    subject_id = SubjectId(new_uuid())
    person = Person(encounter_id=EncounterId(new_uuid()), subject_id=subject_id, fingers=())
    work.add_gallery_if_missing(person.gallery)
    work.add_subject(subject_id)
    record_visit(work, person)
    for finger in range(FINGERS):
        reference = Reference(
            reference_id=ReferenceId(new_uuid()),
            encounter_id=person.encounter_id,
            position=FingerPosition(finger + 1),
            template=rng.randbytes(TEMPLATE_BYTES),
            quality=70,
            image=rng.randbytes(image_bytes) if image_bytes else None,
        )
        work.add_reference(reference)
    return subject_id


def took_ms(action: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time in milliseconds."""
    wall, processor = time.perf_counter(), time.process_time()
    action()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - processor)


def report(what: str, times: tuple[float, float], rows: int = 0) -> None:
    rate = f"   {rows / times[1] * 1000:,.0f} rows a second of processor time" if rows else ""
    print(f"{what:<46} {times[0]:8.1f} ms wall {times[1]:8.1f} ms processor{rate}")


def load(database: Database, *, since: int = 0) -> int:
    with database.read() as snapshot:
        return sum(1 for _ in snapshot.index_rows(since=since))


def ask(database: Database) -> tuple[int, int]:
    with database.read() as snapshot:
        return snapshot.people(), snapshot.position


def write_once(database: Database, rng: random.Random) -> SubjectId:
    with database.unit_of_work() as work:
        subject_id = visit(work, rng, IMAGE_BYTES)
        work.commit()
    return subject_id


def erase(database: Database, subject_id: SubjectId) -> None:
    with database.unit_of_work() as work:
        work.erase_subject(subject_id)
        work.append_journal("subject.erased", {"subject": str(subject_id)})
        work.commit()


def fill(folder: Path, references: int, rng: random.Random) -> None:
    with Database.open(folder) as database:
        for _ in range(max(1, references // FINGERS // 500)):
            with database.unit_of_work() as work:
                for _ in range(min(500, references // FINGERS)):
                    visit(work, rng, 0)
                work.commit()


def compete(folder: Path) -> list[tuple[int, float]]:
    """Units of work and the longest of them in milliseconds, for each of several writers at once."""
    reading, writing = os.pipe()

    def write_for_a_while() -> None:
        longest, units, end = 0.0, 0, time.monotonic() + SECONDS
        with Database.open(folder) as database:
            while time.monotonic() < end:
                begin = time.monotonic()
                with database.unit_of_work() as work:
                    record(work, Person(fingers=()))
                    work.commit()
                longest, units = max(longest, time.monotonic() - begin), units + 1
        os.write(writing, f"{units} {1000 * longest}\n".encode())

    children = [fork(write_for_a_while) for _ in range(WRITERS)]
    assert [ended_by(child) for child in children] == [0] * WRITERS
    os.close(writing)
    with os.fdopen(reading) as lines:
        return [(int(units), float(longest)) for units, longest in (line.split() for line in lines)]


def main(references: int) -> None:
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "registry"
        fill(folder, references, rng)
        report("open", took_ms(lambda: Database.open(folder).close()))
        with Database.open(folder) as database:
            ask(database)
            for _ in range(2):
                report(f"load {references} references", took_ms(lambda: load(database)), references)
            people, position = ask(database)
            report("load what is new (nothing)", took_ms(lambda: load(database, since=position)))
            report(f"count {people} people", took_ms(lambda: ask(database)))
            writes: list[SubjectId] = []
            visits = [took_ms(lambda: writes.append(write_once(database, rng))) for _ in range(50)]
            walls, processors = zip(*visits, strict=True)
            report(
                "record a visit of four fingers (median)", tuple(map(statistics.median, (walls, processors)))
            )
            report("erase a person", took_ms(lambda: erase(database, writes[0])))
        for units, longest in compete(folder):
            print(f"one of {WRITERS} writers: {units} units in {SECONDS} s, longest {longest:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
