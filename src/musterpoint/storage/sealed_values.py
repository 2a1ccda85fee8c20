"""Every sealed value of a registry, with the key and the name under which it opens.

One list for whoever has to go through all of them. A test compares it with the tables, so that a new sealed
column is put on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from musterpoint.storage import adjudication, calibrations, exchanging, known_answers, reindexing, tables
from musterpoint.storage.exchanging import AFTER_ENCOUNTERS, EXCHANGED, Exchanged
from musterpoint.storage.journal import ops_record, person_record
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row, candidate_record
from musterpoint.storage.sealing import payload_scope, record_of, request_scope
from musterpoint.storage.vault import KeyScope

Sealed = tuple[KeyScope, str, bytes]

_ROWS_A_FETCH: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """Where sealed values stand, and how to find the key and name of each.

    statement  the rows that have one
    value_of   scope, record and sealed bytes of a row; None where nothing is sealed in it any more
    """

    column: sa.Column[bytes]
    statement: sa.Select[*tuple[Any, ...]]
    value_of: Callable[[Snapshot, Row], Sealed | None]

    @property
    def name(self) -> str:
        """Table and column."""
        return f"{self.column.table.name}.{self.column.name}"


def sealed_columns() -> tuple[SealedColumn, ...]:
    """All there are."""
    return (
        SealedColumn(column=tables.journal.c.ops, statement=_journal(tables.journal.c.ops), value_of=_ops),
        SealedColumn(
            column=tables.journal.c.person, statement=_journal(tables.journal.c.person), value_of=_person
        ),
        _of_encounter(tables.encounter_detail.c.detail),
        _of_reference(tables.reference_template.c.template),
        _of_reference(tables.reference_image.c.image),
        SealedColumn(
            column=tables.adjudication_candidate.c.strength,
            statement=sa.select(
                tables.adjudication_candidate, tables.adjudication_case.c.encounter_id.label("case_encounter")
            ).join(tables.adjudication_case),
            value_of=lambda _, row: candidate_record(row),
        ),
        SealedColumn(
            column=tables.request.c.content,
            statement=sa.select(tables.request).where(tables.request.c.is_erased.is_(False)),
            value_of=_request,
        ),
        SealedColumn(
            column=reindexing.reference_staged.c.template,
            statement=sa.select(reindexing.reference_staged).where(
                reindexing.reference_staged.c.template.is_not(None)
            ),
            value_of=_staged,
        ),
        SealedColumn(
            column=known_answers.known_answer.c.content,
            statement=sa.select(known_answers.known_answer),
            value_of=lambda _, row: (KeyScope.installation(), f"known answer {row.number}", row.content),
        ),
        SealedColumn(
            column=calibrations.calibration.c.content,
            statement=sa.select(calibrations.calibration),
            value_of=lambda _, row: (
                KeyScope.installation(),
                calibrations.record(row.number),
                row.content,
            ),
        ),
        *(_exchanged(one, column) for one in (*EXCHANGED, *AFTER_ENCOUNTERS) for column in one.sealed),
    )


def values_in(snapshot: Snapshot, where: SealedColumn) -> Iterator[list[Sealed]]:
    """All sealed values of a column, in parts."""
    for part in snapshot.parts(where.statement, _ROWS_A_FETCH):
        found = [where.value_of(snapshot, row) for row in part]
        yield [one for one in found if one is not None and any(one[2])]


def _journal(column: sa.Column[bytes]) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(tables.journal).where(column.is_not(None))


def _ops(_: Snapshot, row: Row) -> Sealed:
    return payload_scope(row.agreement), ops_record(row.position), row.ops


def _person(_: Snapshot, row: Row) -> Sealed:
    return request_scope(row.encounter_id), person_record(row.position), row.person


def _request(_: Snapshot, row: Row) -> Sealed:
    return request_scope(row.encounter_id), record_of(tables.request.c.content, row.number), row.content


def _staged(_: Snapshot, row: Row) -> Sealed:
    record = record_of(reindexing.reference_staged.c.template, row.number)
    return KeyScope.encounter(row.encounter_id), record, row.template


def _of_encounter(column: sa.Column[bytes]) -> SealedColumn:
    encounter = tables.encounter
    return SealedColumn(
        column=column,
        statement=sa.select(column.table, encounter.c.encounter_id).join(
            encounter, encounter.c.number == column.table.c.number
        ),
        value_of=lambda _, row: (
            KeyScope.encounter(row.encounter_id),
            record_of(column, row.number),
            row._mapping[column.name],
        ),
    )


def _of_reference(column: sa.Column[bytes]) -> SealedColumn:
    reference, encounter = tables.reference, tables.encounter
    return SealedColumn(
        column=column,
        statement=sa.select(column.table, encounter.c.encounter_id)
        .join(reference, reference.c.number == column.table.c.number)
        .join(encounter, encounter.c.number == reference.c.encounter_number),
        value_of=lambda _, row: (
            KeyScope.encounter(row.encounter_id),
            record_of(column, row.number),
            row._mapping[column.name],
        ),
    )


def _exchanged(exchanged: Exchanged, name: str) -> SealedColumn:
    column = exchanged.table.c[name]

    def value_of(snapshot: Snapshot, row: Row) -> Sealed:
        values = dict(row._mapping)
        holder, record = exchanging.seal_of(snapshot, exchanged, name, values)
        if exchanged.table is adjudication.adjudication_opinion and _is_known(snapshot, values):
            holder = None
        return request_scope(holder), record, values[name]

    return SealedColumn(column=column, statement=sa.select(exchanged.table), value_of=value_of)


def _is_known(snapshot: Snapshot, values: dict[str, Any]) -> bool:
    """Whether an opinion is about a pair of which the answer was known, which is nobody's."""
    return adjudication.known_answer_of(snapshot, values["pair_number"]) != 0
