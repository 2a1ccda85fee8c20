"""People who come several times, and adjudicators who look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from tests.conftest import record
from tests.registries import copied
from tests.registries import prepared as prepared_place
from tests.workflows.requests import screening

from musterpoint.extraction import Extractor
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry import Case, Encounter, Verdict
from musterpoint.registry.adjudication import AdjudicationPolicy
from musterpoint.registry.seats import PRACTICE_PARTY, Role, Seat
from musterpoint.storage import adjudication
from musterpoint.storage.keyfiles import SigningKey
from musterpoint.workflows.adjudication import Task, give_opinion, next_task
from musterpoint.workflows.practice import grant
from musterpoint.workflows.screening import screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.station import Station, open_station

FIRST, SECOND, THIRD = "practice-adjudicator", "practice-adjudicator-2", "practice-arbiter"
ADJUDICATORS = (FIRST, SECOND, THIRD)
SUPERVISOR = "practice-supervisor"


class NoSeeds(Random):
    """Chance that never brings a known-answer pair, and always the oldest pair."""

    def random(self) -> float:
        return 1.0

    def choice(self, seq):  # type: ignore[no-untyped-def]  # as in random.Random
        return seq[0]


@dataclass
class Table:
    """A registry with people and adjudicators around it.

    seeds  who came, by the encounter's identifier
    """

    station: Station
    seeds: dict[str, int] = field(default_factory=dict)

    def visit(self, seed: int, number: int = 1) -> ScreeningOutcome:
        """Somebody comes to the gate."""
        outcome = screen(self.station, screening(record(seed, number=number)))
        self.seeds[outcome.encounter] = seed
        return outcome

    def next(self, seat: str) -> Task | None:
        """What a seat is shown."""
        return next_task(self.station.acting_as(seat), chance=NoSeeds())

    def say(self, seat: str, verdict: Verdict, reason: str = "") -> Task:
        """A seat judges the next pair."""
        task = self.next(seat)
        assert task is not None, f"{seat} has nothing to judge"
        give_opinion(self.station.acting_as(seat), str(task.pair_id), verdict, reason=reason)
        return task

    def agree(self, verdict: Verdict) -> None:
        """Two adjudicators say the same of the next pair."""
        self.say(FIRST, verdict)
        self.say(SECOND, verdict)

    def case(self, number: int) -> Case:
        with self.station.database.read() as snapshot:
            return snapshot.case(number)

    def encounter(self, outcome: ScreeningOutcome) -> Encounter:
        with self.station.database.read() as snapshot:
            return snapshot.encounter(EncounterId(UUID(outcome.encounter)))

    def subject(self, outcome: ScreeningOutcome) -> SubjectId | None:
        return self.encounter(outcome).subject_id

    def answer(self, outcome: ScreeningOutcome) -> str:
        answer = self.encounter(outcome).answer
        return answer.value if answer else ""

    def truth(self, task: Task) -> Verdict:
        """What an adjudicator who is never wrong says."""
        with self.station.database.read() as snapshot:
            pair = adjudication.pair(snapshot, task.pair_id)
        mated = self.seeds[str(pair.probe_id)] == self.seeds[str(pair.candidate_id)]
        return Verdict.SAME if mated else Verdict.DIFFERENT

    def judge_all(self) -> None:
        """Adjudicators who are never wrong judge whatever waits."""
        is_anything_new = True
        while is_anything_new:
            is_anything_new = False
            for seat in ADJUDICATORS:
                station = self.station.acting_as(seat)
                while (task := next_task(station, chance=NoSeeds())) is not None:
                    give_opinion(station, str(task.pair_id), self.truth(task))
                    is_anything_new = True

    def kinds(self) -> list[str]:
        with self.station.database.read() as snapshot:
            return [line.kind for line in snapshot.journal()]


@pytest.fixture
def fresh(table: Table) -> tuple[str, ...]:
    """Three adjudicators who have judged nothing yet."""
    names = ("fresh-1", "fresh-2", "fresh-3")
    with table.station.database.unit_of_work() as work:
        for name in names:
            key = SigningKey.generate()
            table.station.keys.opened[key.public_key] = key
            grant(
                work,
                Seat(
                    name=name,
                    role=Role.ADJUDICATOR,
                    party=PRACTICE_PARTY,
                    public_key=key.public_key,
                    is_practice=True,
                ),
            )
        work.commit()
    return names


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agreement under which one opinion decides nothing, unlike the practice agreement."""
    monkeypatch.setattr(
        "musterpoint.workflows.adjudication.policy_of", lambda _permission, _pair: AdjudicationPolicy()
    )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with nothing but its practice agreement; making one takes longer than copying it."""
    folder = prepared_place(tmp_path_factory.mktemp("prepared") / "registry")
    open_station(folder).database.close()
    return folder


@pytest.fixture
def any_table(
    tmp_path_factory: pytest.TempPathFactory, prepared: Path, extractor: Extractor
) -> Iterator[Callable[[], Table]]:
    """Makes registries of their own, as many as are asked for."""
    opened: list[Station] = []

    def make() -> Table:
        folder = tmp_path_factory.mktemp("table") / "registry"
        copied(prepared, folder)
        opened.append(replace(open_station(folder), extractor=extractor))
        return Table(station=opened[-1])

    yield make
    for station in opened:
        station.database.close()


@pytest.fixture
def table(any_table: Callable[[], Table]) -> Table:
    return any_table()
