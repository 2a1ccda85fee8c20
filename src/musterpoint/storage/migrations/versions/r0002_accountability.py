"""Adds what a registry keeps of agreements, keys, decisions and proofs, and seals what 0.1.0 had in clear."""

from typing import Any

from alembic import context, op

from musterpoint.storage import dialects
from musterpoint.storage.migrations.contents import OLD_TABLES, Contents
from musterpoint.storage.migrations.making import blocks, make
from musterpoint.storage.migrations.schema_0002 import SCHEMA
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
    make(SCHEMA)
    contents.seal()
    if contents.has_any:
        dialects.ask_for_rewriting(op.get_bind())
    contents.let_go()


def downgrade() -> None:
    """Back to the tables of 0.1.0 in clear; what they have no place for is lost."""
    contents = Contents(op.get_bind(), context.config.attributes["vault"])
    contents.set_aside()
    for name, _ in reversed(list(blocks(SCHEMA))):
        op.drop_table(name)
    r0001_registry.upgrade()
    contents.open()
    contents.let_go()
