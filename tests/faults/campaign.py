"""Kills stations and makes their disks fail, and looks at what they left behind.

    ./run python -m tests.faults.campaign [--engine sqlite|postgresql] [--kills N] [--faults N] [--json FILE]

Stations screen people and judge pairs. They are killed at random moments, then at every step of a commit,
each by its name; then system calls of theirs (or of the PostgreSQL server's) fail with EIO and ENOSPC, and
files stop growing in the middle of a write. After each round `musterpoint check` is run, and every answer
that was given before is looked for. A broken promise ends it with a traceback.

A registry is left for a new one before it grows large, so that kills meet commits and not the loading of a
gallery; at the end all of them are looked at once more, those on a server after all of its crashes.

Forks, so it has to be a program of its own without threads.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

from tests.faults import injecting
from tests.faults.steps import die_at_step
from tests.postgresql import Server, server
from tests.workflows.requests import screening

from musterpoint.errors import MusterpointError
from musterpoint.identifiers import EncounterId, RequestId, new_uuid
from musterpoint.interchange import iso19794_2
from musterpoint.registry import NotCapturedReason, Verdict
from musterpoint.storage.dialects import SERVER_VARIABLE
from musterpoint.synthetic import Finger
from musterpoint.workflows.adjudication import give_opinion, next_task
from musterpoint.workflows.checking import check
from musterpoint.workflows.screening import ScreeningRequest, screen
from musterpoint.workflows.station import Station, open_station

PEOPLE = 12
IMPRESSIONS = 3
LONGEST_LIFE_S = 0.3
CHECKED_EVERY = 25
SERVER_FAILS_EVERY = 50
NEW_REGISTRY_EVERY = 100
CAME_THROUGH, TOLD, FAILED = 0, 3, 1
ADJUDICATORS = ("practice-adjudicator", "practice-adjudicator-2")


@dataclass(frozen=True)
class Amounts:
    """How much is done.

    every_step  each step of a commit is killed at for 1, every second for 2
    """

    kills: int
    faults: int
    every_step: int


@dataclass
class Campaign:
    """One registry, and what it has answered.

    records   what people hand in
    asked     requests in their order, by what they handed in: the number of a record, or -1 for a refusal
    answered  encounter by request
    counts    what was done to it and to those before it, by kind
    before    those that were left for it
    """

    folder: Path
    records: list[bytes]
    asked: dict[str, int] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)
    opinions: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    before: tuple[Campaign, ...] = ()

    def anew(self) -> Campaign:
        """Leave this registry, which holds what it should, for a new one."""
        self.look()
        before = (*self.before, self)
        folder = self.folder.with_name(f"registry-{len(before)}")
        new = Campaign(folder, self.records, counts=self.counts, before=before)
        warm(new)
        return new

    def request(self, request_id: str, number: int) -> ScreeningRequest:
        """The request of that name, the same each time."""
        name = RequestId(UUID(request_id))
        if number < 0:
            return screening(request_id=name, reason=NotCapturedReason.REFUSED)
        return screening(self.records[number], request_id=name)

    def work(self, seed: int, tell: Callable[[str], None]) -> None:
        """Ask and answer until something ends it; first whatever was asked and never answered."""
        chance = random.Random(seed)
        station = open_station(self.folder)
        for request_id, number in self.asked.items():
            if request_id not in self.answered:
                tell(f"answered {request_id} {screen(station, self.request(request_id, number)).encounter}")
        while True:
            number = -1 if chance.random() < 0.1 else chance.randrange(len(self.records) - IMPRESSIONS)
            request_id = str(new_uuid())
            tell(f"asked {request_id} {number}")
            tell(f"answered {request_id} {screen(station, self.request(request_id, number)).encounter}")
            if chance.random() < 0.3:
                judge(station, chance, tell)

    def hear(self, lines: Iterator[str]) -> None:
        """Take note of what a station said before it died."""
        for line in lines:
            kind, name, *rest = line.split()
            if kind == "asked":
                self.asked[name] = int(rest[0])
            elif kind == "answered":
                self.counts["answers"] += 1
                self.answered[name] = rest[0]
            else:
                self.opinions.add(name)

    def look(self) -> None:
        """Everything answered is there once, nothing is half there, and index and log agree with it."""
        station = open_station(self.folder, must_exist=True)
        try:
            report = check(station)
            assert report.is_sound, report.findings
            with station.database.read() as snapshot:
                there = [str(one.encounter_id) for one in snapshot.encounters()]
                lines = snapshot.journal()
                subjects = snapshot.subjects()
                held = {name: len(snapshot.references(EncounterId(UUID(name)))) for name in there}
                by_outcome = {str(e.encounter_id): e.answer is not None for e in snapshot.encounters()}
            assert set(self.answered.values()) <= set(there), "an answer is lost"
            assert len(set(self.answered.values())) == len(self.answered), "two requests share an encounter"
            pending = len(self.asked) - len(self.answered)
            assert len(self.answered) <= len(there) <= len(self.answered) + pending, (
                "a request was done twice"
            )
            assert all(held[name] == int(by_outcome[name]) for name in there), "half an encounter"
            assert [line.position for line in lines] == list(range(1, len(lines) + 1)), "a gap in the journal"
            given = [json.loads(line.body)["pair"] for line in lines if line.kind == "pair.opinion"]
            assert self.opinions <= set(given), "an opinion is lost"
            joined = [encounter for subject in subjects for encounter in subject.encounters]
            assert len(joined) == len(set(joined)), "an encounter of two subjects"
            self.repeat(station)
        finally:
            station.database.close()
        self.counts["checks"] += 1

    def repeat(self, station: Station) -> None:
        """A request that was answered is answered the same again, and not carried out."""
        if not self.answered:
            return
        request_id, encounter = next(reversed(self.answered.items()))
        again = screen(station, self.request(request_id, self.asked[request_id]))
        assert again.is_repeated, "a request was carried out again"
        assert again.encounter == encounter, "a request has two answers"


def judge(station: Station, chance: random.Random, tell: Callable[[str], None]) -> None:
    """An adjudicator says what they think of the next pair."""
    acting = station.acting_as(chance.choice(ADJUDICATORS))
    task = next_task(acting, chance=chance)
    if task is not None:
        give_opinion(acting, str(task.pair_id), chance.choice([Verdict.DIFFERENT, Verdict.CANNOT_TELL]))
        tell(f"opinion {task.pair_id}")


@contextmanager
def child(act: Callable[[Callable[[str], None]], None]) -> Iterator[tuple[int, int]]:
    """A forked station; gives its process and the end of the pipe from which it is heard."""
    read_end, write_end = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(read_end)
        status = FAILED
        try:
            act(partial(write_line, write_end))
            status = CAME_THROUGH
        except MusterpointError:
            # What the disk or the server refuses ends a station so; anything else is a fault of ours.
            status = TOLD
        except BaseException:  # noqa: BLE001  (the parent ends because of it)
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(status)
    os.close(write_end)
    yield process, read_end


def write_line(write_end: int, line: str) -> None:
    """Tell the parent something, whole or not at all."""
    os.write(write_end, f"{line}\n".encode())


def heard(read_end: int) -> Iterator[str]:
    """Whole lines that the station wrote."""
    with os.fdopen(read_end) as pipe:
        yield from (line.strip() for line in pipe if line.endswith("\n"))


def ended(process: int, campaign: Campaign) -> None:
    """Wait for a station: it was killed, or told of an error as it should."""
    _, status = os.waitpid(process, 0)
    if not os.WIFSIGNALED(status):
        assert os.waitstatus_to_exitcode(status) == TOLD, "a fault was not met with one of our errors"
        campaign.counts["stations that ended with one of our errors"] += 1


def kill_at_random(campaign: Campaign, seed: int) -> None:
    """Let a station work for a random time and kill it; every tenth is killed while it opens."""
    chance = random.Random(seed)
    with child(lambda tell: campaign.work(seed, tell)) as (process, read_end):
        if seed % 10:
            # The first line shows that it is at work; from there on the moment is random.
            select.select([read_end], [], [], 60)
        select.select([], [], [], chance.uniform(0, LONGEST_LIFE_S))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
    campaign.hear(heard(read_end))
    assert os.WIFSIGNALED(status), "the station ended by itself"
    campaign.counts["kills at random moments"] += 1


def crash_the_server(campaign: Campaign, seed: int, running: Server) -> None:
    """Let the server die at a random moment while a station works, and start it again."""
    chance = random.Random(seed)
    with child(lambda tell: campaign.work(seed, tell)) as (process, read_end):
        select.select([read_end], [], [], 60)
        select.select([], [], [], chance.uniform(0, LONGEST_LIFE_S))
        running.stop("immediate")
        ended(process, campaign)
    campaign.hear(heard(read_end))
    running.start()
    campaign.counts["crashes of the server"] += 1


def kill_at_each_step(
    campaign: Campaign, act: Callable[[Station, Steps], None], names: Counter[str], first: int, every: int
) -> None:
    """Kill a station before a step of what it does, before a later one, and so on until it comes through."""
    for step in range(first, 10_000, every):
        with child(partial(act_and_die, campaign, act, step)) as (process, read_end):
            _, status = os.waitpid(process, 0)
        lines = list(heard(read_end))
        names.update(line.split()[1] for line in lines if line.startswith("step"))
        campaign.hear(line for line in lines if not line.startswith("step"))
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == CAME_THROUGH, "the station failed by itself"
            return
        campaign.counts["kills at steps"] += 1
        if step % CHECKED_EVERY == 0:
            campaign.look()


@dataclass(frozen=True)
class Steps:
    """What a station that dies at a step needs: whom it tells, and where it dies."""

    campaign: Campaign
    step: int
    tell: Callable[[str], None]

    def screen(self, station: Station, number: int) -> None:
        """Screen a record, or somebody without fingers, and die."""
        request_id = str(new_uuid())
        self.tell(f"asked {request_id} {number}")
        with self.dying():
            outcome = screen(station, self.campaign.request(request_id, number))
        self.tell(f"answered {request_id} {outcome.encounter}")

    def judge(self, station: Station) -> None:
        """Judge a pair, and die."""
        with self.dying():
            judge(station, random.Random(self.step), self.tell)

    def dying(self) -> AbstractContextManager[None]:
        """Die at the step."""
        return die_at_step(self.step, lambda name: self.tell(f"step {name.replace(' ', '_')}"))


def act_and_die(
    campaign: Campaign, act: Callable[[Station, Steps], None], step: int, tell: Callable[[str], None]
) -> None:
    """Open a station that dies at a step of what it does."""
    act(open_station(campaign.folder), Steps(campaign, step, tell))


def fail_a_call(campaign: Campaign, seed: int, running: Server | None) -> None:
    """Let a system call of a station, or of the server that it uses, fail again and again."""
    chance = random.Random(seed)
    fault = injecting.FAULTS[seed % len(injecting.FAULTS)]
    with child(lambda tell: campaign.work(seed, tell)) as (process, read_end):
        select.select([read_end], [], [], 60)
        traced = injecting.backends(running.folder) if running else [process]
        with injecting.injected(traced, fault, when=chance.randint(1, 12)):
            select.select([], [], [], 0.6)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        ended(process, campaign)
    campaign.hear(heard(read_end))
    campaign.counts[f"{fault.name}"] += 1


def stop_growing(campaign: Campaign, seed: int, running: Server | None) -> None:
    """Files end in the middle of a write: a limit on their size, as a full disk with room for a part."""
    chance = random.Random(seed)
    with child(lambda tell: campaign.work(seed, tell)) as (process, read_end):
        select.select([read_end], [], [], 60)
        if running is None:
            largest = max(map(size_of, campaign.folder.glob("*.db*")))
            limited, limit = [process], largest + chance.randrange(1, 100_000)
        else:
            limited, limit = injecting.backends(running.folder)[1:], chance.randrange(8_000, 16_000_000)
        for one in limited:
            injecting.limit_files(one, limit, as_owner=running is not None)
        select.select([], [], [], 1.0)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        ended(process, campaign)
    campaign.hear(heard(read_end))
    campaign.counts["short writes"] += 1


def size_of(file: Path) -> int:
    """In bytes; 0 for one that a station has removed meanwhile."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def warm(campaign: Campaign) -> None:
    """Have the first answer here, so that stations that are forked do not each prepare the same."""
    station = open_station(campaign.folder)
    for number in (-1, 0):
        request_id = str(new_uuid())
        campaign.asked[request_id] = number
        campaign.answered[request_id] = screen(station, campaign.request(request_id, number)).encounter
    station.database.close()


def run(campaign: Campaign, amounts: Amounts, running: Server | None) -> dict[str, object]:
    """All of it; returns what was counted."""
    warm(campaign)
    # Else each station that is forked copies the memory that collecting garbage touches.
    gc.freeze()
    for seed in range(min(amounts.kills, 20)):
        kill_at_random(campaign, seed)
    names = kill_at_all_steps(campaign, amounts.every_step) if amounts.kills else Counter[str]()
    for seed in range(20, amounts.kills):
        kill_at_random(campaign, seed)
        if running is not None and seed % SERVER_FAILS_EVERY == SERVER_FAILS_EVERY - 1:
            crash_the_server(campaign, seed, running)
        campaign = looked_at(campaign, "kills", seed, amounts.kills)
    for seed in range(amounts.faults):
        for break_something in (fail_a_call, stop_growing):
            break_something(campaign, seed, running)
            if running is not None:
                running.recover()
        campaign = looked_at(campaign, "faults", seed, amounts.faults)
    for one in (*campaign.before, campaign):
        one.look()
    return {"counts": dict(campaign.counts), "steps": dict(names), "registries": 1 + len(campaign.before)}


def kill_at_all_steps(campaign: Campaign, every: int) -> Counter[str]:
    """Kill stations at the steps of each act; returns how often at which, by name."""
    names: Counter[str] = Counter()
    newcomer, known = len(campaign.records) - 1, 0
    acts: tuple[Callable[[Station, Steps], None], ...] = (
        lambda station, steps: steps.screen(station, newcomer),
        lambda station, steps: steps.screen(station, known),
        lambda station, steps: steps.screen(station, -1),
        lambda station, steps: steps.judge(station),
    )
    for number, act in enumerate(acts):
        kill_at_each_step(campaign, act, names, number % every + 1, every)
        campaign.look()
    say(f"killed at {campaign.counts['kills at steps']} steps with {len(names)} names")
    return names


def looked_at(campaign: Campaign, what: str, seed: int, count: int) -> Campaign:
    """Look at the registry now and then, and leave it for a new one more rarely."""
    if seed % CHECKED_EVERY != CHECKED_EVERY - 1:
        return campaign
    say(f"{seed + 1} of {count} {what}, {campaign.counts['answers']} answers")
    if seed % NEW_REGISTRY_EVERY == NEW_REGISTRY_EVERY - 1 and seed + 1 < count:
        return campaign.anew()
    campaign.look()
    return campaign


def say(text: str) -> None:
    """Progress, for whoever waits."""
    sys.stderr.write(f"campaign: {text}\n")
    sys.stderr.flush()


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--every-step", type=int, default=1, help="2 kills at every second step only")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    records = [
        iso19794_2.write([Finger(person).impression(number).template()])
        for person in range(PEOPLE)
        for number in range(1, IMPRESSIONS + 1)
    ]
    amounts = Amounts(arguments.kills, arguments.faults, arguments.every_step)
    room = Path(tempfile.mkdtemp(prefix="musterpoint-faults-"))
    os.environ["MUSTERPOINT_KEY_FILE"] = str(room / "key")
    os.environ["MUSTERPOINT_SEATS"] = str(room / "seats")
    try:
        engine = server(room / "server") if arguments.engine == "postgresql" else nullcontext(None)
        with engine as running:
            if running is not None:
                os.environ[SERVER_VARIABLE] = running.address
            counted = run(Campaign(room / "registry", records), amounts, running)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    text = json.dumps({"engine": arguments.engine, **counted}, indent=2, sort_keys=True)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
