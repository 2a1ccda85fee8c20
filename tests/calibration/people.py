"""Registries with enough synthetic people to calibrate, quick to make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from tests.rights.installations import DEPARTURE, DEPARTURES

from musterpoint.comparison import STANDARD
from musterpoint.comparison.normalisation import CENTRE
from musterpoint.identifiers import CaseId, EncounterId, ReferenceId, SubjectId, new_uuid
from musterpoint.registry import CaseCandidate, Encounter, EncounterKind, Outcome, Reference
from musterpoint.storage import adjudication
from musterpoint.synthetic import population
from musterpoint.templates import CohortMean, FingerPosition, Template, encode
from musterpoint.workflows.station import Station

SEED = 77
MINUTIAE = 28
BOTH = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
ORDINARY = CohortMean(cohort=int(STANDARD.cohort), millinats=CENTRE)
"""So that none is compared with the cohort: 6 ms each."""


@cache
def fingers(count: int, number: int = 0) -> tuple[Template, ...]:
    """Impression `number` of so many synthetic fingers, of their first minutiae only: partial prints.

    They compare twice as quickly, and a calibration takes 20,000 comparisons at least.
    """
    return tuple(
        replace(
            one,
            minutiae=one.minutiae.take(np.arange(min(MINUTIAE, len(one.minutiae)))),
            cohort_mean=ORDINARY,
            quality=60,
        )
        for one in population(SEED, count, number=number, grade="fair")
    )


def enrol(
    station: Station, people: Sequence[Sequence[Template]], gallery: str = DEPARTURES
) -> list[SubjectId]:
    """People with these fingers, right and left index, in one transaction; returns who they are."""
    return [one for one in _come(station, people, gallery, is_known=True) if one is not None]


def wait(station: Station, people: Sequence[Sequence[Template]], for_whom: Sequence[SubjectId]) -> list[int]:
    """People who came later and may each be one of those: an open case of each, by its number."""
    with station.database.read() as snapshot:
        before = {one.encounter_id for one in snapshot.encounters()}
        candidates = [snapshot.subject(one).encounters[0] for one in for_whom]
    for one in people:
        _come(station, [one], DEPARTURES, is_known=False)
    with station.database.read() as snapshot:
        waiting = [one.encounter_id for one in snapshot.encounters() if one.encounter_id not in before]
    cases = []
    with station.writing("supervisor") as work:
        for probe, candidate in zip(waiting, candidates, strict=True):
            found = [CaseCandidate(encounter_id=candidate, strength=15_000)]
            cases.append(work.open_case(CaseId(new_uuid()), probe, len(before), found, work.now()).number)
            adjudication.add_pair(work, probe, candidate)
        work.append_journal("case", {"count": len(cases)})
        work.commit()
    return cases


def _come(
    station: Station, people: Sequence[Sequence[Template]], gallery: str, *, is_known: bool
) -> list[SubjectId | None]:
    subjects: list[SubjectId | None] = []
    with station.writing("supervisor") as work:
        work.append_journal("record.enrolled", {"count": len(people)})
        encounters = [EncounterId(new_uuid()) for _ in people]
        work.make_keys(*encounters)
        for encounter_id, person in zip(encounters, people, strict=True):
            subject_id = SubjectId(new_uuid()) if is_known else None
            subjects.append(subject_id)
            if subject_id is not None:
                work.add_subject(subject_id)
            work.add_encounter(
                Encounter(
                    encounter_id=encounter_id,
                    subject_id=subject_id,
                    kind=EncounterKind.IMPORT,
                    gallery=gallery,
                    purpose=DEPARTURE,
                    site="",
                    occurred_at=station.clock.now(),
                    outcome=Outcome.SCREENED,
                    answer=None,
                )
            )
            work.add_reference(
                *(
                    Reference(
                        reference_id=ReferenceId(new_uuid()),
                        encounter_id=encounter_id,
                        position=position,
                        template=encode(replace(template, position=position)),
                        quality=60,
                    )
                    for position, template in zip(BOTH, person, strict=False)
                )
            )
        work.commit()
    return subjects
