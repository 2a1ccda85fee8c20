"""A registry as 0.1.0 left it: everything in clear, with rows in every table."""

from __future__ import annotations

import json
import sqlite3
import uuid
from pathlib import Path

from tests.storage.records import Person, fixed_uuid

from musterpoint.identifiers import EncounterId, RequestId, SubjectId
from musterpoint.storage import dialects, migrating

CASE = uuid.UUID(int=7)
STRENGTHS = (9000, 8000)


def person(number: int, *, is_decided: bool = True, mark: str = "") -> Person:
    return Person(
        encounter_id=EncounterId(fixed_uuid(10 * number)),
        subject_id=SubjectId(fixed_uuid(10 * number + 1)) if is_decided else None,
        request_id=RequestId(fixed_uuid(10 * number + 2)),
        occurred_at=1_700_000_000_000_000 + number,
        mark=mark or f"CANARY-THAT-SINGS-{number}-",
    )


SEEN, SEEN_TOO, WAITING = person(1), person(2), person(3, is_decided=False)
ERASED = person(4)
HERE = (SEEN, SEEN_TOO, WAITING)


def make(folder: Path) -> None:
    """Four people, one of whom was erased and one of whom waits for a decision."""
    folder.mkdir(mode=0o700)
    file = folder / "registry.db"
    file.touch(mode=0o600)
    dialects.prepare_new(file)
    engine = dialects.engine(file).execution_options(writer=True)
    with engine.connect() as connection:
        migrating._migrate(connection, None, "upgrade", "0001")
    engine.dispose()
    plain = sqlite3.connect(file)
    with plain:
        _fill(plain)
    plain.close()


def _fill(connection: sqlite3.Connection) -> None:
    _insert(connection, "gallery", "gate", 1)
    for number, one in enumerate((*HERE, ERASED), 1):
        _fill_visit(connection, number, one)
        _fill_fingers(connection, number, one)
    opened = (1, CASE.hex, WAITING.encounter_id.hex, 5, 1, None, "", None, 3)
    _insert(connection, "adjudication_case", *opened)
    for ordinal, (one, strength) in enumerate(zip((SEEN, SEEN_TOO), STRENGTHS, strict=True)):
        _insert(connection, "adjudication_candidate", 1, one.encounter_id.hex, ordinal, strength, None)
    assert ERASED.subject_id
    _insert(connection, "erased_subject", ERASED.subject_id.hex, 0, 4)
    _insert(connection, "erased_encounter", ERASED.encounter_id.hex, ERASED.subject_id.hex)


def _insert(connection: sqlite3.Connection, table: str, *row: object) -> None:
    connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _fill_visit(connection: sqlite3.Connection, number: int, one: Person) -> None:
    facts = {"encounter": str(one.encounter_id), "kind": "screening", "site": "caf\u00e9"}
    _insert(connection, "journal", number, one.occurred_at, "encounter.recorded", _canonical(facts))
    fingers = [[1, "bandaged"], [6, "missing"]]
    detail = _canonical({"not_captured": fingers, "source_record": f"{one.mark}-record"})
    if one is ERASED:
        _insert(connection, "encounter_detail", number, " " * len(detail))
        erased = (" " * 64, '{"erased":true}'.ljust(80))
        _insert(connection, "request", number, one.request_id.hex, *erased, number)
        return
    _insert(connection, "encounter_detail", number, detail)
    _insert(connection, "request", number, one.request_id.hex, one.digest, one.outcome_json, number)
    if one.subject_id:
        _insert(connection, "subject", one.subject_id.hex, number)
    who = (number, one.encounter_id.hex, one.subject_id and one.subject_id.hex, "screening", "gate")
    where = (one.purpose, one.site, one.occurred_at, "screened", one.answer.value)
    _insert(connection, "encounter", *who, *where, number)
    _insert(connection, "request_mention", one.encounter_id.hex, number, 1)


def _fill_fingers(connection: sqlite3.Connection, visit: int, one: Person) -> None:
    for number, kept in enumerate(one.references, 10 * visit):
        is_erased = one is ERASED
        template = bytes(len(kept.template)) if is_erased else kept.template
        _insert(connection, "reference_template", number, template)
        if kept.image is not None:
            _insert(connection, "reference_image", number, bytes(9) if is_erased else kept.image)
        if not is_erased:
            finger = (visit, kept.position.value, kept.quality, visit)
            _insert(connection, "reference", number, kept.reference_id.hex, *finger)
