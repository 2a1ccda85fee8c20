"""What the gate is told: never more than the role may know, and always what to do next."""

from __future__ import annotations

from enum import StrEnum

from musterpoint.registry.decisions import DecisionState, Presentation
from musterpoint.registry.values import Answer, CannotTellReason, Outcome


class NextStep(StrEnum):
    """What happens to somebody who was at the gate; there is one for every state, so no dead end."""

    GO_ON = "go on"
    WAIT = "wait"
    CAPTURE_AGAIN = "capture again"
    SUPERVISOR = "supervisor decides"
    EXCEPTION = "exception"
    CARER = "carer"
    COME_AGAIN = "come again"
    APPEAL = "appeal"

    @property
    def words(self) -> str:
        """The step as a sentence for the person at the gate's table."""
        return _WORDS[self]


_WORDS = {
    NextStep.GO_ON: "The person may go on.",
    NextStep.WAIT: "The person waits where cases are decided. Nothing is said about them yet.",
    NextStep.CAPTURE_AGAIN: "Capture again, with the advice given; or a supervisor decides.",
    NextStep.SUPERVISOR: "A supervisor decides.",
    NextStep.EXCEPTION: "Goes on by a recorded exception: a supervisor clears it with a reason.",
    NextStep.CARER: "A child alone: a supervisor names a carer before the child goes on.",
    NextStep.COME_AGAIN: "Nothing to decide. If the person comes again, screen them then.",
    NextStep.APPEAL: "The person may appeal; the receipt says to whom.",
}


def shown_answer(answer: Answer | None, *, no_list: bool) -> Answer | None:
    """What the gate may say. Under *no list*, that somebody looks at candidates is not told either."""
    if no_list and answer is Answer.BEING_DECIDED:
        return Answer.CANNOT_TELL
    return answer


def next_step(
    presentation: Presentation, *, reason: CannotTellReason | None = None, no_list: bool = False
) -> NextStep:
    """What comes next for somebody in this state.

    reason   why it cannot be told, where that is so
    no_list  whether the gate may learn that candidates are being decided; if not, every *cannot tell*
             has the same next step, so that a queue does not read who has candidates
    """
    if presentation.outcome is Outcome.LEFT:
        return NextStep.COME_AGAIN
    if presentation.decision is DecisionState.CLEARED:
        return NextStep.GO_ON
    if presentation.decision is DecisionState.DENIED:
        return NextStep.APPEAL
    if presentation.is_unaccompanied:
        return NextStep.CARER
    if presentation.outcome is not Outcome.SCREENED:
        return NextStep.EXCEPTION
    return _step_of_answer(shown_answer(presentation.answer, no_list=no_list), reason, no_list)


def _step_of_answer(answer: Answer | None, reason: CannotTellReason | None, no_list: bool) -> NextStep:
    if answer is Answer.BEING_DECIDED:
        return NextStep.WAIT
    if answer is Answer.CANNOT_TELL and reason is CannotTellReason.QUALITY and not no_list:
        return NextStep.CAPTURE_AGAIN
    return NextStep.SUPERVISOR
