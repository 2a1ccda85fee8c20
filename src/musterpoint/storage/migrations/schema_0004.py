"""Tables that revision 0004 adds, in the form of `making`; they never change."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = """
station_revocation
    station_id text -> station.station_id
    seat text, reason text, revoked_at big, position line
    primary: station_id

alarm_group
    number big -> alarm.number
    kind text, name text
    primary: number
"""
