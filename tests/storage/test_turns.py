"""One connection serves one unit of work after another; nothing of a unit is left on it."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest
from tests.storage.records import Person, record

from musterpoint.storage import Database, dialects


def test_nothing_of_a_unit_that_failed_is_left_for_the_next(database: Database) -> None:
    lost, kept = Person(), Person()
    with database.unit_of_work() as work:
        work.append_journal("audit.first", {})
        work.commit()
    with suppress(ZeroDivisionError), database.unit_of_work() as work:
        record(work, lost)
        raise ZeroDivisionError
    with database.unit_of_work() as work:
        record(work, kept)
        work.commit()

    with database.read() as snapshot:
        assert [one.encounter_id for one in snapshot.encounters()] == [kept.encounter_id]
        assert [line.position for line in snapshot.journal()] == list(range(1, snapshot.position + 1))


def test_a_unit_ends_with_its_block_though_its_connection_goes_on(database: Database) -> None:
    with database.unit_of_work() as left:
        left.append_journal("audit.left", {})
    with pytest.raises(RuntimeError):
        left.galleries()
    with database.unit_of_work() as work:
        with pytest.raises(RuntimeError):
            left.append_journal("audit.too_late", {})
        with pytest.raises(RuntimeError):
            left.commit()
        work.append_journal("audit.next", {})
        work.commit()

    with database.read() as snapshot:
        assert [line.kind for line in snapshot.journal()][-1] == "audit.next"


@pytest.mark.server_only
def test_a_writer_goes_on_after_its_server_has_ended_all_connections(database: Database) -> None:
    for _ in range(3):
        with database.unit_of_work() as work:
            work.append_journal("audit.measured", {})
            work.commit()
        _end_connections(database)

    with database.read() as snapshot:
        assert [line.kind for line in snapshot.journal()][-3:] == ["audit.measured"] * 3


def _end_connections(database: Database) -> None:
    address = (database.folder / dialects.SERVER_FILE).read_text().partition("?")[0].strip()
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {others} AND usename = current_user")
