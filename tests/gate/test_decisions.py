"""Outcomes and decisions: a fold over events that loses nobody, and rules that nothing gets around."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, SecondPersonMissing, UnusableInput
from musterpoint.registry.decisions import (
    Answered,
    Decided,
    DecisionState,
    Event,
    Expired,
    OutcomeRecorded,
    Presentation,
    Proposal,
    RuleDepartedFrom,
    check_proposal,
    fold,
    tally,
)
from musterpoint.registry.outcomes import NextStep, next_step, shown_answer
from musterpoint.registry.rules import answer_after_verdict, decide_screening
from musterpoint.registry.values import Answer, CannotTellReason, Outcome, Verdict

NOW = Instant(1_800_000_000_000_000)

outcomes = st.sampled_from(Outcome)
answers = st.sampled_from(Answer)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(OutcomeRecorded, outcome=outcomes, answer=st.none() | answers, is_unaccompanied=st.booleans()),
    st.builds(Answered, answer=answers),
    st.builds(
        Decided,
        state=st.sampled_from(DecisionState),
        exception_of=st.none() | st.sampled_from(RuleDepartedFrom),
        has_carer=st.booleans(),
    ),
    st.just(Expired()),
)


@given(st.lists(st.lists(EVENTS, max_size=8), max_size=30))
def test_whatever_happens_everybody_has_one_outcome_one_decision_and_one_answer(
    histories: list[list[Event]],
) -> None:
    counts = tally(fold(history) for history in histories)

    assert counts.presented == len(histories)
    outcome_sum = counts.screened + counts.exempt + counts.failed_capture + counts.refused + counts.left
    assert counts.presented == outcome_sum, "I3"
    decision_sum = counts.cleared + counts.denied + counts.referred + counts.open
    assert counts.presented - counts.left == decision_sum, "I4"
    assert counts.screened == counts.known + counts.not_known + counts.cannot_tell, "I5"
    assert counts.being_decided <= counts.cannot_tell
    assert counts.by_exception <= counts.cleared


@given(st.lists(EVENTS, max_size=12))
def test_no_clearance_without_a_search_passes_unnoticed(history: list[Event]) -> None:
    found = fold(history)

    if found.decision is DecisionState.CLEARED and found.outcome in {
        Outcome.EXEMPT,
        Outcome.FAILED_CAPTURE,
        Outcome.REFUSED,
    }:
        assert found.misfits or (
            found.exception_of is not None and found.exception_of.value == found.outcome.value
        )


@given(st.lists(EVENTS, max_size=12))
def test_every_state_has_a_next_step(history: list[Event]) -> None:
    found = fold(history)

    for no_list in (False, True):
        assert next_step(found, no_list=no_list).words


@given(
    st.lists(EVENTS, max_size=6),
    st.sampled_from(DecisionState),
    st.booleans(),
    st.sampled_from(["", "second"]),
    st.booleans(),
    st.booleans(),
)
def test_what_the_rules_let_pass_fits_the_state_it_meets(
    history: list[Event],
    state: DecisionState,
    is_exception: bool,
    approver: str,
    has_carer: bool,
    needs_two: bool,
) -> None:
    before = fold(history)
    proposal = Proposal(
        state=state,
        author="first",
        ground="because",
        is_exception=is_exception,
        approver=approver,
        has_carer=has_carer,
    )
    try:
        departed = check_proposal(before, proposal, now=NOW, second_person={"exception"} if needs_two else ())
    except (Conflict, SecondPersonMissing, UnusableInput):
        return

    after = before.after(Decided(state=state, exception_of=departed, has_carer=has_carer))
    assert (after.decision, after.misfits) == (state, before.misfits)
    assert not (departed and needs_two and not approver)
    assert before.outcome not in {None, Outcome.LEFT}


@pytest.mark.parametrize("outcome", [Outcome.FAILED_CAPTURE, Outcome.REFUSED, Outcome.EXEMPT])
def test_who_gave_no_finger_is_cleared_by_a_recorded_exception_only(outcome: Outcome) -> None:
    found = Presentation(outcome=outcome)
    cleared = Proposal(state=DecisionState.CLEARED, author="a", ground="hands bandaged")

    with pytest.raises(UnusableInput, match="--exception"):
        check_proposal(found, cleared, now=NOW)
    by_exception = Proposal(state=DecisionState.CLEARED, author="a", ground="bandaged", is_exception=True)
    departed = check_proposal(found, by_exception, now=NOW)
    assert departed is RuleDepartedFrom(outcome.value)
    with pytest.raises(SecondPersonMissing, match="--second"):
        check_proposal(found, by_exception, now=NOW, second_person={"exception"})


def test_nobody_is_denied_for_looking_like_somebody() -> None:
    found = Presentation(outcome=Outcome.SCREENED, answer=Answer.BEING_DECIDED)
    denied = Proposal(state=DecisionState.DENIED, author="a", ground="looks like somebody")

    with pytest.raises(Conflict, match="refer"):
        check_proposal(found, denied, now=NOW)


def test_an_officer_clears_only_what_the_search_has_said() -> None:
    screened = Presentation(outcome=Outcome.SCREENED, answer=Answer.NOT_KNOWN)
    assert screened.may_officer_clear
    for other in (
        Presentation(outcome=Outcome.SCREENED, answer=Answer.CANNOT_TELL),
        Presentation(outcome=Outcome.SCREENED, answer=Answer.KNOWN),
        Presentation(outcome=Outcome.REFUSED),
        Presentation(outcome=Outcome.SCREENED, answer=Answer.NOT_KNOWN, is_unaccompanied=True),
        Presentation(outcome=Outcome.SCREENED, answer=Answer.NOT_KNOWN, decision=DecisionState.DENIED),
    ):
        assert not other.may_officer_clear


def test_a_child_alone_is_cleared_only_with_a_carer() -> None:
    child = Presentation(outcome=Outcome.SCREENED, answer=Answer.NOT_KNOWN, is_unaccompanied=True)
    cleared = Proposal(state=DecisionState.CLEARED, author="a", ground="aunt found")

    with pytest.raises(UnusableInput, match="--carer"):
        check_proposal(child, cleared, now=NOW)
    with_carer = Proposal(state=DecisionState.CLEARED, author="a", ground="aunt found", has_carer=True)
    assert check_proposal(child, with_carer, now=NOW) is None
    assert next_step(child) is NextStep.CARER


@pytest.mark.parametrize(
    ("trusted", "complete", "answer", "reason"),
    [
        (True, True, Answer.NOT_KNOWN, None),
        (False, True, Answer.CANNOT_TELL, CannotTellReason.QUALITY),
        (True, False, Answer.CANNOT_TELL, CannotTellReason.GALLERY),
        (False, False, Answer.CANNOT_TELL, CannotTellReason.QUALITY),
    ],
)
def test_finding_nobody_means_something_only_after_a_trusted_and_complete_search(
    trusted: bool, complete: bool, answer: Answer, reason: CannotTellReason | None
) -> None:
    found = decide_screening(has_candidates=False, is_search_trusted=trusted, is_search_complete=complete)

    assert (found.answer, found.reason) == (answer, reason)
    assert found.enrols_subject == (reason is None)
    assert answer_after_verdict(Verdict.DIFFERENT, reason) is answer
    assert answer_after_verdict(Verdict.SAME, reason) is Answer.KNOWN


def test_no_list_mode_says_nothing_about_candidates() -> None:
    waiting = Presentation(outcome=Outcome.SCREENED, answer=Answer.BEING_DECIDED)
    poor = Presentation(outcome=Outcome.SCREENED, answer=Answer.CANNOT_TELL)

    assert shown_answer(Answer.BEING_DECIDED, no_list=True) is Answer.CANNOT_TELL
    assert next_step(waiting, no_list=True) is next_step(poor, reason=CannotTellReason.QUALITY, no_list=True)
    assert next_step(waiting) is NextStep.WAIT


def test_where_nobody_has_these_fingers_on_record_nothing_is_said() -> None:
    found = decide_screening(has_candidates=False, is_search_trusted=True, is_anybody_comparable=False)

    assert (found.answer, found.reason) == (Answer.CANNOT_TELL, CannotTellReason.FINGERS)
    assert not found.enrols_subject
