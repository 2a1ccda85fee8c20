"""Screening: has this person been here before, what follows for them, and a record of it either way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from musterpoint.errors import UnusableInput
from musterpoint.identifiers import EncounterId, RequestId, SubjectId, new_uuid
from musterpoint.limits import FINGERS_MAX
from musterpoint.registry import (
    CaseCandidate,
    Encounter,
    EncounterKind,
    NotCaptured,
    NotCapturedReason,
    Outcome,
    ScreeningDecision,
    decide_screening,
    outcome_without_sample,
)
from musterpoint.registry.agreements import ANY
from musterpoint.registry.decisions import Presentation
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, UnitOfWork, biographic, decisions
from musterpoint.storage.decisions import GateFacts, StoredPresentation
from musterpoint.templates import FingerPosition
from musterpoint.workflows.alarms import is_time_to_watch, watch
from musterpoint.workflows.asked_fingers import check_fingers, unexplained
from musterpoint.workflows.authorising import (
    Permission,
    authorise,
    enrolling_gallery,
    galleries_searched,
    refuse_more_than_agreed,
)
from musterpoint.workflows.capturing import Capture, Submission, capture, digest, references, refuse_erased
from musterpoint.workflows.children import (
    Told,
    age_of,
    decided_again_at,
    is_unaccompanied,
    refuse_fingers,
)
from musterpoint.workflows.deciding import AtGate, decide_at_gate, insist_on_carer
from musterpoint.workflows.gate_events import GateJournal, SearchScope
from musterpoint.workflows.recording import Search, search_and_record
from musterpoint.workflows.screening_outcome import FingerResult, ScreeningOutcome, SearchThreshold
from musterpoint.workflows.searching import Found, FoundCandidate
from musterpoint.workflows.settling import open_case
from musterpoint.workflows.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningRequest:
    """Somebody at the gate.

    request_id        the same request is answered once: given again, it returns the stored outcome
    submissions       images or records of the person's fingers; may be empty
    not_captured      fingers that could not be captured, with the reason
    purpose, site     why and where the person is screened
    gallery           where the person is enrolled if not known; empty lets the agreement say
    search_galleries  galleries that are searched; None means all that the agreement lets be searched
    source_record     name of the record in a batch; may be empty
    told              what the person told; may be empty
    exception         reason for clearing somebody of whom no finger was captured; may be empty
    stays_open        nobody is cleared by this command, whatever the answer
    """

    request_id: RequestId
    submissions: tuple[Submission, ...]
    purpose: str
    site: str
    not_captured: tuple[NotCaptured, ...] = ()
    gallery: str = ""
    search_galleries: frozenset[str] | None = None
    source_record: str = ""
    told: Told = field(default_factory=Told)
    exception: str = ""
    stays_open: bool = False

    def __post_init__(self) -> None:
        if not self.submissions and not self.not_captured and not self._is_about_a_child:
            raise nothing_given()
        if len(self.submissions) + len(self.not_captured) > FINGERS_MAX:
            raise UnusableInput(
                expected=f"at most {FINGERS_MAX} fingers of one person",
                found=f"{len(self.submissions) + len(self.not_captured)}",
                hint="Screen one person at a time, or use --batch",
            )
        if self.exception and self.submissions:
            raise UnusableInput(
                expected="an exception for somebody of whom no finger was captured",
                found="fingers",
                hint="Screen first; decide afterwards with: musterpoint decide",
            )

    @property
    def _is_about_a_child(self) -> bool:
        return self.told.age is not None or bool(self.told.biography and self.told.biography.born)


def nothing_given() -> UnusableInput:
    """The error for a request that says nothing of a finger."""
    return UnusableInput(
        expected="at least one image, or the reason why there is none",
        found="neither",
        hint="Give an image, or --not-captured with a reason such as bandaged or refused",
    )


def find_screened(station: Station, request: ScreeningRequest) -> ScreeningOutcome | None:
    """What came of the request in an earlier run, if it was answered then.

    Raises RequestConflict, and what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.SCREEN, purpose=request.purpose)
        found = _stored(snapshot.outcome_of(request.request_id, _digest(request)))
        return found and _seen(permission, found)


def screen(
    station: Station, request: ScreeningRequest, captures: Sequence[Capture] | None = None
) -> ScreeningOutcome:
    """Screen one person and record what came of it, in one transaction; now and then look at the rates.

    captures  what `capture` made of the submissions, where that was done before

    Nobody is declared a match: candidates open a case, which people decide. Raises Refused where no
    live agreement lets the seat search for the purpose; UnusableInput or NotCapturable for what cannot be
    used, or may not be taken of a child; RequestConflict where the request identifier served for another
    request; RegistryBusy where others write without pause. Nothing is changed then.
    """
    with station.database.read() as snapshot:
        permission = authorise(
            station, snapshot, Act.SCREEN, purpose=request.purpose, gallery=request.gallery
        )
        asked = _digest(request)
        answered = _stored(snapshot.outcome_of(request.request_id, asked))
        if answered is not None:
            return _seen(permission, answered)
        request = _of_the_agreement(station, snapshot, permission, request)
        searched = None
        if request.submissions:
            refuse_more_than_agreed(station, snapshot, permission)
            searched = galleries_searched(station, snapshot, permission, request.search_galleries)
    if searched is not None:
        taken = tuple(capture(station.extractor, request.submissions) if captures is None else captures)
        check_fingers(permission.screening, taken, request.not_captured)
        outcome = _screen_with_sample(station, request, asked, taken, (permission, searched))
    else:
        check_fingers(permission.screening, (), request.not_captured)
        outcome = _screen_without_sample(station, request, asked)
    _look_at_rates(station, permission)
    return _seen(permission, outcome)


def _seen(permission: Permission, outcome: ScreeningOutcome) -> ScreeningOutcome:
    return outcome.as_seen_by(permission.actor.seat.role)


def _screen_with_sample(
    station: Station,
    request: ScreeningRequest,
    asked: str,
    captures: tuple[Capture, ...],
    allowed: tuple[Permission, frozenset[str]],
) -> ScreeningOutcome:
    def record(work: UnitOfWork, found: Found, permission: Permission) -> ScreeningOutcome:
        gate = _gate(station, work, permission, request, found.galleries)
        return _record(work, gate, asked, _searched(gate, captures, found))

    return search_and_record(
        station,
        Search(
            act=Act.SCREEN,
            purpose=request.purpose,
            gallery=request.gallery,
            galleries=request.search_galleries,
            accepts_part=True,
            allowed=allowed,
        ),
        [one.template for one in captures],
        lambda work: _stored(work.outcome_of(request.request_id, asked)),
        record,
    )


def _look_at_rates(station: Station, permission: Permission) -> None:
    with station.database.read() as snapshot:
        is_time = is_time_to_watch(snapshot)
    if is_time:
        watch(station, permission.screening.baselines)


def _stored(text: str | None) -> ScreeningOutcome | None:
    if text is None:
        return None
    refuse_erased(text)
    return replace(ScreeningOutcome.from_json(text), is_repeated=True)


def _digest(request: ScreeningRequest) -> str:
    reasons = ",".join(f"{int(item.position)}={item.reason}" for item in request.not_captured)
    searched = "*" if request.search_galleries is None else "|".join(sorted(request.search_galleries))
    facts = (request.purpose, request.site, request.gallery, request.source_record, reasons, searched)
    told = request.told
    biography = told.biography.facts() if told.biography else {}
    beside = (str(biography), str(told.age), str(told.carer), told.consent, request.exception)
    return digest(request.submissions, "screening", *facts, *beside, str(request.stays_open))


def _of_the_agreement(
    station: Station, snapshot: Snapshot, permission: Permission, request: ScreeningRequest
) -> ScreeningRequest:
    """The request as the agreement has it: of a small child no fingers. Raises NotCapturable, NotFound."""
    rules = permission.screening
    age = age_of(request.told, station.clock.now())
    if request.told.carer is not None:
        insist_on_carer(station, snapshot, permission, request.told.carer)
    if request.submissions:
        refuse_fingers(age, rules)
    elif not request.not_captured:
        if age is None or age >= rules.age_min:
            raise nothing_given()
        exempt = NotCaptured(position=FingerPosition.UNKNOWN, reason=NotCapturedReason.EXEMPT)
        return replace(request, not_captured=(exempt,))
    return request


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """One presentation on its way into the registry.

    gallery                 where the encounter stands
    searched, not_searched  galleries of the agreement for this purpose, by name
    """

    station: Station
    permission: Permission
    request: ScreeningRequest
    encounter_id: EncounterId
    gallery: str
    searched: tuple[str, ...]
    not_searched: tuple[str, ...]
    is_unaccompanied: bool


def _gate(
    station: Station,
    work: UnitOfWork,
    permission: Permission,
    request: ScreeningRequest,
    searched: frozenset[str] | None = None,
) -> _Gate:
    """The gate as it is now; `searched` is what was searched, where a search was made."""
    chosen = searched
    if chosen is None:
        chosen = galleries_searched(station, work, permission, request.search_galleries)
    enrols = bool(request.gallery or permission.enrols_into)
    age = age_of(request.told, station.clock.now())
    return _Gate(
        station=station,
        permission=permission,
        request=request,
        encounter_id=EncounterId(new_uuid()),
        gallery=enrolling_gallery(station, work, permission, request.gallery)
        if enrols
        else min(permission.galleries or _agreed(permission)),
        searched=tuple(sorted(chosen)),
        not_searched=tuple(sorted((_agreed(permission) | permission.galleries) - chosen)),
        is_unaccompanied=is_unaccompanied(age, request.told.carer, permission.screening),
    )


def _agreed(permission: Permission) -> frozenset[str]:
    """Galleries that the agreement names for the purpose, whether they are there or not."""
    if permission.agreement is None:
        return frozenset()
    grants = permission.agreement.version.grants
    role = permission.actor.seat.role
    named = {one.gallery for one in grants if one.covers(permission.purpose, role)}
    return frozenset(named - {ANY})


def _screen_without_sample(station: Station, request: ScreeningRequest, asked: str) -> ScreeningOutcome:
    with station.unit_of_work() as work:
        answered = _stored(work.outcome_of(request.request_id, asked))
        if answered is not None:
            return answered
        permission = authorise(station, work, Act.SCREEN, purpose=request.purpose, gallery=request.gallery)
        result = _record(work, _gate(station, work, permission, request), asked, None)
        work.commit()
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Searched:
    """A search that was made, and what it leads to."""

    captures: tuple[Capture, ...]
    found: Found
    decision: ScreeningDecision


def _searched(gate: _Gate, captures: tuple[Capture, ...], found: Found) -> _Searched:
    decision = decide_screening(
        has_candidates=bool(found.candidates),
        is_search_trusted=any(one.is_trusted for one in captures),
        is_search_complete=not gate.not_searched,
        is_anybody_comparable=not found.people or found.people_comparable > 0,
    )
    return _Searched(captures=captures, found=found, decision=decision)


def _record(work: UnitOfWork, gate: _Gate, asked: str, searched: _Searched | None) -> ScreeningOutcome:
    """Write everything of one presentation: what was said of it in the journal, then its rows."""
    encounter = _encounter(gate, searched)
    work.make_keys(encounter.encounter_id)
    journal = GateJournal(work, encounter.encounter_id, gate.permission.agreement_id)
    counted = _journal_presentation(journal, gate, encounter, searched)
    if encounter.subject_id is not None:
        work.add_subject(encounter.subject_id)
    work.add_encounter(encounter)
    case = _keep_references(work, gate, encounter, searched) if searched else None
    decisions.add_presentation(work, _presentation(gate, searched, counted))
    biography = gate.request.told.biography
    if biography is not None and not biography.is_empty:
        biographic.add(work, encounter.encounter_id, biography)
    decision = decide_at_gate(gate.station, work, journal, _wanted(gate, encounter))
    result = _outcome(gate, encounter, searched)
    result = replace(
        result,
        case=case,
        decision=decision.state.value if decision else result.decision,
        exception_of=decision.exception_of.value if decision and decision.exception_of else "",
    )
    work.store_outcome(gate.request.request_id, asked, result.to_json())
    return result


def _encounter(gate: _Gate, searched: _Searched | None) -> Encounter:
    enrols = searched is not None and searched.decision.enrols_subject and gate.permission.enrols_into
    return Encounter(
        encounter_id=gate.encounter_id,
        subject_id=SubjectId(new_uuid()) if enrols else None,
        kind=EncounterKind.SCREENING,
        gallery=gate.gallery,
        purpose=gate.request.purpose,
        site=gate.request.site,
        occurred_at=gate.station.clock.now(),
        outcome=Outcome.SCREENED if searched else outcome_without_sample(gate.request.not_captured),
        answer=searched.decision.answer if searched else None,
        not_captured=gate.request.not_captured,
        source_record=gate.request.source_record,
    )


def _journal_presentation(
    journal: GateJournal, gate: _Gate, encounter: Encounter, searched: _Searched | None
) -> int:
    """Say what happened, in its order; returns the line that counts the person."""
    journal.presented(encounter, gate.request.told)
    captures = searched.captures if searched else ()
    not_captured, rules = gate.request.not_captured, gate.permission.screening
    journal.captured(
        captures, not_captured, rules.fingers_asked, len(unexplained(rules, captures, not_captured))
    )
    if searched is not None:
        scope = SearchScope(
            searched=gate.searched,
            not_searched=gate.not_searched,
            result=searched.decision.answer.value,
        )
        journal.searched(gate.permission, searched.found, scope)
    counted = journal.outcome(encounter, _reason(searched))
    if encounter.subject_id is not None:
        journal.say("enrolled", {"subject": str(encounter.subject_id), "gallery": encounter.gallery})
    return counted


def _reason(searched: _Searched | None) -> str:
    """Why it cannot be told; of somebody with candidates it is not said yet."""
    if searched is None or searched.decision.reason is None or searched.decision.opens_case:
        return ""
    return searched.decision.reason.value


def _keep_references(work: UnitOfWork, gate: _Gate, encounter: Encounter, searched: _Searched) -> int | None:
    """Keep the references, and open a case where there are candidates; returns its number."""
    if gate.permission.enrols_into or searched.decision.opens_case:
        keeps_images = gate.permission.keeps_images
        work.add_reference(*references(searched.captures, encounter.encounter_id, keeps_images=keeps_images))
    if not searched.decision.opens_case:
        return None
    return _open_case(work, gate, encounter, searched.found)


def _open_case(work: UnitOfWork, gate: _Gate, encounter: Encounter, found: Found) -> int:
    case = open_case(
        work,
        encounter.encounter_id,
        found.people,
        tuple(_case_candidate(candidate) for candidate in found.candidates),
        gate.station.clock.now(),
    )
    return case.number


def _case_candidate(candidate: FoundCandidate) -> CaseCandidate:
    return CaseCandidate(encounter_id=candidate.encounter_id, strength=candidate.strength)


def _presentation(gate: _Gate, searched: _Searched | None, counted: int) -> StoredPresentation:
    told = gate.request.told
    return StoredPresentation(
        encounter_id=gate.encounter_id,
        agreement=str(gate.permission.agreement_id or ""),
        reason=searched.decision.reason if searched else None,
        no_list=gate.permission.no_list,
        counted=counted,
        facts=GateFacts(
            age=age_of(told, gate.station.clock.now()),
            carer=told.carer,
            is_unaccompanied=gate.is_unaccompanied,
            consent=told.consent,
        ),
    )


def _wanted(gate: _Gate, encounter: Encounter) -> AtGate:
    told, rules = gate.request.told, gate.permission.screening
    return AtGate(
        permission=gate.permission,
        presentation=Presentation(
            outcome=encounter.outcome, answer=encounter.answer, is_unaccompanied=gate.is_unaccompanied
        ),
        exception=gate.request.exception,
        stays_open=gate.request.stays_open,
        expires_at=decided_again_at(told, gate.station.clock.now(), rules),
        carer=told.carer,
    )


def _outcome(gate: _Gate, encounter: Encounter, searched: _Searched | None) -> ScreeningOutcome:
    found = searched.found if searched else None
    captures = searched.captures if searched else ()
    reason = searched.decision.reason if searched else None
    return ScreeningOutcome(
        encounter=str(encounter.encounter_id),
        subject=str(encounter.subject_id) if encounter.subject_id else None,
        outcome=encounter.outcome.value,
        answer=encounter.answer.value if encounter.answer else None,
        case=None,
        fingers=tuple(_finger_result(one) for one in captures),
        people=found.people if found else 0,
        people_comparable=found.people_comparable if found else 0,
        position=found.position if found else 0,
        reason=reason.value if reason else "",
        is_unaccompanied=gate.is_unaccompanied,
        no_list=gate.permission.no_list,
        agreement=str(gate.permission.agreement_id or ""),
        galleries=gate.searched if searched else (),
        galleries_not_searched=gate.not_searched,
        fingers_missing=unexplained(gate.permission.screening, captures, gate.request.not_captured),
        threshold=_threshold(gate.permission, found) if found else None,
    )


def _threshold(permission: Permission, found: Found) -> SearchThreshold:
    needed = found.needed
    return SearchThreshold(
        people=found.people,
        fingers=found.fingers,
        target_fpir_ppm=permission.target_fpir_ppm,
        threshold_millinats=needed.strength,
        expected_false_candidates_per_search=needed.expected,
        expected_false_candidates_range=(needed.at_least, needed.at_most),
        expected_false_candidates_per_day=needed.expected * permission.searches_per_day,
        calibration=found.calibration,
        is_extrapolated=needed.is_extrapolated,
        is_target_supported=needed.is_kept,
    )


def _finger_result(one: Capture) -> FingerResult:
    position, reasons = one.template.position, one.reasons
    return FingerResult(
        finger="unknown" if position is FingerPosition.UNKNOWN else position.label,
        quality=one.template.quality,
        reasons=tuple(reason.words for reason in reasons),
        advice=tuple(reason.advice for reason in reasons),
    )
