"""Rows as they leave this registry and come into another: plain values by name, one object a row.

Encounters, references and cases go through the same functions as everything else that reads and writes
them. The other tables go as rows, by one list that says what names a row everywhere (`key`), which
numbers are this registry's own, and under whose key a sealed column lies. What is sealed here is opened
on the way out and sealed again, under keys of the other registry, on the way in.

Not exchanged: seats (an administrator grants them), known-answer pairs, calibrations (measured on the people
of one registry), this registry's log, keys, holders.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.identifiers import EncounterId
from musterpoint.registry import Case, CaseCandidate, Encounter, Verdict
from musterpoint.registry.agreements import PRACTICE_AGREEMENT
from musterpoint.storage import (
    adjudication,
    agreements,
    appeals,
    biographic,
    decisions,
    erasing,
    galleries,
    retention,
    rows,
    sealed_facts,
    subjects,
    tables,
)
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row
from musterpoint.storage.sealing import packed_request, record_of, request_scope, unpacked_request
from musterpoint.storage.vault import KeyScope

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

JsonRow = dict[str, Any]
NOBODY: Final = ""
"""In place of a column: sealed under the key of the installation."""


class Taken(StrEnum):
    """What became of a row that was to come in."""

    ADDED = "added"
    THERE = "already there"
    KEPT = "kept as it is here"
    ERASED = "erased here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """How the rows of one table are exchanged.

    key      columns that name a row in every registry
    own      the column whose numbers are this registry's own, or empty
    of       columns that hold numbers of other tables: column and that table
    sealed   columns that are sealed: column, the column with the encounter whose key it is (or NOBODY),
             and the name of the record, with `{}` for the row's own name
    leaves   columns that say something of this registry alone
    """

    table: sa.Table
    key: tuple[str, ...]
    own: str = ""
    of: Mapping[str, sa.Table] = field(default_factory=lambda: MappingProxyType({}))
    sealed: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    leaves: Collection[str] = ("position",)

    @property
    def name(self) -> str:
        """What its file is called."""
        return self.table.name


EXCHANGED: Final = (
    Exchanged(table=tables.gallery, key=("name",)),
    Exchanged(table=galleries.gallery_term, key=("name",)),
    Exchanged(table=agreements.agreement, key=("agreement_id",)),
    Exchanged(table=agreements.agreement_version, key=("agreement_id", "version")),
    Exchanged(
        table=agreements.agreement_answer, key=("agreement_id", "version", "party", "signature"), own="number"
    ),
    Exchanged(
        table=agreements.target_setting, key=("agreement_id", "version", "purpose", "number"), own="number"
    ),
    Exchanged(table=galleries.gallery_agreement, key=("name", "agreement_id")),
    Exchanged(table=retention.retention_rule, key=("agreement", "gallery", "kept")),
    Exchanged(table=tables.erased_subject, key=("subject_id",), leaves=("position", "has_residue")),
    Exchanged(table=tables.erased_encounter, key=("encounter_id",)),
    Exchanged(table=tables.subject, key=("subject_id",)),
)
"""What comes in before encounters do."""

AFTER_ENCOUNTERS: Final = (
    Exchanged(table=retention.retention, key=("record_id", "kept")),
    Exchanged(table=retention.retention_mark, key=("encounter_id", "mark", "marked_at"), own="number"),
    Exchanged(
        table=biographic.biography, key=("encounter_id",), sealed={"detail": ("encounter_id", "biography")}
    ),
    Exchanged(
        table=decisions.presentation,
        key=("encounter_id",),
        sealed={"detail": ("encounter_id", "presentation")},
    ),
    Exchanged(
        table=decisions.decision,
        key=("decision_id",),
        own="number",
        sealed={"detail": ("encounter_id", "decision {decision_id}")},
    ),
    Exchanged(table=decisions.alarm, key=("site", "rate", "opened_at"), own="number"),
    Exchanged(table=decisions.alarm_group, key=("number",), of={"number": decisions.alarm}),
    Exchanged(
        table=appeals.appeal,
        key=("encounter_id", "opened_at"),
        own="number",
        sealed={"detail": ("encounter_id", "appeal {number}")},
    ),
    Exchanged(
        table=adjudication.adjudication_pair,
        key=("pair_id",),
        own="number",
        of={"round": appeals.appeal},
        sealed={"known_answer": (NOBODY, "pair {number}")},
    ),
    Exchanged(
        table=adjudication.adjudication_showing,
        key=("pair_number", "seat"),
        of={"pair_number": adjudication.adjudication_pair},
    ),
    Exchanged(
        table=adjudication.adjudication_opinion,
        key=("pair_number", "seat"),
        own="number",
        of={"pair_number": adjudication.adjudication_pair},
        sealed={"opinion": ("pair_number", "opinion {number}")},
    ),
    Exchanged(
        table=subjects.subject_change,
        key=("kind", "changed_at", "seat"),
        own="number",
        of={"undoes": subjects.subject_change},
    ),
    Exchanged(
        table=subjects.subject_change_encounter,
        key=("number", "encounter_id"),
        of={"number": subjects.subject_change},
    ),
    Exchanged(
        table=subjects.subject_change_state,
        key=("number", "subject_id"),
        of={"number": subjects.subject_change},
    ),
)
"""What comes in after encounters and cases."""


def rows_of(snapshot: Snapshot, exchanged: Exchanged) -> Iterator[JsonRow]:
    """The rows of a table, opened, in the order of their keys; without those about erased people."""
    table = exchanged.table
    order = [table.c[exchanged.own]] if exchanged.own else [table.c[name] for name in exchanged.key]
    erased, is_grave = erasing.erased_ids(snapshot), table in _GRAVES
    seeds = _known_answers(snapshot) if table.name.startswith("adjudication_") else frozenset()
    for row in snapshot.fetch(sa.select(table).order_by(*order), lambda row: row):
        pair = "pair_number" if "pair_number" in table.c else "number"
        if seeds and row._mapping[pair] in seeds:
            continue
        plain = _plain_row(snapshot, exchanged, row)
        if not is_grave and names(plain, erased):
            continue
        # The agreement for practice is every registry's own.
        if str(PRACTICE_AGREEMENT) not in {
            plain.get("agreement_id"),
            plain.get("agreement"),
            plain.get("record_id"),
        }:
            yield plain


def _known_answers(snapshot: Snapshot) -> frozenset[int]:
    """Numbers of pairs whose answer was known: whoever reads an export could tell them from others."""
    number = adjudication.adjudication_pair.c.number
    every = snapshot.fetch(sa.select(number), lambda row: int(row.number))
    return frozenset(one for one in every if adjudication.known_answer_of(snapshot, one))


def _plain_row(snapshot: Snapshot, exchanged: Exchanged, row: Row) -> JsonRow:
    values = dict(row._mapping)
    plain: JsonRow = {}
    for name, value in values.items():
        if name in exchanged.leaves:
            continue
        if name in exchanged.sealed:
            holder, record = seal_of(snapshot, exchanged, name, values)
            plain[name] = dict(sealed_facts.unseal_what_is_left(snapshot, holder, record, value))
        else:
            plain[name] = str(value) if isinstance(value, UUID) else value
    return plain


def seal_of(
    snapshot: Snapshot, exchanged: Exchanged, column: str, values: Mapping[str, Any]
) -> tuple[EncounterId | None, str]:
    """Under whose key, and as which record, a column of a row is sealed."""
    whose, record = exchanged.sealed[column]
    named = record.format(**{name: str(value) for name, value in values.items()})
    if whose == NOBODY:
        return None, named
    if whose in exchanged.of:
        pair = exchanged.of[whose]
        about = sa.select(pair.c.probe_id).where(pair.c.number == values[whose])
        return EncounterId(UUID(str(snapshot.value_of(about)))), named
    return EncounterId(UUID(str(values[whose]))), named


class Incoming:
    """Takes rows of another registry into this one, in one unit of work."""

    def __init__(self, work: UnitOfWork, numbers: dict[tuple[str, int], int]) -> None:
        """numbers  what numbers of the other registry's tables are here; kept from unit to unit."""
        self._work = work
        self._numbers = numbers
        self._erased = erasing.erased_ids(work)

    def names_erased(self, row: Mapping[str, Any]) -> bool:
        """Whether a row is about somebody who was erased here."""
        return names(row, self._erased)

    def take(self, exchanged: Exchanged, row: JsonRow) -> Taken:
        """Add a row, unless it is there or about somebody who was erased here."""
        if exchanged.table not in _GRAVES and self.names_erased(row):
            return Taken.ERASED
        values = self._own_numbers(exchanged, row)
        if values is None:
            return Taken.ERASED
        there = self._there(exchanged, values)
        if there is not None:
            if exchanged.own:
                self._numbers[exchanged.name, row[exchanged.own]] = there[exchanged.own]
            mine = {name: value for name, value in there.items() if name != exchanged.own}
            theirs = {name: values.get(name) for name in mine}
            return Taken.THERE if mine == theirs else Taken.KEPT
        self._add(exchanged, row, values)
        return Taken.ADDED

    def _own_numbers(self, exchanged: Exchanged, row: JsonRow) -> JsonRow | None:
        """The row with this registry's numbers of other tables; None where their rows did not come in."""
        values = dict(row)
        for column, table in exchanged.of.items():
            if not row[column]:
                continue
            number = self._numbers.get((table.name, row[column]))
            if number is None:
                return None
            values[column] = number
        return values

    def _there(self, exchanged: Exchanged, values: JsonRow) -> JsonRow | None:
        table = exchanged.table
        mine = [table.c[name] == _typed(table.c[name], values[name]) for name in exchanged.key]
        found = self._work.fetch(sa.select(table).where(*mine).limit(1), lambda row: row)
        return _plain_row(self._work, exchanged, found[0]) if found else None

    def _add(self, exchanged: Exchanged, row: JsonRow, values: JsonRow) -> None:
        table = exchanged.table
        made = {name: _typed(table.c[name], value) for name, value in values.items()}
        if exchanged.own:
            # A number that people know is kept where it is free.
            made[exchanged.own] = self._work.next_number(table, at_least=row[exchanged.own])
            self._numbers[exchanged.name, row[exchanged.own]] = made[exchanged.own]
        if table is agreements.agreement:
            self._work.vault.new_key(KeyScope.agreement(made["agreement_id"]))
        for column in exchanged.sealed:
            holder, record = seal_of(self._work, exchanged, column, made)
            made[column] = sealed_facts.seal(self._work, holder, record, values[column])
        if "has_residue" in table.c:
            made["has_residue"] = False
        if "position" in table.c:
            self._work.insert(table, self._work.stamped(made))
        else:
            self._work.insert(table, made)


_UUID_CHARACTERS: Final = 36
_GRAVES: Final = (tables.erased_subject, tables.erased_encounter)


def names(row: Mapping[str, Any], erased: Collection[UUID]) -> bool:
    """Whether a row is about somebody among these."""
    return any(
        isinstance(value, str) and len(value) == _UUID_CHARACTERS and _as_uuid(value) in erased
        for value in row.values()
    )


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _typed(column: sa.Column[Any], value: Any) -> Any:
    return UUID(value) if isinstance(column.type, sa.Uuid) and isinstance(value, str) else value


def record_ids(snapshot: Snapshot) -> frozenset[str]:
    """Identifiers of all people and visits that are or were here, as texts."""
    columns = (
        tables.subject.c.subject_id,
        tables.encounter.c.encounter_id,
        tables.erased_subject.c.subject_id,
        tables.erased_encounter.c.encounter_id,
    )
    return frozenset(
        one for column in columns for one in snapshot.fetch(sa.select(column), lambda row: str(row[0]))
    )


def encounter_row(encounter: Encounter) -> JsonRow:
    """An encounter as an object of JSON."""
    row = rows.encounter_row(encounter)
    plain = {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
    return plain | {"detail": json.loads(rows.detail_of(encounter))}


def encounter_of(row: JsonRow) -> Encounter:
    """The encounter of such an object. Raises ValueError, KeyError or TypeError for another."""
    subject_id = row["subject_id"]
    typed = {
        **row,
        "encounter_id": UUID(row["encounter_id"]),
        "subject_id": None if subject_id is None else UUID(subject_id),
    }
    # The reader of rows asks for attributes, which any object with these names has.
    named: Any = SimpleNamespace(**typed)
    return rows.encounter_of(named, json.dumps(row["detail"]).encode())


def case_row(case: Case) -> JsonRow:
    """A case with its candidates as an object of JSON."""
    return {
        "case_id": str(case.case_id),
        "number": case.number,
        "encounter_id": str(case.encounter_id),
        "people": case.people,
        "opened_at": case.opened_at,
        "verdict": case.verdict and case.verdict.value,
        "decided_by": case.decided_by,
        "decided_at": case.decided_at,
        "candidates": [
            {
                "encounter_id": str(one.encounter_id),
                "strength": one.strength,
                "verdict": one.verdict and one.verdict.value,
            }
            for one in case.candidates
        ],
    }


def add_case(work: UnitOfWork, row: JsonRow) -> int:
    """Add a case under the next number; returns it. Candidates who are not there are left out.

    Raises ValueError, KeyError or TypeError for what is no case.
    """
    number = work.next_number(tables.adjudication_case, at_least=int(row["number"]))
    encounter_id = EncounterId(UUID(row["encounter_id"]))
    plain = {name: row[name] for name in ("people", "opened_at", "verdict", "decided_by", "decided_at")}
    case = plain | {"number": number, "case_id": UUID(row["case_id"]), "encounter_id": encounter_id}
    work.insert(tables.adjudication_case, work.stamped(case))
    candidates = [
        CaseCandidate(
            encounter_id=EncounterId(UUID(one["encounter_id"])),
            strength=int(one["strength"]),
            verdict=Verdict(one["verdict"]) if one["verdict"] else None,
        )
        for one in row["candidates"]
    ]
    made = [rows.candidate_row(number, encounter_id, candidate, work.vault) for candidate in candidates]
    work.insert(tables.adjudication_candidate, *made)
    return number


def requests_of(snapshot: Snapshot) -> Iterator[JsonRow]:
    """Requests with what they came to, and which records that names; in their order.

    One whose person was erased has neither digest nor outcome.
    """
    request, mention = tables.request, tables.request_mention
    mentions: dict[int, list[list[object]]] = {}
    order = (mention.c.request_number, mention.c.record_id)
    for one in snapshot.fetch(sa.select(mention).order_by(*order), lambda row: row):
        mentions.setdefault(one.request_number, []).append([str(one.record_id), bool(one.is_own)])
    for row in snapshot.fetch(sa.select(request).order_by(request.c.number), lambda row: row):
        digest, outcome = "", ""
        if not row.is_erased:
            scope, record = request_scope(row.encounter_id), record_of(request.c.content, row.number)
            digest, outcome = unpacked_request(snapshot.vault.open(scope, record, row.content))
        yield {
            "request_id": str(row.request_id),
            "encounter_id": None if row.encounter_id is None or row.is_erased else str(row.encounter_id),
            "is_erased": bool(row.is_erased),
            "digest": digest,
            "outcome": outcome,
            "mentions": mentions.get(row.number, []),
        }


def add_request(work: UnitOfWork, row: JsonRow) -> Taken:
    """Add a request that was carried out elsewhere, so that its repetition is answered here too."""
    request, request_id = tables.request, UUID(row["request_id"])
    if work.value_of(sa.select(request.c.number).where(request.c.request_id == request_id)) is not None:
        return Taken.THERE
    number = work.next_number(request)
    encounter_id = None if row["encounter_id"] is None else UUID(row["encounter_id"])
    packed = packed_request(row["digest"], row["outcome"])
    sealed = work.vault.seal(request_scope(encounter_id), record_of(request.c.content, number), packed)
    values = {"number": number, "request_id": request_id, "encounter_id": encounter_id}
    work.insert(request, work.stamped(values | {"is_erased": row["is_erased"], "content": sealed}))
    mentions = [
        {"record_id": UUID(one), "request_number": number, "is_own": is_own}
        for one, is_own in row["mentions"]
    ]
    work.insert(tables.request_mention, *mentions)
    return Taken.ADDED
