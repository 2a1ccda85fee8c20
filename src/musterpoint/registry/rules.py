"""What follows from what: outcomes, answers and settlements, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musterpoint.registry.values import (
    Answer,
    CannotTellReason,
    NotCaptured,
    NotCapturedReason,
    Outcome,
    Verdict,
)

_OUTCOME_WITHOUT_SAMPLE = {
    NotCapturedReason.REFUSED: Outcome.REFUSED,
    NotCapturedReason.LEFT: Outcome.LEFT,
    NotCapturedReason.EXEMPT: Outcome.EXEMPT,
}


def outcome_without_sample(not_captured: Sequence[NotCaptured]) -> Outcome:
    """The outcome of somebody of whom no finger was captured.

    A refusal weighs more than leaving, leaving more than an exemption; whatever else hindered the
    capture makes it a failed capture.
    """
    reasons = {item.reason for item in not_captured}
    for reason, outcome in _OUTCOME_WITHOUT_SAMPLE.items():
        if reason in reasons:
            return outcome
    return Outcome.FAILED_CAPTURE


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningDecision:
    """What a finished search leads to.

    answer          what is said about the person
    reason          why it cannot be told, or could not be if nobody is found in the end
    opens_case      candidates go to a person who decides
    enrols_subject  nobody was found, so the encounter becomes a new subject
    """

    answer: Answer
    reason: CannotTellReason | None
    opens_case: bool
    enrols_subject: bool


def decide_screening(
    *,
    has_candidates: bool,
    is_search_trusted: bool,
    is_search_complete: bool = True,
    is_anybody_comparable: bool = True,
) -> ScreeningDecision:
    """Decide what a search leads to.

    is_search_trusted   the quality allows a search that finds nobody to mean something
    is_search_complete  every gallery that the purpose asks for was searched as it is now
    is_anybody_comparable  there is nobody, or somebody on record with a finger that was captured

    Candidates are never declared a match, whatever their strength: a person decides. A search that
    found nobody says so only where it could have found somebody.
    """
    reason = None
    if not is_search_trusted:
        reason = CannotTellReason.QUALITY
    elif not is_search_complete:
        reason = CannotTellReason.GALLERY
    elif not is_anybody_comparable:
        reason = CannotTellReason.FINGERS
    if has_candidates:
        return ScreeningDecision(
            answer=Answer.BEING_DECIDED, reason=reason, opens_case=True, enrols_subject=False
        )
    return ScreeningDecision(
        answer=Answer.NOT_KNOWN if reason is None else Answer.CANNOT_TELL,
        reason=reason,
        opens_case=False,
        enrols_subject=reason is None,
    )


ANSWER_OF_VERDICT = {
    Verdict.SAME: Answer.KNOWN,
    Verdict.DIFFERENT: Answer.NOT_KNOWN,
    Verdict.CANNOT_TELL: Answer.CANNOT_TELL,
}
"""What a settled case says about the person of its encounter, if the search was trusted and complete."""


def answer_after_verdict(verdict: Verdict, reason: CannotTellReason | None = None) -> Answer:
    """What is said of somebody once people have decided about the candidates.

    reason  why the search would have told nothing without candidates: that these candidates are others
            does not make up for a gallery that was not searched
    """
    if verdict is Verdict.DIFFERENT and reason is not None:
        return Answer.CANNOT_TELL
    return ANSWER_OF_VERDICT[verdict]
