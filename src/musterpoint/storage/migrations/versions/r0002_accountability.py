"""Adds what a registry keeps of agreements, keys, decisions and proofs."""

from typing import Any

from alembic import op

from musterpoint.storage import tables

revision = "0002"
down_revision = "0001"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    """Make the tables that are missing."""
    tables.METADATA.create_all(op.get_bind())


def downgrade() -> None:
    """Take them away."""
    raise NotImplementedError
