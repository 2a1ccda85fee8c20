"""Appeals: other people look again, and whoever relied on the decision is named."""

from __future__ import annotations

import pytest
from tests.adjudication.conftest import ADJUDICATORS, FIRST, SECOND, SUPERVISOR, THIRD, Table
from tests.workflows.requests import screening

from musterpoint.errors import Conflict, RoleMissing, UnusableInput
from musterpoint.registry import Answer, NotCapturedReason, Verdict
from musterpoint.registry.appeals import Appeal, AppealedBy, AppealOutcome, Consumer
from musterpoint.registry.decisions import DecisionState
from musterpoint.registry.retention import State
from musterpoint.storage import appeals
from musterpoint.workflows.appeals import decide_appeal, list_appeals, open_appeal, view_appeal
from musterpoint.workflows.deciding import DecisionRequest, decide, view
from musterpoint.workflows.erasure import state_of_person
from musterpoint.workflows.screening import screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome

SAME, DIFFERENT, CANNOT_TELL = Verdict.SAME, Verdict.DIFFERENT, Verdict.CANNOT_TELL


def _appeal(table: Table, about: ScreeningOutcome, seat: str = "practice-officer") -> Appeal:
    return open_appeal(
        table.station.acting_as(seat), about.encounter, AppealedBy.PERSON, reason="I was never here"
    )


def _decide(
    table: Table, number: int, outcome: AppealOutcome | None = None
) -> tuple[Appeal, tuple[Consumer, ...]]:
    return decide_appeal(table.station.acting_as(SUPERVISOR), number, outcome)


def test_whoever_judged_before_is_not_asked_again(table: Table, fresh: tuple[str, ...]) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(SAME)
    _appeal(table, second)

    assert [table.next(seat) for seat in (FIRST, SECOND)] == [None, None]
    assert all(table.next(seat) for seat in fresh)


def test_what_follows_from_the_decision_rests_meanwhile(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(SAME)

    appeal = _appeal(table, second)

    assert table.answer(second) == Answer.BEING_DECIDED.value
    with table.station.database.read() as snapshot:
        assert appeals.stayed(snapshot, [appeal.encounter_id]) == {appeal.encounter_id}


def test_one_opinion_never_decides_an_appeal(table: Table, fresh: tuple[str, ...]) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(SAME)
    appeal = _appeal(table, second)
    table.say(fresh[0], DIFFERENT)

    with pytest.raises(Conflict, match="still judging"):
        _decide(table, appeal.number)


def test_an_appeal_that_is_confirmed_leaves_all_as_it_was(table: Table, fresh: tuple[str, ...]) -> None:
    first, second = table.visit(1), table.visit(1, 2)
    table.agree(SAME)
    appeal = _appeal(table, second)
    for seat in fresh[:2]:
        table.say(seat, SAME)

    closed, consumers = _decide(table, appeal.number)

    assert (closed.outcome, consumers) == (AppealOutcome.CONFIRMED, ())
    assert table.answer(second) == Answer.KNOWN.value
    assert table.subject(second) == table.subject(first)


def test_an_appeal_that_is_reversed_sets_the_person_apart_and_names_who_relied_on_it(
    table: Table, fresh: tuple[str, ...]
) -> None:
    first, second = table.visit(1), table.visit(1, 2)
    table.agree(SAME)
    _rely_on(table, second)
    appeal = _appeal(table, second)
    for seat in fresh[:2]:
        table.say(seat, DIFFERENT)

    closed, consumers = _decide(table, appeal.number)

    assert closed.outcome is AppealOutcome.REVERSED
    assert table.answer(second) == Answer.NOT_KNOWN.value
    assert table.subject(second) not in {None, table.subject(first)}
    assert ("export", "practice-supervisor") in {(one.kind, one.author) for one in consumers}


def _rely_on(table: Table, about: ScreeningOutcome) -> None:
    """Somebody hands out what was decided."""
    with table.station.database.unit_of_work(author=SUPERVISOR) as work:
        work.append_journal("export", {"encounter": about.encounter})
        work.commit()


def test_an_appeal_against_being_somebody_new_brings_all_of_their_visits_along(
    table: Table, fresh: tuple[str, ...]
) -> None:
    first, second = table.visit(1), table.visit(1, 2)
    table.agree(DIFFERENT)
    appeal = _appeal(table, second)
    for seat in fresh[:2]:
        table.say(seat, SAME)

    closed, _ = _decide(table, appeal.number)

    assert closed.outcome is AppealOutcome.REVERSED
    assert table.subject(second) == table.subject(first)
    assert table.answer(second) == Answer.KNOWN.value


def test_an_appeal_of_which_nobody_can_tell_ends_so(table: Table, fresh: tuple[str, ...]) -> None:
    first, second = table.visit(1), table.visit(1, 2)
    table.agree(SAME)
    appeal = _appeal(table, second)
    for seat in fresh:
        table.say(seat, CANNOT_TELL)

    closed, _ = _decide(table, appeal.number)

    assert closed.outcome is AppealOutcome.CANNOT_TELL
    assert table.answer(second) == Answer.CANNOT_TELL.value
    assert table.subject(second) != table.subject(first)


def test_a_second_appeal_excludes_both_earlier_rounds(table: Table, fresh: tuple[str, ...]) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(SAME)
    appeal = _appeal(table, second)
    for seat in fresh[:2]:
        table.say(seat, SAME)
    _decide(table, appeal.number)
    _appeal(table, second)

    assert [table.next(seat) for seat in (FIRST, SECOND, *fresh[:2])] == [None] * 4
    assert table.next(fresh[2]) is not None
    assert table.next(THIRD) is not None


def test_a_decision_without_pairs_is_looked_at_by_a_supervisor(table: Table) -> None:
    bandaged = screen(table.station, screening(reason=NotCapturedReason.BANDAGED))
    appeal = _appeal(table, bandaged)

    with pytest.raises(UnusableInput, match="none"):
        _decide(table, appeal.number)
    closed, _ = _decide(table, appeal.number, AppealOutcome.CONFIRMED)

    assert closed.outcome is AppealOutcome.CONFIRMED


def test_a_supervisor_cannot_choose_what_adjudicators_decide(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(SAME)
    appeal = _appeal(table, second)

    with pytest.raises(UnusableInput, match="no outcome"):
        _decide(table, appeal.number, AppealOutcome.REVERSED)


def test_there_is_one_appeal_at_a_time_and_none_before_a_decision(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    with pytest.raises(Conflict, match="being decided"):
        _appeal(table, second)
    table.agree(SAME)
    _appeal(table, second)

    with pytest.raises(Conflict, match="an appeal is open"):
        _appeal(table, second)


def test_an_appeal_is_closed_once(table: Table) -> None:
    bandaged = screen(table.station, screening(reason=NotCapturedReason.BANDAGED))
    appeal = _appeal(table, bandaged)
    _decide(table, appeal.number, AppealOutcome.CONFIRMED)

    with pytest.raises(Conflict, match="closed before"):
        _decide(table, appeal.number, AppealOutcome.REVERSED)


@pytest.mark.parametrize("seat", [*ADJUDICATORS, "practice-administrator", "practice-transporter"])
def test_only_supervisors_close_appeals(table: Table, seat: str) -> None:
    bandaged = screen(table.station, screening(reason=NotCapturedReason.BANDAGED))
    appeal = _appeal(table, bandaged)

    with pytest.raises(RoleMissing):
        decide_appeal(table.station.acting_as(seat), appeal.number, AppealOutcome.CONFIRMED)


def test_the_reason_is_kept_and_not_said_in_the_journal(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(SAME)
    appeal = _appeal(table, second)

    view = view_appeal(table.station.acting_as(SUPERVISOR), appeal.number)

    assert view.appeal.reason == "I was never here"
    assert len(list_appeals(table.station.acting_as(SUPERVISOR))) == 1
    with table.station.database.read() as snapshot:
        assert not [line for line in snapshot.journal() if "never here" in line.body]


def test_a_clearance_rests_with_the_appeal_and_holds_again_when_it_is_confirmed(
    table: Table, fresh: tuple[str, ...]
) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(SAME)
    supervisor = table.station.acting_as("practice-supervisor-2")
    decide(
        supervisor, DecisionRequest(encounter=second.encounter, state=DecisionState.CLEARED, ground="seen")
    )
    assert view(supervisor, second.encounter).presentation.decision is DecisionState.CLEARED

    appeal = _appeal(table, second)
    assert view(supervisor, second.encounter).presentation.decision is DecisionState.OPEN

    for seat in fresh[:2]:
        table.say(seat, SAME)
    _decide(table, appeal.number)
    assert view(supervisor, second.encounter).presentation.decision is DecisionState.CLEARED


def test_an_open_appeal_holds_the_record_past_its_date(table: Table) -> None:
    bandaged = screen(table.station, screening(reason=NotCapturedReason.BANDAGED))
    appeal = _appeal(table, bandaged)
    with table.station.database.read() as snapshot:
        assert state_of_person(snapshot, [appeal.encounter_id], table.station.clock.now()) is State.HELD

    _decide(table, appeal.number, AppealOutcome.CONFIRMED)

    with table.station.database.read() as snapshot:
        assert state_of_person(snapshot, [appeal.encounter_id], table.station.clock.now()) is State.ACTIVE
