"""Dates, holds and requests: what `musterpoint.registry.retention` decides over, as rows.

Guarantees: a record has its date in the transaction that adds it; the last time seen never goes back.

Holds and requests stand at encounters, not at people: a merge or a move takes them along. No row holds a
free text: reasons are words of a list, people are seats.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.identifiers import EncounterId, SubjectId, new_uuid
from musterpoint.registry.agreements import Agreement
from musterpoint.registry.retention import (
    EVERY_GALLERY,
    Facts,
    HoldReason,
    Kept,
    RetentionRule,
    retain_until,
)
from musterpoint.storage import tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row
from musterpoint.transparency.hybrid_clock import milliseconds_of

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

HOLD: Final = "hold"
REQUEST: Final = "request"
REFUSED: Final = "refused"
RELEASED: Final = "released"


retention = sa.Table(
    "retention",
    tables.METADATA,
    sa.Column("record_id", sa.Uuid, primary_key=True),
    sa.Column("kept", sa.Text, primary_key=True),
    sa.Column("retain_until", INTEGER_64, nullable=False, index=True),
    tables.stamp(),
)
"""When a record must go: of an encounter, of its images, or of an agreement's facts in the journal."""

retention_rule = sa.Table(
    "retention_rule",
    tables.METADATA,
    sa.Column("agreement", sa.Text, primary_key=True),
    sa.Column("gallery", sa.Text, primary_key=True),
    sa.Column("kept", sa.Text, primary_key=True),
    sa.Column("days", sa.Integer, nullable=False),
    tables.stamp(),
)
"""Days by which dates are made; those of one agreement replace its earlier ones."""

retention_mark = sa.Table(
    "retention_mark",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("encounter_id", sa.Uuid, nullable=False, index=True),
    sa.Column("mark", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("marked_at", INTEGER_64, nullable=False),
    sa.Column("until", INTEGER_64),
    sa.Column("ended_as", sa.Text, nullable=False),
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Column("ended_at", INTEGER_64),
    tables.stamp(),
)
"""A hold or a request of an encounter; `ended_as` is empty while it stands."""

retention_clock = sa.Table(
    "retention_clock",
    tables.METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last_seen", INTEGER_64, nullable=False),
    sa.Column("has_residue", sa.Boolean(create_constraint=False), nullable=False),
)
"""One row: the latest time seen, and whether erased images may still stand in the write-ahead log."""


clock_confirmation = sa.Table(
    "clock_confirmation",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("confirmed_at", INTEGER_64, nullable=False),
    sa.Column("seat", sa.Text, nullable=False),
    tables.stamp(),
)
"""Dates that were doubtful and that a supervisor confirmed, at the line of the journal that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An encounter as retention sees it.

    images_until  None where it has no images that are kept apart
    has_images    whether impressions of it are there
    """

    encounter_id: EncounterId
    subject_id: SubjectId | None
    gallery: str
    images_until: Instant | None
    has_images: bool
    facts: Facts


def last_seen(snapshot: Snapshot) -> Instant:
    """The latest time that any unit has seen; 0 before the first.

    The journal's hybrid clock has it to the millisecond: it goes up whatever the machine's clock does.
    """
    return _times(snapshot)[1]


def longest_silence(snapshot: Snapshot) -> tuple[Instant, Instant] | None:
    """The longest time without a line of the journal: when it began and ended; None with less than two lines.

    Only since a supervisor last confirmed the date. What was written while the clock was wrong moves the last
    time seen, so that the clock agrees with it; the jump still stands between the lines.
    """
    line = tables.journal.c
    confirmed = sa.select(sa.func.max(clock_confirmation.c.position)).scalar_subquery()
    # Of all earlier lines, not of the last: a clock that was set back and right again jumped nowhere.
    before = sa.func.max(line.occurred_at).over(order_by=line.position, rows=(None, -1)).label("before")
    since = sa.select(line.occurred_at, before).where(line.position >= sa.func.coalesce(confirmed, 0))
    pairs = since.subquery()
    furthest = (pairs.c.occurred_at - pairs.c.before).desc()
    statement = sa.select(pairs).where(pairs.c.before.is_not(None)).order_by(furthest).limit(1)
    found = snapshot.fetch(statement, lambda row: (Instant(row.before), Instant(row.occurred_at)))
    return found[0] if found else None


def confirm_clock(work: UnitOfWork, at: Instant, seat: str) -> None:
    """Keep that a seat confirmed the date; silences of the journal before are not asked about any more."""
    number = work.next_number(clock_confirmation)
    row = {"number": number, "confirmed_at": at, "seat": seat}
    work.insert(clock_confirmation, work.stamped(row))


_TIMES: Final = sa.select(
    tables.journal_head.c.clock, sa.select(retention_clock.c.last_seen).scalar_subquery().label("last_seen")
)


def _times(snapshot: Snapshot) -> tuple[Instant | None, Instant]:
    """What was remembered, if anything, and the latest time of it and the journal."""
    [(clock, seen)] = snapshot.fetch(_TIMES, lambda row: (int(row.clock), row.last_seen))
    remembered = None if seen is None else Instant(seen)
    return remembered, Instant(max(remembered or 0, milliseconds_of(clock) * 1000))


def remember_time(work: UnitOfWork, now: Instant) -> None:
    """Have the last time seen be at least `now`, where the journal may not say it."""
    _remember(work, now, *_times(work))


def _remember(work: UnitOfWork, now: Instant, seen: Instant | None, latest: Instant) -> None:
    if seen is None:
        latest = max(now, latest)
        work.insert(retention_clock, {"number": 1, "last_seen": latest, "has_residue": False})
    elif now > seen:
        work.change(sa.update(retention_clock).values(last_seen=now))


def leave_residue(work: UnitOfWork) -> None:
    """Have the write-ahead log emptied after the commit, or at the next opening."""
    remember_time(work, work.now())
    work.change(sa.update(retention_clock).values(has_residue=True))
    work.has_erased = True


def set_rules(work: UnitOfWork, agreement: str, rules: Sequence[RetentionRule]) -> None:
    """Have these rules hold for what is added from now on; dates that were given stay."""
    work.change(sa.delete(retention_rule).where(retention_rule.c.agreement == agreement))
    made = [
        work.stamped(
            {"agreement": agreement, "gallery": rule.gallery, "kept": rule.kept.value, "days": rule.days}
        )
        for rule in rules
    ]
    work.insert(retention_rule, *made)


def follow(work: UnitOfWork, agreed: Agreement) -> None:
    """Have an agreement's rules hold from now on, and give its facts in the journal their own date.

    That date is counted from the end of the agreement, so that what happened under it can be looked into.
    """
    version = agreed.version
    set_rules(work, str(version.agreement_id), version.retention)
    ends = min(version.valid_until, agreed.ended_at or version.valid_until)
    set_date(
        work,
        version.agreement_id,
        Kept.OPS,
        retain_until(version.retention, Kept.OPS, EVERY_GALLERY, Instant(ends)),
    )


def rules(snapshot: Snapshot) -> tuple[RetentionRule, ...]:
    """The rules of all agreements."""
    return snapshot.fetch(_RULES, _rule_of)


def _rule_of(row: Row) -> RetentionRule:
    return RetentionRule(gallery=row.gallery, kept=Kept(row.kept), days=row.days)


_RULES: Final = sa.select(retention_rule).order_by(
    retention_rule.c.agreement, retention_rule.c.gallery, retention_rule.c.kept
)


def give_dates(work: UnitOfWork, encounter_id: EncounterId, gallery: str, born_at: Instant) -> None:
    """Give an encounter and its images their dates, counted from the later of birth and last time seen.

    So a clock that was set back ends nothing early. The rules are those of the agreement under which the
    unit acts, or of all agreements together: then the shortest counts.
    """
    held = rules(work)
    seen, latest = _times(work)
    born = Instant(max(born_at, latest))
    _remember(work, born, seen, latest)
    dated = [
        {
            "record_id": encounter_id,
            "kept": kept.value,
            "retain_until": retain_until(held, kept, gallery, born),
        }
        for kept in (Kept.ENCOUNTER, Kept.IMAGES)
    ]
    work.insert(retention, *(work.stamped(row) for row in dated))


def set_date(work: UnitOfWork, record_id: UUID, kept: Kept, until: Instant) -> None:
    """Give a record another date, or its first."""
    mine = (retention.c.record_id == record_id, retention.c.kept == kept.value)
    work.change(sa.delete(retention).where(*mine))
    row = {"record_id": record_id, "kept": kept.value, "retain_until": until}
    work.insert(retention, work.stamped(row))


def date_of(snapshot: Snapshot, record_id: UUID, kept: Kept) -> Instant | None:
    """When a record must go."""
    mine = (retention.c.record_id == record_id, retention.c.kept == kept.value)
    found = snapshot.value_of(sa.select(retention.c.retain_until).where(*mine))
    return None if found is None else Instant(found)


def due_ops(snapshot: Snapshot, until: Instant) -> tuple[UUID, ...]:
    """Agreements whose own date has come."""
    column = retention.c
    statement = sa.select(column.record_id).where(column.kept == Kept.OPS.value, column.retain_until <= until)
    return snapshot.fetch(statement.order_by(column.retain_until), lambda row: UUID(str(row.record_id)))


def forget_dates(work: UnitOfWork, record_ids: Collection[UUID], kept: Kept | None = None) -> None:
    """Take the dates of records away, and their holds and requests with them unless `kept` is given."""
    mine: list[sa.ColumnElement[bool]] = [retention.c.record_id.in_(record_ids)]
    if kept is not None:
        mine.append(retention.c.kept == kept.value)
    else:
        work.change(sa.delete(retention_mark).where(retention_mark.c.encounter_id.in_(record_ids)))
    work.change(sa.delete(retention).where(*mine))


def records(
    snapshot: Snapshot, encounters: Collection[EncounterId] | None = None, *, due: Instant | None = None
) -> tuple[Record, ...]:
    """Encounters with what their states follow from, the earliest date first.

    encounters  these only; None means all
    due         only those whose own date, or whose images' date, is not after it
    """
    encounter, images = tables.encounter.c, retention.alias("images")
    date = sa.func.coalesce(retention.c.retain_until, encounter.occurred_at + _default_us())
    has_images = (
        sa.exists()
        .where(tables.reference.c.encounter_number == encounter.number)
        .where(tables.reference_image.c.number == tables.reference.c.number)
        .where(sa.func.length(tables.reference_image.c.image) > 0)
    )
    is_own = (retention.c.record_id == encounter.encounter_id) & (retention.c.kept == Kept.ENCOUNTER.value)
    is_images = (images.c.record_id == encounter.encounter_id) & (images.c.kept == Kept.IMAGES.value)
    statement = (
        sa.select(
            encounter.encounter_id,
            encounter.subject_id,
            encounter.gallery,
            date.label("retain_until"),
            images.c.retain_until.label("images_until"),
            has_images.label("has_images"),
        )
        .select_from(tables.encounter)
        .outerjoin(retention, is_own)
        .outerjoin(images, is_images)
        .order_by(date, encounter.encounter_id)
    )
    if encounters is not None:
        statement = statement.where(encounter.encounter_id.in_(encounters))
    if due is not None:
        statement = statement.where((date <= due) | (images.c.retain_until <= due))
    found = snapshot.fetch(statement, lambda row: row)
    marks = _marks(snapshot, [row.encounter_id for row in found])
    return tuple(_record(row, marks.get(row.encounter_id, ())) for row in found)


def _default_us() -> int:
    return retain_until((), Kept.ENCOUNTER, "", Instant(0))


def _marks(snapshot: Snapshot, encounters: Sequence[UUID]) -> dict[UUID, list[Row]]:
    by_encounter: dict[UUID, list[Row]] = {}
    for begin in range(0, len(encounters), _IDS_A_QUERY):
        part = encounters[begin : begin + _IDS_A_QUERY]
        mine = sa.select(retention_mark).where(retention_mark.c.encounter_id.in_(part))
        for row in snapshot.fetch(mine.order_by(retention_mark.c.number), lambda row: row):
            by_encounter.setdefault(row.encounter_id, []).append(row)
    return by_encounter


_IDS_A_QUERY: Final = 500


def _record(row: Row, marks: Sequence[Row]) -> Record:
    holds = [mark.until for mark in marks if mark.mark == HOLD and not mark.ended_as]
    requests = [mark for mark in marks if mark.mark == REQUEST]
    return Record(
        encounter_id=EncounterId(row.encounter_id),
        subject_id=None if row.subject_id is None else SubjectId(row.subject_id),
        gallery=row.gallery,
        images_until=None if row.images_until is None else Instant(row.images_until),
        has_images=bool(row.has_images),
        facts=Facts(
            retain_until=Instant(row.retain_until),
            held_until=Instant(max(holds)) if holds else None,
            is_requested=any(not mark.ended_as for mark in requests),
            is_refused=bool(requests) and requests[-1].ended_as == REFUSED,
        ),
    )


def hold(
    work: UnitOfWork, encounters: Sequence[EncounterId], reason: HoldReason, *, author: str, until: Instant
) -> None:
    """Keep encounters past their date, until another date."""
    _mark(work, encounters, {"mark": HOLD, "reason": reason.value, "author": author, "until": until})


def request_erasure(work: UnitOfWork, encounters: Sequence[EncounterId], *, author: str) -> None:
    """Record that the erasure of encounters was asked for."""
    _mark(work, encounters, {"mark": REQUEST, "reason": "", "author": author, "until": None})


def _mark(work: UnitOfWork, encounters: Sequence[EncounterId], mark: dict[str, object]) -> None:
    opened = {"marked_at": work.now(), "ended_as": "", "ended_by": "", "ended_at": None}
    for encounter_id in encounters:
        number = {"number": work.next_number(retention_mark), "encounter_id": encounter_id}
        work.insert(retention_mark, work.stamped(number | mark | opened))


def end_marks(
    work: UnitOfWork,
    encounters: Sequence[EncounterId],
    mark: str,
    *,
    ended_as: str,
    author: str,
    reason: str = "",
) -> int:
    """End every standing hold or request of encounters; returns how many stood."""
    column = retention_mark.c
    standing = (column.encounter_id.in_(encounters), column.mark == mark, column.ended_as == "")
    count = work.value_of(sa.select(sa.func.count()).select_from(retention_mark).where(*standing))
    ended: dict[str, object] = {"ended_as": ended_as, "ended_by": author, "ended_at": work.now()}
    if reason:
        ended["reason"] = reason
    work.change(sa.update(retention_mark).where(*standing).values(ended))
    return int(count)


def release(work: UnitOfWork, encounters: Sequence[EncounterId], reason: HoldReason, *, author: str) -> None:
    """End the holds of encounters for one reason; those for others stand."""
    column = retention_mark.c
    standing = (column.mark == HOLD, column.ended_as == "", column.reason == reason.value)
    ended = {"ended_as": RELEASED, "ended_by": author, "ended_at": work.now()}
    work.change(sa.update(retention_mark).where(column.encounter_id.in_(encounters), *standing).values(ended))


def set_apart(work: UnitOfWork, encounters: Sequence[EncounterId]) -> SubjectId:
    """Give encounters a subject of their own, to be erased as one; returns it."""
    subject_id = SubjectId(new_uuid())
    work.add_subject(subject_id)
    column = tables.encounter.c.encounter_id
    moved = sa.update(tables.encounter).where(column.in_(encounters))
    work.change(moved.values(subject_id=subject_id))
    return subject_id
