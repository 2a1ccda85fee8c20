"""What the registry holds, as values: subjects, encounters, references, cases.

Words after ISO/IEC 2382-37. Nothing here reads or writes anything; rules over these values stand in
`rules`, their tables in `musterpoint.storage`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from musterpoint.clock import Instant
from musterpoint.identifiers import CaseId, EncounterId, ReferenceId, SubjectId
from musterpoint.limits import FINGERS_MAX, TEXT_CHARACTERS_MAX
from musterpoint.templates import FingerPosition


class EncounterKind(StrEnum):
    """How the encounter came about."""

    SCREENING = "screening"
    IMPORT = "import"


class Outcome(StrEnum):
    """What happened to somebody who came to the gate; each encounter has exactly one."""

    SCREENED = "screened"
    EXEMPT = "exempt"
    FAILED_CAPTURE = "failed capture"
    REFUSED = "refused"
    LEFT = "left"


class Answer(StrEnum):
    """What a screening says about the person, never more than is known."""

    KNOWN = "known"
    NOT_KNOWN = "not known"
    CANNOT_TELL = "cannot tell"
    BEING_DECIDED = "being decided"


class CannotTellReason(StrEnum):
    """Why nothing can be said about somebody who was searched."""

    QUALITY = "quality"
    GALLERY = "gallery"
    FINGERS = "fingers"
    ADJUDICATION = "adjudication"


class NotCapturedReason(StrEnum):
    """Why a finger, or all fingers, could not be captured."""

    MISSING = "missing"
    AMPUTATED = "amputated"
    BANDAGED = "bandaged"
    DAMAGED = "damaged"
    DEVICE = "device"
    EXEMPT = "exempt"
    REFUSED = "refused"
    LEFT = "left"


class Verdict(StrEnum):
    """What a person decides about a case."""

    SAME = "same"
    DIFFERENT = "different"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One finger kept for comparison.

    template  bytes of `musterpoint.templates.encode`
    image     canonical PNG of the impression, or None where none is kept
    quality   0..100, or None where the record said nothing
    """

    reference_id: ReferenceId
    encounter_id: EncounterId
    position: FingerPosition
    template: bytes
    quality: int | None
    image: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCaptured:
    """A finger that was asked for and not captured; `UNKNOWN` stands for all fingers."""

    position: FingerPosition
    reason: NotCapturedReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """One visit of one person, or one record of an imported collection.

    subject_id     None while nobody has decided whose encounter it is
    answer         None where no search was made
    source_record  name of the record in the collection or batch it came from; may be empty
    """

    encounter_id: EncounterId
    subject_id: SubjectId | None
    kind: EncounterKind
    gallery: str
    purpose: str
    site: str
    occurred_at: Instant
    outcome: Outcome
    answer: Answer | None
    not_captured: tuple[NotCaptured, ...] = ()
    source_record: str = ""

    def __post_init__(self) -> None:
        if len(self.not_captured) > FINGERS_MAX:
            raise ValueError(f"{len(self.not_captured)} fingers, at most {FINGERS_MAX} are allowed")
        for text in (self.gallery, self.purpose, self.site, self.source_record):
            if len(text) > TEXT_CHARACTERS_MAX:
                raise ValueError(f"texts may have {TEXT_CHARACTERS_MAX} characters")
        if (self.answer is None) == (
            self.outcome is Outcome.SCREENED and self.kind is EncounterKind.SCREENING
        ):
            raise ValueError("a screening has an answer exactly when its outcome is 'screened'")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCandidate:
    """Somebody whom the person of a case may be.

    encounter_id  the encounter whose references were found; its subject may still be undecided
    strength      milli-nats of `musterpoint.comparison.fusion`
    verdict       None until decided
    """

    encounter_id: EncounterId
    strength: int
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Candidates of one encounter that wait for, or have had, a decision by a person.

    number      1, 2, 3 …, as people say it
    people      people in the searched gallery at the time
    candidates  strongest first
    verdict     None while open: SAME, DIFFERENT (all of them) or CANNOT_TELL
    """

    case_id: CaseId
    number: int
    encounter_id: EncounterId
    people: int
    candidates: tuple[CaseCandidate, ...]
    opened_at: Instant
    verdict: Verdict | None = None
    decided_by: str = ""
    decided_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person whose data are held; encounters in order of time.

    is_active    whether it is anybody still: a subject all of whose encounters went to others is not
    merged_into  the subject that they went to, where it was one
    """

    subject_id: SubjectId
    encounters: tuple[EncounterId, ...]
    is_active: bool = True
    merged_into: SubjectId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One search or change; positions run 1, 2, 3 … without a gap.

    kind    what happened; the class of the event alone where its facts are gone
    body    pseudonymous facts as canonical JSON: no biometric data, no score, no name
    author  the seat that acted; empty where the machine did so by itself
    """

    position: int
    occurred_at: Instant
    kind: str
    body: str
    author: str = ""
