"""The table that revision 0005 adds, in the form of `making`; it never changes."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = """
clock_confirmation
    number big
    confirmed_at big, seat text, position line
    primary: number
"""
