"""Erasure: nothing of the person remains, nothing of anybody else is lost."""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from pathlib import Path

import pytest
from tests.storage.records import Person, files_with, open_case, record, record_visit, tables_of

from musterpoint.errors import AlreadyErased, NotFound
from musterpoint.identifiers import EncounterId, RequestId, SubjectId, new_uuid
from musterpoint.registry import Verdict
from musterpoint.storage import ERASED_OUTCOME, Database, adjudication
from musterpoint.storage.erasing import DECIDED_BY, reduced_outcome
from musterpoint.templates import FingerPosition


def add(database: Database, *people: Person) -> None:
    for person in people:
        with database.unit_of_work() as work:
            record(work, person)
            work.commit()


def erase(database: Database, *people: Person) -> tuple[int, ...]:
    emptied: tuple[int, ...] = ()
    with database.unit_of_work() as work:
        for person in people:
            assert person.subject_id
            emptied += work.erase_subject(person.subject_id)
            work.append_journal("subject.erased", {"subject": str(person.subject_id)})
        work.commit()
    return emptied


@pytest.mark.sqlite_only("reads pages of the file; a server forgets by the keys")
def test_no_byte_of_the_person_remains_in_any_file(database: Database, folder: Path) -> None:
    person = Person(mark="PLANTED", purpose="PLANTED", site="PLANTED")
    assert person.subject_id
    add(database, Person(mark="OTHER"), person, Person(mark="OTHER"))
    with database.unit_of_work() as work:
        record_visit(work, Person(subject_id=person.subject_id, mark="PLANTED-AGAIN"))
        work.commit()
    assert files_with(folder, "PLANTED")

    erase(database, person)

    assert files_with(folder, "PLANTED") == []
    database.close()
    assert files_with(folder, "PLANTED") == []


def test_the_person_is_gone_from_every_answer(database: Database) -> None:
    person, other = Person(), Person()
    assert person.subject_id
    add(database, person, other)

    erase(database, person)

    with database.read() as snapshot:
        assert snapshot.is_erased(person.subject_id)
        for look_up in (
            lambda: snapshot.subject(SubjectId(person.subject_id or new_uuid())),
            lambda: snapshot.encounter(person.encounter_id),
            lambda: snapshot.references(person.encounter_id),
            lambda: snapshot.find_subject(str(person.subject_id)),
            lambda: snapshot.find_encounter(person.encounter_id.hex[-10:]),
        ):
            with pytest.raises(NotFound, match="was erased"):
                look_up()
        assert snapshot.encounters() == (other.encounter,)
        assert [subject.subject_id for subject in snapshot.subjects()] == [other.subject_id]
        assert {row.encounter_id for row in snapshot.index_rows()} == {other.encounter_id}
        assert snapshot.references(other.encounter_id) == other.references
        assert (snapshot.people(), snapshot.counts()["erased_subjects"]) == (1, 1)


def test_a_person_is_erased_once_and_nothing_of_it_comes_back(database: Database) -> None:
    person = Person()
    assert person.subject_id
    add(database, person)
    erase(database, person)

    with database.unit_of_work() as work:
        with pytest.raises(AlreadyErased):
            work.erase_subject(person.subject_id)
        with pytest.raises(AlreadyErased):
            work.add_subject(person.subject_id)
        with pytest.raises(AlreadyErased):
            work.add_encounter(Person(subject_id=person.subject_id).encounter)
        with pytest.raises(AlreadyErased):
            work.add_encounter(Person(encounter_id=person.encounter_id, subject_id=None).encounter)
        with pytest.raises(AlreadyErased):
            work.assign(person.encounter_id, person.subject_id)
        with pytest.raises(NotFound):
            work.erase_subject(SubjectId(new_uuid()))


def test_an_erasure_that_is_not_committed_changes_nothing(database: Database, folder: Path) -> None:
    person = Person(mark="PLANTED")
    assert person.subject_id
    add(database, person)
    before = tables_of(folder)
    with database.unit_of_work() as work:
        work.erase_subject(person.subject_id)

    assert tables_of(folder) == before


def test_the_stored_outcome_of_the_person_says_only_that_it_was_erased(database: Database) -> None:
    person, other = Person(), Person()
    add(database, person, other)

    erase(database, person)

    with database.read() as snapshot:
        # The digest is gone too, so that a repetition with any is answered, not carried out.
        assert snapshot.outcome_of(person.request_id, person.digest) == ERASED_OUTCOME
        assert snapshot.outcome_of(person.request_id, "another digest") == ERASED_OUTCOME
        assert snapshot.outcome_of(other.request_id, other.digest) == other.outcome_json


def test_an_outcome_that_names_nobody_goes_with_the_person_it_was_stored_with(database: Database) -> None:
    person, other = Person(), Person()
    request_id, other_id = RequestId(new_uuid()), RequestId(new_uuid())
    with database.unit_of_work() as work:
        record(work, person)
        add_subject_only = Person(fingers=())
        record(work, add_subject_only)
        work.add_subject(SubjectId(uuid.uuid5(person.encounter_id, "second")))
        work.store_outcome(request_id, "digest", '{"text":"welcome back"}')
        record(work, other)
        work.store_outcome(other_id, "digest", '{"text":"welcome"}')
        work.commit()

    with database.unit_of_work() as work:
        work.erase_subject(SubjectId(uuid.uuid5(person.encounter_id, "second")))
        work.append_journal("subject.erased", {})
        work.commit()

    with database.read() as snapshot:
        assert snapshot.outcome_of(request_id, "digest") == ERASED_OUTCOME
        assert snapshot.outcome_of(other_id, "digest") == '{"text":"welcome"}'
        assert snapshot.outcome_of(person.request_id, person.digest) == person.outcome_json


def test_an_outcome_of_somebody_else_loses_the_parts_about_the_person(database: Database) -> None:
    person, kept, other = Person(), Person(), Person()
    duplicates = [
        {"encounter": str(one.encounter_id), "name": one.mark, "scores": [1, 2]} for one in (person, kept)
    ]
    outcome = {"encounter": str(other.encounter_id), "possible_duplicates": duplicates, "people": 7}
    add(database, person, kept)
    request_id = RequestId(new_uuid())
    with database.unit_of_work() as work:
        record(work, other)
        work.store_outcome(request_id, "digest", json.dumps(outcome))
        work.commit()

    erase(database, person)

    with database.read() as snapshot:
        stored = snapshot.outcome_of(request_id, "digest")
    assert stored is not None
    assert json.loads(stored) == outcome | {"possible_duplicates": duplicates[1:]}


ERASED = uuid.UUID("019a0000-0000-7000-8000-00000000000a")


@pytest.mark.parametrize(
    ("outcome", "reduced"),
    [
        (f'{{"subject":"{ERASED}"}}', ERASED_OUTCOME),
        (f'{{"link":"/subjects/{ERASED.hex.upper()}"}}', ERASED_OUTCOME),
        (f'{{"{ERASED}":1}}', ERASED_OUTCOME),
        (f'"{ERASED}"', ERASED_OUTCOME),
        (f"no JSON {ERASED}", ERASED_OUTCOME),
        (f'{{"a":1e5,"b":["{ERASED}"]}}', '{"a":100000.0,"b":[]}'),
        (f'{{"a":{{"b":{{"c":"{ERASED}"}},"d":2}}}}', '{"a":{"d":2}}'),
        (f'{{"a":[["{ERASED}","x"],{{"b":"{ERASED}","c":3}},4]}}', '{"a":[["x"],4]}'),
        (f'["{ERASED}",{{"b":[{{"c":"{ERASED}"}}]}}]', '[{"b":[]}]'),
        ('{"numbers":[1e22,1e22,1e22,1e22,1e22]}', '{"numbers":[1e+22,1e+22,1e+22,1e+22,1e+22]}'),
    ],
)
def test_an_outcome_is_reduced_to_what_names_no_erased_record(outcome: str, reduced: str) -> None:
    result = reduced_outcome(outcome, {ERASED})

    # It must fit where the old one stood.
    assert result == (reduced if len(reduced) <= len(outcome) else ERASED_OUTCOME)


def test_cases_of_others_lose_the_person_and_stay_open(database: Database) -> None:
    person, kept = Person(), Person()
    first, second = Person(subject_id=None), Person(subject_id=None)
    add(database, person, kept, first, second)
    with database.unit_of_work() as work:
        open_case(work, first, [person, kept])
        open_case(work, second, [person])
        work.commit()

    assert erase(database, person) == (2,)

    with database.read() as snapshot:
        assert [one.encounter_id for one in snapshot.case(1).candidates] == [kept.encounter_id]
        assert snapshot.case(2).candidates == ()
        assert [case.number for case in snapshot.cases(is_open=True)] == [1, 2]
    with database.unit_of_work() as work:
        case = work.case(2)
        settled = adjudication.settle(work, case, Verdict.DIFFERENT, case.opened_at, "officer 7")
        assert settled.verdict is Verdict.DIFFERENT


def test_an_open_case_of_the_person_is_closed_by_the_erasure(database: Database) -> None:
    person, candidate = Person(), Person()
    add(database, candidate, person)
    with database.unit_of_work() as work:
        open_case(work, person, [candidate])
        work.commit()

    assert erase(database, person) == ()

    with database.read() as snapshot:
        case = snapshot.case(1)
        assert (case.verdict, case.decided_by, case.candidates) == (Verdict.CANNOT_TELL, DECIDED_BY, ())
        assert case.decided_at
        assert case.encounter_id == person.encounter_id


def test_a_settled_case_keeps_its_verdict_and_loses_its_candidates(database: Database) -> None:
    person, waiting = Person(), Person(subject_id=None)
    assert person.subject_id
    add(database, person, waiting)
    with database.unit_of_work() as work:
        case = open_case(work, waiting, [person])
        adjudication.settle(work, case, Verdict.SAME, case.opened_at, "officer 7")
        work.assign(waiting.encounter_id, person.subject_id)
        work.commit()

    erase(database, person)

    with database.read() as snapshot:
        settled = snapshot.case(case.number)
        assert (settled.verdict, settled.decided_by, settled.candidates) == (Verdict.SAME, "officer 7", ())


def test_numbers_of_erased_records_are_not_used_again(database: Database) -> None:
    last = Person()
    add(database, Person(), last)
    erase(database, last)
    newcomer = Person()
    add(database, newcomer)

    with database.read() as snapshot:
        assert snapshot.references(newcomer.encounter_id) == newcomer.references
        assert snapshot.encounter(newcomer.encounter_id) == newcomer.encounter


@pytest.mark.sqlite_only("reads pages of the file; a server forgets by the keys")
def test_while_somebody_reads_the_residue_waits_and_the_next_opening_wipes_it(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musterpoint.storage.dialects.sqlite._TRUNCATE_WAIT_S", 0)
    person = Person(site="PLANTED")
    add(database, person)
    with database.read():
        erase(database, person)
        with database.read() as now:
            assert now.counts()["erasures_with_residue"] == 1
        assert files_with(folder, "PLANTED")

    with Database.open(folder) as another, another.read() as snapshot:
        assert snapshot.counts()["erasures_with_residue"] == 0
        assert files_with(folder, "PLANTED") == []


def test_the_next_erasure_wipes_what_an_earlier_one_left(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musterpoint.storage.dialects.sqlite._TRUNCATE_WAIT_S", 0)
    first, second = Person(site="PLANTED"), Person(site="PLANTED")
    add(database, first, second)
    with database.read():
        erase(database, first)

    erase(database, second)

    assert files_with(folder, "PLANTED") == []
    with database.read() as snapshot:
        assert snapshot.counts()["erasures_with_residue"] == 0


def test_whoever_is_erased_while_it_reads_is_left_out_and_nobody_else(database: Database) -> None:
    person, other = Person(), Person()
    add(database, person, other)
    with database.read() as view:
        erase(database, person)

        # The rows are still in this view, but nobody can open them any more.
        assert {row.encounter_id for row in view.index_rows()} == {other.encounter_id}
        assert [one.encounter_id for one in view.encounters()] == [other.encounter_id]
        assert view.references(person.encounter_id) == ()
        with pytest.raises(NotFound):
            view.encounter(person.encounter_id)


# Two seeds of twelve with which deleting templates leaves copies.
@pytest.mark.parametrize("seed", [2, 9])
@pytest.mark.sqlite_only("reads pages of the file; a server forgets by the keys")
def test_no_page_keeps_a_copy_of_an_erased_row_however_the_trees_were_balanced(
    database: Database, folder: Path, seed: int
) -> None:
    """Deleting alone fails this: SQLite leaves copies where it moved rows from."""
    rng = random.Random(seed)
    here: list[Person] = []
    erased: set[bytes] = set()
    for _ in range(6):
        newcomers = [somebody(rng, len(here) + len(erased) + number) for number in range(30)]
        with database.unit_of_work() as work:
            for person in newcomers:
                record(work, person)
            work.commit()
        here += newcomers
        for _ in range(7):
            # Not the last one, which the next newcomer would follow in every table.
            leaving = [here.pop(rng.randrange(len(here) - 1)) for _ in range(3)]
            erased |= sealed_of(folder, leaving)
            erase(database, *leaving)
            assert not found_in(folder, erased)

    staying = sealed_of(folder, here)
    assert found_in(folder, staying) == staying


def somebody(rng: random.Random, number: int) -> Person:
    """A person with fingers of any size, whose identifiers stand anywhere in an index."""
    mark = f"<{number:06}>" * rng.randrange(1, 20)
    return Person(
        mark=mark,
        repetitions=rng.randrange(1, max(2, 1600 // len(mark))),
        fingers=tuple(FingerPosition(rng.randrange(11)) for _ in range(rng.randrange(1, 5))),
        encounter_id=EncounterId(uuid.UUID(int=rng.getrandbits(128))),
        subject_id=SubjectId(uuid.UUID(int=rng.getrandbits(128))),
    )


def sealed_of(folder: Path, people: list[Person]) -> set[bytes]:
    """The first bytes of everything that is sealed of people; they are random, so each is found once."""
    query = """
        SELECT template, image, detail FROM encounter JOIN encounter_detail USING (number)
        JOIN reference ON encounter_number = encounter.number
        JOIN reference_template ON reference_template.number = reference.number
        LEFT JOIN reference_image ON reference_image.number = reference.number WHERE encounter_id = ?
    """
    connection = sqlite3.connect(folder / "registry.db")
    rows = [row for one in people for row in connection.execute(query, (one.encounter_id.hex,))]
    connection.close()
    return {content[:16] for row in rows for content in row if content is not None}


def found_in(folder: Path, sealed: set[bytes]) -> set[bytes]:
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    return {one for one in sealed if one in content}


@pytest.mark.sqlite_only("reads pages of the file; a server forgets by the keys")
def test_personal_bytes_are_overwritten_where_they_stand(database: Database, folder: Path) -> None:
    person, other = Person(), Person()
    add(database, person, other)
    with database.unit_of_work() as work:
        work.append_journal("audit.x", {})
        outcome = f'{{"duplicates":[{{"encounter":"{person.encounter_id}"}}]}}'
        work.store_outcome(RequestId(new_uuid()), "digest", outcome)
        work.commit()
    before = sizes(folder)

    erase(database, person)

    assert sizes(folder) == before


def sizes(folder: Path) -> dict[str, list[tuple[int, int]]]:
    """Number and bytes of every row of the tables for personal bytes."""
    contents = {
        "reference_template": "template",
        "reference_image": "image",
        "encounter_detail": "detail",
        "request": "content",
    }
    connection = sqlite3.connect(folder / "registry.db")
    found = {
        table: connection.execute(
            f"SELECT number, length(CAST({content} AS BLOB)) FROM {table} ORDER BY number"
        ).fetchall()
        for table, content in contents.items()
    }
    connection.close()
    return found
