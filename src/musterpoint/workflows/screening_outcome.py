"""What a screening came to: as it is stored, and as the gate may see it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from musterpoint.registry import Answer, CannotTellReason, Outcome
from musterpoint.registry.agreements import PRACTICE_AGREEMENT
from musterpoint.registry.decisions import DecisionState, Presentation
from musterpoint.registry.outcomes import next_step, shown_answer
from musterpoint.registry.rights import Act, may
from musterpoint.registry.seats import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerResult:
    """What was seen of one captured finger: quality 0..100, and advice where it is poor."""

    finger: str
    quality: int | None
    reasons: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchThreshold:
    """What the search asked of a candidate, and what chance may produce by that.

    people, fingers       who was searched, with how many fingers
    threshold_millinats   strength that a candidate needed; None for seats that see no strength
    expected_false_candidates_per_search, …_range  on average, and at both ends of the interval of 95 %
    expected_false_candidates_per_day              by the searches of the last seven days
    calibration           by which number; 0 for the one that comes with the program
    is_extrapolated       nothing that was measured is so rare: a tail model says it
    is_target_supported   false where no data support the target, and the strictest that they do stands here
    """

    people: int
    fingers: int
    target_fpir_ppm: int
    threshold_millinats: int | None
    expected_false_candidates_per_search: float
    expected_false_candidates_range: tuple[float, float]
    expected_false_candidates_per_day: float
    calibration: int
    is_extrapolated: bool
    is_target_supported: bool

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> SearchThreshold:
        """The one that was stored."""
        low, high = values["expected_false_candidates_range"]
        return cls(**{**values, "expected_false_candidates_range": (low, high)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningShown:
    """What the gate is told of a screening: no candidate, rank, score, subject, nor that there is a case.

    is_enrolled  the person was enrolled as somebody new just now
    answer       known, not known, being decided or cannot tell; under *no list* never being decided
    reason       why it cannot be told, where the gate may know
    next_step    what happens now, as a sentence; there is always one
    fingers      under *no list* without qualities and advice where it cannot be told
    fingers_missing  what was asked and neither captured nor explained, as people read it
    threshold    by what was searched, where the seat may know; None where nothing was
    """

    encounter: str
    is_enrolled: bool
    outcome: str
    answer: str | None
    reason: str
    decision: str
    exception_of: str
    next_step: str
    fingers: tuple[FingerResult, ...]
    fingers_missing: tuple[str, ...]
    agreement: str
    is_practice: bool
    galleries: tuple[str, ...]
    galleries_not_searched: tuple[str, ...]
    people: int
    people_comparable: int
    threshold: SearchThreshold | None
    is_repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningOutcome:
    """What happened to somebody who came to the gate.

    subject            set where the person was enrolled just now
    answer             None where no search was made
    reason             why it cannot be told, or could not be if nobody is found in the end; may be empty
    case               number of the case that people have to decide; not for the gate
    decision           cleared, denied, referred or open
    exception_of       the rule that a clearance departs from; may be empty
    is_unaccompanied   a child without a carer
    people             people in the searched galleries
    people_comparable  those who have a finger in common with what was captured
    position           journal lines that the search reflects
    threshold          by what was searched; stored whole, handed out as far as the seat may know it
    is_repeated        the request had been answered before; nothing was changed now
    """

    encounter: str
    subject: str | None
    outcome: str
    answer: str | None
    case: int | None
    fingers: tuple[FingerResult, ...]
    people: int
    people_comparable: int
    position: int
    reason: str = ""
    decision: str = DecisionState.OPEN.value
    exception_of: str = ""
    is_unaccompanied: bool = False
    no_list: bool = False
    agreement: str = ""
    galleries: tuple[str, ...] = ()
    galleries_not_searched: tuple[str, ...] = ()
    fingers_missing: tuple[str, ...] = ()
    threshold: SearchThreshold | None = None
    is_repeated: bool = False

    def as_seen_by(self, role: Role) -> ScreeningOutcome:
        """The same with as much of the threshold as a seat of that role may read."""
        if self.threshold is None or (may(role, Act.SEE_CANDIDATES) and may(role, Act.READ_THRESHOLDS)):
            return self
        if not may(role, Act.READ_THRESHOLDS):
            return replace(self, threshold=None)
        return replace(self, threshold=replace(self.threshold, threshold_millinats=None))

    def shown(self) -> ScreeningShown:
        """What the gate may see of it; it looks the same for every reason to look closer."""
        answer = shown_answer(Answer(self.answer) if self.answer else None, no_list=self.no_list)
        is_open_about_reason = answer is Answer.CANNOT_TELL and not self.no_list
        reason = CannotTellReason(self.reason) if self.reason and is_open_about_reason else None
        state = Presentation(
            outcome=Outcome(self.outcome),
            answer=Answer(self.answer) if self.answer else None,
            decision=DecisionState(self.decision),
            is_unaccompanied=self.is_unaccompanied,
        )
        return ScreeningShown(
            encounter=self.encounter,
            is_enrolled=self.subject is not None,
            outcome=self.outcome,
            answer=answer.value if answer else None,
            reason=reason.value if reason else "",
            decision=self.decision,
            exception_of=self.exception_of,
            next_step=next_step(state, reason=reason, no_list=self.no_list).words,
            fingers=self._shown_fingers(answer),
            fingers_missing=self.fingers_missing,
            agreement=self.agreement,
            is_practice=self.agreement == str(PRACTICE_AGREEMENT),
            galleries=self.galleries,
            galleries_not_searched=self.galleries_not_searched,
            people=self.people,
            people_comparable=self.people_comparable,
            # Under no list it would tell who was searched from whose fingers were too poor for it.
            threshold=None if self.no_list else self.threshold,
            is_repeated=self.is_repeated,
        )

    def _shown_fingers(self, answer: Answer | None) -> tuple[FingerResult, ...]:
        # Under no list a good quality beside "cannot tell" would say that there are candidates.
        if not (self.no_list and answer is Answer.CANNOT_TELL):
            return self.fingers
        return tuple(FingerResult(finger=one.finger, quality=None) for one in self.fingers)

    def to_json(self) -> str:
        """As stored; `from_json` reads it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ScreeningOutcome:
        """The outcome that `to_json` wrote."""
        values = json.loads(text)
        fingers = tuple(
            FingerResult(**{**finger, "reasons": tuple(finger["reasons"]), "advice": tuple(finger["advice"])})
            for finger in values.pop("fingers")
        )
        for name in ("galleries", "galleries_not_searched", "fingers_missing"):
            values[name] = tuple(values.get(name, ()))
        if values.get("threshold"):
            values["threshold"] = SearchThreshold.from_json(values["threshold"])
        return cls(fingers=fingers, **values)
