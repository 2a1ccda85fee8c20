"""Killed anywhere: what was acknowledged is there, and nothing is half done."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.storage.records import (
    Person,
    SteppingClock,
    ended_by,
    files_with,
    fixed_uuid,
    fork,
    open_case,
    record,
    tables_of,
)

from musterpoint.clock import Instant
from musterpoint.identifiers import EncounterId, RequestId, SubjectId
from musterpoint.registry import Answer, Verdict
from musterpoint.storage import Database, UnitOfWork, adjudication
from musterpoint.storage.dialects import SERVER_VARIABLE

follows_sqlite = pytest.mark.sqlite_only("follows calls of SQLite; tests.faults.campaign kills on a server")

KILLS = 120
STATEMENTS_MAX = 400
DIGEST_DIGITS = 64


def numbered(number: int, *, is_decided: bool = True) -> Person:
    """A person who is the same in every run."""
    return Person(
        encounter_id=EncounterId(fixed_uuid(10 * number)),
        subject_id=SubjectId(fixed_uuid(10 * number + 1)) if is_decided else None,
        request_id=RequestId(fixed_uuid(10 * number + 2)),
        mark=f"person-{number}-",
    )


SEEN, SEEN_TOO, WAITING, NEW = numbered(1), numbered(2), numbered(3, is_decided=False), numbered(4)


def screen(work: UnitOfWork) -> None:
    record(work, NEW)
    open_case(work, NEW, [SEEN, SEEN_TOO])


def settle(work: UnitOfWork) -> None:
    assert SEEN.subject_id
    adjudication.settle(work, work.case(1), Verdict.SAME, Instant(1), "officer 7")
    work.assign(WAITING.encounter_id, SEEN.subject_id)
    work.set_answer(WAITING.encounter_id, Answer.KNOWN)
    work.append_journal("case.settled", {"case": 1})


def erase(work: UnitOfWork) -> None:
    assert SEEN.subject_id
    work.erase_subject(SEEN.subject_id)
    work.append_journal("subject.erased", {"subject": str(SEEN.subject_id)})


def carry_out(folder: Path, change: Callable[[UnitOfWork], None]) -> None:
    with Database.open(folder, clock=SteppingClock()) as database, database.unit_of_work() as work:
        change(work)
        work.commit()


def die_at_statement(number: int) -> None:
    """Have this process killed when it begins its n-th SQL statement; in files SQLite's own are counted."""
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    if SERVER_VARIABLE in os.environ:
        for name in ("before_cursor_execute", "commit"):
            sa.event.listen(sa.Engine, name, count)
        return

    @sa.event.listens_for(sa.pool.Pool, "connect")
    def trace(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(count)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A registry with two people who were here before and one whose case is open."""
    folder = tmp_path / "base"
    with Database.open(folder, clock=SteppingClock()) as database, database.unit_of_work() as work:
        for person in (SEEN, SEEN_TOO, WAITING):
            record(work, person)
        open_case(work, WAITING, [SEEN, SEEN_TOO])
        work.commit()
    return folder


@follows_sqlite
@pytest.mark.parametrize("change", [screen, settle, erase])
def test_killed_at_any_statement_a_unit_is_whole_or_absent(
    base: Path, tmp_path: Path, change: Callable[[UnitOfWork], None]
) -> None:
    whole = shutil.copytree(base, tmp_path / "whole")
    carry_out(whole, change)
    states = {"absent": shape_of(base), "whole": shape_of(whole)}
    found = []
    for number in range(1, STATEMENTS_MAX):
        folder = shutil.copytree(base, tmp_path / str(number))

        def act(number: int = number, folder: Path = folder) -> None:
            die_at_statement(number)
            carry_out(folder, change)

        ending = ended_by(fork(act))
        # Opening finishes what an erasure left to do.
        Database.open(folder).close()
        state = shape_of(folder)
        found.append(next((name for name, expected in states.items() if state == expected), "half done"))
        if change is erase and found[-1] == "whole":
            assert files_with(folder, SEEN.mark) == []
        shutil.rmtree(folder)
        if ending == 0:
            break
        assert ending == -signal.SIGKILL

    assert ending == 0
    # Absent until the commit, whole from then on.
    assert found == sorted(found)
    assert set(found) == {"absent", "whole"}
    assert len(found) > 15


def shape_of(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows, with lengths for what salts and nonces make different in every run."""
    return {
        name: sorted((tuple(map(shape, row)) for row in rows), key=repr)
        for name, rows in tables_of(folder).items()
    }


def shape(value: object) -> object:
    is_random = isinstance(value, bytes) or (isinstance(value, str) and len(value) == DIGEST_DIGITS)
    return ("random", len(value)) if is_random and isinstance(value, bytes | str) else value


def test_killed_while_it_is_made_a_registry_is_whole_or_not_there(tmp_path: Path) -> None:
    endings: list[int] = []
    number = 1
    while not endings or endings[-1] != 0:
        folder = tmp_path / str(number)

        def act(number: int = number, folder: Path = folder) -> None:
            die_at_statement(number)
            Database.open(folder).close()

        endings.append(ended_by(fork(act)))
        carry_out(folder, lambda work: (record(work, NEW), None)[1])
        assert len(tables_of(folder)["encounter"]) == 1
        assert not list(folder.glob("registry.new-*"))
        number += 23 if SERVER_VARIABLE in os.environ else 7

    assert endings[:-1] == [-signal.SIGKILL] * (len(endings) - 1)
    assert len(endings) > 5


def write_until_killed(folder: Path, first: int, acknowledgements: int) -> None:
    """Units of work in a loop; the number of each is acknowledged after its commit."""
    with Database.open(folder, clock=SteppingClock()) as database:
        for number in range(first, first + 10_000):
            visitor = numbered(number)
            with database.unit_of_work() as work:
                earlier = work.encounters(limit=1)
                record(work, visitor)
                if earlier:
                    known = Person(encounter_id=earlier[0].encounter_id)
                    open_case(work, visitor, [known])
                work.commit()
            os.write(acknowledgements, f"{number}\n".encode())


@follows_sqlite
def test_after_many_kills_everything_acknowledged_is_there_and_nothing_is_half_done(folder: Path) -> None:
    rng = random.Random(11)
    acknowledged: set[int] = set()
    kills = 0
    while kills < KILLS:
        reading, writing = os.pipe()
        first = 1 + kills * 10_000

        def act(first: int = first, reading: int = reading, writing: int = writing) -> None:
            os.close(reading)
            write_until_killed(folder, first, writing)

        child = fork(act)
        os.close(writing)
        heard = wait_for(reading, rng.randrange(3))
        # Anywhere in the next unit, or in the opening where nothing was waited for.
        time.sleep(rng.random() * 0.015)
        os.kill(child, signal.SIGKILL)
        assert ended_by(child) == -signal.SIGKILL
        acknowledged |= {int(line) for line in (heard + read_all(reading)).split()}
        kills += 1

    assert len(acknowledged) > KILLS / 2
    check_whole(folder, acknowledged)


def wait_for(reading: int, lines: int) -> bytes:
    heard = b""
    while heard.count(b"\n") < lines:
        part = os.read(reading, 1)
        assert part, "the child ended by itself"
        heard += part
    return heard


def read_all(reading: int) -> bytes:
    with os.fdopen(reading, "rb") as rest:
        return rest.read()


def check_whole(folder: Path, acknowledged: set[int]) -> None:
    """Every acknowledged unit is there, no unit is half there, and nothing has a gap."""
    Database.open(folder).close()
    tables = tables_of(folder)
    with Database.open(folder) as database, database.read() as snapshot:
        lines = snapshot.journal()
        assert [line.position for line in lines] == list(range(1, len(lines) + 1))
        visits = [json.loads(line.body)["encounter"] for line in lines if line.kind == "encounter.visit"]
        opened = [json.loads(line.body)["encounter"] for line in lines if line.kind == "case"]
        encounters = snapshot.encounters()
        assert sorted(visits) == sorted(str(one.encounter_id) for one in encounters)
        assert sorted(opened) == sorted(str(case.encounter_id) for case in snapshot.cases())
        assert [case.number for case in snapshot.cases()] == list(range(1, len(visits)))
        assert {str(numbered(number).encounter_id) for number in acknowledged} <= set(visits)
        for encounter in encounters:
            person = numbered((encounter.encounter_id.int - fixed_uuid(0).int) // 10)
            assert encounter == person.encounter
            assert snapshot.references(encounter.encounter_id) == person.references
            assert snapshot.outcome_of(person.request_id, person.digest) == person.outcome_json
    # Nobody's rows but those of the visits.
    for table in ("encounter_detail", "subject", "request"):
        assert len(tables[table]) == len(visits)
    assert len(tables["reference_template"]) == len(tables["reference"]) == 2 * len(visits)
    assert len(tables["reference_image"]) == len(visits)


def test_a_killed_writer_does_not_keep_the_others_out(folder: Path) -> None:
    Database.open(folder).close()

    def die_with_the_lock() -> None:
        with Database.open(folder) as database, database.unit_of_work() as work:
            record(work, NEW)
            os.kill(os.getpid(), signal.SIGKILL)

    assert ended_by(fork(die_with_the_lock)) == -signal.SIGKILL

    carry_out(folder, lambda work: (record(work, NEW), None)[1])
    assert len(tables_of(folder)["encounter"]) == 1


def test_an_interrupted_unit_undoes_everything(database: Database, folder: Path) -> None:
    with contextlib.suppress(KeyboardInterrupt), database.unit_of_work() as work:
        record(work, NEW)
        raise KeyboardInterrupt

    assert tables_of(folder)["encounter"] == []
    carry_out(folder, lambda work: (record(work, NEW), None)[1])
