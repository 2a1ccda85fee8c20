"""Appeals: somebody says that what was decided about them is wrong, and other people look again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from musterpoint.clock import Instant
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry.values import Answer, Verdict


class AppealOutcome(StrEnum):
    """How an appeal ends."""

    CONFIRMED = "confirmed"
    REVERSED = "reversed"
    CANNOT_TELL = "cannot tell"


class AppealedBy(StrEnum):
    """Who appealed."""

    PERSON = "the person"
    ON_BEHALF = "somebody on their behalf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An appeal against what was decided about an encounter.

    number    1, 2, 3 …, as people say it, and the round in which its pairs are asked
    stays     what follows from the earlier decision rests while the appeal is open
    position  journal lines when it was opened; the decision stands before
    """

    number: int
    encounter_id: EncounterId
    appealed_by: AppealedBy
    reason: str
    opened_by: str
    opened_at: Instant
    stays: bool
    position: int
    earlier_answer: Answer | None
    earlier_verdict: Verdict | None
    earlier_subject: SubjectId | None
    outcome: AppealOutcome | None = None
    decided_by: str = ""
    decided_at: Instant | None = None


def outcome_of(*, earlier: Verdict | None, found: Verdict, is_same_subject: bool) -> AppealOutcome:
    """How an appeal ends after the pairs were judged anew.

    is_same_subject  the encounter belongs to the same subject as before; it matters where both are SAME
    """
    if found is Verdict.CANNOT_TELL:
        return AppealOutcome.CANNOT_TELL
    is_confirmed = found is earlier and (found is not Verdict.SAME or is_same_subject)
    return AppealOutcome.CONFIRMED if is_confirmed else AppealOutcome.REVERSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A line of the journal that came after the earlier decision and speaks of whom it was about.

    author  the seat that relied on it
    """

    position: int
    kind: str
    author: str
    occurred_at: Instant
