"""Every interleaving of screenings of one new person: one is enrolled, the others wait, then all are one."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from tests.adjudication.conftest import Table
from tests.conftest import record
from tests.workflows.requests import screening

from musterpoint.registry import Answer
from musterpoint.workflows.screening import screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.searching import Found, RegistryIndex
from musterpoint.workflows.station import Station

PATIENCE_S = 600.0
"""Longest wait of a step for another thread; none comes near it unless something hangs."""


class _Paused(RegistryIndex):
    """An index that stops between its search and the recording of what it found."""

    def __init__(self, galleries: frozenset[str] | None) -> None:
        super().__init__(galleries)
        self.searched, self.go_on = threading.Event(), threading.Event()

    def search(self, *arguments: object, **named: object) -> Found:
        found = super().search(*arguments, **named)  # type: ignore[arg-type]  # passed on as they came
        self.searched.set()
        assert self.go_on.wait(PATIENCE_S)
        return found


class _Visit:
    """One screening in a thread of its own, in two steps."""

    def __init__(self, station: Station, seed: int, number: int) -> None:
        self._index = _Paused(frozenset({"screening"}))
        own = replace(station, indexes={frozenset({"screening"}): self._index})
        data = record(seed, number=number)
        self.outcomes: list[ScreeningOutcome] = []
        self._thread = threading.Thread(target=lambda: self.outcomes.append(screen(own, screening(data))))

    def search(self) -> None:
        self._thread.start()
        assert self._index.searched.wait(PATIENCE_S)

    def record(self) -> None:
        self._index.go_on.set()
        self._thread.join(PATIENCE_S)
        assert self.outcomes


def _interleavings(visits: int) -> Iterator[tuple[int, ...]]:
    """Orders in which each visit occurs twice: first it searches, then it records.

    Those that differ only in the names of the visits are one.
    """
    every = set(itertools.permutations([*range(visits)] * 2))
    return iter(sorted({_renamed(one) for one in every}))


def _renamed(order: Sequence[int]) -> tuple[int, ...]:
    names = {one: number for number, one in enumerate(dict.fromkeys(order))}
    return tuple(names[one] for one in order)


def test_all_interleavings_of_three_are_tried() -> None:
    """(2k)! / 2^k orders, of which k! are alike."""
    assert [len(list(_interleavings(visits))) for visits in (1, 2, 3)] == [1, 3, 15]


@pytest.mark.parametrize("visits", [2, 3])
def test_exactly_one_is_enrolled_and_adjudication_makes_one_person_of_all(
    any_table: Callable[[], Table], visits: int
) -> None:
    for order in _interleavings(visits):
        table = any_table()
        arrivals = [_Visit(table.station, 1, number + 1) for number in range(visits)]
        begun: set[int] = set()
        for one in order:
            step = arrivals[one].record if one in begun else arrivals[one].search
            begun.add(one)
            step()

        outcomes = [arrival.outcomes[0] for arrival in arrivals]
        answers = Counter(outcome.answer for outcome in outcomes)
        assert answers == {Answer.NOT_KNOWN.value: 1, Answer.BEING_DECIDED.value: visits - 1}, order
        table.seeds = {outcome.encounter: 1 for outcome in outcomes}
        table.judge_all()
        assert len({table.subject(outcome) for outcome in outcomes}) == 1, order
