"""An encounter in several galleries, and subjects that are nobody any more."""

from __future__ import annotations

from tests.storage.records import Person, record, record_visit

from musterpoint.storage import Database, IndexRow


def found(database: Database, *galleries: str, since: int = 0) -> list[IndexRow]:
    with database.read() as snapshot:
        return list(snapshot.index_rows(galleries or None, since=since))


def test_an_encounter_is_found_in_every_gallery_that_it_joined_and_not_left(database: Database) -> None:
    person = Person()
    with database.unit_of_work() as work:
        record(work, person)
        work.add_gallery_if_missing("camp")
        work.commit()
    assert found(database, "camp") == []
    with database.unit_of_work() as work:
        work.join_gallery(person.encounter_id, "camp")
        position = work.append_journal("gallery.joined", {"encounter": str(person.encounter_id)})
        work.commit()

    assert len(found(database, "camp")) == len(found(database, "gate")) == len(found(database)) == 2
    with database.read() as snapshot:
        assert snapshot.galleries_of(person.encounter_id) == ("camp", "gate")
        assert snapshot.people(["camp"]) == snapshot.people() == 1
        assert snapshot.changed_encounters(position - 1) == (person.encounter_id,)

    with database.unit_of_work() as work:
        work.leave_gallery(person.encounter_id, "gate")
        work.append_journal("gallery.left", {"encounter": str(person.encounter_id)})
        work.commit()
    assert found(database, "gate") == []
    assert len(found(database, "camp")) == 2
    with database.read() as snapshot:
        assert snapshot.changed_encounters(position) == (person.encounter_id,)
        assert snapshot.people(["gate"]) == 0


def test_who_left_every_gallery_is_found_by_no_search(database: Database) -> None:
    person = Person()
    with database.unit_of_work() as work:
        record(work, person)
        work.leave_gallery(person.encounter_id, "gate")
        work.commit()

    assert found(database) == []
    with database.read() as snapshot:
        assert snapshot.people() == 0
        assert snapshot.encounter(person.encounter_id) == person.encounter


def test_joining_twice_is_joining_once(database: Database) -> None:
    person = Person()
    with database.unit_of_work() as work:
        record(work, person)
        work.join_gallery(person.encounter_id, "gate")
        work.commit()

    assert len(found(database, "gate")) == 2


def test_an_encounter_that_moves_is_loaded_anew_as_another_persons(database: Database) -> None:
    one, other = Person(), Person()
    assert one.subject_id
    assert other.subject_id
    with database.unit_of_work() as work:
        record(work, one)
        record(work, other)
        work.commit()
    with database.unit_of_work() as work:
        work.move(one.encounter_id, other.subject_id)
        work.set_status(one.subject_id, is_active=False, merged_into=other.subject_id)
        position = work.append_journal("merged", {"subject": str(one.subject_id)})
        work.commit()

    with database.read() as snapshot:
        assert snapshot.changed_encounters(position - 1) == (one.encounter_id,)
        assert {row.subject_id for row in snapshot.index_rows()} == {other.subject_id}
        assert snapshot.people() == 1
        merged = snapshot.subject(one.subject_id)
        assert (merged.is_active, merged.merged_into, merged.encounters) == (False, other.subject_id, ())
        assert snapshot.subject(other.subject_id).is_active


def test_what_was_only_added_has_not_changed(database: Database) -> None:
    person = Person()
    with database.unit_of_work() as work:
        record(work, person)
        work.commit()
    with database.unit_of_work() as work:
        record_visit(work, Person(subject_id=person.subject_id))
        work.commit()

    with database.read() as snapshot:
        assert snapshot.changed_encounters(0) == ()
