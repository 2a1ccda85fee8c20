"""Templates that were extracted again and wait to take the place of those that are searched.

Guarantees: what waits is sealed under the key of its encounter, like what it will replace, so an erasure
reaches both; a search never sees it. The switch of a reference is one transaction, after which every index
loads the encounter again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from musterpoint.identifiers import EncounterId
from musterpoint.storage import tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.sealing import packed_template, record_of, unpacked_template
from musterpoint.storage.vault import KeyScope
from musterpoint.templates import FingerPosition

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

reference_staged = sa.Table(
    "reference_staged",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("encounter_id", sa.Uuid, nullable=False, index=True),
    sa.Column("extractor", sa.Text, nullable=False),
    tables.sealed("template", nullable=True),
    tables.stamp(),
)
"""`number` as in `reference`; no template where nothing could be extracted, so that the old one stays."""

_ROWS_A_READ: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A reference with what decides whether it can be extracted again.

    staged_by  extractor that has tried it again since; empty where none has
    """

    number: int
    encounter_id: EncounterId
    position: FingerPosition
    template: bytes
    has_image: bool
    staged_by: str


def held(snapshot: Snapshot) -> Iterator[Held]:
    """All references in the order of their numbers."""
    reference, encounter, template = tables.reference.c, tables.encounter, tables.reference_template
    image, staged = tables.reference_image.c, reference_staged
    statement = (
        sa.select(
            reference.number,
            encounter.c.encounter_id,
            template.c.template,
            image.number.is_not(None).label("has_image"),
            staged.c.extractor,
        )
        .join(encounter, encounter.c.number == reference.encounter_number)
        .join(template, template.c.number == reference.number)
        .outerjoin(tables.reference_image, image.number == reference.number)
        .outerjoin(staged, staged.c.number == reference.number)
        .order_by(reference.number)
        .limit(_ROWS_A_READ)
    )
    last = 0
    while found := snapshot.fetch(statement.where(reference.number > last), lambda row: row):
        records = [
            (KeyScope.encounter(row.encounter_id), record_of(template.c.template, row.number), row.template)
            for row in found
        ]
        for row, opened in zip(found, snapshot.vault.open_many(records), strict=True):
            if opened is not None:
                position, _, data = unpacked_template(opened)
                yield Held(
                    number=row.number,
                    encounter_id=EncounterId(row.encounter_id),
                    position=position,
                    template=data,
                    has_image=bool(row.has_image),
                    staged_by=row.extractor or "",
                )
        last = found[-1].number


def image_of(snapshot: Snapshot, one: Held) -> bytes:
    """The impression of a reference."""
    column = tables.reference_image.c.image
    sealed = snapshot.value_of(sa.select(column).where(tables.reference_image.c.number == one.number))
    return snapshot.vault.open(KeyScope.encounter(one.encounter_id), record_of(column, one.number), sealed)


def stage(
    work: UnitOfWork, one: Held, extractor: str, template: bytes | None, quality: int | None = None
) -> None:
    """Have a template wait, or say that none could be made; in place of one that waited before."""
    work.change(sa.delete(reference_staged).where(reference_staged.c.number == one.number))
    sealed = None
    if template is not None:
        packed = packed_template(one.position, quality, template)
        record = record_of(reference_staged.c.template, one.number)
        sealed = work.vault.seal(KeyScope.encounter(one.encounter_id), record, packed)
    row = {"number": one.number, "encounter_id": one.encounter_id, "extractor": extractor}
    work.insert(reference_staged, work.stamped(row | {"template": sealed}))


def staged(snapshot: Snapshot, numbers: Collection[int]) -> dict[int, bytes]:
    """Templates that wait, by the number of their reference."""
    column = reference_staged.c
    mine = (column.number.in_(numbers), column.template.is_not(None))
    found = snapshot.fetch(sa.select(reference_staged).where(*mine), lambda row: row)
    records = [
        (KeyScope.encounter(row.encounter_id), record_of(column.template, row.number), row.template)
        for row in found
    ]
    opened = snapshot.vault.open_many(records)
    return {
        row.number: unpacked_template(one)[2]
        for row, one in zip(found, opened, strict=True)
        if one is not None
    }


def switch(work: UnitOfWork, chosen: Sequence[Held]) -> int:
    """Have the waiting templates of references take the place of theirs; returns how many did."""
    numbers = [one.number for one in chosen]
    column, template = reference_staged.c, tables.reference_template
    waiting = {
        row.number: row.template
        for row in work.fetch(sa.select(reference_staged).where(column.number.in_(numbers)), lambda row: row)
        if row.template is not None
    }
    for one in chosen:
        if one.number not in waiting:
            continue
        scope = KeyScope.encounter(one.encounter_id)
        packed = work.vault.open(scope, record_of(column.template, one.number), waiting[one.number])
        sealed = work.vault.seal(scope, record_of(template.c.template, one.number), packed)
        work.change(sa.update(template).where(template.c.number == one.number).values(template=sealed))
    work.change(sa.delete(reference_staged).where(column.number.in_(list(waiting))))
    work.mark_changed(*dict.fromkeys(one.encounter_id for one in chosen if one.number in waiting))
    return len(waiting)


def forget(connection: sa.Connection, encounters: Sequence[EncounterId]) -> None:
    """Delete what waits of encounters that are being erased."""
    connection.execute(sa.delete(reference_staged).where(reference_staged.c.encounter_id.in_(encounters)))
