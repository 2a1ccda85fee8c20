"""Rows of the tables to values of the registry, and back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.identifiers import CaseId, EncounterId, ReferenceId, SubjectId
from musterpoint.registry import (
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
from musterpoint.storage import tables
from musterpoint.templates import FingerPosition

Row: TypeAlias = sa.Row[*tuple[Any, ...]]

_POSITIONS = {position.value: position for position in FingerPosition}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """What a search needs to know of one reference.

    subject_id  None while nobody has decided whose encounter it is
    position    the finger
    template    bytes of `musterpoint.templates.encode`
    """

    reference_id: ReferenceId
    encounter_id: EncounterId
    subject_id: SubjectId | None
    gallery: str
    position: FingerPosition
    template: bytes


def grouped(found: Iterable[Row], name: str) -> Mapping[Any, Sequence[Row]]:
    """Rows by the value of one column, in their order; nothing for any other value."""
    groups: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in found:
        groups[row._mapping[name]].append(row)
    return groups


def encounter_of(row: Row) -> Encounter:
    """An encounter from its row joined with its detail."""
    detail = json.loads(row.detail)
    return Encounter(
        encounter_id=EncounterId(row.encounter_id),
        subject_id=None if row.subject_id is None else SubjectId(row.subject_id),
        kind=EncounterKind(row.kind),
        gallery=row.gallery,
        purpose=row.purpose,
        site=row.site,
        occurred_at=Instant(row.occurred_at),
        outcome=Outcome(row.outcome),
        answer=None if row.answer is None else Answer(row.answer),
        not_captured=tuple(
            NotCaptured(position=_POSITIONS[finger], reason=NotCapturedReason(reason))
            for finger, reason in detail["not_captured"]
        ),
        source_record=detail["source_record"],
    )


def encounter_row(encounter: Encounter) -> dict[str, object]:
    """The columns of an encounter."""
    return {
        "encounter_id": encounter.encounter_id,
        "subject_id": encounter.subject_id,
        "kind": encounter.kind.value,
        "gallery": encounter.gallery,
        "purpose": encounter.purpose,
        "site": encounter.site,
        "occurred_at": encounter.occurred_at,
        "outcome": encounter.outcome.value,
        "answer": encounter.answer and encounter.answer.value,
    }


def detail_of(encounter: Encounter) -> str:
    """What of an encounter could tell who it was, as JSON."""
    fingers = [(finger.position.value, finger.reason.value) for finger in encounter.not_captured]
    return canonical_json({"not_captured": fingers, "source_record": encounter.source_record})


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: RFC 8785 for texts, whole numbers, lists and objects."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def reference_of(row: Row) -> Reference:
    """A reference from its row joined with its encounter, template and image."""
    return Reference(
        reference_id=ReferenceId(row.reference_id),
        encounter_id=EncounterId(row.encounter_id),
        position=_POSITIONS[row.finger_position],
        template=row.template,
        quality=row.quality,
        image=row.image,
    )


def reference_row(reference: Reference) -> dict[str, object]:
    """The columns of a reference without template and image."""
    return {
        "reference_id": reference.reference_id,
        "finger_position": reference.position.value,
        "quality": reference.quality,
    }


def subject_of(row: Row, encounters: Sequence[Row]) -> Subject:
    """A subject from its row and those of its encounters."""
    return Subject(
        subject_id=SubjectId(row.subject_id),
        encounters=tuple(EncounterId(one.encounter_id) for one in encounters),
    )


def case_of(row: Row, candidates: Sequence[Row]) -> Case:
    """A case from its row and those of its candidates."""
    return Case(
        case_id=CaseId(row.case_id),
        number=row.number,
        encounter_id=EncounterId(row.encounter_id),
        people=row.people,
        candidates=tuple(
            CaseCandidate(
                encounter_id=EncounterId(one.encounter_id),
                strength=one.strength,
                verdict=None if one.verdict is None else Verdict(one.verdict),
            )
            for one in candidates
        ),
        opened_at=Instant(row.opened_at),
        verdict=None if row.verdict is None else Verdict(row.verdict),
        decided_by=row.decided_by,
        decided_at=None if row.decided_at is None else Instant(row.decided_at),
    )


def candidate_rows(number: int, candidates: Sequence[CaseCandidate]) -> list[dict[str, object]]:
    """The rows of the candidates of a case."""
    return [
        {
            "number": number,
            "encounter_id": candidate.encounter_id,
            "ordinal": ordinal,
            "strength": candidate.strength,
            "verdict": candidate.verdict and candidate.verdict.value,
        }
        for ordinal, candidate in enumerate(candidates)
    ]


def journal_line_of(row: Row) -> JournalLine:
    """A journal line from its row."""
    return JournalLine(
        position=row.position, occurred_at=Instant(row.occurred_at), kind=row.kind, body=row.body
    )


def index_statement(since: int, conditions: Sequence[sa.ColumnElement[bool]]) -> sa.Select[*tuple[Any, ...]]:
    """References with what a search needs; identifiers as the engine holds them, for speed."""
    reference, encounter, template = tables.reference, tables.encounter, tables.reference_template
    return (
        sa.select(
            sa.type_coerce(reference.c.reference_id, sa.String),
            sa.type_coerce(encounter.c.encounter_id, sa.String),
            sa.type_coerce(encounter.c.subject_id, sa.String),
            encounter.c.gallery,
            reference.c.finger_position,
            template.c.template,
        )
        .select_from(reference)
        .join(encounter, encounter.c.number == reference.c.encounter_number)
        .join(template, template.c.number == reference.c.number)
        .where(reference.c.position > since, *conditions)
        .order_by(reference.c.position, reference.c.number)
    )


def index_row_maker() -> Callable[[Row], IndexRow]:
    """A function that makes rows of `index_statement` into values.

    References of one encounter follow each other, so what they share is read once.
    """
    last: object = None
    encounter_id = EncounterId(UUID(int=0))
    subject_id: SubjectId | None = None

    def made(row: Row) -> IndexRow:
        nonlocal last, encounter_id, subject_id
        reference, encounter, subject, gallery, finger, template = row
        if encounter != last:
            last, encounter_id = encounter, EncounterId(_uuid(encounter))
            subject_id = None if subject is None else SubjectId(_uuid(subject))
        return IndexRow(
            reference_id=ReferenceId(_uuid(reference)),
            encounter_id=encounter_id,
            subject_id=subject_id,
            gallery=gallery,
            position=_POSITIONS[finger],
            template=template,
        )

    return made


def _uuid(text: object) -> UUID:
    # Twice as fast as UUID(text), which looks for braces and hyphens first.
    return UUID(int=int(text, 16)) if isinstance(text, str) else UUID(str(text))
