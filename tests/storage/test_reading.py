"""Everything that can be asked of a registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.registries import in_table
from tests.storage.records import Person, fixed_uuid, open_case, record, record_visit

from musterpoint.errors import Conflict, Corrupt, NotFound, RequestConflict
from musterpoint.identifiers import EncounterId, RequestId, SubjectId, new_uuid
from musterpoint.storage import Database
from musterpoint.storage.dialects import is_on_server

DAY = 86_400_000_000


def add(database: Database, *people: Person) -> None:
    for person in people:
        with database.unit_of_work() as work:
            record(work, person)
            work.commit()


def test_encounters_come_in_order_of_time_however_they_were_recorded(database: Database) -> None:
    days = [Person(occurred_at=DAY * day) for day in (3, 1, 2)]
    add(database, *days)

    with database.read() as snapshot:
        assert [one.occurred_at for one in snapshot.encounters()] == [DAY, 2 * DAY, 3 * DAY]
        assert [one.occurred_at for one in snapshot.encounters(limit=2)] == [2 * DAY, 3 * DAY]
        assert snapshot.encounters(limit=0) == ()


def test_encounters_are_chosen_by_subject_purpose_and_site(database: Database) -> None:
    here = Person(purpose="arrival", site="north")
    there = Person(purpose="arrival", site="south")
    leaving = Person(purpose="departure", site="south")
    add(database, here, there, leaving)

    with database.read() as snapshot:
        assert snapshot.encounters(subject_id=here.subject_id) == (here.encounter,)
        assert set(snapshot.encounters(purpose="arrival")) == {here.encounter, there.encounter}
        assert snapshot.encounters(purpose="arrival", site="south") == (there.encounter,)
        assert snapshot.encounters(purpose="arrival", subject_id=leaving.subject_id) == ()


def test_subjects_come_with_their_encounters(database: Database) -> None:
    first = Person(subject_id=SubjectId(fixed_uuid(1)))
    again = Person(subject_id=first.subject_id, occurred_at=first.occurred_at - DAY)
    later = Person(subject_id=SubjectId(fixed_uuid(2)))
    add(database, later, first, Person(subject_id=None))
    with database.unit_of_work() as work:
        record_visit(work, again)
        work.commit()

    with database.read() as snapshot:
        one, two = snapshot.subjects()
        assert (one.subject_id, one.encounters) == (
            first.subject_id,
            (again.encounter_id, first.encounter_id),
        )
        assert (two.subject_id, two.encounters) == (later.subject_id, (later.encounter_id,))
        assert snapshot.subjects(limit=1) == (two,)
        assert snapshot.subject(two.subject_id) == two


def test_references_come_with_their_images_in_the_order_they_were_added(database: Database) -> None:
    person = Person()
    add(database, Person(), person, Person())

    with database.read() as snapshot:
        assert snapshot.references(person.encounter_id) == person.references


def test_what_is_not_there_is_an_error_and_never_an_empty_answer(database: Database) -> None:
    add(database, Person())
    with database.read() as snapshot:
        with pytest.raises(NotFound):
            snapshot.encounter(EncounterId(new_uuid()))
        with pytest.raises(NotFound):
            snapshot.references(EncounterId(new_uuid()))
        with pytest.raises(NotFound):
            snapshot.subject(SubjectId(new_uuid()))
        with pytest.raises(NotFound):
            snapshot.case(1)
        assert snapshot.case_of(EncounterId(new_uuid())) is None
        assert not snapshot.is_erased(SubjectId(new_uuid()))


def test_people_are_those_whom_a_search_can_find(database: Database) -> None:
    seen, waiting = Person(), Person(subject_id=None, gallery="camp")
    seen_again = Person(subject_id=seen.subject_id, gallery="camp")
    without_fingers = Person(fingers=())
    add(database, seen, waiting, without_fingers)
    with database.unit_of_work() as work:
        record_visit(work, seen_again)
        work.commit()

    with database.read() as snapshot:
        assert snapshot.people() == 2
        assert snapshot.people(["gate"]) == 1
        assert snapshot.people(["camp"]) == 2
        assert snapshot.people({"camp", "gate", "nowhere"}) == 2
        assert snapshot.people([]) == 0


def test_counts_cover_every_kind_of_record_outcome_and_answer(database: Database) -> None:
    seen, waiting = Person(), Person(subject_id=None)
    add(database, seen, waiting)
    with database.unit_of_work() as work:
        open_case(work, waiting, [seen])
        work.commit()

    with database.read() as snapshot:
        counts = snapshot.counts()
    assert {name: count for name, count in counts.items() if count} == {
        "subjects": 1,
        "encounters": 2,
        "references": 4,
        "open_cases": 1,
        "journal_lines": 3,
        "outcome:screened": 2,
        "answer:not known": 1,
        "answer:being decided": 1,
    }
    assert counts["outcome:failed capture"] == counts["answer:cannot tell"] == counts["erased_subjects"] == 0


def test_a_record_is_found_by_its_first_or_last_digits(database: Database) -> None:
    one = Person(encounter_id=EncounterId(fixed_uuid(0x1111_2222)), subject_id=SubjectId(fixed_uuid(0xABCD)))
    add(database, one, Person(encounter_id=EncounterId(fixed_uuid(0x3333_2222)), subject_id=None))

    with database.read() as snapshot:
        for text in (str(one.encounter_id), one.encounter_id.hex.upper(), " 1111-2222 ", "00011112222"):
            assert snapshot.find_encounter(text) == one.encounter_id
        assert snapshot.find_subject("019a0000") == one.subject_id
        assert snapshot.find_subject("0000ABCD") == one.subject_id


def test_digits_that_several_records_have_are_not_guessed_about(database: Database) -> None:
    add(database, *(Person(encounter_id=EncounterId(fixed_uuid(number))) for number in (1, 2)))

    with database.read() as snapshot, pytest.raises(Conflict, match="more digits"):
        snapshot.find_encounter("019a0000-0000")


def test_digits_are_ambiguous_when_one_record_begins_and_another_ends_with_them(database: Database) -> None:
    add(database, *(Person(encounter_id=EncounterId(fixed_uuid(number))) for number in (0x019A_0000, 2)))

    with database.read() as snapshot, pytest.raises(Conflict):
        snapshot.find_encounter("019a0000")


@pytest.mark.parametrize(
    "text",
    ["", "1111", "1111222", "zzzzzzzz", "%%%%%%%%", "________", "11112222" * 5, "11112223", "٣٣٣٣٣٣٣٣"],
)
def test_what_names_no_record_is_not_found_and_not_repeated(database: Database, text: str) -> None:
    add(database, Person(encounter_id=EncounterId(fixed_uuid(0x1111_2222))))

    with database.read() as snapshot, pytest.raises(NotFound) as caught:
        snapshot.find_encounter(text)
    assert not text or text not in str(caught.value)


def test_a_request_is_answered_by_its_stored_outcome(database: Database) -> None:
    person = Person()
    add(database, person)

    with database.read() as snapshot:
        assert snapshot.outcome_of(person.request_id, person.digest) == person.outcome_json
        assert snapshot.outcome_of(RequestId(new_uuid()), person.digest) is None
        with pytest.raises(RequestConflict):
            snapshot.outcome_of(person.request_id, "another digest")


@pytest.mark.parametrize("outcome", ["{}", "1", '{"text":"caf\u00e9 "}', "[" + "1," * 5000 + "1]"])
def test_an_outcome_of_any_length_comes_back_as_it_was_stored(database: Database, outcome: str) -> None:
    request_id = RequestId(new_uuid())
    with database.unit_of_work() as work:
        work.append_journal("audit.x", {})
        work.store_outcome(request_id, "digest", outcome)
        work.commit()

    with database.read() as snapshot:
        assert snapshot.outcome_of(request_id, "digest") == outcome


def test_a_request_has_one_outcome(database: Database) -> None:
    person = Person()
    add(database, person)
    with database.unit_of_work() as work, pytest.raises(Conflict):
        work.store_outcome(person.request_id, person.digest, "{}")


refused_by_a_server = pytest.mark.sqlite_only("a server refuses such values by their types")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE encounter SET outcome = 'vanished'",
        pytest.param("UPDATE encounter SET encounter_id = 'no identifier'", marks=refused_by_a_server),
        "UPDATE encounter_detail SET detail = CAST('no JSON' AS {bytes})",
        "UPDATE encounter_detail SET detail = CAST('{{}}' AS {bytes})",
        "UPDATE encounter SET purpose = '" + "x" * 300 + "'",
        pytest.param("UPDATE encounter SET site = CAST(x'ff' AS TEXT)", marks=refused_by_a_server),
        "ALTER TABLE encounter_detail RENAME TO gone",
    ],
)
def test_a_value_that_cannot_be_is_damage(database: Database, folder: Path, damage: str) -> None:
    add(database, Person(fingers=()))
    in_table(folder, damage.format(bytes="bytea" if is_on_server(folder) else "BLOB"))

    with database.read() as snapshot, pytest.raises(Corrupt):
        snapshot.encounters()
