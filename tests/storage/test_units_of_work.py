"""A unit of work: together or not at all, with a line in the journal, by one writer at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.registries import behind_its_back
from tests.storage.records import Person, record, record_visit, tables_of

from musterpoint.clock import Instant
from musterpoint.errors import AlreadyErased, Conflict, NotFound, UnusableInput
from musterpoint.identifiers import EncounterId, ReferenceId, SubjectId, new_uuid
from musterpoint.registry import Answer, Encounter, EncounterKind, Outcome, Reference
from musterpoint.storage import Database, UnitOfWork
from musterpoint.templates import FingerPosition


def add(database: Database, person: Person) -> None:
    with database.unit_of_work() as work:
        record(work, person)
        work.commit()


def test_leaving_without_commit_undoes_everything(database: Database, folder: Path) -> None:
    with database.unit_of_work() as work:
        record(work, Person())

    assert not any(
        rows for name, rows in tables_of(folder).items() if name not in {"alembic_version", "journal_head"}
    )


def test_an_error_inside_undoes_everything_and_comes_out_as_it_is(database: Database, folder: Path) -> None:
    def fail() -> None:
        with database.unit_of_work() as work:
            record(work, Person())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert tables_of(folder)["encounter"] == []
    add(database, Person())


def test_all_rows_of_a_unit_become_visible_at_once(database: Database) -> None:
    with database.unit_of_work() as work:
        record(work, Person())
        with database.read() as during:
            assert (during.position, during.people(), during.galleries()) == (0, 0, ())
        work.commit()

    with database.read() as after:
        assert (after.position, after.people(), after.galleries()) == (1, 1, ("gate",))


def test_a_snapshot_stays_as_it_was_when_it_was_taken(database: Database) -> None:
    with database.read() as snapshot:
        add(database, Person())

        assert snapshot.position == 0
        assert snapshot.encounters() == ()


def test_a_unit_sees_its_own_changes(database: Database) -> None:
    person = Person()
    with database.unit_of_work() as work:
        record(work, person)

        assert work.encounter(person.encounter_id) == person.encounter
        assert work.references(person.encounter_id) == person.references
        assert work.outcome_of(person.request_id, person.digest) == person.outcome_json
        assert work.position == 1


def add_subject(work: UnitOfWork, person: Person) -> None:
    assert person.subject_id
    work.add_subject(person.subject_id)


@pytest.mark.parametrize(
    "change",
    [
        lambda work, person: work.add_gallery_if_missing("gate"),
        add_subject,
        lambda work, person: work.store_outcome(person.request_id, "digest", "{}"),
    ],
)
def test_a_change_without_a_line_in_the_journal_is_not_committed(
    database: Database, folder: Path, change: object
) -> None:
    assert callable(change)
    with database.unit_of_work() as work:
        change(work, Person())
        with pytest.raises(RuntimeError, match="journal"):
            work.commit()

    assert not any(
        rows for name, rows in tables_of(folder).items() if name not in {"alembic_version", "journal_head"}
    )


def test_a_unit_without_changes_needs_no_line(database: Database) -> None:
    add(database, Person())
    with database.unit_of_work() as work:
        work.add_gallery_if_missing("gate")
        work.commit()

    with database.read() as snapshot:
        assert snapshot.position == 1


@pytest.mark.parametrize("use", [lambda work: work.position, lambda work: work.append_journal("audit.x", {})])
def test_a_unit_ends_with_its_commit(database: Database, use: object) -> None:
    assert callable(use)
    with database.unit_of_work() as work:
        record(work, Person())
        work.commit()
        with pytest.raises(RuntimeError, match="ends with its commit"):
            use(work)

    with database.read() as snapshot:
        assert snapshot.position == 1


def test_a_snapshot_ends_with_its_block(database: Database) -> None:
    with database.read() as snapshot:
        pass

    with pytest.raises(RuntimeError, match="used wrongly"):
        snapshot.galleries()


def test_a_visit_may_wait_for_a_subject_and_then_gets_it(database: Database) -> None:
    known = Person()
    waiting = Person(subject_id=None, occurred_at=known.occurred_at + 1)
    assert known.subject_id
    add(database, known)
    add(database, waiting)
    with database.unit_of_work() as work:
        work.assign(waiting.encounter_id, known.subject_id)
        work.set_answer(waiting.encounter_id, Answer.KNOWN)
        work.append_journal("case.assigned", {})
        work.commit()

    with database.read() as snapshot:
        found = snapshot.encounter(waiting.encounter_id)
        assert (found.subject_id, found.answer) == (known.subject_id, Answer.KNOWN)
        assert snapshot.subject(known.subject_id).encounters == (known.encounter_id, waiting.encounter_id)


def test_an_encounter_is_not_taken_from_its_subject(database: Database) -> None:
    one, other = Person(), Person()
    assert one.subject_id
    assert other.subject_id
    add(database, one)
    add(database, other)
    with database.unit_of_work() as work:
        work.assign(one.encounter_id, one.subject_id)
        with pytest.raises(Conflict, match="another subject"):
            work.assign(one.encounter_id, other.subject_id)


def test_what_is_not_there_can_be_given_nothing(database: Database) -> None:
    person, stranger = Person(), Person()
    assert person.subject_id
    assert stranger.subject_id
    add(database, person)
    with database.unit_of_work() as work:
        with pytest.raises(NotFound):
            work.assign(stranger.encounter_id, person.subject_id)
        with pytest.raises(NotFound):
            work.assign(person.encounter_id, stranger.subject_id)
        with pytest.raises(NotFound):
            work.set_answer(stranger.encounter_id, Answer.KNOWN)
        with pytest.raises(NotFound):
            work.add_reference(stranger.references[0])
        with pytest.raises(NotFound):
            work.add_encounter(stranger.encounter)


def test_an_encounter_needs_its_gallery(database: Database) -> None:
    with database.unit_of_work() as work, pytest.raises(NotFound):
        work.add_encounter(Person(subject_id=None, gallery="nowhere").encounter)


@pytest.mark.parametrize(
    "add_again",
    [
        add_subject,
        lambda work, person: work.add_encounter(person.encounter),
        lambda work, person: work.add_reference(person.references[0]),
    ],
)
def test_the_same_record_is_not_added_twice(database: Database, add_again: object) -> None:
    assert callable(add_again)
    person = Person()
    add(database, person)

    with database.unit_of_work() as work, pytest.raises(Conflict):
        add_again(work, person)


def test_after_a_refused_record_the_unit_can_only_be_left(database: Database) -> None:
    person, other = Person(), Person()
    add(database, person)
    with database.unit_of_work() as work:
        record(work, other)
        with pytest.raises(Conflict):
            work.add_encounter(person.encounter)
        for go_on in (work.commit, work.galleries, lambda: work.add_gallery_if_missing("port")):
            with pytest.raises(RuntimeError, match="refuses a statement"):
                go_on()

    with database.read() as snapshot:
        assert snapshot.encounters() == (person.encounter,)
    add(database, other)


def test_only_a_search_has_an_answer(database: Database) -> None:
    encounter = Encounter(
        encounter_id=EncounterId(new_uuid()),
        subject_id=None,
        kind=EncounterKind.SCREENING,
        gallery="gate",
        purpose="arrival",
        site="north",
        occurred_at=Instant(1),
        outcome=Outcome.REFUSED,
        answer=None,
    )
    with database.unit_of_work() as work:
        work.add_gallery_if_missing("gate")
        work.add_encounter(encounter)
        with pytest.raises(Conflict, match="without a search"):
            work.set_answer(encounter.encounter_id, Answer.KNOWN)
        assert work.encounter(encounter.encounter_id) == encounter
        assert work.references(encounter.encounter_id) == ()


def test_texts_that_no_engine_can_hold_are_refused_as_input(database: Database) -> None:
    # A file name that is not UTF-8 comes to Python as lone surrogates.
    person = Person(mark="caf\udce9")
    with database.unit_of_work() as work, pytest.raises(UnusableInput):
        record(work, person)


def test_a_quality_out_of_range_is_refused(database: Database) -> None:
    person = Person(fingers=())
    reference = Reference(
        reference_id=ReferenceId(new_uuid()),
        encounter_id=person.encounter_id,
        position=FingerPosition.UNKNOWN,
        template=b"template",
        quality=101,
    )
    with database.unit_of_work() as work:
        record(work, person)
        with pytest.raises(ValueError, match=r"0\.\.100"):
            work.add_reference(reference)


@pytest.mark.usefixtures("database")
def test_the_database_itself_refuses_rows_without_a_line(folder: Path) -> None:
    with pytest.raises(sa.exc.IntegrityError), behind_its_back(folder) as connection:
        connection.exec_driver_sql("INSERT INTO gallery (name, position) VALUES ('gate', 1)")


def test_a_second_visit_of_a_subject_is_stored_beside_the_first(database: Database) -> None:
    first = Person()
    second = Person(subject_id=first.subject_id, occurred_at=first.occurred_at + 1, gallery="gate")
    add(database, first)
    with database.unit_of_work() as work:
        record_visit(work, second)
        work.commit()

    with database.read() as snapshot:
        assert snapshot.encounters(subject_id=first.subject_id) == (first.encounter, second.encounter)
        assert snapshot.people() == 1


def test_a_unit_that_erases_may_not_bring_back_what_it_erased(database: Database) -> None:
    person = Person()
    assert person.subject_id
    add(database, person)
    with database.unit_of_work() as work:
        work.erase_subject(person.subject_id)
        with pytest.raises(AlreadyErased):
            work.add_subject(SubjectId(person.subject_id))
