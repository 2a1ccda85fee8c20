"""A clock that a test moves."""

from __future__ import annotations

from musterpoint.clock import Instant

BEGIN = 1_780_000_000_000_000
"""Some day in 2026, in microseconds since 1970."""


class MovableClock:
    """Stands still but for a microsecond a look, until it is moved."""

    def __init__(self) -> None:
        self._now = BEGIN

    def now(self) -> Instant:
        """The present."""
        self._now += 1
        return Instant(self._now)

    def move(self, microseconds: int) -> None:
        """Go forth, or back."""
        self._now += microseconds
