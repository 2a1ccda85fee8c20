"""Brings a registry's tables from one revision to another.

Guarantee: a migration is one transaction, checked before it is committed; whatever fails, the registry is
as it was. No copy is made beforehand, since it would outlive an erasure.

Alembic is imported only where something is to be migrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from musterpoint.errors import VersionMismatch
from musterpoint.storage import dialects, journal, tables
from musterpoint.storage.translation import WHERE, damaged, translated
from musterpoint.storage.vault import Vault

REVISION: Final = "0005"
"""The revision that this version of musterpoint works with: the newest of `migrations`."""

UNSEALED: Final = "0001"
"""The revision in which nothing was sealed yet, so that there were no keys."""

SCRIPTS: Final = Path(__file__).parent / "migrations"

_FIRST_MADE: Final = "0005"
"""The revision in which new registries are made; what came later is added to it."""


def revision_of(connection: sa.Connection) -> str:
    """The revision of the tables. Raises Corrupt where this is no registry."""
    with translated():
        if not dialects.is_ours(connection):
            raise damaged("the file of another program, or an empty one")
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    if len(found) != 1:
        raise damaged("a registry without a revision")
    return str(found[0])


def is_empty(connection: sa.Connection) -> bool:
    """Whether nothing was ever written: every change has a line in the journal."""
    with translated():
        return connection.execute(sa.select(tables.journal.c.position).limit(1)).first() is None


def older_revisions() -> Sequence[str]:
    """Revisions from which a way leads to the newest."""
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()][1:]


def make(connection: sa.Connection) -> None:
    """Make the tables of a new registry: what all revisions add up to, but nothing has to be carried over."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    from musterpoint.storage.migrations import schema_0002, schema_0003, schema_0004, schema_0005
    from musterpoint.storage.migrations.making import make as make_tables

    with translated():
        dialects.begin_migration(connection)
        try:
            context = MigrationContext.configure(connection)
            with Operations.context(context):
                make_tables(schema_0002.SCHEMA)
                make_tables(schema_0003.SCHEMA)
                make_tables(schema_0004.SCHEMA)
                make_tables(schema_0005.SCHEMA)
            connection.execute(sa.insert(tables.journal_head), [journal.first_head()])
            context.stamp(ScriptDirectory(str(SCRIPTS)), _FIRST_MADE)
            connection.commit()
        finally:
            connection.rollback()
            dialects.end_migration(connection)
    if REVISION != _FIRST_MADE:
        upgrade(connection, None)


def upgrade(connection: sa.Connection, vault: Vault | None) -> None:
    """Bring the tables to the newest revision. Raises Corrupt where the result is not sound.

    vault  the keys under which content is sealed; None where there is none
    """
    _migrate(connection, vault, "upgrade", "head")


def downgrade(connection: sa.Connection, vault: Vault | None, revision: str) -> None:
    """Bring the tables to an older revision; `base` takes them away. For development and tests."""
    _migrate(connection, vault, "downgrade", revision)


def _migrate(connection: sa.Connection, vault: Vault | None, direction: str, target: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["vault"] = vault
    with translated():
        dialects.begin_migration(connection)
        try:
            getattr(command, direction)(config, target)
            if not dialects.is_sound(connection):
                raise damaged("damage that a migration found or made, so it was taken back")
            connection.commit()
        finally:
            connection.rollback()
            dialects.end_migration(connection)


def other_version(revision: str) -> VersionMismatch:
    """The error for a registry that this version does not work with as it is."""
    if revision in older_revisions():
        return VersionMismatch(
            expected=f"a registry of revision {REVISION}",
            found=f"one of the older revision {revision}",
            hint="Make a backup, then run: musterpoint upgrade",
            where=WHERE,
        )
    return VersionMismatch(
        expected=f"a registry of revision {REVISION} or older",
        found="one that a newer version of musterpoint has made",
        hint="Use that version of musterpoint",
        where=WHERE,
    )
