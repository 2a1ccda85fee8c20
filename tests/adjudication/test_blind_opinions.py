"""Two blind opinions and an arbiter, from the gate to the answer."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from tests.adjudication.conftest import FIRST, SECOND, SUPERVISOR, THIRD, Table

from musterpoint.errors import AlreadySettled, NotFound, RoleMissing
from musterpoint.identifiers import EncounterId, new_uuid
from musterpoint.registry import Answer, CaseCandidate, Verdict
from musterpoint.workflows.adjudication import Task, give_opinion, next_task
from musterpoint.workflows.settling import open_case
from musterpoint.workflows.shown_pairs import ShownFinger

SAME, DIFFERENT, CANNOT_TELL = Verdict.SAME, Verdict.DIFFERENT, Verdict.CANNOT_TELL


def test_two_who_say_the_same_join_the_encounter_to_the_candidate(table: Table) -> None:
    first, second = table.visit(1), table.visit(1, 2)

    table.agree(SAME)

    assert table.answer(second) == Answer.KNOWN.value
    assert table.subject(second) == table.subject(first)


def test_two_who_say_different_make_a_new_subject(table: Table) -> None:
    first, second = table.visit(1), table.visit(1, 2)

    table.agree(DIFFERENT)

    assert table.answer(second) == Answer.NOT_KNOWN.value
    assert table.subject(second) not in {None, table.subject(first)}


@pytest.mark.parametrize(
    ("third", "answer"),
    [(SAME, Answer.KNOWN), (DIFFERENT, Answer.NOT_KNOWN), (CANNOT_TELL, Answer.CANNOT_TELL)],
)
def test_an_arbiter_decides_where_two_differ(table: Table, third: Verdict, answer: Answer) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.say(FIRST, SAME)
    table.say(SECOND, DIFFERENT)

    task = table.say(THIRD, third)

    assert task.is_arbiter
    assert table.answer(second) == answer.value


def test_cannot_tell_leaves_the_encounter_without_a_subject(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)

    for seat in (FIRST, SECOND, THIRD):
        table.say(seat, CANNOT_TELL)

    assert table.answer(second) == Answer.CANNOT_TELL.value
    assert table.subject(second) is None


def test_nobody_judges_the_same_pair_twice(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)
    task = table.say(FIRST, SAME)

    assert table.next(FIRST) is None
    with pytest.raises(AlreadySettled):
        give_opinion(table.station.acting_as(FIRST), str(task.pair_id), DIFFERENT)


def test_a_pair_that_was_not_shown_cannot_be_judged(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)
    task = table.next(FIRST)

    assert task is not None
    with pytest.raises(NotFound):
        give_opinion(table.station.acting_as(SECOND), str(task.pair_id), SAME)


def test_whoever_is_asked_again_is_shown_the_same_pair(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)

    assert table.next(FIRST) == table.next(FIRST)


def test_a_supervisor_does_not_judge(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)

    with pytest.raises(RoleMissing):
        next_task(table.station.acting_as(SUPERVISOR))


def test_a_task_holds_fingers_and_nothing_else(table: Table) -> None:
    """What a front end is given is all that it could show."""
    assert {field.name for field in fields(Task)} == {"pair_id", "is_arbiter", "fingers", "marks"}
    assert {field.name for field in fields(ShownFinger)} == {"position", "left", "right"}


def test_an_opinion_that_comes_after_the_decision_changes_nothing(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    late = table.next(THIRD)
    table.agree(SAME)

    assert late is not None
    with pytest.raises(AlreadySettled):
        give_opinion(table.station.acting_as(THIRD), str(late.pair_id), DIFFERENT)
    assert table.answer(second) == Answer.KNOWN.value
    assert table.next(THIRD) is None


def test_nobody_judges_somebody_whom_they_captured(table: Table) -> None:
    first = table.visit(1)
    with table.station.database.unit_of_work(author=FIRST) as work:
        seen = table.encounter(first)
        own = replace(
            seen, encounter_id=EncounterId(new_uuid()), subject_id=None, answer=Answer.BEING_DECIDED
        )
        work.append_journal("outcome", {"encounter": str(own.encounter_id)})
        work.add_encounter(own)
        found = CaseCandidate(encounter_id=seen.encounter_id, strength=9000)
        open_case(work, own.encounter_id, 1, [found], work.now())
        work.commit()

    assert table.next(FIRST) is None
    assert table.next(SECOND) is not None
