"""Appeals as rows: what stood before, who appealed, and how it ended; why is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.errors import NotFound
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry import Answer, Verdict
from musterpoint.registry.appeals import Appeal, AppealedBy, AppealOutcome
from musterpoint.storage import sealed_facts, tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from musterpoint.storage.writing import UnitOfWork

appeal = sa.Table(
    "appeal",
    tables.METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("encounter_id", sa.Uuid, nullable=False, index=True),
    sa.Column("appealed_by", sa.Text, nullable=False),
    sa.Column("opened_by", sa.Text, nullable=False),
    sa.Column("opened_at", INTEGER_64, nullable=False),
    sa.Column("stays", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("opened", INTEGER_64, nullable=False),
    sa.Column("earlier_answer", sa.Text),
    sa.Column("earlier_verdict", sa.Text),
    sa.Column("earlier_subject", sa.Uuid),
    sa.Column("outcome", sa.Text, index=True),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", INTEGER_64),
    sa.Column("detail", sa.LargeBinary, nullable=False),
    tables.stamp(),
)


def next_number(work: UnitOfWork) -> int:
    """The number of the next appeal."""
    return work.next_number(appeal)


def add(work: UnitOfWork, made: Appeal) -> None:
    """Add an appeal under its number."""
    detail = sealed_facts.seal(work, made.encounter_id, f"appeal {made.number}", {"reason": made.reason})
    row = {
        "number": made.number,
        "encounter_id": made.encounter_id,
        "appealed_by": made.appealed_by.value,
        "opened_by": made.opened_by,
        "opened_at": made.opened_at,
        "stays": made.stays,
        "opened": made.position,
        "earlier_answer": made.earlier_answer and made.earlier_answer.value,
        "earlier_verdict": made.earlier_verdict and made.earlier_verdict.value,
        "earlier_subject": made.earlier_subject,
        "outcome": None,
        "decided_by": "",
        "decided_at": None,
        "detail": detail,
    }
    work.insert(appeal, work.stamped(row))


def decide(work: UnitOfWork, number: int, outcome: AppealOutcome, decided_by: str, at: Instant) -> Appeal:
    """Say how an appeal ended."""
    values = {"outcome": outcome.value, "decided_by": decided_by, "decided_at": at}
    work.change(sa.update(appeal).where(appeal.c.number == number).values(values))
    return of_number(work, number)


def of_number(snapshot: Snapshot, number: int) -> Appeal:
    """The appeal of a number. Raises NotFound."""
    found = _appeals(snapshot, appeal.c.number == number)
    if not found:
        raise NotFound(
            expected="the number of an appeal",
            found="a number that no appeal has",
            hint="List them with: musterpoint appeal list",
            where="appeal",
        )
    return found[0]


def appeals(snapshot: Snapshot, *, is_open: bool | None = None) -> tuple[Appeal, ...]:
    """Appeals by number; None means open and decided ones."""
    if is_open is None:
        return _appeals(snapshot)
    return _appeals(snapshot, appeal.c.outcome.is_(None) if is_open else appeal.c.outcome.is_not(None))


def open_numbers(snapshot: Snapshot) -> frozenset[int]:
    """Numbers of the open appeals."""
    statement = sa.select(appeal.c.number).where(appeal.c.outcome.is_(None))
    return frozenset(snapshot.fetch(statement, lambda row: int(row.number)))


def open_of(snapshot: Snapshot, encounter_id: EncounterId) -> Appeal | None:
    """The open appeal against what was decided about an encounter; there is at most one."""
    mine = _appeals(snapshot, appeal.c.encounter_id == encounter_id, appeal.c.outcome.is_(None))
    return mine[0] if mine else None


def of_encounter(snapshot: Snapshot, encounter_id: EncounterId) -> tuple[Appeal, ...]:
    """All appeals about an encounter, in order."""
    return _appeals(snapshot, appeal.c.encounter_id == encounter_id)


def stayed(snapshot: Snapshot, encounters: Collection[EncounterId]) -> frozenset[EncounterId]:
    """Those of the encounters for which what was decided rests, because an appeal is open."""
    column = appeal.c
    statement = sa.select(column.encounter_id).where(
        column.encounter_id.in_(encounters), column.outcome.is_(None), column.stays
    )
    return frozenset(snapshot.fetch(statement, lambda row: EncounterId(row.encounter_id)))


def appealed(snapshot: Snapshot) -> tuple[EncounterId, ...]:
    """Encounters about which there was ever an appeal, in the order of the first."""
    statement = sa.select(appeal.c.encounter_id).order_by(appeal.c.number)
    return tuple(dict.fromkeys(snapshot.fetch(statement, lambda row: EncounterId(row.encounter_id))))


def is_resting(snapshot: Snapshot, encounter_id: EncounterId, since: Instant) -> bool:
    """Whether what was decided about an encounter at that time does not hold now.

    It rests while an appeal is open that stays it, and has to be decided again after one that did not
    confirm it.
    """
    unlike = (AppealOutcome.REVERSED.value, AppealOutcome.CANNOT_TELL.value)
    column = appeal.c
    unsettled = sa.select(column.number).where(
        column.encounter_id == encounter_id,
        sa.or_(
            sa.and_(column.outcome.is_(None), column.stays),
            sa.and_(column.outcome.in_(unlike), column.decided_at >= since),
        ),
    )
    return snapshot.value_of(unsettled.limit(1)) is not None


def round_in_force(snapshot: Snapshot, encounter_id: EncounterId) -> int:
    """The round whose pairs decide: that of the last appeal that ended, 0 without one."""
    statement = sa.select(sa.func.coalesce(sa.func.max(appeal.c.number), 0)).where(
        appeal.c.encounter_id == encounter_id,
        appeal.c.outcome.is_not(None),
        appeal.c.earlier_verdict.is_not(None),
    )
    return int(snapshot.value_of(statement))


def _appeals(snapshot: Snapshot, *conditions: sa.ColumnElement[bool]) -> tuple[Appeal, ...]:
    statement = sa.select(appeal).where(*conditions).order_by(appeal.c.number)
    return snapshot.fetch(statement, lambda row: _appeal(snapshot, row))


def _appeal(snapshot: Snapshot, row: Row) -> Appeal:
    encounter_id = EncounterId(row.encounter_id)
    detail = sealed_facts.unseal(snapshot, encounter_id, f"appeal {row.number}", row.detail)
    return Appeal(
        number=row.number,
        encounter_id=encounter_id,
        appealed_by=AppealedBy(row.appealed_by),
        reason=str(detail.get("reason", "")),
        opened_by=row.opened_by,
        opened_at=Instant(row.opened_at),
        stays=bool(row.stays),
        position=row.opened,
        earlier_answer=None if row.earlier_answer is None else Answer(row.earlier_answer),
        earlier_verdict=None if row.earlier_verdict is None else Verdict(row.earlier_verdict),
        earlier_subject=None if row.earlier_subject is None else SubjectId(row.earlier_subject),
        outcome=None if row.outcome is None else AppealOutcome(row.outcome),
        decided_by=row.decided_by,
        decided_at=None if row.decided_at is None else Instant(row.decided_at),
    )


def forget(connection: sa.Connection, encounters: Sequence[EncounterId]) -> None:
    """Delete appeals about encounters that are being erased."""
    connection.execute(sa.delete(appeal).where(appeal.c.encounter_id.in_(encounters)))
