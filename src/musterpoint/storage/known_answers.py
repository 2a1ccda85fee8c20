"""Pairs of fingers of which it is known whether they are of one person, to measure adjudicators with.

Both fingers and the truth are sealed under the installation's key; no column in clear tells mated from
non-mated ones. They are nobody's encounters: no search finds them, and no gallery holds them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from musterpoint.registry.known_answers import Impression, KnownAnswer
from musterpoint.storage import sealed_facts, tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.templates import FingerPosition

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

known_answer = sa.Table(
    "known_answer",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    tables.stamp(),
)


def add(work: UnitOfWork, made: KnownAnswer) -> int:
    """Keep a known answer; returns its number, 1, 2, 3 …"""
    number = work.next_number(known_answer)
    facts = {
        "is_mated": made.is_mated,
        "source": made.source,
        "probe": _as_json(made.probe),
        "candidate": _as_json(made.candidate),
    }
    content = sealed_facts.seal(work, None, f"known answer {number}", facts)
    work.insert(known_answer, work.stamped({"number": number, "content": content}))
    return number


def of_number(snapshot: Snapshot, number: int) -> KnownAnswer:
    """The known answer of a number that a pair names."""
    sealed = snapshot.value_of(sa.select(known_answer.c.content).where(known_answer.c.number == number))
    facts = sealed_facts.unseal(snapshot, None, f"known answer {number}", sealed)
    return KnownAnswer(
        is_mated=facts["is_mated"],
        source=facts["source"],
        probe=_impressions(facts["probe"]),
        candidate=_impressions(facts["candidate"]),
    )


def numbers(snapshot: Snapshot) -> tuple[int, ...]:
    """Numbers of all known answers."""
    column = known_answer.c.number
    return snapshot.fetch(sa.select(column).order_by(column), lambda row: int(row.number))


def _as_json(impressions: Sequence[Impression]) -> list[dict[str, object]]:
    return [
        {
            "position": one.position.value,
            "template": base64.b64encode(one.template).decode(),
            "image": base64.b64encode(one.image).decode() if one.image else "",
        }
        for one in impressions
    ]


def _impressions(rows: Sequence[Mapping[str, Any]]) -> tuple[Impression, ...]:
    return tuple(
        Impression(
            position=FingerPosition(row["position"]),
            template=base64.b64decode(row["template"]),
            image=base64.b64decode(row["image"]) or None,
        )
        for row in rows
    )
