"""What an erasure leaves of adjudication: nothing about the person, and nobody who waits for ever."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from tests.adjudication.conftest import FIRST, SUPERVISOR, Table

from musterpoint.identifiers import EncounterId
from musterpoint.registry import Answer, Verdict
from musterpoint.registry.appeals import AppealedBy, AppealOutcome
from musterpoint.registry.retention import HoldReason
from musterpoint.storage import adjudication, appeals, retention, subjects
from musterpoint.workflows.appeals import open_appeal
from musterpoint.workflows.erasure import erase, find_erasable
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.subjects import merge


def _erase(table: Table, who: str) -> None:
    station = table.station.acting_as(SUPERVISOR)
    with station.database.read() as snapshot:
        person = find_erasable(snapshot, who)
    erase(station, person)


def _rows(table: Table, *tables: sa.Table) -> list[int]:
    with table.station.database.read() as snapshot:
        return [int(snapshot.value_of(sa.select(sa.func.count()).select_from(one))) for one in tables]


def test_opinions_pairs_and_appeals_go_with_the_person(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(Verdict.SAME)
    open_appeal(table.station, second.encounter, AppealedBy.PERSON, reason="no")
    _close(table)

    _erase(table, str(table.subject(second)))

    assert _rows(
        table,
        adjudication.adjudication_pair,
        adjudication.adjudication_opinion,
        adjudication.adjudication_showing,
        appeals.appeal,
        subjects.subject_change_encounter,
    ) == [0, 0, 0, 0, 0]


def _close(table: Table) -> None:
    """Whatever an open appeal would keep from being erased is of no matter here."""
    with table.station.database.unit_of_work() as work:
        closed = appeals.decide(work, 1, AppealOutcome.CONFIRMED, SUPERVISOR, work.now())
        retention.release(work, [closed.encounter_id], HoldReason.APPEAL, author=SUPERVISOR)
        work.append_journal("appeal.decided", {"appeal": 1})
        work.commit()


def test_whoever_waited_for_the_erased_alone_is_somebody_new(table: Table) -> None:
    first, second = table.visit(1), table.visit(1, 2)

    _erase(table, str(first.subject))

    assert table.answer(second) == Answer.NOT_KNOWN.value
    assert table.subject(second) is not None
    assert table.next(FIRST) is None


def test_whoever_waited_for_others_too_goes_on_waiting(table: Table) -> None:
    first, second, third = (table.visit(1, number) for number in (1, 2, 3))

    _erase(table, str(first.subject))

    assert table.answer(second) == Answer.NOT_KNOWN.value
    assert table.answer(third) == Answer.BEING_DECIDED.value
    table.judge_all()
    assert table.subject(third) == table.subject(second)


def test_what_was_remembered_of_the_erased_is_forgotten(table: Table) -> None:
    first, second = table.visit(1), table.visit(1, 2)
    table.agree(Verdict.DIFFERENT)
    assert _apart(table, first, second)

    _erase(table, str(first.subject))

    assert not _apart(table, first, second)


def test_a_remembered_verdict_holds_for_all_encounters_of_both_people(table: Table) -> None:
    """Also after one of them was merged with a third."""
    first, second = table.visit(1), table.visit(1, 2)
    table.agree(Verdict.DIFFERENT)
    other = table.visit(2)
    two = table.station.acting_as(SUPERVISOR, "practice-supervisor-2")

    merge(two, str(other.subject), str(table.subject(second)))

    assert _apart(table, first, other)


def _apart(table: Table, one: ScreeningOutcome, other: ScreeningOutcome) -> bool:
    both = [EncounterId(UUID(outcome.encounter)) for outcome in (one, other)]
    with table.station.database.read() as snapshot:
        return tuple(both) in adjudication.different_pairs(snapshot, both)
