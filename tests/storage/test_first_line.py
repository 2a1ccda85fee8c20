"""The unit's first line stands before the rows that name it, so that no engine looks for them afterwards.

SQLite reads every row of every table that names lines, for each line that comes after such a row: recording
a screening would take the longer the larger the registry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from tests.storage.records import Person

from musterpoint.storage import Database


@contextmanager
def tables_written() -> Iterator[list[str]]:
    """The tables into which rows are put meanwhile, in order."""
    seen: list[str] = []

    def note(_connection: sa.Connection, _cursor: Any, text: str, *_: Any) -> None:
        words = text.split()
        if words[:2] == ["INSERT", "INTO"]:
            seen.append(words[2].rpartition(".")[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_line_that_is_there_is_written_before_rows_that_name_it(database: Database) -> None:
    person = Person()
    with tables_written() as seen, database.unit_of_work() as work:
        work.append_journal("encounter.visit", {"encounter": str(person.encounter_id)})
        work.add_gallery_if_missing(person.gallery)
        assert person.subject_id
        work.add_subject(person.subject_id)
        work.commit()

    assert seen.index("journal") < seen.index("gallery") < seen.index("subject")


def test_line_about_a_person_waits_for_their_key(database: Database) -> None:
    person = Person(subject_id=None)
    with database.unit_of_work() as work:
        work.append_journal(
            "encounter.visit",
            {"encounter": str(person.encounter_id)},
            person={"age": 30},
            encounter_id=person.encounter_id,
        )
        work.add_gallery_if_missing(person.gallery)
        work.add_encounter(person.encounter)
        work.commit()

    with database.read() as snapshot:
        assert snapshot.journal()[-1].kind == "encounter.visit"


def test_line_about_a_person_whose_key_is_there_is_written_first(database: Database) -> None:
    person = Person(subject_id=None)
    with tables_written() as seen, database.unit_of_work() as work:
        work.make_keys(person.encounter_id)
        work.append_journal(
            "encounter.visit",
            {"encounter": str(person.encounter_id)},
            person={"age": 30},
            encounter_id=person.encounter_id,
        )
        work.add_gallery_if_missing(person.gallery)
        work.add_encounter(person.encounter)
        work.commit()

    assert seen.index("journal") < seen.index("gallery") < seen.index("encounter")
