"""The registry's values and rules; nothing here reads, writes or waits."""

from musterpoint.registry.rules import (
    ANSWER_OF_VERDICT,
    ScreeningDecision,
    answer_after_verdict,
    decide_screening,
    outcome_without_sample,
)
from musterpoint.registry.values import (
    Answer,
    CannotTellReason,
    Case,
    CaseCandidate,
    Encounter,
    EncounterKind,
    JournalLine,
    NotCaptured,
    NotCapturedReason,
    Outcome,
    Reference,
    Subject,
    Verdict,
)

__all__ = [
    "ANSWER_OF_VERDICT",
    "Answer",
    "CannotTellReason",
    "Case",
    "CaseCandidate",
    "Encounter",
    "EncounterKind",
    "JournalLine",
    "NotCaptured",
    "NotCapturedReason",
    "Outcome",
    "Reference",
    "ScreeningDecision",
    "Subject",
    "Verdict",
    "answer_after_verdict",
    "decide_screening",
    "outcome_without_sample",
]
