"""Known-answer pairs: mixed in unseen, and what they say of each adjudicator."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest
from tests.adjudication.conftest import FIRST, SECOND, SUPERVISOR, Table
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, fingers_of, impression_png

from musterpoint import imaging, templates
from musterpoint.errors import ListingError, RoleMissing, UnusableInput
from musterpoint.registry import Verdict
from musterpoint.registry.known_answers import SHARE, Impression, KnownAnswer
from musterpoint.storage import adjudication, known_answers
from musterpoint.templates import FingerPosition
from musterpoint.workflows.adjudication import give_opinion, next_task
from musterpoint.workflows.known_answers import (
    AdjudicatorReport,
    add_people,
    add_synthetic,
    report,
)
from musterpoint.workflows.listing import list_people


class Always(Random):
    """Chance that brings a known answer each time, the first one that is left."""

    def random(self) -> float:
        return 0.0

    def choice(self, seq):  # type: ignore[no-untyped-def]  # as in random.Random
        return seq[0]


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


@cache
def _impression(seed: int, number: int, of: FingerPosition = RIGHT_INDEX) -> Impression:
    pressed = fingers_of(seed)[of].impression(number)
    return Impression(
        position=of,
        template=templates.encode(pressed.template()),
        image=imaging.to_png(pressed.image),
    )


def _seed(table: Table, each: int) -> Table:
    """Somebody waits, and so many mated and non-mated pairs are there; drawn from few, to be quick."""
    table.visit(1)
    table.visit(1, 2)
    with table.station.database.unit_of_work() as work:
        for number in range(2 * each):
            is_mated = number < each
            other = 1 if is_mated else 2
            # Some have one finger only, as people have who consented to one.
            of = (RIGHT_INDEX, LEFT_INDEX)[: 1 + number % 2]
            probe = tuple(_impression(1, 2, one) for one in of)
            candidate = tuple(_impression(other, 1, one) for one in of)
            known = KnownAnswer(is_mated=is_mated, probe=probe, candidate=candidate, source="synthetic")
            known_answers.add(work, known)
        work.append_journal("seed.added", {"mated": each, "nonmated": each})
        work.commit()
    return table


@pytest.fixture
def seeded(table: Table) -> Table:
    """Somebody waits, and 16 mated and 16 non-mated pairs are there."""
    return _seed(table, 16)


def _judge(table: Table, seat: str, say: dict[bool, Verdict], count: int) -> None:
    """A seat judges known answers: `say` tells what it says of mated and non-mated ones."""
    station = table.station.acting_as(seat)
    for _ in range(count):
        task = next_task(station, chance=Always())
        assert task is not None
        with station.database.read() as snapshot:
            pair = adjudication.pair(snapshot, task.pair_id)
            known = adjudication.known_answer_of(snapshot, pair.number)
            assert known, "a known answer was expected"
            is_mated = known_answers.of_number(snapshot, known).is_mated
        give_opinion(station, str(task.pair_id), say[is_mated])


def _report(table: Table) -> dict[str, AdjudicatorReport]:
    return {one.seat: one for one in report(table.station.acting_as(SUPERVISOR))}


def test_a_known_answer_looks_like_any_other_pair(seeded: Table) -> None:
    real = next_task(seeded.station.acting_as(FIRST), chance=Random(0))
    seed = next_task(seeded.station.acting_as(SECOND), chance=Always())

    assert real is not None
    assert seed is not None
    assert (real.is_arbiter, real.marks) == (seed.is_arbiter, seed.marks)
    assert [one.position for one in seed.fingers] == [one.position for one in real.fingers]
    assert all(one.left.image is one.right.image is None for one in (*real.fingers, *seed.fingers))
    again = next_task(seeded.station.acting_as(SECOND), chance=Random(5))
    assert again is not None
    assert again.fingers == seed.fingers, "the same until it is judged"


def test_the_journal_says_the_same_of_a_known_answer_as_of_any_other(seeded: Table) -> None:
    """Kinds and names of facts; nothing tells the two apart."""
    _judge(seeded, FIRST, {True: Verdict.SAME, False: Verdict.DIFFERENT}, 1)
    seeded.say(FIRST, Verdict.SAME)

    with seeded.station.database.read() as snapshot:
        bodies = [line.body for line in snapshot.journal() if line.kind == "pair.opinion"]
    assert len(bodies) == 2
    shapes = {tuple(sorted(_names(body))) for body in bodies}
    assert len(shapes) == 1


def _names(body: str) -> set[str]:
    import json

    return set(json.loads(body))


def test_about_one_pair_in_twelve_is_a_known_answer(table: Table) -> None:
    """The share lies between 5 and 10 %."""
    assert 0.05 <= SHARE <= 0.10
    draws = Random(7)
    assert 0.05 < sum(draws.random() < SHARE for _ in range(2000)) / 2000 < 0.10


def test_an_opinion_on_a_known_answer_settles_no_case(seeded: Table) -> None:
    _judge(seeded, FIRST, {True: Verdict.DIFFERENT, False: Verdict.DIFFERENT}, 3)

    assert seeded.case(1).verdict is None


def test_no_known_answer_is_shown_to_a_seat_twice(table: Table) -> None:
    _seed(table, 2)
    _judge(table, FIRST, {True: Verdict.SAME, False: Verdict.DIFFERENT}, 4)

    task = next_task(table.station.acting_as(FIRST), chance=Always())

    assert task is not None
    with table.station.database.read() as snapshot:
        pair = adjudication.pair(snapshot, task.pair_id)
        assert adjudication.known_answer_of(snapshot, pair.number) == 0


def test_no_known_answer_is_shown_where_nobody_waits(table: Table) -> None:
    added = add_synthetic(table.station.acting_as(SUPERVISOR), 2, _silent)

    assert (added.mated, added.nonmated) == (2, 2)
    assert next_task(table.station.acting_as(FIRST), chance=Always()) is None


def test_errors_are_counted_for_each_adjudicator_from_thirty_on(seeded: Table) -> None:
    _judge(seeded, FIRST, {True: Verdict.SAME, False: Verdict.SAME}, 30)
    _judge(seeded, SECOND, {True: Verdict.SAME, False: Verdict.DIFFERENT}, 5)

    found = _report(seeded)

    careless = found[FIRST].proficiency
    assert careless is not None
    assert careless.false_positives is not None
    assert careless.false_positives.count == careless.false_positives.trials > 0
    assert careless.false_negatives is not None
    assert careless.false_negatives.count == 0
    assert found[SECOND].proficiency is None


def test_an_observer_sees_all_together_and_no_names(seeded: Table) -> None:
    _judge(seeded, FIRST, {True: Verdict.SAME, False: Verdict.DIFFERENT}, 15)
    _judge(seeded, SECOND, {True: Verdict.SAME, False: Verdict.DIFFERENT}, 15)

    (found,) = report(seeded.station.acting_as("practice-observer"))

    assert found.seat == ""
    assert found.proficiency is not None


def test_known_answers_of_consenting_people_need_two_impressions(table: Table, tmp_path: Path) -> None:
    for seed in (21, 22):
        (tmp_path / f"staff{seed}_right-index.png").write_bytes(impression_png(seed))
        (tmp_path / f"staff{seed}_right-index-2.png").write_bytes(impression_png(seed, number=2))
    station = table.station.acting_as(SUPERVISOR)

    added = add_people(station, list_people([tmp_path]).people, "staff", _silent)

    assert (added.mated, added.nonmated) == (2, 2)
    (tmp_path / "staff23_right-index.png").write_bytes(impression_png(23))
    with pytest.raises(ListingError, match="two impressions"):
        add_people(station, list_people([tmp_path]).people, "staff", _silent)


@pytest.mark.parametrize("people", [3, 4])
def test_each_synthetic_person_gives_a_pair_of_both_kinds(table: Table, people: int) -> None:
    added = add_synthetic(table.station.acting_as(SUPERVISOR), people, _silent)

    assert (added.mated, added.nonmated) == (people, people)


def test_people_without_a_finger_in_common_are_refused(table: Table, tmp_path: Path) -> None:
    for seed, position in ((21, RIGHT_INDEX), (22, LEFT_INDEX)):
        for number, suffix in ((1, ""), (2, "-2")):
            name = f"staff{seed}_{position.label}{suffix}.png"
            (tmp_path / name).write_bytes(impression_png(seed, position, number=number))

    with pytest.raises(UnusableInput, match="in common"):
        add_people(table.station.acting_as(SUPERVISOR), list_people([tmp_path]).people, "staff", _silent)


def test_adjudicators_neither_add_nor_measure(table: Table) -> None:
    with pytest.raises(RoleMissing):
        add_synthetic(table.station.acting_as(FIRST), 2, _silent)
    with pytest.raises(RoleMissing):
        report(table.station.acting_as(FIRST))


@pytest.mark.parametrize("people", [-1, 0, 1, 5_000_000])
def test_a_useless_number_of_people_is_refused(table: Table, people: int) -> None:
    with pytest.raises(UnusableInput):
        add_synthetic(table.station.acting_as(SUPERVISOR), people, _silent)
