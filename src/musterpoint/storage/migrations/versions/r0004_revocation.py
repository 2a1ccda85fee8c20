"""Adds stations that are trusted no more, and what part of a site an alarm is about."""

from typing import Any

from alembic import op

from musterpoint.storage.migrations.making import make
from musterpoint.storage.migrations.schema_0004 import SCHEMA

revision = "0004"
down_revision = "0003"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    """Make the tables."""
    make(SCHEMA)


def downgrade() -> None:
    """Take them away; an alarm is then about the whole of its site."""
    op.drop_table("alarm_group")
    op.drop_table("station_revocation")
