"""Agreements, what parties answered to them, targets that were set, and a row for each search under one.

A document is stored as the canonical bytes that were signed, and read back from them; who changes it breaks
its digest, which is checked whenever it is read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.identifiers import AgreementId
from musterpoint.registry.agreement_documents import from_document, to_bytes
from musterpoint.registry.agreements import (
    ANY,
    PRACTICE_AGREEMENT,
    Agreement,
    AgreementVersion,
    AnswerKind,
    PartyAnswer,
)
from musterpoint.storage import retention, tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row
from musterpoint.storage.translation import damaged
from musterpoint.storage.vault import KeyScope

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

agreement = sa.Table(
    "agreement",
    tables.METADATA,
    sa.Column("agreement_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("ended_at", INTEGER_64),
    tables.stamp(),
)
"""`version` is the newest one."""

agreement_version = sa.Table(
    "agreement_version",
    tables.METADATA,
    sa.Column("agreement_id", sa.Uuid, sa.ForeignKey("agreement.agreement_id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    tables.stamp(),
)

agreement_answer = sa.Table(
    "agreement_answer",
    tables.METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("agreement_id", sa.Uuid, sa.ForeignKey("agreement.agreement_id"), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
    tables.stamp(),
)
"""What a party said to a version; its latest answer counts."""

target_setting = sa.Table(
    "target_setting",
    tables.METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("agreement_id", sa.Uuid, sa.ForeignKey("agreement.agreement_id"), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("target_fpir_ppm", sa.Integer, nullable=False),
    sa.Column("set_by", sa.Text, nullable=False),
    sa.Column("second", sa.Text, nullable=False),
    tables.stamp(),
)
"""Targets that two persons set within what a version allows; the latest counts."""

search_day = sa.Table(
    "search_day",
    tables.METADATA,
    sa.Column("agreement_id", sa.Uuid, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("searches", sa.Integer, nullable=False),
)
"""Searches under an agreement for a purpose on a day, counted from 1970-01-01 UTC."""

DAY_US: Final = 86_400 * 1_000_000

# Made once: every search asks for these, and making a statement takes longer than carrying it out.
_VERSIONS: Final = (
    sa.select(agreement_version.c.digest, agreement_version.c.document, agreement.c.ended_at)
    .join(agreement, agreement.c.agreement_id == agreement_version.c.agreement_id)
    .order_by(agreement_version.c.position, agreement_version.c.agreement_id, agreement_version.c.version)
)
_ANSWERS: Final = sa.select(agreement_answer).order_by(agreement_answer.c.number)
_REAL: Final = (
    sa.select(agreement_answer.c.number)
    .where(
        agreement_answer.c.agreement_id != PRACTICE_AGREEMENT,
        agreement_answer.c.answer == AnswerKind.ACKNOWLEDGED.value,
    )
    .limit(1)
)
_TARGETS: Final = (
    sa.select(target_setting.c.purpose, target_setting.c.target_fpir_ppm)
    .where(
        target_setting.c.agreement_id == sa.bindparam("of_agreement"),
        target_setting.c.version == sa.bindparam("of_version"),
    )
    .order_by(target_setting.c.number)
)
_SEARCHES: Final = sa.select(sa.func.coalesce(sa.func.sum(search_day.c.searches), 0)).where(
    search_day.c.agreement_id == sa.bindparam("of_agreement"), search_day.c.day > sa.bindparam("after")
)
_DAY: Final = (
    search_day.c.agreement_id == sa.bindparam("of_agreement"),
    search_day.c.purpose == sa.bindparam("of_purpose"),
    search_day.c.day == sa.bindparam("of_day"),
)
_SEARCHES_OF_DAY: Final = sa.select(search_day.c.searches).where(*_DAY)
_ONE_SEARCH_MORE: Final = sa.update(search_day).where(*_DAY).values(searches=search_day.c.searches + 1)
_SEARCHES_FOR: Final = _SEARCHES.where(search_day.c.purpose == sa.bindparam("of_purpose"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSetting:
    """A target that two seats set for a purpose."""

    agreement_id: AgreementId
    version: int
    purpose: str
    target_fpir_ppm: int
    set_by: str
    second: str


def add_version(work: UnitOfWork, made: AgreementVersion) -> str:
    """Add an agreement, or the next version of one; returns its digest. Raises Conflict where it is there."""
    document = to_bytes(made)
    digest = hashlib.sha256(document).hexdigest()
    mine = agreement.c.agreement_id == made.agreement_id
    if work.value_of(sa.select(agreement.c.version).where(mine)) is None:
        first = {"agreement_id": made.agreement_id, "version": made.version, "ended_at": None}
        work.vault.new_key(KeyScope.agreement(made.agreement_id))
        work.insert(agreement, work.stamped(first))
    else:
        work.change(sa.update(agreement).where(mine).values(version=made.version))
    row = {"agreement_id": made.agreement_id, "version": made.version, "digest": digest}
    work.insert(agreement_version, work.stamped(row | {"document": document.decode()}))
    return digest


def add_answer(work: UnitOfWork, answer: PartyAnswer) -> None:
    """Add what a party said."""
    work.insert(
        agreement_answer,
        work.stamped(
            {
                "number": work.next_number(agreement_answer),
                "agreement_id": answer.agreement_id,
                "version": answer.version,
                "digest": answer.digest,
                "party": answer.party,
                "answer": answer.answer.value,
                "statement": answer.statement,
                "signature": answer.signature.hex(),
            }
        ),
    )
    _follow(work, answer.agreement_id)


def end(work: UnitOfWork, agreement_id: AgreementId, at: Instant) -> None:
    """End an agreement at a moment."""
    work.change(sa.update(agreement).where(agreement.c.agreement_id == agreement_id).values(ended_at=at))
    _follow(work, agreement_id)


def _follow(work: UnitOfWork, agreement_id: AgreementId) -> None:
    """Have dates be given by what the parties have acknowledged."""
    mine = [one for one in agreements(work) if one.agreement_id == agreement_id]
    if mine and not mine[-1].outstanding():
        retention.follow(work, mine[-1])


def agreements(snapshot: Snapshot) -> tuple[Agreement, ...]:
    """All versions of all agreements, in the order in which they came. Raises Corrupt."""
    answers = snapshot.fetch(_ANSWERS, _answer)
    return snapshot.fetch(_VERSIONS, lambda row: _agreement(row, answers))


def has_real(snapshot: Snapshot) -> bool:
    """Whether a party ever acknowledged an agreement that is not for practice."""
    return snapshot.value_of(_REAL) is not None


def _agreement(row: Row, answers: tuple[PartyAnswer, ...]) -> Agreement:
    made = _parsed(row.document, row.digest)
    latest = {
        one.party: one
        for one in answers
        if one.agreement_id == made.agreement_id and one.version == made.version and one.digest == row.digest
    }
    return Agreement(
        version=made,
        digest=row.digest,
        answers=tuple(latest.values()),
        ended_at=None if row.ended_at is None else Instant(row.ended_at),
    )


@lru_cache(maxsize=64)
def _parsed(document: str, digest: str) -> AgreementVersion:
    # Every search reads the agreements; they hardly ever change.
    if hashlib.sha256(document.encode()).hexdigest() != digest:
        raise damaged("an agreement that is not what was signed")
    return from_document(json.loads(document))


def _answer(row: Row) -> PartyAnswer:
    return PartyAnswer(
        agreement_id=AgreementId(row.agreement_id),
        version=row.version,
        digest=row.digest,
        party=row.party,
        answer=AnswerKind(row.answer),
        statement=row.statement,
        signature=bytes.fromhex(row.signature),
    )


def set_target(work: UnitOfWork, setting: TargetSetting) -> None:
    """Set the target of a purpose."""
    work.insert(
        target_setting,
        work.stamped(
            {
                "number": work.next_number(target_setting),
                "agreement_id": setting.agreement_id,
                "version": setting.version,
                "purpose": setting.purpose,
                "target_fpir_ppm": setting.target_fpir_ppm,
                "set_by": setting.set_by,
                "second": setting.second,
            }
        ),
    )


def targets(snapshot: Snapshot, agreement_id: AgreementId, version_number: int) -> dict[str, int]:
    """The targets that were set for the purposes of a version, in millionths; the latest of each."""
    found = snapshot.fetch(
        _TARGETS,
        lambda one: (str(one.purpose), int(one.target_fpir_ppm)),
        of_agreement=agreement_id,
        of_version=version_number,
    )
    return dict(found)


def add_search(work: UnitOfWork, agreement_id: AgreementId, purpose: str, at: Instant) -> None:
    """Count a search."""
    day = at // DAY_US
    here = {"of_agreement": agreement_id, "of_purpose": purpose, "of_day": day}
    if work.value_of(_SEARCHES_OF_DAY, **here) is None:
        mine = {"agreement_id": agreement_id, "purpose": purpose, "day": day, "searches": 1}
        work.insert(search_day, mine)
        return
    work.change(_ONE_SEARCH_MORE, **here)


def searches(snapshot: Snapshot, agreement_id: AgreementId, purpose: str, now: Instant, days: int) -> int:
    """How many searches were made under an agreement for a purpose in the last days, today among them.

    purpose  `ANY` counts those for every purpose
    """
    after = now // DAY_US - days
    if purpose == ANY:
        return int(snapshot.value_of(_SEARCHES, of_agreement=agreement_id, after=after))
    found = snapshot.value_of(_SEARCHES_FOR, of_agreement=agreement_id, after=after, of_purpose=purpose)
    return int(found)
