"""Adds what a registry keeps of agreements, keys, decisions and proofs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from musterpoint.storage import journal, tables

revision = "0002"
down_revision = "0001"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    """Make the tables that are missing."""
    old = sa.MetaData()
    old.reflect(op.get_bind())
    if op.get_bind().execute(sa.text("SELECT 1 FROM journal")).first() is not None:
        raise NotImplementedError
    for table in reversed(old.sorted_tables):
        if table.name != "alembic_version":
            op.drop_table(table.name)
    tables.METADATA.create_all(op.get_bind())
    op.get_bind().execute(sa.insert(tables.journal_head).values(journal.first_head()))


def downgrade() -> None:
    """Take them away."""
    raise NotImplementedError
