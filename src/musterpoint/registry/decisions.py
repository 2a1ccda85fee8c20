"""Decisions about people at the gate: cleared, denied, referred, open; who may say so, and on what.

A presentation runs through *presented, outcome, decision* as a fold over events: an event that does not
fit is kept and flagged, never dropped, since otherwise it would go unrecorded. What may be decided is
asked beforehand, by `check_proposal`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, SecondPersonMissing, UnusableInput
from musterpoint.identifiers import EncounterId
from musterpoint.limits import TEXT_CHARACTERS_MAX
from musterpoint.registry.values import Answer, Outcome


class DecisionState(StrEnum):
    """What was decided about somebody at the gate."""

    CLEARED = "cleared"
    DENIED = "denied"
    REFERRED = "referred"
    OPEN = "open"


class RuleDepartedFrom(StrEnum):
    """The rule that an exception departs from: without a finished search nobody is cleared."""

    FAILED_CAPTURE = "failed capture"
    REFUSED = "refused"
    EXEMPT = "exempt"
    BEING_DECIDED = "being decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision as it was recorded; a later one stands beside it, never in its place.

    ground        why, in the author's words
    exception_of  the rule that was departed from, if one was
    approver      the second person, where there was one; may be empty
    expires_at    from then on the person is to be decided again
    carer         the encounter of the grown-up who answers for a child
    """

    decision_id: uuid.UUID
    encounter_id: EncounterId
    state: DecisionState
    ground: str
    author: str
    decided_at: Instant
    exception_of: RuleDepartedFrom | None = None
    approver: str = ""
    expires_at: Instant | None = None
    carer: EncounterId | None = None

    def __post_init__(self) -> None:
        if len(self.ground) > TEXT_CHARACTERS_MAX:
            raise ValueError(f"a ground may have {TEXT_CHARACTERS_MAX} characters")
        if self.exception_of is not None and self.state is not DecisionState.CLEARED:
            raise ValueError("only a clearance can be an exception")


def in_force(decisions: Iterable[Decision], now: Instant) -> Decision | None:
    """The latest of some decisions, in their order of recording, unless it has expired."""
    last = None
    for one in decisions:
        last = one
    if last is None or (last.expires_at is not None and last.expires_at <= now):
        return None
    return last


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecorded:
    """An outcome, with the answer where a search was made."""

    outcome: Outcome
    answer: Answer | None = None
    is_unaccompanied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """People decided about the candidates, or an appeal did."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision, and the rule that it departs from."""

    state: DecisionState
    exception_of: RuleDepartedFrom | None = None
    has_carer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The time of the decision in force ran out."""


Event = OutcomeRecorded | Answered | Decided | Expired


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """Somebody who came to the gate, as far as the events say.

    outcome     None before the first outcome
    decision    OPEN until something else was decided
    misfits     events that did not fit the state they met
    """

    outcome: Outcome | None = None
    answer: Answer | None = None
    decision: DecisionState = DecisionState.OPEN
    exception_of: RuleDepartedFrom | None = None
    is_unaccompanied: bool = False
    misfits: int = 0

    def after(self, event: Event) -> Presentation:
        """The presentation after one more event."""
        if isinstance(event, OutcomeRecorded):
            return self._with_outcome(event)
        if isinstance(event, Answered):
            if self.outcome is not Outcome.SCREENED:
                return self._flagged()
            return replace(self, answer=event.answer)
        if isinstance(event, Decided):
            return self._with_decision(event)
        return replace(self, decision=DecisionState.OPEN, exception_of=None)

    def _with_outcome(self, event: OutcomeRecorded) -> Presentation:
        has_answer = event.answer is not None
        if self.outcome is not None or has_answer != (event.outcome is Outcome.SCREENED):
            return self._flagged()
        return replace(
            self, outcome=event.outcome, answer=event.answer, is_unaccompanied=event.is_unaccompanied
        )

    def _with_decision(self, event: Decided) -> Presentation:
        if self.outcome in {None, Outcome.LEFT}:
            return self._flagged()
        decided = replace(self, decision=event.state, exception_of=event.exception_of)
        fits = event.state is not DecisionState.CLEARED or (
            self.rule_departed_from is None or event.exception_of is self.rule_departed_from
        )
        if event.state is DecisionState.CLEARED and self.is_unaccompanied and not event.has_carer:
            fits = False
        return decided if fits else decided._flagged()

    def _flagged(self) -> Presentation:
        return replace(self, misfits=self.misfits + 1)

    @property
    def rule_departed_from(self) -> RuleDepartedFrom | None:
        """What a clearance would be an exception of; None where the ordinary rules allow one."""
        if self.outcome is Outcome.SCREENED:
            return RuleDepartedFrom.BEING_DECIDED if self.answer is Answer.BEING_DECIDED else None
        if self.outcome in {None, Outcome.LEFT}:
            return None
        return RuleDepartedFrom(self.outcome.value)

    @property
    def may_officer_clear(self) -> bool:
        """Whether clearing it is no more than saying what the search said: nobody was found."""
        return (
            self.outcome is Outcome.SCREENED
            and self.answer is Answer.NOT_KNOWN
            and not self.is_unaccompanied
            and self.decision is DecisionState.OPEN
        )


def fold(events: Iterable[Event]) -> Presentation:
    """The state that some events lead to, in their order."""
    presentation = Presentation()
    for event in events:
        presentation = presentation.after(event)
    return presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many people have which outcome and decision; the identities I3, I4 and I5 hold among them.

    presented      |P|
    screened, exempt, failed_capture, refused, left          S, Z, F, R, L
    cleared, denied, referred, open                          C, Q, T, O
    known, not_known, cannot_tell                            the parts of S
    being_decided  those of `cannot_tell` about whom people have not decided yet
    by_exception   those of `cleared` where a rule was departed from
    """

    presented: int = 0
    screened: int = 0
    exempt: int = 0
    failed_capture: int = 0
    refused: int = 0
    left: int = 0
    cleared: int = 0
    denied: int = 0
    referred: int = 0
    open: int = 0
    known: int = 0
    not_known: int = 0
    cannot_tell: int = 0
    being_decided: int = 0
    by_exception: int = 0


def tally(presentations: Iterable[Presentation]) -> Tally:
    """Count presentations; who has no outcome yet counts as having left before one."""
    counts = dict.fromkeys(Tally.__dataclass_fields__, 0)
    for one in presentations:
        for name in _counted_as(one):
            counts[name] += 1
    return Tally(**counts)


def _counted_as(one: Presentation) -> list[str]:
    outcome = one.outcome or Outcome.LEFT
    names = ["presented", outcome.value.replace(" ", "_")]
    if outcome is Outcome.LEFT:
        return names
    names.append(one.decision.value)
    if one.exception_of is not None and one.decision is DecisionState.CLEARED:
        names.append("by_exception")
    if outcome is not Outcome.SCREENED or one.answer is None:
        return names
    if one.answer is Answer.BEING_DECIDED:
        return [*names, "cannot_tell", "being_decided"]
    return [*names, one.answer.value.replace(" ", "_")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What somebody wants to decide; see `Decision` for the fields."""

    state: DecisionState
    author: str
    ground: str = ""
    is_exception: bool = False
    approver: str = ""
    expires_at: Instant | None = None
    has_carer: bool = False


def check_proposal(
    presentation: Presentation,
    proposal: Proposal,
    *,
    now: Instant,
    second_person: Collection[str] = (),
) -> RuleDepartedFrom | None:
    """The rule that the proposal departs from, where it may be decided so.

    second_person  what a second person confirms: decisions such as `denied`, rules that an exception departs
                   from such as `refused`, or `exception` for all of them

    Raises Conflict where the state does not allow it, UnusableInput where something is missing, and
    SecondPersonMissing.
    """
    if presentation.outcome in {None, Outcome.LEFT}:
        raise Conflict(
            expected="somebody with an outcome other than leaving",
            found="somebody who left before one",
            hint="Screen the person when they come again",
        )
    _check_text_and_time(presentation, proposal, now)
    if proposal.state is DecisionState.DENIED and presentation.answer is Answer.BEING_DECIDED:
        raise Conflict(
            expected="a denial after people have looked at the candidates",
            found="candidates that nobody has decided about",
            hint="Decide the case first, or refer the person",
        )
    departed = None
    if proposal.state is DecisionState.CLEARED:
        if presentation.is_unaccompanied and not proposal.has_carer:
            raise UnusableInput(
                expected="a carer who answers for the child",
                found="none",
                hint="Name the carer's encounter with --carer",
            )
        departed = _check_exception(presentation, proposal)
    if not proposal.approver and needs_second(proposal.state, departed, second_person):
        raise SecondPersonMissing(
            expected="a second person, as the agreement asks for",
            found="one",
            hint="Name the second person's seat with --second",
        )
    return departed


def needs_second(
    state: DecisionState, departed: RuleDepartedFrom | None, second_person: Collection[str]
) -> bool:
    """Whether the agreement asks for a second person; see `check_proposal`."""
    confirmed = {state.value} | ({"exception", departed.value} if departed else set())
    return not confirmed.isdisjoint(second_person)


def _check_text_and_time(presentation: Presentation, proposal: Proposal, now: Instant) -> None:
    is_plain_clearance = proposal.state is DecisionState.CLEARED and presentation.may_officer_clear
    if not proposal.ground and not is_plain_clearance:
        raise UnusableInput(
            expected="the ground of the decision",
            found="none",
            hint="Say why with --ground; or with --exception, where a rule is departed from",
        )
    if proposal.expires_at is not None and proposal.expires_at <= now:
        raise UnusableInput(
            expected="a decision that expires later than now",
            found="a time that is past",
            hint="Give a later time with --expires",
        )
    if proposal.approver and proposal.approver == proposal.author:
        raise SecondPersonMissing(
            expected="two persons", found="the same seat twice", hint="Name another seat with --second"
        )


def _check_exception(presentation: Presentation, proposal: Proposal) -> RuleDepartedFrom | None:
    departed = presentation.rule_departed_from
    if departed is None and proposal.is_exception:
        raise UnusableInput(
            expected="a ground, since the rules allow this clearance",
            found="an exception",
            hint="Say why with --ground instead of --exception",
        )
    if departed is not None and not proposal.is_exception:
        raise UnusableInput(
            expected=f"a recorded exception, since the person was not searched to the end ({departed.value})",
            found="none",
            hint="Say why with --exception",
        )
    return departed
