"""What an engine can report, in terms of what we can do about it."""

from __future__ import annotations

from enum import Enum


class Fault(Enum):
    """What went wrong in an engine."""

    BUSY = "busy"
    UNREACHABLE = "unreachable"
    UNWRITABLE = "unwritable"
    DAMAGED = "damaged"
    DUPLICATE = "duplicate"
    DANGLING = "dangling"
    UNSTORABLE = "unstorable"
    UNEXPECTED = "unexpected"
