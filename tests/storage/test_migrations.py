"""Revisions of the tables: what they add up to, and that no data are lost between them."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.registries import behind_its_back, in_table
from tests.storage.records import Person, open_case, record, tables_of

from musterpoint.errors import Corrupt, MusterpointError, VersionMismatch
from musterpoint.storage import Database, dialects, migrating, tables, upgrade
from musterpoint.storage.vault import Vault, sources_at_hand

NEXT_REVISION = '''
"""Notes on subjects, and a shorter name for a column; as a later version might need them."""

import sqlalchemy as sa
from alembic import op

revision = "9002"
down_revision = "{previous}"


def upgrade():
    op.create_table("note", sa.Column("text", sa.Text))
    with op.batch_alter_table("encounter") as encounter:
        encounter.add_column(sa.Column("note", sa.Text, nullable=False, server_default="none"))
        encounter.alter_column("gallery", existing_type=sa.Text, nullable=False, type_=sa.String(200))
    {more}


def downgrade():
    op.drop_table("note")
    with op.batch_alter_table("encounter") as encounter:
        encounter.drop_column("note")
        encounter.alter_column("gallery", existing_type=sa.String(200), nullable=False, type_=sa.Text)
'''


@pytest.fixture
def filled(folder: Path) -> Path:
    """A registry with rows in every table."""
    erased, seen, waiting = Person(), Person(), Person(subject_id=None)
    with Database.open(folder) as database, database.unit_of_work() as work:
        for person in (erased, seen, waiting):
            record(work, person)
        open_case(work, waiting, [seen])
        assert erased.subject_id
        work.erase_subject(erased.subject_id)
        work.commit()
    fill_the_rest(folder)
    assert all(tables_of(folder).values())
    return folder


def fill_the_rest(folder: Path) -> None:
    """A row in every table that has none, of any content that the table allows."""
    engine = dialects.engine(folder / "registry.db").execution_options(writer=True)
    with engine.begin() as connection:
        for table in tables.METADATA.sorted_tables:
            if connection.execute(sa.select(table).limit(1)).first() is None:
                row = {column.name: any_value(connection, column) for column in table.columns}
                connection.execute(sa.insert(table).values(row))
    engine.dispose()


def any_value(connection: sa.Connection, column: sa.Column[Any]) -> object:
    for key in column.foreign_keys:
        return connection.execute(sa.select(key.column).limit(1)).scalar()
    if column.name == "kept":
        return "encounter"
    values = {bool: False, int: 1, str: "any", bytes: b"any", uuid.UUID: uuid.uuid4()}
    return values[column.type.python_type]


def release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: str = "") -> None:
    """Pretend to be a later version with one more revision."""
    scripts = tmp_path / "later %d"  # the folder's name must not be taken for a pattern
    shutil.copytree(migrating.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    text = NEXT_REVISION.format(previous=migrating.REVISION, more=more)
    (scripts / "versions" / "r9002_notes.py").write_text(text)
    monkeypatch.setattr(migrating, "SCRIPTS", scripts)
    monkeypatch.setattr(migrating, "REVISION", "9002")


def migrate_up(folder: Path) -> None:
    engine = dialects.engine(folder / "registry.db").execution_options(writer=True)
    with engine.connect() as connection:
        migrating.upgrade(connection, None)
    engine.dispose()


def migrate_down(folder: Path, revision: str) -> None:
    vault = Vault.open_at(folder, sources_at_hand())
    engine = dialects.engine(folder / "registry.db").execution_options(writer=True)
    with engine.connect() as connection:
        migrating.downgrade(connection, vault, revision)
    engine.dispose()
    vault.close()


def test_the_revision_we_work_with_is_the_newest_one() -> None:
    assert ScriptDirectory(str(migrating.SCRIPTS)).get_heads() == [migrating.REVISION]


def test_the_revisions_add_up_to_the_tables(filled: Path) -> None:
    engine = dialects.engine(filled / "registry.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, tables.METADATA)
        made = sa.MetaData()
        made.reflect(connection)
    engine.dispose()

    assert differences == []
    for table in tables.METADATA.tables.values():
        names = {str(constraint.name) for constraint in made.tables[table.name].constraints}
        assert names == {str(constraint.name) for constraint in table.constraints}


def test_all_tables_go_on_the_way_down_and_come_back_on_the_way_up(filled: Path) -> None:
    migrate_down(filled, "base")
    assert tables_of(filled) == {"alembic_version": []}

    migrate_up(filled)

    assert tables_of(filled).keys() == tables.METADATA.tables.keys() | {"alembic_version"}
    Database.open(filled).close()


def test_a_new_registry_is_what_the_revisions_add_up_to(folder: Path, tmp_path: Path) -> None:
    for one in (folder, tmp_path / "upgraded"):
        Database.open(one).close()
    new = (definitions(folder), tables_of(folder))
    migrate_down(tmp_path / "upgraded", "base")
    migrate_up(tmp_path / "upgraded")

    assert (definitions(tmp_path / "upgraded"), tables_of(tmp_path / "upgraded")) == new


def definitions(folder: Path) -> dict[str, object]:
    """Columns, constraints and indexes of each table, as the engine knows them."""
    with behind_its_back(folder, is_writer=False) as connection:
        engine = sa.inspect(connection)
        looks = ("get_columns", "get_pk_constraint", "get_unique_constraints", "get_foreign_keys")
        return {
            name: [
                repr(getattr(engine, look)(name)) for look in (*looks, "get_indexes", "get_check_constraints")
            ]
            for name in engine.get_table_names()
        }


def test_an_older_registry_with_people_in_it_asks_for_an_upgrade(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables_of(filled)
    release(monkeypatch, tmp_path)

    with pytest.raises(VersionMismatch, match="musterpoint upgrade"):
        Database.open(filled)

    assert tables_of(filled) == before


def test_an_older_empty_registry_is_upgraded_at_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database.open(folder).close()
    release(monkeypatch, tmp_path)

    Database.open(folder).close()

    assert tables_of(folder)["alembic_version"] == [("9002",)]


def test_an_upgrade_and_the_way_back_keep_every_row(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, previous = tables_of(filled), migrating.REVISION
    release(monkeypatch, tmp_path)

    assert upgrade(filled) == (previous, "9002")

    after = tables_of(filled)
    assert after["encounter"] == [(*row, "none") for row in before["encounter"]]
    unchanged = before.keys() - {"encounter", "alembic_version"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    with Database.open(filled) as database, database.unit_of_work() as work:
        record(work, Person())
        work.append_journal("audit.checked", {})
        work.commit()

    assert upgrade(filled) == ("9002", "9002")
    migrate_down(filled, previous)
    assert len(tables_of(filled)["encounter"]) == len(before["encounter"]) + 1


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ('raise RuntimeError("no")', RuntimeError),
        # A server notices at once, SQLite when all is looked through at the end.
        ('op.execute("DELETE FROM subject")', MusterpointError),
        ('op.execute("SELECT nothing FROM nowhere")', Corrupt),
    ],
)
def test_an_upgrade_that_fails_leaves_everything_as_it_was(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, error: type[Exception]
) -> None:
    before = tables_of(filled)
    release(monkeypatch, tmp_path, more)

    with pytest.raises(error):
        upgrade(filled)

    assert tables_of(filled) == before


@pytest.mark.sqlite_only("a server never leaves references unchecked")
def test_after_a_migration_the_connection_checks_references_again(filled: Path) -> None:
    engine = dialects.engine(filled / "registry.db").execution_options(writer=True)
    with engine.connect() as connection:
        migrating.upgrade(connection, None)
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_every_way_of_looking_at_a_version_leaves_the_registry_as_it_is(filled: Path) -> None:
    in_table(filled, "UPDATE alembic_version SET version_num = '9999'")
    before = tables_of(filled)

    with pytest.raises(VersionMismatch):
        Database.open(filled)

    assert tables_of(filled) == before
