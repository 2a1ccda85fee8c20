"""Enrolment of an existing collection: "if they were in our system" needs the system's data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from musterpoint.identifiers import EncounterId, RequestId, SubjectId, new_uuid
from musterpoint.registry import Encounter, EncounterKind, Outcome
from musterpoint.registry.rights import Act
from musterpoint.storage import UnitOfWork
from musterpoint.workflows.asked_fingers import contradictions
from musterpoint.workflows.authorising import Permission, authorise, enrolling_gallery
from musterpoint.workflows.capturing import Capture, Submission, capture, digest, references, refuse_erased
from musterpoint.workflows.recording import Search, search_and_record
from musterpoint.workflows.searching import Found
from musterpoint.workflows.station import Station

DEFAULT_PURPOSE = "enrolment"
"""The purpose of a collection where nobody says another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    """One record of a collection: the fingers of one person.

    source_record  what the collection calls the record
    purpose        what the agreement calls the use of the collection
    """

    request_id: RequestId
    submissions: tuple[Submission, ...]
    gallery: str
    source_record: str
    purpose: str = DEFAULT_PURPOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleDuplicate:
    """Somebody in the registry who may be the person of a record."""

    encounter: str
    subject: str | None
    source_record: str
    gallery: str
    expected_false_positives: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentOutcome:
    """What became of a record.

    doubts  what contradicts the names of its fingers, as people read it: they are enrolled as they are named
    """

    encounter: str
    subject: str
    source_record: str
    qualities: tuple[int | None, ...]
    possible_duplicates: tuple[PossibleDuplicate, ...]
    doubts: tuple[str, ...] = ()
    is_repeated: bool = False

    def to_json(self) -> str:
        """As stored; `from_json` reads it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> EnrolmentOutcome:
        """The outcome that `to_json` wrote."""
        values = json.loads(text)
        duplicates = tuple(PossibleDuplicate(**item) for item in values.pop("possible_duplicates"))
        for name in ("qualities", "doubts"):
            values[name] = tuple(values.get(name, ()))
        return cls(possible_duplicates=duplicates, **values)


def require_enrolment(station: Station, gallery: str, purpose: str = DEFAULT_PURPOSE) -> None:
    """Ask once, before a collection is read, whether it may be enrolled in the gallery at all.

    Nothing is changed, and each record is asked for again. Raises what `authorise` and `enrolling_gallery`
    raise; one refusal is journalled.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.ENROL, purpose=purpose)
        enrolling_gallery(station, work, permission, gallery)


def find_enrolled(station: Station, request: EnrolmentRequest) -> EnrolmentOutcome | None:
    """What became of the record in an earlier run, if it was enrolled then. Raises as `authorise` does."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.ENROL, purpose=request.purpose)
        return _stored(snapshot.outcome_of(request.request_id, _digest(request)))


def enrol(
    station: Station, request: EnrolmentRequest, captures: Sequence[Capture] | None = None
) -> EnrolmentOutcome:
    """Enrol one record as a new subject, with a list of those already there who may be the same.

    captures  what `capture` made of the submissions, where that was done before

    An existing collection says who its people are, so a possible duplicate is reported and not
    decided. Raises as `screen` does; nothing is changed then.
    """
    answered = find_enrolled(station, request)
    if answered is not None:
        return answered
    asked = _digest(request)
    taken = capture(station.extractor, request.submissions) if captures is None else captures

    def record(work: UnitOfWork, found: Found, permission: Permission) -> EnrolmentOutcome:
        outcome = _record(station, work, request, taken, found, permission)
        work.store_outcome(request.request_id, asked, outcome.to_json())
        return outcome

    return search_and_record(
        station,
        Search(act=Act.ENROL, purpose=request.purpose),
        [one.template for one in taken],
        lambda work: _stored(work.outcome_of(request.request_id, asked)),
        record,
    )


def _digest(request: EnrolmentRequest) -> str:
    return digest(request.submissions, "enrolment", request.gallery, request.source_record)


def _stored(text: str | None) -> EnrolmentOutcome | None:
    if text is None:
        return None
    refuse_erased(text)
    return replace(EnrolmentOutcome.from_json(text), is_repeated=True)


def _record(
    station: Station,
    work: UnitOfWork,
    request: EnrolmentRequest,
    captures: Sequence[Capture],
    found: Found,
    permission: Permission,
) -> EnrolmentOutcome:
    subject_id, encounter_id = SubjectId(new_uuid()), EncounterId(new_uuid())
    gallery = enrolling_gallery(station, work, permission, request.gallery)
    work.append_journal(
        "searched",
        {
            "encounter": str(encounter_id),
            "purpose": request.purpose,
            "galleries": sorted(permission.galleries),
            "people": found.people,
            "references": found.references,
            "position": found.position,
            "comparator": found.comparator,
            **permission.facts(found.needed, found.calibration),
        },
    )
    work.append_journal(
        "record.enrolled",
        {"encounter": str(encounter_id), "subject": str(subject_id), "gallery": gallery},
    )
    work.add_subject(subject_id)
    work.add_encounter(
        Encounter(
            encounter_id=encounter_id,
            subject_id=subject_id,
            kind=EncounterKind.IMPORT,
            gallery=gallery,
            purpose=request.purpose,
            site="",
            occurred_at=station.clock.now(),
            outcome=Outcome.SCREENED,
            answer=None,
            source_record=request.source_record,
        )
    )
    work.add_reference(*references(captures, encounter_id, keeps_images=permission.keeps_images))
    return EnrolmentOutcome(
        encounter=str(encounter_id),
        subject=str(subject_id),
        source_record=request.source_record,
        qualities=tuple(one.template.quality for one in captures),
        possible_duplicates=_possible_duplicates(work, found),
        doubts=tuple(words for words, _ in contradictions(captures)),
    )


def _possible_duplicates(work: UnitOfWork, found: Found) -> tuple[PossibleDuplicate, ...]:
    duplicates = []
    for candidate in found.candidates:
        encounter = work.encounter(candidate.encounter_id)
        duplicates.append(
            PossibleDuplicate(
                encounter=str(candidate.encounter_id),
                subject=str(candidate.subject_id) if candidate.subject_id else None,
                source_record=encounter.source_record,
                gallery=encounter.gallery,
                expected_false_positives=candidate.expected_false_positives,
            )
        )
    return tuple(duplicates)
