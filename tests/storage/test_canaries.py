"""Nothing that was said about a person can be read in any file, log or traceback without the keys."""

from __future__ import annotations

import logging
import shutil
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.registries import KEYS, REGISTRY, ServerLog, dump_of, in_table, stored_bytes
from tests.storage.records import Person

from musterpoint.errors import MusterpointError
from musterpoint.identifiers import CaseId, ReferenceId, RequestId, new_uuid
from musterpoint.registry import CaseCandidate, NotCaptured, NotCapturedReason, Reference
from musterpoint.storage import Database, sealed_facts
from musterpoint.storage.backup import copy_database
from musterpoint.storage.dialects import is_on_server
from musterpoint.templates import FingerPosition

CANARY = "CaNaRy-ThAt-SiNgS"
"""So long that no random bytes, nor their digits, are it by chance."""
FORMS = (CANARY.encode(), CANARY.encode().hex().encode(), CANARY.encode("utf-16-le"), b"bandaged")
STRENGTH = 0x43614E61527921
"""A strength that has the canary's letters in its bytes."""

ALL_FORMS = (*FORMS, STRENGTH.to_bytes(8), STRENGTH.to_bytes(8).hex().encode())

IN_CLEAR = "spoken-aloud"
"""A site, which stands in clear: where it is not found, nothing was looked at."""


def plant(database: Database) -> Person:
    """A visit with canaries in everything that says something about the person."""
    person, candidate = (Person(mark=f"{CANARY}-{one}", site=IN_CLEAR) for one in ("one", "two"))
    facts = NotCaptured(position=FingerPosition.LEFT_THUMB, reason=NotCapturedReason.BANDAGED)
    with database.unit_of_work() as work:
        work.add_gallery_if_missing(person.gallery)
        for one in (candidate, person):
            assert one.subject_id
            work.add_subject(one.subject_id)
            work.add_encounter(replace(one.encounter, not_captured=(facts,), source_record=f"{CANARY}.png"))
            work.add_reference(reference(one))
        work.open_case(
            CaseId(new_uuid()),
            person.encounter_id,
            5,
            [CaseCandidate(encounter_id=candidate.encounter_id, strength=STRENGTH)],
            work.now(),
        )
        work.append_journal(
            "captured",
            {"note": CANARY},
            person={"name": f"{CANARY} Doe"},
            encounter_id=person.encounter_id,
        )
        work.store_outcome(RequestId(new_uuid()), f"{CANARY}-digest", f'{{"note":"{CANARY}"}}')
        assert CANARY.encode() not in sealed_facts.seal(work, person.encounter_id, "x", {"note": CANARY})
        work.commit()
    return person


def reference(person: Person) -> Reference:
    return Reference(
        reference_id=ReferenceId(new_uuid()),
        encounter_id=person.encounter_id,
        position=FingerPosition.RIGHT_INDEX,
        template=(CANARY * 80).encode(),
        quality=70,
        image=(CANARY * 2000).encode(),
    )


def canaries_in(contents: Mapping[str, bytes]) -> set[tuple[str, bytes]]:
    assert contents
    return {(name, form) for name, content in contents.items() for form in ALL_FORMS if form in content}


@pytest.fixture
def planted(database: Database) -> Person:
    return plant(database)


@pytest.mark.usefixtures("planted")
def test_no_file_of_an_open_registry_says_anything(database: Database, folder: Path) -> None:
    with database.read() as snapshot:
        contents = stored_bytes(folder)
        assert any(IN_CLEAR.encode() in content for content in contents.values())
        assert is_on_server(folder) or {"registry.db-wal", "registry.db-shm", "keys.db"} <= contents.keys()
        assert canaries_in(contents) == set()
        # It is there all the same.
        assert any(CANARY in one.source_record for one in snapshot.encounters())
        assert [case.candidates[0].strength for case in snapshot.cases()] == [STRENGTH]
        assert CANARY in snapshot.journal()[0].body


@pytest.mark.server_only
def test_the_log_of_a_server_says_nothing(database: Database) -> None:
    log = ServerLog()
    plant(database)

    written = log.read()

    assert IN_CLEAR.encode() in written
    # What else other tests have it write is not planted.
    assert canaries_in({"log": written}) <= {("log", b"bandaged")}


@pytest.mark.usefixtures("planted")
def test_no_backup_or_copy_says_anything(database: Database, folder: Path, tmp_path: Path) -> None:
    for name in (REGISTRY, KEYS):
        copy_database(folder / name, tmp_path / name)
    shutil.copytree(folder, tmp_path / "copy")
    database.close()

    copies = {str(file): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    copies["dump"] = dump_of(folder)
    assert IN_CLEAR.encode() in copies["dump"]
    assert IN_CLEAR.encode() in copies[str(tmp_path / REGISTRY)]
    assert canaries_in(copies) == set()


def test_no_log_says_anything(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        plant(database)

    assert CANARY not in caplog.text


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize(
    ("damage", "value"),
    [
        ("UPDATE encounter_detail SET detail = ?", bytes(80)),
        ("UPDATE reference_template SET template = substr(template, 1, 40)", None),
        ("UPDATE journal SET ops = ?", bytes(90)),
        ("UPDATE adjudication_candidate SET strength = ?", bytes(37)),
    ],
)
def test_no_traceback_of_damage_says_anything(
    database: Database, folder: Path, damage: str, value: bytes | None
) -> None:
    in_table(folder, damage, *([] if value is None else [value]))

    said = ""
    with database.read() as snapshot:
        for look in (snapshot.encounters, snapshot.index_rows, snapshot.journal, snapshot.cases):
            try:
                list(look())
            except MusterpointError as error:
                said += "".join(traceback.format_exception(error)) + str(error)
    assert said
    assert CANARY not in said


def test_a_conflict_says_nothing_of_what_was_to_be_written(database: Database, planted: Person) -> None:
    with database.unit_of_work() as work:
        again = reference(planted)
        work.add_reference(again)
        with pytest.raises(MusterpointError) as raised:
            work.add_reference(again)

    assert CANARY not in "".join(traceback.format_exception(raised.value))


def test_a_sealed_value_opens_in_its_own_row_only(database: Database, folder: Path, planted: Person) -> None:
    (first,), (second,) = in_table(folder, "SELECT detail FROM encounter_detail ORDER BY number")
    in_table(folder, "UPDATE encounter_detail SET detail = ? WHERE number = 1", second)
    in_table(folder, "UPDATE encounter_detail SET detail = ? WHERE number = 2", first)

    with database.read() as snapshot, pytest.raises(MusterpointError, match="does not open"):
        snapshot.encounter(planted.encounter_id)
