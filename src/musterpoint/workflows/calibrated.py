"""Which calibration a search goes by: the newest of its galleries that still holds, or the standard one."""

from __future__ import annotations

from dataclasses import replace

from musterpoint.comparison import STANDARD, Calibration
from musterpoint.comparison.chance import from_facts
from musterpoint.storage import Snapshot, calibrations


def calibration_of(snapshot: Snapshot, galleries: frozenset[str] | None) -> Calibration:
    """The calibration of these galleries; None means all there are.

    One that was measured with another comparator or cohort says nothing any more, and one of other
    galleries never did.
    """
    for kept in calibrations.newest_first(snapshot):
        wanted = frozenset(snapshot.galleries()) if galleries is None else galleries
        if wanted and wanted <= kept.galleries:
            if not kept.facts:
                return STANDARD
            made = replace(from_facts(kept.facts), number=kept.number)
            if (made.comparator, made.cohort) == (STANDARD.comparator, STANDARD.cohort):
                return made
            return STANDARD
    return STANDARD
