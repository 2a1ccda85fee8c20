"""Changes of subjects, as rows that say who had an encounter before and after, so that each can be undone.

Guarantees: a change is added and never altered; undoing adds another that names it. Encounters and states
are changed in the same transaction. What was erased is left out of the history of others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.errors import NotFound
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry.subjects import (
    ACTIVE,
    INACTIVE,
    ChangeKind,
    Moved,
    People,
    StateChanged,
    SubjectChange,
    SubjectState,
    SubjectStatus,
    applied,
)
from musterpoint.storage import tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

subject_change = sa.Table(
    "subject_change",
    tables.METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("undoes", sa.Integer, index=True),
    sa.Column("seat", sa.Text, nullable=False),
    sa.Column("second", sa.Text, nullable=False),
    sa.Column("changed_at", INTEGER_64, nullable=False),
    tables.stamp(),
)
"""`undoes` names the change that was taken back: once, unless that was itself taken back."""

subject_change_encounter = sa.Table(
    "subject_change_encounter",
    tables.METADATA,
    sa.Column("number", sa.Integer, sa.ForeignKey("subject_change.number"), primary_key=True),
    sa.Column("encounter_id", sa.Uuid, primary_key=True, index=True),
    sa.Column("before", sa.Uuid, nullable=False, index=True),
    sa.Column("after", sa.Uuid, nullable=False, index=True),
)

subject_change_state = sa.Table(
    "subject_change_state",
    tables.METADATA,
    sa.Column("number", sa.Integer, sa.ForeignKey("subject_change.number"), primary_key=True),
    sa.Column("subject_id", sa.Uuid, primary_key=True, index=True),
    sa.Column("was_active", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("was_merged_into", sa.Uuid),
    sa.Column("is_active", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("merged_into", sa.Uuid),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedChange:
    """A change as it was made; `undone_by` is the number of the one that took it back."""

    number: int
    change: SubjectChange
    seat: str
    second: str
    changed_at: Instant
    undone_by: int | None


def people(snapshot: Snapshot, subjects: Collection[SubjectId]) -> People:
    """These subjects as far as they exist, with all of their encounters."""
    found = [
        snapshot.subject(one)
        for one in sorted(subjects)
        if snapshot.value_of(sa.select(tables.subject.c.subject_id).where(tables.subject.c.subject_id == one))
    ]
    return People(
        states={one.subject_id: _state(one.is_active, one.merged_into) for one in found},
        subject_of={encounter_id: one.subject_id for one in found for encounter_id in one.encounters},
    )


def _state(is_active: bool, merged_into: SubjectId | None) -> SubjectState:
    if is_active:
        return ACTIVE
    return SubjectState(status=SubjectStatus.INACTIVE, merged_into=merged_into) if merged_into else INACTIVE


def record(work: UnitOfWork, change: SubjectChange, *, seat: str, second: str = "") -> RecordedChange:
    """Carry out a change and keep it. Subjects that are named and not there are made.

    Raises ValueError where the change does not fit what is there, AlreadyErased for an erased subject.
    """
    touched = {one.before for one in change.moved} | {one.after for one in change.moved}
    now = people(work, touched | {one.subject_id for one in change.states})
    for subject_id in sorted({one.after for one in change.moved} - set(now.states)):
        work.add_subject(subject_id)
    applied(now, change)
    number = work.next_number(subject_change)
    row = {
        "number": number,
        "kind": change.kind.value,
        "undoes": change.undoes,
        "seat": seat,
        "second": second,
        "changed_at": work.now(),
    }
    work.insert(subject_change, work.stamped(row))
    work.insert(subject_change_encounter, *[_encounter_row(number, one) for one in change.moved])
    work.insert(subject_change_state, *[_state_row(number, one) for one in change.states])
    for one in change.moved:
        mine = tables.encounter.c.encounter_id == one.encounter_id
        work.change(sa.update(tables.encounter).where(mine).values(subject_id=one.after))
    work.mark_changed(*(one.encounter_id for one in change.moved))
    for changed in change.states:
        _set_state(work, changed.subject_id, changed.after)
    return of_number(work, number)


def _set_state(work: UnitOfWork, subject_id: SubjectId, state: SubjectState) -> None:
    column = tables.subject.c
    values = {"status": state.status.value, "merged_into": state.merged_into}
    work.change(sa.update(tables.subject).where(column.subject_id == subject_id).values(values))


def _encounter_row(number: int, moved: Moved) -> dict[str, object]:
    return {
        "number": number,
        "encounter_id": moved.encounter_id,
        "before": moved.before,
        "after": moved.after,
    }


def _state_row(number: int, changed: StateChanged) -> dict[str, object]:
    return {
        "number": number,
        "subject_id": changed.subject_id,
        "was_active": changed.before.status is SubjectStatus.ACTIVE,
        "was_merged_into": changed.before.merged_into,
        "is_active": changed.after.status is SubjectStatus.ACTIVE,
        "merged_into": changed.after.merged_into,
    }


def of_number(snapshot: Snapshot, number: int) -> RecordedChange:
    """The change of a number. Raises NotFound."""
    found = _changes(snapshot, [number])
    if not found:
        raise NotFound(
            expected="the number of a change",
            found="a number that no change has",
            hint="List them with: musterpoint subject history",
            where="change",
        )
    return found[0]


def history(snapshot: Snapshot, subject_id: SubjectId | None = None) -> tuple[RecordedChange, ...]:
    """All changes, or those that touched a subject, in order."""
    number = subject_change.c.number
    if subject_id is None:
        return _changes(snapshot, snapshot.fetch(sa.select(number), lambda row: int(row.number)))
    moved, state = subject_change_encounter.c, subject_change_state.c
    by_encounter = sa.select(moved.number).where(
        sa.or_(moved.before == subject_id, moved.after == subject_id)
    )
    by_state = sa.select(state.number).where(
        sa.or_(state.subject_id == subject_id, state.merged_into == subject_id)
    )
    touched = sa.select(number).where(sa.or_(number.in_(by_encounter), number.in_(by_state)))
    return _changes(snapshot, snapshot.fetch(touched, lambda row: int(row.number)))


def _changes(snapshot: Snapshot, numbers: Sequence[int]) -> tuple[RecordedChange, ...]:
    def mine(table: sa.Table, order: sa.Column[object]) -> tuple[Row, ...]:
        return snapshot.fetch(
            sa.select(table).where(table.c.number.in_(numbers)).order_by(order), lambda row: row
        )

    heads = mine(subject_change, subject_change.c.number)
    encounters = mine(subject_change_encounter, subject_change_encounter.c.encounter_id)
    states = mine(subject_change_state, subject_change_state.c.subject_id)
    undone_by = _standing_undos(snapshot)
    return tuple(
        RecordedChange(
            number=row.number,
            change=SubjectChange(
                kind=ChangeKind(row.kind),
                moved=tuple(_moved(one) for one in encounters if one.number == row.number),
                states=tuple(_changed(one) for one in states if one.number == row.number),
                undoes=row.undoes,
            ),
            seat=row.seat,
            second=row.second,
            changed_at=Instant(row.changed_at),
            undone_by=undone_by.get(row.number),
        )
        for row in heads
    )


def _standing_undos(snapshot: Snapshot) -> dict[int, int]:
    """Of each change that is taken back now, the number of the change that did it."""
    column = subject_change.c
    statement = sa.select(column.number, column.undoes).where(column.undoes.is_not(None))
    standing: dict[int, int] = {}
    # Later ones first: an undo counts unless a later one took it back.
    for number, undone in reversed(snapshot.fetch(statement.order_by(column.number), tuple)):
        if number not in standing:
            standing[undone] = number
    return standing


def _moved(row: Row) -> Moved:
    return Moved(
        encounter_id=EncounterId(row.encounter_id),
        before=SubjectId(row.before),
        after=SubjectId(row.after),
    )


def _changed(row: Row) -> StateChanged:
    def merged(value: object) -> SubjectId | None:
        return None if value is None else SubjectId(value)  # type: ignore[arg-type]  # a UUID from sa.Uuid

    return StateChanged(
        subject_id=SubjectId(row.subject_id),
        before=_state(bool(row.was_active), merged(row.was_merged_into)),
        after=_state(bool(row.is_active), merged(row.merged_into)),
    )


def forget(connection: sa.Connection, encounters: Sequence[EncounterId]) -> None:
    """Leave encounters that are being erased out of the history."""
    moved = subject_change_encounter
    connection.execute(sa.delete(moved).where(moved.c.encounter_id.in_(encounters)))
