"""Adds who confirmed a date that was doubtful, so that it is asked about once."""

from typing import Any

from alembic import op

from musterpoint.storage.migrations.making import make
from musterpoint.storage.migrations.schema_0005 import SCHEMA

revision = "0005"
down_revision = "0004"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    """Make the table."""
    make(SCHEMA)


def downgrade() -> None:
    """Take it away; silences of the journal are not asked about then."""
    op.drop_table("clock_confirmation")
