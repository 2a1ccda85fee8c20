"""Adds what a registry keeps of agreements, keys, decisions and proofs, and seals what 0.1.0 had in clear."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from musterpoint.storage import dialects, journal, tables
from musterpoint.storage.migrations.contents import OLD_TABLES, Contents
from musterpoint.storage.migrations.versions import r0001_registry

revision = "0002"
down_revision = "0001"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    """Make the tables anew and fill them with sealed content."""
    contents = Contents(op.get_bind(), context.config.attributes["vault"])
    contents.set_aside()
    for table in reversed(OLD_TABLES):
        op.drop_table(table)
    tables.METADATA.create_all(op.get_bind())
    op.get_bind().execute(sa.insert(tables.journal_head).values(journal.first_head()))
    contents.seal()
    if contents.has_any:
        dialects.ask_for_rewriting(op.get_bind())
    contents.let_go()


def downgrade() -> None:
    """Back to the tables of 0.1.0 in clear; what they have no place for is lost."""
    contents = Contents(op.get_bind(), context.config.attributes["vault"])
    contents.set_aside()
    for table in reversed(tables.METADATA.sorted_tables):
        op.drop_table(table.name)
    r0001_registry.upgrade()
    contents.open()
    contents.let_go()
