"""What an erasure does to each record. Afterwards random identifiers are left, and nothing else.

- Encounters, references, images and fingers not captured are deleted; so is the subject.
- A tombstone keeps the identifiers of subject and encounters, so that none of them ever comes back.
- An open case *of* the person is settled as CANNOT_TELL by `erasure`. In every case of the person, all
  candidates are deleted: their strengths were measured on the person's fingers.
- In cases of *others* the person is deleted from the candidates. Such a case stays open even when nobody
  is left in it, since only a person settles it.
- A stored outcome about the person becomes `{"erased":true}`, its digest (made of the images) is removed.
  Of an outcome about somebody else, the parts that name the person are taken out.
- The journal stays as it is: it holds pseudonyms only.

Not guaranteed: that backups, copies of the folder or the disk itself forget.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry import Verdict
from musterpoint.storage import tables
from musterpoint.storage.reading import ERASED_OUTCOME
from musterpoint.storage.rows import Row

DECIDED_BY: Final = "erasure"
"""Stands where a person's name would, in a case that was closed by an erasure."""


def erase(
    connection: sa.Connection,
    subject_id: SubjectId,
    encounters: Sequence[EncounterId],
    *,
    position: int,
    erased_at: Instant,
) -> tuple[int, ...]:
    """Erase a subject and its encounters; returns the open cases that have no candidate left by it."""
    emptied = _erase_from_cases(connection, encounters, erased_at)
    references = _identifiers(connection, tables.reference, "reference_id", encounters)
    cases = _identifiers(connection, tables.adjudication_case, "case_id", encounters)
    _erase_from_outcomes(connection, {subject_id, *encounters, *references, *cases})
    _delete(connection, tables.reference_image.c.reference_id, references)
    for table in (tables.reference, tables.not_captured, tables.encounter):
        _delete(connection, table.c.encounter_id, encounters)
    _delete(connection, tables.subject.c.subject_id, [subject_id])
    tombstone = {"subject_id": subject_id, "has_residue": True, "position": position}
    connection.execute(sa.insert(tables.erased_subject).values(tombstone))
    graves = [{"encounter_id": one, "subject_id": subject_id} for one in encounters]
    if graves:
        connection.execute(sa.insert(tables.erased_encounter), graves)
    return emptied


def _erase_from_cases(
    connection: sa.Connection, encounters: Sequence[EncounterId], erased_at: Instant
) -> tuple[int, ...]:
    case, candidate = tables.adjudication_case, tables.adjudication_candidate
    theirs = case.c.encounter_id.in_(encounters)
    touched = sa.select(candidate.c.number).where(candidate.c.encounter_id.in_(encounters)).distinct()
    numbers = connection.execute(touched).scalars().all()
    connection.execute(
        sa.delete(candidate).where(
            candidate.c.encounter_id.in_(encounters)
            | candidate.c.number.in_(sa.select(case.c.number).where(theirs))
        )
    )
    closed = {"verdict": Verdict.CANNOT_TELL.value, "decided_by": DECIDED_BY, "decided_at": erased_at}
    connection.execute(sa.update(case).where(theirs, case.c.verdict.is_(None)).values(closed))
    is_empty = ~sa.exists().where(candidate.c.number == case.c.number)
    emptied = sa.select(case.c.number).where(case.c.number.in_(numbers), case.c.verdict.is_(None), is_empty)
    return tuple(connection.execute(emptied.order_by(case.c.number)).scalars())


def _erase_from_outcomes(connection: sa.Connection, erased: Collection[UUID]) -> None:
    request, mention = tables.request, tables.request_mention
    named = mention.c.record_id.in_(erased)
    own = set(connection.execute(sa.select(mention.c.request_id).where(named, mention.c.is_own)).scalars())
    about = request.c.request_id.in_(sa.select(mention.c.request_id).where(named))
    changed = [
        {"of_request": row.request_id} | _reduced(row, erased, is_own=row.request_id in own)
        for row in connection.execute(sa.select(request).where(about))
    ]
    if changed:
        rewrite = sa.update(request).where(request.c.request_id == sa.bindparam("of_request"))
        rewrite = rewrite.values(outcome=sa.bindparam("new_outcome"), digest=sa.bindparam("new_digest"))
        connection.execute(rewrite, changed)
    _delete(connection, mention.c.record_id, erased)


def _reduced(row: Row, erased: Collection[UUID], *, is_own: bool) -> dict[str, str]:
    outcome = ERASED_OUTCOME if is_own else reduced_outcome(row.outcome, erased)
    # The digest was made of the person's images: who has them could tell that they were here.
    return {"new_outcome": outcome, "new_digest": "" if outcome == ERASED_OUTCOME else row.digest}


def reduced_outcome(outcome_json: str, erased: Collection[UUID]) -> str:
    """An outcome without what it says about erased records.

    An outcome that names one at its top is about it, and goes as a whole. Further down, an entry of a
    list or object goes with the smallest object that names one.
    """
    names = {form for one in erased for form in (str(one), one.hex)}
    try:
        value = json.loads(outcome_json)
    except ValueError:
        return ERASED_OUTCOME
    if _names(value, names):
        return ERASED_OUTCOME
    return json.dumps(_without(value, names), sort_keys=True, ensure_ascii=False)


def _names(value: Any, names: Collection[str]) -> bool:
    if isinstance(value, str):
        text = value.lower()
        return any(name in text for name in names)
    if isinstance(value, dict):
        return any(not isinstance(one, dict | list) and _names(one, names) for one in value.values()) or any(
            _names(key, names) for key in value
        )
    return False


def _without(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, names) for key, one in value.items() if not _names(one, names)}
    if isinstance(value, list):
        return [_without(one, names) for one in value if not _names(one, names)]
    return value


def _identifiers(
    connection: sa.Connection, table: sa.Table, name: str, encounters: Sequence[EncounterId]
) -> Sequence[UUID]:
    statement = sa.select(table.c[name]).where(table.c.encounter_id.in_(encounters))
    return connection.execute(statement).scalars().all()


def _delete(connection: sa.Connection, column: sa.Column[Any], values: Collection[object]) -> None:
    connection.execute(sa.delete(column.table).where(column.in_(values)))
