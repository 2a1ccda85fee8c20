"""Time as a value that is passed in, so that tests can move it."""

from __future__ import annotations

import time
from typing import NewType, Protocol

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01 UTC."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> Instant:
        """The present instant."""
        ...


class SystemClock:
    """The clock of this machine; it may jump, so it never orders events."""

    def now(self) -> Instant:
        """The present instant."""
        return Instant(time.time_ns() // 1000)


def to_text(instant: Instant) -> str:
    """ISO 8601 in UTC to the second, as shown to people and in JSON."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant // 1_000_000))
