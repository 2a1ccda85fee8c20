"""Hybrid logical clocks (Kulkarni et al., LNCS 8878, 2014): order that keeps causality and stays near the
wall clock, whatever the wall clock does.

A value has 64 bits: 48 of milliseconds since 1970, 16 of a counter. In JSON it is 16 hexadecimal digits,
whose order as texts is that of the numbers.
"""

from __future__ import annotations

from typing import Final

CLOCK_DIGITS: Final = 16
"""Hexadecimal digits of a value."""

_COUNTER_BITS: Final = 16
_MILLISECONDS_MAX: Final = 2**48 - 1


def next_clock(last: int, wall_ms: int) -> int:
    """The value of the next event here; larger than `last`, even if the wall clock has jumped back.

    last     the largest value written or seen so far, 0 at the beginning
    wall_ms  milliseconds since 1970-01-01 UTC
    """
    wall = min(max(wall_ms, 0), _MILLISECONDS_MAX) << _COUNTER_BITS
    return wall if wall > last else last + 1


def seen_clock(last: int, seen: int) -> int:
    """What `last` is after events of others were imported, the latest of which has the value `seen`."""
    return max(last, seen)


def milliseconds_of(clock: int) -> int:
    """The milliseconds since 1970-01-01 UTC in a value."""
    return clock >> _COUNTER_BITS


def clock_text(clock: int) -> str:
    """A value as it stands in an event."""
    return f"{clock:016x}"
