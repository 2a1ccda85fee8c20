"""The connection of whoever has the turn to write, kept from one unit of work to the next.

To take one out of the pool and to give it back costs as much as a line of the journal. On a server it asks
besides whether the connection still stands; here that is seen when a transaction begins, before anything
depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from musterpoint.storage import dialects
from musterpoint.storage.translation import translated


class KeptConnection:
    """A connection that one writer uses at a time; whoever uses it holds the writers' lock."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._kept: sa.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A transaction that writes. What was not committed when it is left is undone."""
        with translated():
            connection = self._begun()
        try:
            yield connection
            if not connection.in_transaction():
                self._kept = connection
        finally:
            if self._kept is not connection:
                with translated():
                    connection.close()

    def _begun(self) -> sa.Connection:
        kept, self._kept = self._kept, None
        if kept is not None:
            try:
                kept.begin()
            except BaseException as error:
                is_lost = dialects.is_lost(kept, error)
                kept.close()
                if not is_lost:
                    raise
            else:
                return kept
        fresh = self._engine.connect()
        try:
            fresh.begin()
        except BaseException:
            fresh.close()
            raise
        return fresh

    def close(self) -> None:
        """Give it back to the pool."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
