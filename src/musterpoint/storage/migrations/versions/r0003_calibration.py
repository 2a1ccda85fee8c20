"""Adds what a registry keeps of its own calibrations."""

from typing import Any

from alembic import op

from musterpoint.storage.migrations.making import make
from musterpoint.storage.migrations.schema_0003 import SCHEMA

revision = "0003"
down_revision = "0002"
branch_labels: Any = None
depends_on: Any = None


def upgrade() -> None:
    """Make the table."""
    make(SCHEMA)


def downgrade() -> None:
    """Take it away; searches go by the calibration that comes with the program."""
    op.drop_table("calibration")
