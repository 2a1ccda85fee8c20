"""Measures what strengths mean among the people who are here, and has searches go by that.

People are compared with one another at random. Nothing of it is kept but how often chance reached which
strength, in a row of its own that is never changed; whoever measures again adds the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from uuid import UUID

import numpy as np

from musterpoint.comparison import STANDARD, Calibration, Cohort, prepare
from musterpoint.comparison.calibration import two_fingers
from musterpoint.comparison.chance import as_facts
from musterpoint.comparison.cohort import OWN_MEMBERS_MIN
from musterpoint.comparison.crossing import Crossed, Held, cross
from musterpoint.comparison.measuring import (
    COMPARISONS_MIN,
    PEOPLE_MIN,
    Comparisons,
    MeasuredMap,
    measure,
)
from musterpoint.errors import CalibrationRefused
from musterpoint.identifiers import EncounterId
from musterpoint.registry.rights import Act, Extent, extent
from musterpoint.storage import IndexRow, Snapshot, adjudication, calibrations
from musterpoint.templates import decode
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.calibrated import MEMBERS, InForce, in_force, members_as_facts
from musterpoint.workflows.station import Station
from musterpoint.workflows.versions import comparable

Facts: TypeAlias = dict[str, str | int | Sequence[str]]

PEOPLE_MAX: Final = 4000
"""People who are compared; of more, so many are drawn. Their fingers take 14 kB each."""

COMPARISONS: Final = 100_000
GOOD_QUALITY: Final = 40
"""Quality of a finger that may stand in a cohort of a deployment's own."""

GOOD_MIN: Final = 150
"""People with such a finger from whom a cohort is drawn."""

SUSPECTS_MAX: Final = 10
"""Pairs who are so alike that they may be one person, in `COMPARISONS`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """What comparisons of the people of some galleries came to.

    people     who were compared, of `of_people`
    before     what searches went by when it was measured
    after      what the comparisons make of it
    one        comparisons with one finger each, and the map of them
    several    with two fingers each; the map is None where too few people gave two
    suspects   pairs of people who are so alike that they may be one; they were left out
    undecided  pairs of people of whom it is not decided whether they are one; they were not compared
    members    encounter and reference of each member of an own cohort; nobody where there is none
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
    undecided: int
    members: tuple[tuple[EncounterId, UUID], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationView:
    """What the searches of a purpose go by now.

    people       people in its galleries; None for a seat that may not list galleries in full
    calibration  number 0 where it is the one that comes with the program
    ended        why the newest calibration does not count, in words; empty where it does
    superseded   calibrations of the same galleries before it
    """

    purpose: str
    galleries: tuple[str, ...]
    people: int | None
    calibration: Calibration
    ended: str
    superseded: int


def view_calibration(station: Station, purpose: str) -> CalibrationView:
    """What searches for a purpose go by now. Raises what `authorise` raises.

    How many people there are, or were when it was measured, is for those to whom `gallery list` says it.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_THRESHOLDS, purpose=purpose)
        kept = [one for one in calibrations.newest_first(snapshot) if permission.galleries <= one.galleries]
        counts = in_force(snapshot, permission.galleries)
        made, galleries = counts.calibration, tuple(sorted(permission.galleries))
        is_full = extent(permission.actor.seat.role, Act.READ_GALLERIES) is Extent.FULL
        if made.number and not is_full:
            made = replace(made, source=f"people of {', '.join(galleries)}")
        return CalibrationView(
            purpose=purpose,
            galleries=galleries,
            people=snapshot.people(permission.galleries) if is_full else None,
            calibration=made,
            ended=counts.ended,
            superseded=max(0, len(kept) - 1),
        )


def measure_calibration(
    station: Station,
    purpose: str,
    *,
    comparisons: int = COMPARISONS,
    is_own_cohort: bool = False,
    to_use: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Measured:
    """Compare the people of the galleries of a purpose with one another, at random; journalled.

    comparisons    pairs of people, compared with one finger each, and with two
    to_use         it is measured to be set: whoever may not set it is refused before anybody is compared
    is_own_cohort  normalise by a cohort that is drawn from these people, instead of the one that comes with
                   the program
    advance        told of comparisons that were made

    Raises CalibrationRefused where they would say too little, or where too many may be one person;
    VersionMismatch for templates that this version cannot compare; and what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.MEASURE_CALIBRATION, purpose=purpose)
        if to_use:
            authorise(station, snapshot, Act.SET_CALIBRATION, purpose=purpose)
        asked = _Asked(purpose, permission.galleries, comparisons, is_own_cohort)
        found = _measured(snapshot, asked, advance)
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
        facts = as_facts(found.after) | {MEMBERS: members_as_facts(found.members)}
        number = calibrations.add(work, found.galleries, facts)
        told = _told(found) | {"calibration": number, "standard": 0}
        work.append_journal("threshold.calibrated", permission.confirmed(told, "correction"))
        work.commit()
    return number


def set_standard(station: Station, purpose: str) -> int | None:
    """Have the searches of a purpose go by the calibration that comes with the program; two persons do it.

    Returns the number of the row that says so, or None where they go by it already: then nothing is written.
    One that has ended might count again, so to go back from it is a change. Raises what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.SET_CALIBRATION, purpose=purpose)
        counts = in_force(work, permission.galleries)
        if counts.calibration.number == STANDARD.number and not counts.ended:
            return None
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
        "undecided": found.undecided,
        "comparator": STANDARD.comparator,
        "cohort": found.after.cohort,
        "measured_at": found.position,
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    purpose: str
    galleries: frozenset[str]
    comparisons: int
    is_own_cohort: bool


def _measured(snapshot: Snapshot, asked: _Asked, advance: Callable[[int], None]) -> Measured:
    _refuse_small(asked.comparisons)
    there = snapshot.people(asked.galleries)
    _refuse_few(there, "people in the galleries of this purpose")
    rows = _rows(snapshot, asked.galleries, there)
    members = _members(list(rows.values()), snapshot.position) if asked.is_own_cohort else ()
    cohort = Cohort.of([decode(one.template) for one in members]) if members else None
    people = [_held(theirs, cohort) for theirs in rows.values()]
    _refuse_few(len(people), "people with a finger that can be compared")
    undecided = _undecided(snapshot, list(rows))
    seen = cross(
        people,
        comparisons=asked.comparisons,
        seed=snapshot.position,
        undecided=undecided,
        advance=advance,
    )
    _refuse_suspects(seen)
    _refuse_few_comparisons(seen, asked.comparisons, len(people))
    one = measure(seen.one)
    several = measure(seen.several) if _is_enough(seen.several) else None
    counts: InForce = in_force(snapshot, asked.galleries)
    after = Calibration(
        number=0,
        source=f"{len(people)} people of {', '.join(sorted(asked.galleries))}",
        comparator=STANDARD.comparator,
        cohort=cohort.name if cohort else STANDARD.cohort,
        one=one.chance,
        several=several.chance if several else two_fingers(one.chance),
    )
    return Measured(
        purpose=asked.purpose,
        galleries=asked.galleries,
        position=snapshot.position,
        people=len(people),
        of_people=there,
        before=counts.calibration,
        after=after,
        one=(seen.one, one),
        several=(seen.several, several),
        suspects=len(seen.suspects),
        undecided=len(undecided),
        members=tuple((one.encounter_id, one.reference_id) for one in members),
    )


def _rows(snapshot: Snapshot, galleries: frozenset[str], there: int) -> dict[UUID, list[IndexRow]]:
    """References of each person, of so many people as are compared; by subject, or by who waits for one."""
    rng = np.random.default_rng(snapshot.position)
    is_drawn: dict[UUID, bool] = {}
    held: dict[UUID, list[IndexRow]] = {}
    for row in snapshot.index_rows(galleries):
        person = row.subject_id or row.encounter_id
        if is_drawn.setdefault(person, bool(rng.random() * there < PEOPLE_MAX)):
            held.setdefault(person, []).append(row)
    return held


def _undecided(snapshot: Snapshot, people: Sequence[UUID]) -> frozenset[tuple[int, int]]:
    """Those of whom it is not decided whether they are one person, by their places among these people."""
    places = {person: place for place, person in enumerate(people)}
    found = set()
    for two in adjudication.undecided_people(snapshot):
        first, second = sorted(places.get(one, -1) for one in two)
        if first >= 0:
            found.add((first, second))
    return frozenset(found)


def _held(rows: Sequence[IndexRow], cohort: Cohort | None) -> list[Held]:
    held = []
    for row in rows:
        template = comparable(decode(row.template))
        finger = cohort.prepare(template) if cohort else prepare(template)
        held.append(Held(position=row.position, finger=finger))
    return held


def _members(rows: Sequence[Sequence[IndexRow]], seed: int) -> tuple[IndexRow, ...]:
    """One finger of good quality of each of so many people, drawn at random."""
    rng = np.random.default_rng(seed)
    good = []
    for theirs in rows:
        fingers = [row for row in theirs if (decode(row.template).quality or 0) >= GOOD_QUALITY]
        if fingers:
            good.append(fingers[int(rng.integers(len(fingers)))])
    if len(good) < GOOD_MIN:
        raise CalibrationRefused(
            expected=f"{GOOD_MIN} people with a finger of quality {GOOD_QUALITY} or more",
            found=str(len(good)),
            hint="Leave --own-cohort out; the cohort that comes with the program serves",
            where="calibration",
        )
    return tuple(good[k] for k in rng.permutation(len(good))[:OWN_MEMBERS_MIN])


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


def _refuse_small(comparisons: int) -> None:
    """However many people there are, so few comparisons would say too little."""
    if comparisons < COMPARISONS_MIN:
        raise CalibrationRefused(
            expected=f"{COMPARISONS_MIN} comparisons or more",
            found=f"{comparisons} asked for",
            hint=f"Give --comparisons {COMPARISONS_MIN} or more, or leave the option out",
            where="calibration",
        )


def _refuse_few_comparisons(seen: Crossed, asked: int, people: int) -> None:
    if len(seen.one) >= COMPARISONS_MIN:
        return
    pairs = people * (people - 1) // 2
    more = "Enrol more people with the same finger; the standard calibration counts until then"
    raise CalibrationRefused(
        expected=f"{COMPARISONS_MIN} comparisons of people with the same finger",
        found=str(len(seen.one)),
        hint=f"Give --comparisons {pairs}, which is all pairs there are" if asked < pairs else more,
        where="calibration",
    )


def _refuse_suspects(seen: Crossed) -> None:
    allowed = max(1, SUSPECTS_MAX * len(seen.one) // COMPARISONS)
    if len(seen.suspects) > allowed:
        raise CalibrationRefused(
            expected=f"at most {allowed} pairs of people so alike that they may be one",
            found=str(len(seen.suspects)),
            hint="Have people who were enrolled twice judged and merged first: musterpoint adjudicate. Pairs"
            " that wait in open cases were left out already. If they are not the same, this sensor"
            " needs another comparator; tell its makers",
            where="calibration",
        )
