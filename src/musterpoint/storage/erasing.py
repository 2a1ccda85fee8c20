"""What an erasure does to each record. Afterwards random identifiers are left, and nothing else.

- Subject, encounters and references are deleted. Templates, images, names of source records, fingers not
  captured and digests are overwritten where they stand, see `tables`.
- A tombstone keeps the identifiers of subject and encounters, so that none of them ever comes back.
- An open case *of* the person is settled as CANNOT_TELL by `erasure`. In every case of the person, all
  candidates are deleted: their strengths were measured on the person's fingers.
- In cases of *others* the person is deleted from the candidates. Such a case stays open even when nobody
  is left in it, since only a person settles it.
- A stored outcome about the person becomes `{"erased":true}`. Of an outcome about somebody else, the parts
  that name the person are taken out.
- Payloads about the person in the journal are deleted; its entries, and pseudonymous facts, stay as they are.

Not guaranteed: that backups, copies of the folder or the disk itself forget; that no page of the file has
an old copy of a deleted row, which could tell of a random identifier when and where it was, its fingers'
positions and qualities, and the strengths of its cases; nor that the identifier of a request says nothing,
where its maker derived it from the images, so that a repetition is recognised.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.errors import NotFound
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry import Verdict
from musterpoint.registry.erasure import OWN_STORES, Erasure, Store, StoreKind, Why
from musterpoint.registry.retention import Kept
from musterpoint.storage import (
    adjudication,
    appeals,
    biographic,
    dialects,
    reindexing,
    retention,
    rows,
    subjects,
    tables,
)
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import ERASED_OUTCOME, Snapshot
from musterpoint.storage.rows import Row
from musterpoint.storage.sealing import packed_request, record_of, request_scope, unpacked_request
from musterpoint.storage.vault import Vault
from musterpoint.storage.vault.sealing import OVERHEAD_BYTES

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

DECIDED_BY: Final = "erasure"
"""Stands where a person's name would, in a case that was closed by an erasure."""


RESIDUES: Final = (tables.erased_subject.c.has_residue, retention.retention_clock.c.has_residue)
"""Columns that say that erased bytes may still stand in the write-ahead log."""

UNFINISHED: Final = (
    sa.select(tables.erased_encounter.c.encounter_id)
    .join(tables.erased_subject)
    .where(tables.erased_subject.c.has_residue)
)
"""Encounters that were erased, and whose keys may not have been destroyed yet."""

OUTLIVED: Final = sa.select(retention.retention_clock.c.has_residue).where(
    retention.retention_clock.c.has_residue
)
"""Has a row where images went before their encounter, so that there is still a key that would open them."""

OUTLIVED_IN: Final = (tables.reference_image.name,)
"""Where they stood."""

FORGETTING: Final = (
    adjudication.forget,
    appeals.forget,
    subjects.forget,
    biographic.forget,
    reindexing.forget,
)
"""What the other aspects do with their rows about encounters that are being erased."""

holder = sa.Table(
    "holder",
    tables.METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("holds_from", INTEGER_64, nullable=False),
    sa.Column("expires_at", INTEGER_64),
    sa.Column("gone_at", INTEGER_64),
    tables.stamp(),
)
"""Whoever has a copy made at journal position `holds_from`: a station, an export, a backup of the keys."""

erasure = sa.Table(
    "erasure",
    tables.METADATA,
    sa.Column("erasure_id", sa.Uuid, primary_key=True),
    sa.Column("subject_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("commitment", sa.Text, nullable=False),
    sa.Column("keys", sa.Text, nullable=False),
    sa.Column("begun_at", INTEGER_64, nullable=False),
    sa.Column("begun", INTEGER_64, nullable=False),
    sa.Column("complete", INTEGER_64),
    tables.stamp(),
)

erasure_store = sa.Table(
    "erasure_store",
    tables.METADATA,
    sa.Column("erasure_id", sa.Uuid, sa.ForeignKey("erasure.erasure_id"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("asked_at", INTEGER_64, nullable=False),
    sa.Column("expires_at", INTEGER_64),
    sa.Column("answered_at", INTEGER_64, index=True),
)


def erase(
    connection: sa.Connection,
    vault: Vault,
    subject_id: SubjectId,
    encounters: Sequence[EncounterId],
    *,
    position: int,
    erased_at: Instant,
) -> tuple[int, ...]:
    """Erase a subject and its encounters; returns the open cases that have no candidate left by it."""
    emptied = _erase_from_cases(connection, encounters, erased_at)
    cases = tables.adjudication_case.c
    theirs = sa.select(cases.case_id).where(cases.encounter_id.in_(encounters))
    records = {subject_id, *encounters, *connection.execute(theirs).scalars()}
    records |= _erase_fingers(connection, subject_id)
    _erase_encounters(connection, subject_id)
    _erase_from_outcomes(connection, vault, records)
    subject = tables.subject
    merged = sa.update(subject).where(subject.c.merged_into == subject_id)
    connection.execute(merged.values(merged_into=None))
    _erase_dates(connection, encounters)
    for forget in FORGETTING:
        forget(connection, encounters)
    line = tables.journal
    theirs_told = sa.update(line).where(line.c.encounter_id.in_(encounters))
    connection.execute(theirs_told.values(person=None))
    connection.execute(sa.delete(tables.subject).where(tables.subject.c.subject_id == subject_id))
    tombstone = {"subject_id": subject_id, "has_residue": True, "position": position}
    connection.execute(sa.insert(tables.erased_subject), tombstone)
    graves = [{"encounter_id": one, "subject_id": subject_id} for one in encounters]
    if graves:
        connection.execute(sa.insert(tables.erased_encounter), graves)
    return emptied


def _erase_dates(connection: sa.Connection, encounters: Sequence[EncounterId]) -> None:
    dates, marks = retention.retention, retention.retention_mark
    connection.execute(sa.delete(dates).where(dates.c.record_id.in_(encounters)))
    connection.execute(sa.delete(marks).where(marks.c.encounter_id.in_(encounters)))


def _erase_from_cases(
    connection: sa.Connection, encounters: Sequence[EncounterId], erased_at: Instant
) -> tuple[int, ...]:
    case, candidate = tables.adjudication_case, tables.adjudication_candidate
    is_theirs = case.c.encounter_id.in_(encounters)
    is_among = candidate.c.encounter_id.in_(encounters)
    touched = connection.execute(sa.select(candidate.c.number).where(is_among).distinct()).scalars().all()
    of_theirs = candidate.c.number.in_(sa.select(case.c.number).where(is_theirs))
    connection.execute(sa.delete(candidate).where(is_among | of_theirs))
    closed = {"verdict": Verdict.CANNOT_TELL.value, "decided_by": DECIDED_BY, "decided_at": erased_at}
    connection.execute(sa.update(case).where(is_theirs, case.c.verdict.is_(None)).values(closed))
    is_empty = ~sa.exists().where(candidate.c.number == case.c.number)
    emptied = sa.select(case.c.number).where(case.c.number.in_(touched), case.c.verdict.is_(None), is_empty)
    return tuple(connection.execute(emptied.order_by(case.c.number)).scalars())


def _erase_fingers(connection: sa.Connection, subject_id: SubjectId) -> set[UUID]:
    """Returns the identifiers of the references that were erased."""
    reference, encounter = tables.reference, tables.encounter
    theirs = (
        sa.select(reference.c.number, reference.c.reference_id)
        .join(encounter, encounter.c.number == reference.c.encounter_number)
        .where(encounter.c.subject_id == subject_id)
    )
    found = connection.execute(theirs).all()
    numbers = [row.number for row in found]
    _overwrite(connection, tables.reference_template.c.template, numbers)
    _overwrite(connection, tables.reference_image.c.image, numbers)
    connection.execute(sa.delete(reference).where(reference.c.number.in_(numbers)))
    return {row.reference_id for row in found}


def _erase_encounters(connection: sa.Connection, subject_id: SubjectId) -> None:
    encounter = tables.encounter.c
    theirs = sa.select(encounter.number).where(encounter.subject_id == subject_id)
    numbers = connection.execute(theirs).scalars().all()
    _overwrite(connection, tables.encounter_detail.c.detail, numbers)
    member = tables.encounter_gallery
    connection.execute(sa.delete(member).where(member.c.encounter_number.in_(numbers)))
    connection.execute(sa.delete(tables.encounter).where(encounter.number.in_(numbers)))


def _overwrite(connection: sa.Connection, column: sa.Column[Any], numbers: Sequence[int]) -> None:
    blank = {column.name: dialects.blank(column)}
    connection.execute(sa.update(column.table).where(column.table.c.number.in_(numbers)).values(blank))


def _erase_from_outcomes(connection: sa.Connection, vault: Vault, erased: Collection[UUID]) -> None:
    request, mention = tables.request, tables.request_mention
    is_named = mention.c.record_id.in_(erased)
    own = set(
        connection.execute(sa.select(mention.c.request_number).where(is_named, mention.c.is_own)).scalars()
    )
    about = request.c.number.in_(sa.select(mention.c.request_number).where(is_named))
    found = connection.execute(sa.select(request).where(about, ~request.c.is_erased)).all()
    gone = set(own)
    for row in found:
        if row.number not in own and not _reduce(connection, vault, row, erased):
            gone.add(row.number)
    _overwrite(connection, request.c.content, [row.number for row in found if row.number in gone])
    connection.execute(sa.update(request).where(request.c.number.in_(gone)).values(is_erased=True))
    connection.execute(sa.delete(mention).where(is_named))


def _reduce(connection: sa.Connection, vault: Vault, row: Row, erased: Collection[UUID]) -> bool:
    """Take out of an outcome about somebody else what names the person; False where nothing is left."""
    content = tables.request.c.content
    scope, record = request_scope(row.encounter_id), record_of(content, row.number)
    digest, outcome = unpacked_request(vault.open(scope, record, row.content))
    reduced = reduced_outcome(outcome, erased)
    if reduced == ERASED_OUTCOME:
        return False
    # As many bytes as before, so that the row is overwritten where it stands: its key lives on.
    missing = len(row.content) - OVERHEAD_BYTES - len(packed_request(digest, reduced))
    sealed = vault.seal(scope, record, packed_request(digest, reduced + " " * missing))
    rewrite = sa.update(tables.request).where(tables.request.c.number == row.number)
    connection.execute(rewrite.values(content=sealed))
    return True


def reduced_outcome(outcome_json: str, erased: Collection[UUID]) -> str:
    """An outcome without what it says about erased records; never longer in bytes.

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
    reduced = rows.canonical_json(_without(value, names))
    return reduced if len(reduced.encode()) <= len(outcome_json.encode()) else ERASED_OUTCOME


def _names(value: Any, names: Collection[str]) -> bool:
    """Whether a text, a key of an object or a text right in an object names one."""
    if isinstance(value, str):
        text = value.lower()
        return any(name in text for name in names)
    if isinstance(value, dict):
        return any(_names(one, names) for one in (*value, *value.values()) if not isinstance(one, dict))
    return False


def _without(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, names) for key, one in value.items() if not _names(one, names)}
    if isinstance(value, list):
        return [_without(one, names) for one in value if not _names(one, names)]
    return value


def add_holder(work: UnitOfWork, name: str, kind: StoreKind, *, expires_at: Instant | None = None) -> None:
    """Remember that somebody has a copy of the registry as it is now."""
    row = {"name": name, "kind": kind.value, "holds_from": work.position}
    work.change(sa.delete(holder).where(holder.c.name == name))
    work.insert(holder, work.stamped(row | {"expires_at": expires_at, "gone_at": None}))


def holder_gone(work: UnitOfWork, name: str) -> None:
    """Remember that a copy is no more. Raises NotFound."""
    mine = holder.c.name == name
    if work.value_of(sa.select(holder.c.name).where(mine)) is None:
        raise NotFound(
            expected="somebody who holds a copy",
            found="a name that no holder has",
            hint="List them with: musterpoint retention show",
        )
    work.change(sa.update(holder).where(mine).values(gone_at=work.now()))


def holders(snapshot: Snapshot, now: Instant) -> tuple[Store, ...]:
    """Everybody who may have a copy now, as stores that were not asked yet."""
    alive = (holder.c.gone_at.is_(None), sa.or_(holder.c.expires_at.is_(None), holder.c.expires_at > now))
    return snapshot.fetch(
        sa.select(holder).where(*alive).order_by(holder.c.kind, holder.c.name),
        lambda row: Store(
            name=row.name, kind=StoreKind(row.kind), asked_at=now, expires_at=_instant(row.expires_at)
        ),
    )


def _instant(value: int | None) -> Instant | None:
    return None if value is None else Instant(value)


def add_erasure(work: UnitOfWork, made: Erasure) -> None:
    """Write an erasure with every store that must answer."""
    row = {
        "erasure_id": made.erasure_id,
        "subject_id": made.subject_id,
        "why": made.why.value,
        "commitment": made.commitment,
        "keys": json.dumps(made.keys),
        "begun_at": made.begun_at,
        "begun": made.begun,
        "complete": made.complete,
    }
    work.insert(erasure, work.stamped(row))
    stores = [
        {
            "erasure_id": made.erasure_id,
            "name": store.name,
            "kind": store.kind.value,
            "asked_at": store.asked_at,
            "expires_at": store.expires_at,
            "answered_at": store.answered_at,
        }
        for store in made.stores
    ]
    work.insert(erasure_store, *stores)


def answer(work: UnitOfWork, erasure_id: UUID, names: Collection[str], at: Instant) -> None:
    """Record that stores have answered."""
    column = erasure_store.c
    mine = (column.erasure_id == erasure_id, column.name.in_(names), column.answered_at.is_(None))
    work.change(sa.update(erasure_store).where(*mine).values(answered_at=at))


def complete(work: UnitOfWork, erasure_id: UUID, position: int) -> None:
    """Record at which journal line everything had answered."""
    work.change(sa.update(erasure).where(erasure.c.erasure_id == erasure_id).values(complete=position))


def erasures(
    snapshot: Snapshot, *, is_complete: bool | None = None, one: UUID | None = None
) -> tuple[Erasure, ...]:
    """Erasures in the order of their beginning; `one` by its identifier or that of its subject."""
    statement = sa.select(erasure).order_by(erasure.c.begun)
    if is_complete is not None:
        statement = statement.where((erasure.c.complete.is_not(None)) == is_complete)
    if one is not None:
        statement = statement.where(sa.or_(erasure.c.erasure_id == one, erasure.c.subject_id == one))
    found = snapshot.fetch(statement, lambda row: row)
    asked = sa.select(erasure_store).order_by(erasure_store.c.name)
    if one is not None or is_complete is not None:
        asked = asked.where(erasure_store.c.erasure_id.in_([row.erasure_id for row in found]))
    stores: dict[UUID, list[Store]] = {}
    for row in snapshot.fetch(asked, lambda row: row):
        stores.setdefault(row.erasure_id, []).append(_store(row))
    return tuple(_erasure(row, tuple(stores.get(row.erasure_id, ()))) for row in found)


def erasure_about(snapshot: Snapshot, record_id: UUID) -> Erasure | None:
    """The erasure of a subject, or of the person whose encounter it was; None where they were not erased."""
    grave = tables.erased_encounter.c
    subject_id = snapshot.value_of(sa.select(grave.subject_id).where(grave.encounter_id == record_id))
    return next(iter(erasures(snapshot, one=subject_id or record_id)), None)


def to_finish(snapshot: Snapshot, now: Instant) -> tuple[UUID, ...]:
    """Erasures that wait for this installation, or for a backup that has expired by now."""
    column = erasure_store.c
    is_own = column.kind.in_([kind.value for kind in OWN_STORES])
    statement = sa.select(column.erasure_id).where(
        column.answered_at.is_(None), sa.or_(is_own, column.expires_at <= now)
    )
    return snapshot.fetch(statement.distinct(), lambda row: UUID(str(row.erasure_id)))


def waiting_for(snapshot: Snapshot, name: str) -> tuple[UUID, ...]:
    """Erasures that a store has not answered."""
    column = erasure_store.c
    statement = sa.select(column.erasure_id).where(column.name == name, column.answered_at.is_(None))
    return snapshot.fetch(statement, lambda row: UUID(str(row.erasure_id)))


def _store(row: Row) -> Store:
    return Store(
        name=row.name,
        kind=StoreKind(row.kind),
        asked_at=Instant(row.asked_at),
        expires_at=_instant(row.expires_at),
        answered_at=_instant(row.answered_at),
    )


def _erasure(row: Row, stores: tuple[Store, ...]) -> Erasure:
    return Erasure(
        erasure_id=row.erasure_id,
        subject_id=row.subject_id,
        why=Why(row.why),
        commitment=row.commitment,
        keys=tuple(json.loads(row.keys)),
        begun_at=Instant(row.begun_at),
        begun=row.begun,
        complete=row.complete,
        stores=stores,
    )


def erase_ops(work: UnitOfWork, agreement_id: UUID) -> int:
    """Delete the pseudonymous payloads of journal lines under an agreement; returns how many there were.

    Entries stay as they are, so neither chain nor proofs break.
    """
    line = tables.journal.c
    mine = (line.agreement == agreement_id.hex, line.ops.is_not(None))
    count = int(work.value_of(sa.select(sa.func.count()).select_from(tables.journal).where(*mine)))
    work.change(sa.update(tables.journal).where(*mine).values(ops=None))
    retention.leave_residue(work)
    return count


def erased_encounters(snapshot: Snapshot, subject_id: UUID) -> tuple[EncounterId, ...]:
    """The encounters that went with a subject."""
    grave = tables.erased_encounter.c
    theirs = sa.select(grave.encounter_id).where(grave.subject_id == subject_id)
    return snapshot.fetch(theirs.order_by(grave.encounter_id), lambda row: EncounterId(row.encounter_id))


def erased_ids(snapshot: Snapshot) -> frozenset[UUID]:
    """Every subject and encounter that was erased: what must never be added again."""
    subjects = snapshot.fetch(sa.select(tables.erased_subject.c.subject_id), lambda row: UUID(str(row[0])))
    encounters = snapshot.fetch(
        sa.select(tables.erased_encounter.c.encounter_id), lambda row: UUID(str(row[0]))
    )
    return frozenset((*subjects, *encounters))


def erase_images(work: UnitOfWork, encounter_id: EncounterId) -> int:
    """Delete the impressions of an encounter, its templates stay; returns how many there were."""
    reference, encounter, image = tables.reference.c, tables.encounter.c, tables.reference_image
    theirs = (
        sa.select(reference.number)
        .join(tables.encounter, encounter.number == reference.encounter_number)
        .join(image, image.c.number == reference.number)
        .where(encounter.encounter_id == encounter_id)
    )
    numbers = work.fetch(theirs, lambda row: int(row.number))
    blank = {"image": dialects.blank(image.c.image)}
    work.change(sa.update(image).where(image.c.number.in_(numbers)).values(blank))
    work.change(sa.delete(image).where(image.c.number.in_(numbers)))
    retention.forget_dates(work, [encounter_id], Kept.IMAGES)
    retention.leave_residue(work)
    return len(numbers)
