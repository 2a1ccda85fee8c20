"""The journal: lines without gaps, in one canonical form, and nothing in them that is not a fact."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.registries import examples, in_table
from tests.storage.records import Person, SteppingClock, record

from musterpoint.errors import Corrupt
from musterpoint.registry import JournalLine
from musterpoint.storage import Database

Body = Mapping[str, str | int | Sequence[str]]


def append(database: Database, *bodies: Body) -> None:
    with database.unit_of_work() as work:
        for body in bodies:
            work.append_journal("audit.fact", body)
        work.commit()


def test_positions_run_without_gaps_also_after_units_that_were_left(database: Database) -> None:
    with database.unit_of_work() as work:
        assert work.append_journal("audit.fact", {}) == 1
        assert work.append_journal("audit.fact", {}) == 2
        assert work.position == 2
        work.commit()
    with database.unit_of_work() as work:
        assert work.append_journal("audit.left", {}) == 3
    append(database, {})

    with database.read() as snapshot:
        assert [(line.position, line.kind) for line in snapshot.journal()] == [
            (1, "audit.fact"),
            (2, "audit.fact"),
            (3, "audit.fact"),
        ]


def test_lines_are_read_onwards_from_a_position(database: Database) -> None:
    append(database, *({"n": number} for number in range(5)))

    with database.read() as snapshot:
        assert [line.position for line in snapshot.journal(since=2)] == [3, 4, 5]
        assert [line.position for line in snapshot.journal(since=2, limit=2)] == [3, 4]
        assert snapshot.journal(since=5) == ()


def test_a_line_has_the_time_of_the_clock_and_a_canonical_body(database: Database) -> None:
    append(database, {"zeta": 1, "alpha": ["b", "a"], "text": 'caf\u00e9 "x"\n'})

    with database.read() as snapshot:
        (line,) = snapshot.journal()
    assert line == JournalLine(
        position=1,
        occurred_at=SteppingClock().now(),
        kind="audit.fact",
        body='{"alpha":["b","a"],"text":"caf\u00e9 \\"x\\"\\n","zeta":1}',
        author="station",
    )


@pytest.mark.parametrize("body", [{"score": 0.5}, {"scores": [1, 2]}, {"template": b"bytes"}, {"name": None}])
def test_a_line_takes_texts_and_whole_numbers_only(database: Database, body: Body) -> None:
    with database.unit_of_work() as work, pytest.raises(TypeError):
        work.append_journal("audit.fact", body)


def test_a_line_has_a_bound(database: Database) -> None:
    with database.unit_of_work() as work, pytest.raises(ValueError, match="65536"):
        work.append_journal("audit.fact", {"text": "x" * 65_536})


# RFC 8785 sorts names by UTF-16 units, Python by code points: the same for names in ASCII.
names = st.text(st.characters(codec="ascii"))
# Texts are put into one form (NFC), in which one name has one spelling.
texts = st.text().map(lambda text: unicodedata.normalize("NFC", text))
values = texts | st.integers(-(2**53) + 1, 2**53 - 1) | st.lists(texts)


@settings(
    max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(names, values))
def test_equal_facts_give_equal_bytes_whatever_their_order(database: Database, body: Body) -> None:
    with database.unit_of_work() as work:
        work.append_journal("audit.fact", body)
        work.append_journal("audit.fact", dict(reversed(list(body.items()))))
        one, other = work.journal()

    assert one.body == other.body
    assert json.loads(one.body) == body


def test_behind_a_hole_in_the_journal_nothing_is_written(folder: Path, database: Database) -> None:
    for _ in range(3):
        with database.unit_of_work() as work:
            record(work, Person())
            work.commit()
    database.close()
    in_table(folder, "DELETE FROM journal WHERE position = 2")

    with (
        Database.open(folder) as reopened,
        pytest.raises(Corrupt, match="lines are missing"),
        reopened.unit_of_work(),
    ):
        pass
