"""By what a search goes: the newest calibration of its galleries that still holds, or the standard one.

A cohort of the deployment's own people is kept as the names of its members, never as copies of their fingers:
it is put together from their records whenever an index is made. So an erasure ends it. Whoever searches then
goes by the standard calibration and the cohort that comes with the program, at once and without being told,
until another is measured: stored templates have their means under that cohort in any case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from musterpoint.comparison import STANDARD, Calibration, Cohort
from musterpoint.comparison.chance import from_facts
from musterpoint.identifiers import EncounterId
from musterpoint.storage import Snapshot, calibrations
from musterpoint.storage.calibrations import KeptCalibration
from musterpoint.templates import decode

MEMBERS: Final = "members"
"""Where the facts of a calibration name the members of its cohort: encounter and reference of each."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InForce:
    """What searches of some galleries go by.

    newest  number of the newest calibration of them, whether it holds or not; 0 where there is none
    cohort  None for the one that comes with the program
    ended   why the newest does not count, in words; empty where it does, or where nobody wants it to
    """

    newest: int
    calibration: Calibration = STANDARD
    cohort: Cohort | None = None
    ended: str = ""

    @property
    def cohort_name(self) -> str:
        """The cohort's name; empty for the one that comes with the program."""
        return self.cohort.name if self.cohort else ""


def in_force(snapshot: Snapshot, galleries: frozenset[str] | None) -> InForce:
    """What searches of these galleries go by; None means all there are.

    A calibration that was measured with another comparator or cohort says nothing any more, and one of other
    galleries never did.
    """
    kept = _newest(snapshot, galleries)
    if kept is None:
        return InForce(newest=0)
    if not kept.facts:
        return InForce(newest=kept.number)
    made = replace(from_facts(kept.facts), number=kept.number)
    if made.comparator != STANDARD.comparator:
        return InForce(newest=kept.number, ended="it was measured with another comparator")
    if made.cohort == STANDARD.cohort:
        return InForce(newest=kept.number, calibration=made)
    cohort = _cohort(snapshot, kept.facts)
    if cohort is None or cohort.name != made.cohort:
        return InForce(newest=kept.number, ended="its cohort is not whole any more")
    return InForce(newest=kept.number, calibration=made, cohort=cohort)


def calibration_of(snapshot: Snapshot, galleries: frozenset[str] | None) -> Calibration:
    """The calibration that searches of these galleries go by; None means all there are."""
    return in_force(snapshot, galleries).calibration


def newest_number(snapshot: Snapshot, galleries: frozenset[str] | None) -> int:
    """The number of the newest calibration of these galleries, or 0."""
    kept = _newest(snapshot, galleries)
    return kept.number if kept else 0


def members_as_facts(members: Sequence[tuple[EncounterId, UUID]]) -> list[list[str]]:
    """The members of a cohort, as they are kept."""
    return [[str(encounter), str(reference)] for encounter, reference in members]


def _newest(snapshot: Snapshot, galleries: frozenset[str] | None) -> KeptCalibration | None:
    wanted: frozenset[str] | None = galleries
    for kept in calibrations.newest_first(snapshot):
        if wanted is None:
            wanted = frozenset(snapshot.galleries())
        if wanted and wanted <= kept.galleries:
            return kept
    return None


def _cohort(snapshot: Snapshot, facts: Mapping[str, Any]) -> Cohort | None:
    named = [(EncounterId(UUID(a)), UUID(b)) for a, b in facts.get(MEMBERS, ())]
    rows = snapshot.index_rows(encounters=[encounter for encounter, _ in named])
    held = {UUID(str(row.reference_id)): row.template for row in rows}
    if not named or any(reference not in held for _, reference in named):
        return None
    return Cohort.of([decode(held[reference]) for _, reference in named])
