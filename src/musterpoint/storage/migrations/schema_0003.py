"""Tables that revision 0003 adds, in the form of `making`; they never change."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = """
calibration
    number big, content bytes, position line
    primary: number
"""
