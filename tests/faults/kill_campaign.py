"""Kills a station that screens people, again and again, and looks at what it left behind.

Run as a program of its own, so that it forks without threads: FOLDER KILLS SEED. Prints what it
counted as JSON; a broken promise ends it with a traceback.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path

from tests.workflows.requests import screening

from musterpoint.extraction import Extractor
from musterpoint.interchange import iso19794_2
from musterpoint.registry import NotCapturedReason, Verdict
from musterpoint.storage import Database
from musterpoint.synthetic import Finger
from musterpoint.workflows.adjudication import settle
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station

PEOPLE = 12
IMPRESSIONS = 3
LONGEST_LIFE_S = 0.12


def work(folder: Path, records: list[bytes], seed: int, acknowledge: int) -> None:
    """Screen and adjudicate until killed; say what was answered, after it was answered."""
    chance = random.Random(seed)
    station = Station(database=Database.open(folder), extractor=Extractor())
    while True:
        if chance.random() < 0.1:
            outcome = screen(station, screening(reason=NotCapturedReason.REFUSED))
        else:
            outcome = screen(station, screening(chance.choice(records)))
        os.write(acknowledge, f"encounter {outcome.encounter}\n".encode())
        if outcome.case is not None:
            verdict = chance.choice([Verdict.DIFFERENT, Verdict.CANNOT_TELL])
            settle(station.database, station.clock, outcome.case, verdict, decided_by="campaign")
            os.write(acknowledge, f"case {outcome.case}\n".encode())


def kill_once(folder: Path, records: list[bytes], seed: int) -> list[str]:
    """Let a child work for a random time, kill it, and return what it had acknowledged."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        try:
            work(folder, records, seed, write_end)
        finally:
            os._exit(1)
    os.close(write_end)
    chance = random.Random(seed)
    # The first answer shows that the child is at work; from there on the moment is random.
    select.select([read_end], [], [], 30)
    select.select([], [], [], chance.uniform(0, LONGEST_LIFE_S))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child ended by itself"
    with os.fdopen(read_end) as pipe:
        return [line.strip() for line in pipe if line.endswith("\n")]


def check(folder: Path, acknowledged: list[str]) -> Counter[str]:
    """Everything acknowledged is there, and nothing is half there."""
    database = Database.open(folder, must_exist=True)
    with database.read() as snapshot:
        encounters = {str(one.encounter_id): one for one in snapshot.encounters()}
        lines = snapshot.journal()
        cases = snapshot.cases()
        subjects = snapshot.subjects()
        held = {name: len(snapshot.references(one.encounter_id)) for name, one in encounters.items()}
    database.close()

    assert [line.position for line in lines] == list(range(1, len(lines) + 1)), "journal with a gap"
    assert [case.number for case in cases] == list(range(1, len(cases) + 1)), "cases with a gap"
    recorded = [json.loads(line.body)["encounter"] for line in lines if line.kind == "encounter.recorded"]
    assert sorted(recorded) == sorted(encounters), "journal and encounters differ"
    for name, one in encounters.items():
        assert held[name] == (1 if one.answer is not None else 0), "an encounter with half its references"
    joined = [encounter for subject in subjects for encounter in subject.encounters]
    assert len(joined) == len(set(joined)), "an encounter of two subjects"
    assert all(subject.encounters for subject in subjects), "a subject without an encounter"
    opened = sum(line.kind == "case.opened" for line in lines)
    settled = sum(line.kind == "case.settled" for line in lines)
    assert opened == len(cases)
    assert settled == sum(case.verdict is not None for case in cases)
    for line in acknowledged:
        kind, name = line.split()
        if kind == "encounter":
            assert name in encounters, "an acknowledged encounter is lost"
        else:
            assert cases[int(name) - 1].verdict is not None, "an acknowledged decision is lost"
    with sqlite3.connect(folder / "registry.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
    return Counter(encounters=len(encounters), cases=len(cases), subjects=len(subjects))


def main() -> None:
    """Kill, look, and kill again."""
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    records = [
        iso19794_2.write([Finger(person).impression(number).template()])
        for person in range(PEOPLE)
        for number in range(1, IMPRESSIONS + 1)
    ]
    Database.open(folder).close()
    acknowledged: list[str] = []
    for number in range(kills):
        acknowledged += kill_once(folder, records, seed + number)
        if number % 10 == 9:
            check(folder, acknowledged)
    found = check(folder, acknowledged)
    sys.stdout.write(json.dumps({"kills": kills, "acknowledged": len(acknowledged), **found}))


if __name__ == "__main__":
    main()
