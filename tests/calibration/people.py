"""Registries with enough synthetic people to calibrate, quick to make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from tests.rights.installations import DEPARTURE, DEPARTURES

from musterpoint.comparison import STANDARD
from musterpoint.comparison.normalisation import CENTRE
from musterpoint.identifiers import EncounterId, ReferenceId, SubjectId, new_uuid
from musterpoint.registry import Encounter, EncounterKind, Outcome, Reference
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
    subjects = []
    with station.writing("supervisor") as work:
        work.append_journal("record.enrolled", {"count": len(people)})
        encounters = [EncounterId(new_uuid()) for _ in people]
        work.make_keys(*encounters)
        for encounter_id, person in zip(encounters, people, strict=True):
            subject_id = SubjectId(new_uuid())
            subjects.append(subject_id)
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
