"""A cohort of the deployment's own people: versioned, never mixed with another, ended by an erasure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.calibration.people import BOTH, enrol, fingers
from tests.rights.installations import DEPARTURE, DEPARTURES, Installation

from musterpoint.comparison import STANDARD, Cohort, compare, prepare
from musterpoint.errors import CalibrationRefused
from musterpoint.identifiers import SubjectId
from musterpoint.storage import calibrations
from musterpoint.templates import Template, decode
from musterpoint.workflows.calibrated import in_force
from musterpoint.workflows.calibrating import (
    Measured,
    measure_calibration,
    set_calibration,
    set_standard,
    view_calibration,
)
from musterpoint.workflows.capturing import Capture
from musterpoint.workflows.erasure import erase, find
from musterpoint.workflows.identification import Verification, verify
from musterpoint.workflows.searching import RegistryIndex
from musterpoint.workflows.station import Station

PEOPLE = 203
TWO = ("supervisor", "supervisor 2")
HERE = frozenset({DEPARTURES})


def test_members_are_told_apart_and_a_members_own_finger_is_left_out() -> None:
    made = fingers(101)
    cohort = Cohort.of(made[:100])
    assert Cohort.of(made[:100]).name == cohort.name != Cohort.of(made[1:]).name
    with pytest.raises(ValueError, match="at least 100"):
        Cohort.of(made[:99])

    others = [replace(one, cohort_mean=None) for one in made]
    scores = np.sort(cohort.pack.raw_scores(prepare(made[0]), np.arange(1, 100)))
    assert cohort.mean_of(others[0]) == round(float(scores[-25:].mean()))
    assert cohort.mean_of(made[0]) == cohort.mean_of(others[0]), "a mean under another cohort is not taken"


def test_searches_go_by_it_until_a_member_is_erased(real: Installation) -> None:
    subjects = enrol(real.station, [[one] for one in fingers(PEOPLE)])
    supervisor = real.acting("supervisor")
    found = measure_calibration(supervisor, DEPARTURE, is_own_cohort=True)
    assert found.after.cohort.startswith("own ")
    assert len(found.members) == 100
    set_calibration(real.acting(*TWO), found)
    index = RegistryIndex(HERE)
    probe = [replace(fingers(PEOPLE, 1)[9], position=BOTH[0])]
    plain = _first_score(supervisor, probe[0])

    searched = index.search(supervisor.database, probe, 0.01)

    assert (searched.calibration, searched.candidates[0].subject_id) == (1, subjects[9])
    assert searched.candidates[0].pairs[0][2] != plain, "scores are normalised by other fingers"
    index.close()
    again = RegistryIndex(HERE)
    assert again.search(supervisor.database, probe, 0.01) == searched, "from the snapshot too"
    one_to_one = _verify(supervisor, probe[0], subjects[9])
    strength = searched.candidates[0].strength
    assert (one_to_one.calibration, one_to_one.strength) == (1, strength), "1:1 goes by the same"
    assert one_to_one.false_match_rate == found.after.expected(strength, 1, 1)

    erase(supervisor, find(supervisor, str(_member(supervisor, found, subjects[9]))))

    after = again.search(supervisor.database, probe, 0.01)
    assert (after.calibration, after.candidates[0].subject_id) == (0, subjects[9])
    assert after.candidates[0].pairs[0][2] == plain
    one_to_one = _verify(supervisor, probe[0], subjects[9])
    assert (one_to_one.calibration, one_to_one.strength) == (0, after.candidates[0].strength)
    assert one_to_one.false_match_rate == STANDARD.expected(after.candidates[0].strength, 1, 1)
    shown = view_calibration(supervisor, DEPARTURE)
    assert (shown.calibration, shown.ended) == (STANDARD, "its cohort is not whole any more")
    with supervisor.database.read() as snapshot:
        assert in_force(snapshot, HERE).cohort is None
        [kept] = calibrations.newest_first(snapshot)
        held = {str(row.reference_id) for row in snapshot.index_rows()}
    assert len([one for one in kept.facts["members"] if one[1] not in held]) == 1
    assert set_standard(supervisor.acting_as(*TWO), DEPARTURE) == 2, "it ended, and nobody went back"
    again.close()


def _verify(station: Station, probe: Template, subject: SubjectId) -> Verification:
    capture = Capture(template=probe, image=None, quality=None)
    return verify(station, [capture], subject, purpose=DEPARTURE, target_fmr=1e-4)


def _first_score(station: Station, probe: Template) -> int:
    """What the best reference scores under the cohort that comes with the program."""
    with station.database.read() as snapshot:
        held = [prepare(decode(row.template)) for row in snapshot.index_rows(HERE)]
    return max(compare(prepare(probe), one).score for one in held)


def _member(station: Station, found: Measured, searched: SubjectId) -> SubjectId:
    """The person of a member of the cohort who is not the one that is searched."""
    with station.database.read() as snapshot:
        owners = [snapshot.encounter(encounter).subject_id for encounter, _ in found.members]
    return next(one for one in owners if one is not None and one != searched)


def test_a_cohort_needs_fingers_of_good_quality(real: Installation) -> None:
    enrol(real.station, [[replace(one, quality=20)] for one in fingers(PEOPLE)])
    with pytest.raises(CalibrationRefused, match=r"150 people with a finger of quality 40.*found 0"):
        measure_calibration(real.acting("supervisor"), DEPARTURE, is_own_cohort=True)
