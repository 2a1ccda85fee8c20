"""What follows from what: outcomes, answers and settlements, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musterpoint.registry.values import Answer, NotCaptured, NotCapturedReason, Outcome, Verdict

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
    opens_case      candidates go to a person who decides
    enrols_subject  nobody was found, so the encounter becomes a new subject
    """

    answer: Answer
    opens_case: bool
    enrols_subject: bool


def decide_screening(*, has_candidates: bool, is_search_trusted: bool) -> ScreeningDecision:
    """Decide what a search leads to.

    Candidates are never declared a match, whatever their strength: a person decides. A search that
    found nobody says so only where the quality allowed it to find somebody.
    """
    if has_candidates:
        return ScreeningDecision(answer=Answer.BEING_DECIDED, opens_case=True, enrols_subject=False)
    if not is_search_trusted:
        return ScreeningDecision(answer=Answer.CANNOT_TELL, opens_case=False, enrols_subject=False)
    return ScreeningDecision(answer=Answer.NOT_KNOWN, opens_case=False, enrols_subject=True)


ANSWER_OF_VERDICT = {
    Verdict.SAME: Answer.KNOWN,
    Verdict.DIFFERENT: Answer.NOT_KNOWN,
    Verdict.CANNOT_TELL: Answer.CANNOT_TELL,
}
"""What a settled case says about the person of its encounter."""
