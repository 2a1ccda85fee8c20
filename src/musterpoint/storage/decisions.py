"""Presentations and decisions at the gate, and alarms about rates of a site.

A decision is added and never changed. What it says of a person in words (ground, carer, age) is sealed
under the encounter's key; state, rule departed from, seats and times stay when the person is erased, so
that everybody who came stays counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.identifiers import EncounterId
from musterpoint.registry import Answer, Outcome
from musterpoint.registry.alarms import Group, GroupKind, Level, Rate
from musterpoint.registry.decisions import Decision, DecisionState, RuleDepartedFrom
from musterpoint.registry.values import CannotTellReason
from musterpoint.storage import adjudication, sealed_facts, tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row
from musterpoint.storage.sealing import record_of
from musterpoint.storage.vault import KeyScope

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

# reason: why nobody could be told, or why finding nobody would tell nothing
# counted: the journal line of the outcome; a receipt proves that it is in the log
presentation = sa.Table(
    "presentation",
    tables.METADATA,
    sa.Column("encounter_id", sa.Uuid, primary_key=True),
    sa.Column("agreement", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("no_list", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("counted", INTEGER_64, nullable=False),
    sa.Column("detail", sa.LargeBinary, nullable=False),
    tables.stamp(),
)

# Encounters are named without foreign keys: a decision outlives their erasure.
decision = sa.Table(
    "decision",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("decision_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("encounter_id", sa.Uuid, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("exception_of", sa.Text),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("approver", sa.Text, nullable=False),
    sa.Column("decided_at", INTEGER_64, nullable=False),
    sa.Column("expires_at", INTEGER_64, index=True),
    sa.Column("detail", sa.LargeBinary, nullable=False),
    tables.stamp(),
)

alarm = sa.Table(
    "alarm",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("rate", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("happened", INTEGER_64, nullable=False),
    sa.Column("attempts", INTEGER_64, nullable=False),
    sa.Column("opened_at", INTEGER_64, nullable=False),
    sa.Column("closed_at", INTEGER_64),
    sa.Column("closed_by", sa.Text, nullable=False),
    tables.stamp(),
)


alarm_group = sa.Table(
    "alarm_group",
    tables.METADATA,
    sa.Column("number", INTEGER_64, sa.ForeignKey("alarm.number"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)
"""Of which part of a site's arrivals an alarm is: those of an officer, say. One without a row is of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """What the gate learnt beside fingers; sealed.

    age              years, where they were told
    carer            the encounter of the grown-up who answers for a child
    is_unaccompanied a child without one
    consent          explicit, implicit or proxy; empty where it was not asked
    """

    age: int | None = None
    carer: EncounterId | None = None
    is_unaccompanied: bool = False
    consent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPresentation:
    """A presentation as it was recorded; `facts` is None after the person was erased."""

    encounter_id: EncounterId
    agreement: str
    reason: CannotTellReason | None
    no_list: bool
    counted: int
    facts: GateFacts | None


def add_presentation(work: UnitOfWork, made: StoredPresentation) -> None:
    """Add what the gate recorded of an encounter. Raises Conflict where it is there."""
    facts = made.facts or GateFacts()
    detail = {
        "age": facts.age,
        "carer": str(facts.carer) if facts.carer else "",
        "consent": facts.consent,
        "is_unaccompanied": facts.is_unaccompanied,
    }
    row = {
        "encounter_id": made.encounter_id,
        "agreement": made.agreement,
        "reason": made.reason.value if made.reason else None,
        "no_list": made.no_list,
        "counted": made.counted,
        "detail": sealed_facts.seal(work, made.encounter_id, "presentation", detail),
    }
    work.insert(presentation, work.stamped(row))


def presentation_of(snapshot: Snapshot, encounter_id: EncounterId) -> StoredPresentation | None:
    """What the gate recorded of an encounter; None of one that did not come about at a gate."""
    statement = sa.select(presentation).where(presentation.c.encounter_id == encounter_id)
    found = snapshot.fetch(statement, lambda row: _presentation_of(snapshot, row))
    return found[0] if found else None


def _presentation_of(snapshot: Snapshot, row: Row) -> StoredPresentation:
    encounter_id = EncounterId(row.encounter_id)
    detail = sealed_facts.unseal_what_is_left(snapshot, encounter_id, "presentation", row.detail)
    facts = None
    if detail:
        facts = GateFacts(
            age=detail["age"],
            carer=EncounterId(UUID(detail["carer"])) if detail["carer"] else None,
            is_unaccompanied=detail["is_unaccompanied"],
            consent=detail["consent"],
        )
    return StoredPresentation(
        encounter_id=encounter_id,
        agreement=row.agreement,
        reason=CannotTellReason(row.reason) if row.reason else None,
        no_list=row.no_list,
        counted=row.counted,
        facts=facts,
    )


def add(work: UnitOfWork, made: Decision) -> None:
    """Add a decision."""
    detail = {"carer": str(made.carer) if made.carer else "", "ground": made.ground}
    number = work.next_number(decision)
    row = {
        "number": number,
        "decision_id": made.decision_id,
        "encounter_id": made.encounter_id,
        "state": made.state.value,
        "exception_of": made.exception_of.value if made.exception_of else None,
        "author": made.author,
        "approver": made.approver,
        "decided_at": made.decided_at,
        "expires_at": made.expires_at,
        "detail": sealed_facts.seal(work, made.encounter_id, f"decision {made.decision_id}", detail),
    }
    work.insert(decision, work.stamped(row))


def of_encounter(snapshot: Snapshot, encounter_id: EncounterId) -> tuple[Decision, ...]:
    """All decisions about an encounter in their order; without grounds after the person's erasure."""
    statement = sa.select(decision).where(decision.c.encounter_id == encounter_id)
    return snapshot.fetch(statement.order_by(decision.c.number), lambda row: _decision_of(snapshot, row))


def _decision_of(snapshot: Snapshot, row: Row) -> Decision:
    encounter_id = EncounterId(row.encounter_id)
    detail = sealed_facts.unseal_what_is_left(
        snapshot, encounter_id, f"decision {row.decision_id}", row.detail
    )
    return Decision(
        decision_id=row.decision_id,
        encounter_id=encounter_id,
        state=DecisionState(row.state),
        ground=detail.get("ground", ""),
        author=row.author,
        decided_at=Instant(row.decided_at),
        exception_of=RuleDepartedFrom(row.exception_of) if row.exception_of else None,
        approver=row.approver,
        expires_at=None if row.expires_at is None else Instant(row.expires_at),
        carer=EncounterId(UUID(detail["carer"])) if detail.get("carer") else None,
    )


def undecided(snapshot: Snapshot) -> tuple[EncounterId, ...]:
    """Encounters of people who came to the gate, about whom nothing was decided yet, in their order.

    An exception that was told at the gate and waits for a supervisor decides nothing.
    """
    column = presentation.c
    is_decided = (
        sa.exists()
        .where(decision.c.encounter_id == column.encounter_id)
        .where(decision.c.state != DecisionState.OPEN.value)
        .correlate(presentation)
    )
    statement = sa.select(column.encounter_id).where(~is_decided).order_by(column.counted)
    return snapshot.fetch(statement, lambda row: EncounterId(row.encounter_id))


def expired(snapshot: Snapshot, now: Instant) -> tuple[EncounterId, ...]:
    """Encounters whose latest decision has expired: they are to be decided again."""
    column, later = decision.c, decision.alias("later")
    is_followed = (
        sa.exists()
        .where(later.c.encounter_id == column.encounter_id)
        .where(later.c.number > column.number)
        .correlate(decision)
    )
    statement = sa.select(column.encounter_id).where(column.expires_at <= now, ~is_followed)
    return snapshot.fetch(statement.order_by(column.expires_at), lambda row: EncounterId(row.encounter_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What the rates of a site count of one presentation; nothing of the person.

    verdict        of the case, where one was decided
    is_overturned  the first opinions did not stand: an arbiter was asked, or an appeal had others look again
    officer        the seat that recorded it
    reasons        why fingers were not captured; nothing after an erasure
    """

    site: str
    outcome: Outcome
    answer: Answer | None
    reason: CannotTellReason | None
    has_case: bool
    verdict: str
    is_exception: bool
    is_overturned: bool
    officer: str = ""
    reasons: frozenset[str] = frozenset()


def attempts(snapshot: Snapshot, site: str, window: int) -> tuple[Attempt, ...]:
    """The latest presentations at a site, the latest first."""
    encounter, cases = tables.encounter.c, tables.adjudication_case.c
    is_exception = (
        sa.exists()
        .where(decision.c.encounter_id == encounter.encounter_id)
        .where(decision.c.exception_of.is_not(None))
    )
    statement = (
        sa.select(
            _was_overturned().label("is_overturned"),
            encounter.encounter_id,
            encounter.number.label("encounter_number"),
            encounter.site,
            encounter.outcome,
            encounter.answer,
            presentation.c.reason,
            cases.number,
            cases.verdict,
            is_exception.label("is_exception"),
            tables.journal.c.entry,
            tables.encounter_detail.c.detail,
        )
        .select_from(tables.encounter)
        .join(tables.journal, tables.journal.c.position == encounter.position)
        .join(tables.encounter_detail, tables.encounter_detail.c.number == encounter.number)
        .join(presentation, presentation.c.encounter_id == encounter.encounter_id)
        .outerjoin(tables.adjudication_case, cases.encounter_id == encounter.encounter_id)
        .where(encounter.site == site)
        .order_by(encounter.occurred_at.desc(), encounter.encounter_id.desc())
        .limit(window)
    )
    found = snapshot.fetch(statement, lambda row: row)
    column = tables.encounter_detail.c.detail
    details = snapshot.vault.open_many(
        [
            (KeyScope.encounter(row.encounter_id), record_of(column, row.encounter_number), row.detail)
            for row in found
        ]
    )
    return tuple([_attempt_of(row, opened) for row, opened in zip(found, details, strict=True)])


def _was_overturned() -> sa.ColumnElement[bool]:
    pair, opinion = adjudication.adjudication_pair.c, adjudication.adjudication_opinion.c
    mine = pair.probe_id == tables.encounter.c.encounter_id
    asked = sa.exists().where(mine, opinion.pair_number == pair.number, opinion.is_arbiter)
    return asked | sa.exists().where(mine, pair.round > 0)


def _attempt_of(row: Row, detail: bytes | None) -> Attempt:
    given = json.loads(detail)["not_captured"] if detail else ()
    return Attempt(
        site=row.site,
        outcome=Outcome(row.outcome),
        answer=Answer(row.answer) if row.answer else None,
        reason=CannotTellReason(row.reason) if row.reason else None,
        has_case=row.number is not None,
        verdict=row.verdict or "",
        is_exception=bool(row.is_exception),
        is_overturned=bool(row.is_overturned),
        officer=str(json.loads(row.entry)["author"]),
        reasons=frozenset(str(reason) for _, reason in given),
    )


def encounters_so_far(snapshot: Snapshot) -> int:
    """The number of the latest encounter."""
    return int(snapshot.value_of(_LAST_ENCOUNTER))


_LAST_ENCOUNTER: Final = sa.select(sa.func.coalesce(sa.func.max(tables.encounter.c.number), 0))


def sites(snapshot: Snapshot) -> tuple[str, ...]:
    """Sites at which somebody came to the gate, in alphabetical order."""
    encounter = tables.encounter.c
    statement = (
        sa.select(encounter.site)
        .distinct()
        .select_from(tables.encounter)
        .join(presentation, presentation.c.encounter_id == encounter.encounter_id)
        .order_by(encounter.site)
    )
    return snapshot.fetch(statement, lambda row: str(row.site))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm that waits for, or was closed by, the seat that owns it.

    group  the part of the site that it is about; None for all of it
    """

    number: int
    site: str
    rate: Rate
    level: Level
    happened: int
    attempts: int
    opened_at: Instant
    closed_at: Instant | None = None
    closed_by: str = ""
    group: Group | None = None


def open_alarm(work: UnitOfWork, made: Alarm) -> int:
    """Open an alarm with the next number; returns it."""
    number = work.next_number(alarm)
    row = {
        "number": number,
        "site": made.site,
        "rate": made.rate.value,
        "level": made.level.value,
        "happened": made.happened,
        "attempts": made.attempts,
        "opened_at": made.opened_at,
        "closed_at": None,
        "closed_by": "",
    }
    work.insert(alarm, work.stamped(row))
    if made.group is not None:
        work.insert(alarm_group, {"number": number, "kind": made.group.kind.value, "name": made.group.name})
    return number


def close_alarm(work: UnitOfWork, number: int, *, closed_by: str, closed_at: Instant) -> None:
    """Close an alarm."""
    values: dict[str, object] = {"closed_at": closed_at, "closed_by": closed_by}
    work.change(sa.update(alarm).where(alarm.c.number == number).values(values))


def alarms(snapshot: Snapshot, *, is_open: bool | None = None) -> tuple[Alarm, ...]:
    """Alarms in the order in which they were opened."""
    statement = (
        sa.select(alarm, alarm_group.c.kind, alarm_group.c.name)
        .outerjoin(alarm_group, alarm_group.c.number == alarm.c.number)
        .order_by(alarm.c.number)
    )
    if is_open is not None:
        statement = statement.where(alarm.c.closed_at.is_(None) == is_open)
    return snapshot.fetch(statement, _alarm_of)


def _alarm_of(row: Row) -> Alarm:
    return Alarm(
        number=row.number,
        site=row.site,
        rate=Rate(row.rate),
        level=Level(row.level),
        happened=row.happened,
        attempts=row.attempts,
        opened_at=Instant(row.opened_at),
        closed_at=None if row.closed_at is None else Instant(row.closed_at),
        closed_by=row.closed_by,
        group=None if row.kind is None else Group(GroupKind(row.kind), row.name),
    )
