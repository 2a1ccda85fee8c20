"""A registry of 0.1.0, which kept everything in clear, becomes one that is sealed, and back."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from tests.storage import first_release
from tests.storage.first_release import ERASED, HERE, SEEN, SEEN_TOO, STRENGTHS, WAITING
from tests.storage.records import files_with, record_visit, tables_of
from tests.storage.test_migrations import migrate_down

from musterpoint.errors import AlreadyErased, KeyDestroyed, VersionMismatch
from musterpoint.storage import ERASED_OUTCOME, Database, adjudication, upgrade
from musterpoint.storage.vault import KeyScope
from musterpoint.transparency.events import parse_event
from musterpoint.transparency.hashing import Frontier, leaf_hash

pytestmark = pytest.mark.sqlite_only("the first release had files only")


@pytest.fixture
def old(folder: Path) -> Path:
    first_release.make(folder)
    assert all(tables_of(folder).values())
    return folder


def test_it_is_not_opened_as_it_is_and_nothing_is_changed(old: Path) -> None:
    before = tables_of(old)

    with pytest.raises(VersionMismatch, match="musterpoint upgrade"):
        Database.open(old)

    assert tables_of(old) == before
    assert not (old / "keys.db").exists()


def test_everything_is_there_after_the_upgrade(old: Path) -> None:
    assert upgrade(old) == ("0001", "0005")

    with Database.open(old) as database, database.read() as snapshot:
        for one in HERE:
            assert snapshot.encounter(one.encounter_id) == one.encounter
            assert snapshot.references(one.encounter_id) == one.references
            assert snapshot.outcome_of(one.request_id, one.digest) == one.outcome_json
            assert snapshot.galleries_of(one.encounter_id) == ("gate",)
        assert snapshot.outcome_of(ERASED.request_id, "any") == ERASED_OUTCOME
        case = snapshot.case(1)
        assert [(one.encounter_id, one.strength) for one in case.candidates] == [
            (SEEN.encounter_id, STRENGTHS[0]),
            (SEEN_TOO.encounter_id, STRENGTHS[1]),
        ]
        pairs = adjudication.pairs_of(snapshot, WAITING.encounter_id)
        assert {one.candidate_id for one in pairs} == {SEEN.encounter_id, SEEN_TOO.encounter_id}
        rows = list(snapshot.index_rows())
        assert [row.template for row in rows] == [one.template for who in HERE for one in who.references]


def test_its_lines_become_signed_events_in_their_order(old: Path) -> None:
    before = tables_of(old)["journal"]

    upgrade(old)

    with Database.open(old) as database, database.read() as snapshot:
        lines = snapshot.journal()
        assert [(line.position, line.occurred_at, line.kind, line.body) for line in lines] == before
        events = [parse_event(entry) for entry in snapshot.entries(0, 4)]
        assert [event.seq for event in events] == [1, 2, 3, 4]
        frontier = Frontier()
        for event in events:
            frontier = frontier.append(leaf_hash(event.entry()))
        assert snapshot.root() == frontier.root()


def test_nothing_of_it_stands_in_clear_any_more(old: Path) -> None:
    assert files_with(old, "CANARY-THAT-SINGS")

    upgrade(old)

    assert files_with(old, "CANARY-THAT-SINGS") == []
    assert files_with(old, "bandaged") == []


def test_a_crash_before_the_file_was_rewritten_is_made_up_for(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Database, "_finish_upgrade", lambda _: None)
        upgrade(old)

    Database.open(old).close()

    assert files_with(old, "CANARY-THAT-SINGS") == []


def test_who_was_erased_before_never_gets_a_key(old: Path) -> None:
    upgrade(old)

    with Database.open(old) as database:
        with pytest.raises(KeyDestroyed):
            database.vault.new_key(KeyScope.encounter(ERASED.encounter_id))
        with database.unit_of_work() as work, pytest.raises(AlreadyErased):
            record_visit(work, ERASED)


def test_the_way_back_brings_every_row_of_the_first_release(old: Path) -> None:
    before = tables_of(old)
    upgrade(old)

    migrate_down(old, "0001")

    after = tables_of(old)
    assert after.keys() == before.keys()
    for name in before.keys() - {"request", "alembic_version"}:
        assert after[name] == before[name], name
    assert [_trimmed(row) for row in after["request"]] == [_trimmed(row) for row in before["request"]]
    assert upgrade(old) == ("0001", "0005")


def _trimmed(row: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(value.rstrip(" ") if isinstance(value, str) else value for value in row)


def test_what_was_recorded_since_goes_down_too(old: Path) -> None:
    newcomer = first_release.person(5)
    upgrade(old)
    with Database.open(old) as database, database.unit_of_work() as work:
        assert newcomer.subject_id
        work.add_subject(newcomer.subject_id)
        record_visit(work, newcomer)
        work.commit()

    migrate_down(old, "0001")

    connection = sqlite3.connect(old / "registry.db")
    kinds = [kind for (kind,) in connection.execute("SELECT kind FROM journal ORDER BY position")]
    details = [
        json.loads(detail)
        for (detail,) in connection.execute(
            "SELECT detail FROM encounter_detail JOIN encounter USING (number) ORDER BY number"
        )
    ]
    connection.close()
    assert kinds[-1] == "encounter.visit"
    assert details[-1]["source_record"] == newcomer.encounter.source_record
