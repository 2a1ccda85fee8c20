"""Measures what strengths mean among the people who are here, and has searches go by that.

People are compared with one another at random. Nothing of it is kept but how often chance reached which
strength, in a row of its own that is never changed; whoever measures again adds the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

import numpy as np

from musterpoint.comparison import STANDARD, Calibration, prepare
from musterpoint.comparison.calibration import two_fingers
from musterpoint.comparison.chance import as_facts
from musterpoint.comparison.crossing import Crossed, Held, cross
from musterpoint.comparison.measuring import (
    COMPARISONS_MIN,
    PEOPLE_MIN,
    Comparisons,
    MeasuredMap,
    measure,
)
from musterpoint.errors import CalibrationRefused
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, calibrations
from musterpoint.templates import decode
from musterpoint.workflows.authorising import Permission, authorise
from musterpoint.workflows.calibrated import calibration_of
from musterpoint.workflows.station import Station
from musterpoint.workflows.versions import comparable

Facts: TypeAlias = dict[str, str | int | Sequence[str]]

PEOPLE_MAX: Final = 4000
"""People who are compared; of more, so many are drawn. Their fingers take 14 kB each."""

COMPARISONS: Final = 100_000
SUSPECTS_MAX: Final = 10
"""Pairs who are so alike that they may be one person, in `COMPARISONS`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """What comparisons of the people of some galleries came to.

    people    who were compared, of `of_people`
    before    what searches went by when it was measured
    after     what the comparisons make of it
    one       comparisons with one finger each, and the map of them
    several   with two fingers each; the map is None where too few people gave two
    suspects  pairs of encounters or subjects who may be one person; they were left out
    """

    purpose: str
    galleries: frozenset[str]
    position: int
    people: int
    of_people: int
    before: Calibration
    after: Calibration
    one: tuple[Comparisons, MeasuredMap]
    several: tuple[Comparisons, MeasuredMap | None]
    suspects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationView:
    """What the searches of a purpose go by now.

    people       people in its galleries, 0 or more
    calibration  number 0 where it is the one that comes with the program
    superseded   calibrations of the same galleries before it
    """

    purpose: str
    galleries: tuple[str, ...]
    people: int
    calibration: Calibration
    superseded: int


def view_calibration(station: Station, purpose: str) -> CalibrationView:
    """What searches for a purpose go by now. Raises what `authorise` raises."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_THRESHOLDS, purpose=purpose)
        kept = [one for one in calibrations.newest_first(snapshot) if permission.galleries <= one.galleries]
        return CalibrationView(
            purpose=purpose,
            galleries=tuple(sorted(permission.galleries)),
            people=snapshot.people(permission.galleries),
            calibration=calibration_of(snapshot, permission.galleries),
            superseded=max(0, len(kept) - 1),
        )


def measure_calibration(
    station: Station,
    purpose: str,
    *,
    comparisons: int = COMPARISONS,
    advance: Callable[[int], None] = lambda _: None,
) -> Measured:
    """Compare the people of the galleries of a purpose with one another, at random; journalled.

    comparisons  pairs of people with one finger each; a quarter of that with two
    advance      told of comparisons that were made

    Raises CalibrationRefused where they would say too little, or where too many may be one person;
    VersionMismatch for templates that this version cannot compare; and what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.MEASURE_CALIBRATION, purpose=purpose)
        found = _measured(snapshot, permission, purpose, comparisons, advance)
    with station.unit_of_work() as work:
        authorise(station, work, Act.MEASURE_CALIBRATION, purpose=purpose)
        work.append_journal("threshold.measured", _told(found))
        work.commit()
    return found


def set_calibration(station: Station, found: Measured) -> int:
    """Have searches go by what was measured; two persons do it. Returns the calibration's number.

    Raises what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.SET_CALIBRATION, purpose=found.purpose)
        number = calibrations.add(work, found.galleries, as_facts(found.after))
        told = _told(found) | {"calibration": number, "standard": 0}
        work.append_journal("threshold.calibrated", permission.confirmed(told, "correction"))
        work.commit()
    return number


def set_standard(station: Station, purpose: str) -> int:
    """Have the searches of a purpose go by the calibration that comes with the program; two persons do it.

    Returns the number of the row that says so. Raises what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.SET_CALIBRATION, purpose=purpose)
        number = calibrations.add(work, permission.galleries, {})
        told: Facts = {
            "purpose": purpose,
            "galleries": sorted(permission.galleries),
            "calibration": number,
            "standard": 1,
        }
        work.append_journal("threshold.calibrated", permission.confirmed(told, "correction"))
        work.commit()
    return number


def _told(found: Measured) -> Facts:
    """What the journal says of a measurement."""
    return {
        "purpose": found.purpose,
        "galleries": sorted(found.galleries),
        "people": found.people,
        "comparisons": len(found.one[0]),
        "comparisons_of_two": len(found.several[0]),
        "suspects": found.suspects,
        "comparator": STANDARD.comparator,
        "cohort": STANDARD.cohort,
        "measured_at": found.position,
    }


def _measured(
    snapshot: Snapshot,
    permission: Permission,
    purpose: str,
    comparisons: int,
    advance: Callable[[int], None],
) -> Measured:
    there = snapshot.people(permission.galleries)
    _refuse_few(there, "people in the galleries of this purpose")
    people = list(_people(snapshot, permission.galleries, there))
    _refuse_few(len(people), "people with a finger that can be compared")
    seen = cross(people, comparisons=comparisons, seed=snapshot.position, advance=advance)
    _refuse_suspects(seen)
    if len(seen.one) < COMPARISONS_MIN:
        raise CalibrationRefused(
            expected=f"{COMPARISONS_MIN} comparisons of people with the same finger",
            found=str(len(seen.one)),
            hint="Enrol more people with the same finger; the standard calibration counts until then",
            where="calibration",
        )
    one = measure(seen.one)
    several = measure(seen.several) if _is_enough(seen.several) else None
    before = calibration_of(snapshot, permission.galleries)
    source = f"{len(people)} people of {', '.join(sorted(permission.galleries))}"
    after = Calibration(
        number=0,
        source=source,
        comparator=STANDARD.comparator,
        cohort=STANDARD.cohort,
        one=one.chance,
        several=several.chance if several else two_fingers(one.chance),
    )
    return Measured(
        purpose=purpose,
        galleries=permission.galleries,
        position=snapshot.position,
        people=len(people),
        of_people=there,
        before=before,
        after=after,
        one=(seen.one, one),
        several=(seen.several, several),
        suspects=len(seen.suspects),
    )


def _people(snapshot: Snapshot, galleries: frozenset[str], there: int) -> Iterator[list[Held]]:
    """Fingers of people, of so many as are compared."""
    rng = np.random.default_rng(snapshot.position)
    is_drawn: dict[UUID, bool] = {}
    held: dict[UUID, list[Held]] = {}
    for row in snapshot.index_rows(galleries):
        person = row.subject_id or row.encounter_id
        if is_drawn.setdefault(person, bool(rng.random() * there < PEOPLE_MAX)):
            template = comparable(decode(row.template))
            held.setdefault(person, []).append(Held(position=row.position, finger=prepare(template)))
    yield from held.values()


def _is_enough(seen: Comparisons) -> bool:
    apart = len(np.unique(np.concatenate((seen.first, seen.second))))
    return apart >= PEOPLE_MIN and len(seen) >= COMPARISONS_MIN


def _refuse_few(people: int, which: str) -> None:
    if people < PEOPLE_MIN:
        raise CalibrationRefused(
            expected=f"{PEOPLE_MIN} {which}",
            found=f"{people}",
            hint=f"Enrol {PEOPLE_MIN - people} more; the standard calibration counts until then",
            where="calibration",
        )


def _refuse_suspects(seen: Crossed) -> None:
    allowed = max(1, SUSPECTS_MAX * len(seen.one) // COMPARISONS)
    if len(seen.suspects) > allowed:
        raise CalibrationRefused(
            expected=f"at most {allowed} pairs of people so alike that they may be one",
            found=str(len(seen.suspects)),
            hint="Have people who were enrolled twice judged and merged: musterpoint adjudicate. If they are"
            " not the same, this sensor needs another comparator; tell its makers",
            where="calibration",
        )
