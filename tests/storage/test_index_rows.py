"""What a search loads, and what arrived since: exactly that, in the order of commits."""

from __future__ import annotations

import pytest
from tests.storage.records import Person, record, record_visit

from musterpoint.storage import Database, IndexRow, Snapshot


def rows_of(person: Person) -> list[IndexRow]:
    return [
        IndexRow(
            reference_id=reference.reference_id,
            encounter_id=person.encounter_id,
            subject_id=person.subject_id,
            gallery=person.gallery,
            position=reference.position,
            template=reference.template,
        )
        for reference in person.references
    ]


def add(database: Database, *people: Person) -> int:
    """Add people in one unit of work; returns the position before it."""
    with database.unit_of_work() as work:
        before = work.position
        for person in people:
            record(work, person)
        work.commit()
    return before


def test_all_references_come_in_the_order_of_commits(database: Database) -> None:
    # Identifiers are made in the opposite order, so that none of them can give it.
    people = [Person() for _ in range(4)][::-1]
    for person in people:
        add(database, person)

    with database.read() as snapshot:
        assert list(snapshot.index_rows()) == [row for person in people for row in rows_of(person)]


def test_only_what_was_committed_later_is_new(database: Database) -> None:
    first, second, third = Person(), Person(subject_id=None), Person()
    add(database, first)
    after_first = add(database, second, third)
    after_all = add(database, Person(fingers=()))

    with database.read() as snapshot:
        assert list(snapshot.index_rows(since=after_first)) == rows_of(second) + rows_of(third)
        assert list(snapshot.index_rows(since=after_all)) == []
        assert list(snapshot.index_rows(since=snapshot.position)) == []


def test_all_rows_of_a_unit_are_new_wherever_its_lines_stand(database: Database) -> None:
    early, late = Person(), Person()
    with database.unit_of_work() as work:
        record(work, early)
        work.append_journal("audit.between", {})
        record(work, late)
        work.commit()
    add(database, Person(fingers=()))

    with database.read() as snapshot:
        assert list(snapshot.index_rows(since=0)) == rows_of(early) + rows_of(late)
        # A search can only have been made before or after the unit, never at one of its lines.
        assert list(snapshot.index_rows(since=3)) == []


def test_rows_of_a_unit_that_is_under_way_are_seen_by_itself(database: Database) -> None:
    with database.unit_of_work() as work:
        person = Person()
        record(work, person)

        assert list(work.index_rows(since=0)) == rows_of(person)


def test_galleries_are_kept_apart(database: Database) -> None:
    gate, camp = Person(), Person(gallery="camp")
    add(database, gate)
    before_camp = add(database, camp)

    with database.read() as snapshot:
        assert list(snapshot.index_rows(["gate"])) == rows_of(gate)
        assert list(snapshot.index_rows({"gate", "camp"})) == rows_of(gate) + rows_of(camp)
        assert list(snapshot.index_rows(["gate"], since=before_camp)) == []
        assert list(snapshot.index_rows([])) == []
        assert list(snapshot.index_rows(["nowhere"])) == []


def test_a_row_says_whose_the_encounter_is_by_now(database: Database) -> None:
    seen, waiting = Person(), Person(subject_id=None)
    assert seen.subject_id
    add(database, seen, waiting)
    with database.unit_of_work() as work:
        work.assign(waiting.encounter_id, seen.subject_id)
        work.append_journal("case.assigned", {})
        work.commit()

    with database.read() as snapshot:
        assert {row.subject_id for row in snapshot.index_rows()} == {seen.subject_id}


@pytest.fixture
def small_fetches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musterpoint.storage.reading._ROWS_A_LOAD", 5)


@pytest.mark.usefixtures("small_fetches")
def test_rows_are_streamed_across_many_fetches(database: Database) -> None:
    people = [Person(subject_id=None) for _ in range(8)]
    add(database, *people)

    with database.read() as snapshot:
        rows = snapshot.index_rows()
        assert next(rows) == rows_of(people[0])[0]
        # Other questions in between do not disturb it.
        assert snapshot.people() == 8
        assert sum(1 for _ in rows) == 2 * 8 - 1


@pytest.mark.usefixtures("small_fetches")
def test_rows_left_over_when_the_snapshot_ends_are_an_error_and_no_shorter_list(database: Database) -> None:
    add(database, *(Person(subject_id=None) for _ in range(8)))
    with database.read() as snapshot:
        rows = snapshot.index_rows()
        next(rows)

    with pytest.raises(RuntimeError, match="ends with its block"):
        list(rows)


@pytest.mark.usefixtures("small_fetches")
def test_rows_left_over_at_the_commit_are_an_error_too(database: Database) -> None:
    add(database, *(Person(subject_id=None) for _ in range(8)))
    with database.unit_of_work() as work:
        rows = work.index_rows()
        next(rows)
        work.append_journal("searched", {})
        work.commit()

        with pytest.raises(RuntimeError, match="ends with its commit"):
            list(rows)


@pytest.mark.sqlite_only("reads plans as SQLite writes them")
def test_new_references_are_found_without_reading_the_others(database: Database) -> None:
    add(database, Person())

    with database.read() as snapshot:
        for galleries in (None, ["gate"]):
            steps = plan(snapshot, galleries)
            assert "SEARCH reference USING INDEX ix_reference_position" in steps[0]
            assert not any("SCAN" in step or "TEMP B-TREE" in step for step in steps)


def plan(snapshot: Snapshot, galleries: list[str] | None) -> list[str]:
    """How SQLite would answer, in its own words."""
    connection = snapshot._connection
    seen: list[str] = []
    driver = connection.connection.driver_connection
    assert driver
    driver.set_trace_callback(seen.append)
    list(snapshot.index_rows(galleries, since=1))
    driver.set_trace_callback(None)
    return [str(row[3]) for row in driver.execute(f"EXPLAIN QUERY PLAN {seen[0]}")]


def test_a_second_visit_follows_the_first(database: Database) -> None:
    first = Person()
    second = Person(subject_id=first.subject_id)
    before = add(database, first)
    with database.unit_of_work() as work:
        record_visit(work, second)
        work.commit()

    with database.read() as snapshot:
        assert list(snapshot.index_rows(since=before)) == rows_of(first) + rows_of(second)
