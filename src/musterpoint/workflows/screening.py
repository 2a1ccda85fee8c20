"""Screening: has this person been here before, and a record of the answer either way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from musterpoint.errors import UnusableInput
from musterpoint.extraction import QualityReport
from musterpoint.identifiers import CaseId, EncounterId, RequestId, SubjectId, new_uuid
from musterpoint.limits import FINGERS_MAX
from musterpoint.registry import (
    CaseCandidate,
    Encounter,
    EncounterKind,
    NotCaptured,
    Outcome,
    ScreeningDecision,
    decide_screening,
    outcome_without_sample,
)
from musterpoint.storage import UnitOfWork
from musterpoint.templates import FingerPosition, Template
from musterpoint.workflows.capturing import Capture, Submission, capture, digest, references, refuse_erased
from musterpoint.workflows.recording import search_and_record
from musterpoint.workflows.searching import Found, FoundCandidate
from musterpoint.workflows.station import Station

DEFAULT_GALLERY = "screening"
"""Where people who were screened are enrolled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningRequest:
    """Somebody at the gate.

    request_id        the same request is answered once: given again, it returns the stored outcome
    submissions       images or records of the person's fingers; may be empty
    not_captured      fingers that could not be captured, with the reason
    purpose, site     why and where the person is screened
    gallery           where the person is enrolled if not known
    search_galleries  which galleries are searched; None means all
    source_record     name of the record in a batch; may be empty
    """

    request_id: RequestId
    submissions: tuple[Submission, ...]
    purpose: str
    site: str
    not_captured: tuple[NotCaptured, ...] = ()
    gallery: str = DEFAULT_GALLERY
    search_galleries: frozenset[str] | None = None
    source_record: str = ""

    def __post_init__(self) -> None:
        if not self.submissions and not self.not_captured:
            raise UnusableInput(
                expected="at least one image, or the reason why there is none",
                found="neither",
                hint="Give an image, or --not-captured with a reason such as bandaged or refused",
            )
        captured = {one.position for one in self.submissions}
        if (
            any(item.position in captured | {FingerPosition.UNKNOWN} for item in self.not_captured)
            and captured
        ):
            raise UnusableInput(
                expected="fingers that were captured, and reasons for others that were not",
                found="a finger that was captured with a reason why it was not",
                hint="Name the finger of the reason, as in --not-captured left-index=bandaged",
            )
        if len(self.submissions) + len(self.not_captured) > FINGERS_MAX:
            raise UnusableInput(
                expected=f"at most {FINGERS_MAX} fingers of one person",
                found=f"{len(self.submissions) + len(self.not_captured)}",
                hint="Screen one person at a time, or use --batch",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerResult:
    """What was seen of one captured finger: quality 0..100, and advice where it is poor."""

    finger: str
    quality: int | None
    reasons: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningOutcome:
    """What happened to somebody who came to the gate.

    subject            set where the person was enrolled just now
    answer             None where no search was made
    case               number of the case that a person has to decide
    people             people in the searched galleries
    people_comparable  those who have a finger in common with what was captured
    position           journal lines that the search reflects
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
    is_repeated: bool = False

    def to_json(self) -> str:
        """As stored and as printed; `from_json` reads it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ScreeningOutcome:
        """The outcome that `to_json` wrote."""
        values = json.loads(text)
        fingers = tuple(
            FingerResult(**{**finger, "reasons": tuple(finger["reasons"]), "advice": tuple(finger["advice"])})
            for finger in values.pop("fingers")
        )
        return cls(fingers=fingers, **values)


def find_screened(station: Station, request: ScreeningRequest) -> ScreeningOutcome | None:
    """What came of the request in an earlier run, if it was answered then. Raises RequestConflict."""
    with station.database.read() as snapshot:
        return _stored(snapshot.outcome_of(request.request_id, _digest(request)))


def screen(
    station: Station, request: ScreeningRequest, captures: Sequence[Capture] | None = None
) -> ScreeningOutcome:
    """Screen one person and record what came of it, in one transaction.

    captures  what `capture` made of the submissions, where that was done before

    Nobody is declared a match: candidates open a case, which a person decides. Raises UnusableInput
    or NotCapturable for what cannot be used, RequestConflict where the request identifier served
    for another request, RegistryBusy where others write without pause; nothing is changed then.
    """
    answered = find_screened(station, request)
    if answered is not None:
        return answered
    asked = _digest(request)
    if not request.submissions:
        return _record_without_sample(station, request, asked)
    taken = capture(station.extractor, request.submissions) if captures is None else captures

    def record(work: UnitOfWork, found: Found) -> ScreeningOutcome:
        outcome = _record(station, work, request, taken, found)
        work.store_outcome(request.request_id, asked, outcome.to_json())
        return outcome

    return search_and_record(
        station,
        request.search_galleries,
        [one.template for one in taken],
        lambda work: _stored(work.outcome_of(request.request_id, asked)),
        record,
    )


def _stored(text: str | None) -> ScreeningOutcome | None:
    if text is None:
        return None
    refuse_erased(text)
    return replace(ScreeningOutcome.from_json(text), is_repeated=True)


def _digest(request: ScreeningRequest) -> str:
    reasons = ",".join(f"{int(item.position)}={item.reason}" for item in request.not_captured)
    searched = "*" if request.search_galleries is None else "|".join(sorted(request.search_galleries))
    facts = (request.purpose, request.site, request.gallery, request.source_record, reasons, searched)
    return digest(request.submissions, "screening", *facts)


def _record_without_sample(station: Station, request: ScreeningRequest, asked: str) -> ScreeningOutcome:
    outcome = outcome_without_sample(request.not_captured)
    encounter = _encounter(station, request, outcome=outcome, subject_id=None, decision=None)
    with station.database.unit_of_work() as work:
        answered = _stored(work.outcome_of(request.request_id, asked))
        if answered is not None:
            return answered
        position = _journal_encounter(work, encounter)
        work.add_gallery_if_missing(encounter.gallery)
        work.add_encounter(encounter)
        result = ScreeningOutcome(
            encounter=str(encounter.encounter_id),
            subject=None,
            outcome=outcome.value,
            answer=None,
            case=None,
            fingers=(),
            people=0,
            people_comparable=0,
            position=position,
        )
        work.store_outcome(request.request_id, asked, result.to_json())
        work.commit()
    return result


def _record(
    station: Station,
    work: UnitOfWork,
    request: ScreeningRequest,
    captures: Sequence[Capture],
    found: Found,
) -> ScreeningOutcome:
    decision = decide_screening(
        has_candidates=bool(found.candidates),
        is_search_trusted=any(one.is_trusted for one in captures),
    )
    subject_id = SubjectId(new_uuid()) if decision.enrols_subject else None
    encounter = _encounter(
        station, request, outcome=Outcome.SCREENED, subject_id=subject_id, decision=decision
    )
    work.add_gallery_if_missing(encounter.gallery)
    _journal_search(work, encounter, request, found)
    _journal_encounter(work, encounter)
    if subject_id is not None:
        work.add_subject(subject_id)
        work.append_journal(
            "subject.enrolled", {"subject": str(subject_id), "encounter": str(encounter.encounter_id)}
        )
    work.add_encounter(encounter)
    for reference in references(captures, encounter.encounter_id, keeps_images=station.keeps_images):
        work.add_reference(reference)
    case = _open_case(station, work, encounter, found) if decision.opens_case else None
    return ScreeningOutcome(
        encounter=str(encounter.encounter_id),
        subject=str(subject_id) if subject_id else None,
        outcome=encounter.outcome.value,
        answer=decision.answer.value,
        case=case,
        fingers=tuple(_finger_result(one.template, one.quality) for one in captures),
        people=found.people,
        people_comparable=found.people_comparable,
        position=found.position,
    )


def _encounter(
    station: Station,
    request: ScreeningRequest,
    *,
    outcome: Outcome,
    subject_id: SubjectId | None,
    decision: ScreeningDecision | None,
) -> Encounter:
    return Encounter(
        encounter_id=EncounterId(new_uuid()),
        subject_id=subject_id,
        kind=EncounterKind.SCREENING,
        gallery=request.gallery,
        purpose=request.purpose,
        site=request.site,
        occurred_at=station.clock.now(),
        outcome=outcome,
        answer=decision.answer if decision else None,
        not_captured=request.not_captured,
        source_record=request.source_record,
    )


def _journal_search(work: UnitOfWork, encounter: Encounter, request: ScreeningRequest, found: Found) -> None:
    galleries = request.search_galleries
    work.append_journal(
        "searched",
        {
            "encounter": str(encounter.encounter_id),
            "purpose": request.purpose,
            "galleries": sorted(galleries) if galleries is not None else list(work.galleries()),
            "people": found.people,
            "references": found.references,
            "position": found.position,
        },
    )


def _journal_encounter(work: UnitOfWork, encounter: Encounter) -> int:
    return work.append_journal(
        "encounter.recorded",
        {
            "encounter": str(encounter.encounter_id),
            "kind": encounter.kind.value,
            "gallery": encounter.gallery,
            "site": encounter.site,
            "outcome": encounter.outcome.value,
            "answer": encounter.answer.value if encounter.answer else "",
        },
    )


def _open_case(station: Station, work: UnitOfWork, encounter: Encounter, found: Found) -> int:
    case = work.open_case(
        CaseId(new_uuid()),
        encounter.encounter_id,
        found.people,
        tuple(_case_candidate(candidate) for candidate in found.candidates),
        station.clock.now(),
    )
    work.append_journal("case.opened", {"case": case.number, "encounter": str(encounter.encounter_id)})
    return case.number


def _case_candidate(candidate: FoundCandidate) -> CaseCandidate:
    return CaseCandidate(encounter_id=candidate.encounter_id, strength=candidate.strength)


def _finger_result(template: Template, quality: QualityReport | None) -> FingerResult:
    finger = "unknown" if template.position is FingerPosition.UNKNOWN else template.position.label
    reasons = quality.reasons if quality else ()
    return FingerResult(
        finger=finger,
        quality=template.quality,
        reasons=tuple(reason.words for reason in reasons),
        advice=tuple(reason.advice for reason in reasons),
    )
