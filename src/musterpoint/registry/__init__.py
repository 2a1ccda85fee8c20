"""The registry's values and rules; nothing here reads, writes or waits."""

from musterpoint.registry.rules import (
    ANSWER_OF_VERDICT,
    ScreeningDecision,
    decide_screening,
    outcome_without_sample,
)
from musterpoint.registry.values import (
    Answer,
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
    "decide_screening",
    "outcome_without_sample",
]
