"""What Alembic runs: the revisions, on the connection and in the transaction of `migrating`."""

from alembic import context

from musterpoint.storage.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite can hardly alter a table; Alembic then makes a new one and copies.
    render_as_batch=True,
)
context.run_migrations()
