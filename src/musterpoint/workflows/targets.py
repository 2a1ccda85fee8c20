"""Targets that the data cannot support are refused when they are agreed on, not when somebody is searched."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from musterpoint.errors import TargetUnsupported
from musterpoint.registry.agreements import ANY, AgreementVersion
from musterpoint.registry.thresholds import as_share, target_of, threshold
from musterpoint.storage import Snapshot

if TYPE_CHECKING:
    from musterpoint.comparison import Calibration

PEOPLE_FORESEEN: Final = 1000
"""People that a gallery is judged for while it holds fewer."""


def fingers_of(version: AgreementVersion) -> int:
    """How many fingers are asked of a person, one at least."""
    return max(1, len(set(version.screening.fingers_asked)))


def calibrated(snapshot: Snapshot, galleries: frozenset[str]) -> Calibration:
    """The calibration that searches of these galleries go by."""
    # Comparison compiles its kernels when imported; who only reads records need not wait for it.
    from musterpoint.workflows.calibrated import calibration_of

    return calibration_of(snapshot, galleries)


def refuse_unsupported(snapshot: Snapshot, version: AgreementVersion) -> None:
    """Raise TargetUnsupported where a grant asks for what no threshold can keep."""
    for one in version.grants:
        galleries = frozenset() if one.gallery == ANY else frozenset({one.gallery})
        refuse_target(snapshot, version, galleries, target_of(one))


def refuse_target(
    snapshot: Snapshot, version: AgreementVersion, galleries: frozenset[str], target_ppm: int
) -> None:
    """Raise TargetUnsupported where the data do not support a target for these galleries as they are now."""
    there = snapshot.people(galleries)
    people = max(there, PEOPLE_FORESEEN)
    fingers = fingers_of(version)
    found = threshold(
        people, as_share(target_ppm), 0.0, fingers=fingers, calibration=calibrated(snapshot, galleries)
    )
    if found.is_reachable:
        return
    least = math.ceil(found.least_target * 1_000_000)
    whom = f"a gallery of {people:,} people"
    if there < people:
        whom += f" (it holds {there:,}, and {people:,} are foreseen)"
    raise TargetUnsupported(
        expected=f"at least {least:,} false candidates in a million searches of {whom}",
        found=f"{target_ppm}, for which no comparisons were ever seen, nor does their tail reach so far",
        hint="Ask for two fingers" if fingers == 1 else "Agree on a higher target",
        where="target",
    )
