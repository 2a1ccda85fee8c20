"""Calibration of a registry: what it takes, what it changes, who may do it."""

from __future__ import annotations

import math

import pytest
from tests.calibration.people import enrol, fingers, wait
from tests.rights.installations import DEPARTURE, DEPARTURES, Installation

from musterpoint.comparison import STANDARD
from musterpoint.errors import CalibrationRefused, NoAgreement, RoleMissing, SecondPersonMissing
from musterpoint.registry import Verdict
from musterpoint.registry.adjudication import Judgement, Standing
from musterpoint.storage import adjudication, calibrations
from musterpoint.workflows.calibrated import calibration_of
from musterpoint.workflows.calibrating import (
    measure_calibration,
    set_calibration,
    set_standard,
    view_calibration,
)

PEOPLE = 205
TWO = ("supervisor", "supervisor 2")
HERE = frozenset({DEPARTURES})


def test_too_few_people_are_refused_with_what_is_missing(real: Installation) -> None:
    enrol(real.station, [[one] for one in fingers(3)])

    with pytest.raises(CalibrationRefused, match=r"expected 200 people.*found 3.*Enrol 197 more"):
        measure_calibration(real.acting("supervisor"), DEPARTURE)

    assert "threshold.measured" not in real.kinds()


def test_measuring_changes_nothing_and_setting_it_changes_what_searches_of_these_galleries_go_by(
    real: Installation,
) -> None:
    subjects = enrol(real.station, [[one] for one in fingers(PEOPLE)])
    supervisor = real.acting("supervisor")
    before = real.position()

    found = measure_calibration(supervisor, DEPARTURE)

    assert (found.people, found.suspects, found.before) == (PEOPLE, 0, STANDARD)
    assert len(found.one[0]) == PEOPLE * (PEOPLE - 1) // 2
    assert found.several[1] is None
    assert real.kinds(since=before) == ["threshold.measured"]
    assert view_calibration(supervisor, DEPARTURE).calibration == STANDARD

    with pytest.raises(SecondPersonMissing):
        set_calibration(supervisor, found)
    with pytest.raises(SecondPersonMissing):
        # Before anybody is compared.
        measure_calibration(supervisor, DEPARTURE, comparisons=0, to_use=True)
    number = set_calibration(real.acting(*TWO), found)

    assert (number, real.kinds()[-1]) == (1, "threshold.calibrated")
    shown = view_calibration(supervisor, DEPARTURE)
    assert (shown.calibration.number, shown.calibration.one) == (1, found.after.one)
    with real.station.database.read() as snapshot:
        assert calibration_of(snapshot, HERE).number == 1
        assert calibration_of(snapshot, frozenset({"camp"})) == STANDARD
        assert calibration_of(snapshot, HERE | {"camp"}) == STANDARD
    probe = fingers(PEOPLE, 1)[7]
    searched = supervisor.index(HERE).search(supervisor.database, [probe], 0.01)
    assert searched.calibration == 1
    assert [one.subject_id for one in searched.candidates] == [subjects[7]]
    assert searched.needed.strength == found.after.one.strength_for(math.ceil(1000 * math.log(100 * PEOPLE)))

    [officer, observer] = [view_calibration(real.acting(seat), DEPARTURE) for seat in ("officer", "observer")]
    assert (officer.people, officer.calibration.source) == (None, f"people of {DEPARTURES}")
    assert (officer.calibration.number, officer.calibration.one) == (1, found.after.one)
    assert (observer.people, observer.calibration.source) == (PEOPLE, f"{PEOPLE} people of {DEPARTURES}")

    assert set_standard(real.acting(*TWO), DEPARTURE) == 2
    assert set_standard(real.acting(*TWO), DEPARTURE) is None
    assert view_calibration(supervisor, DEPARTURE).calibration == STANDARD
    assert supervisor.index(HERE).search(supervisor.database, [probe], 0.01).calibration == 0


def test_going_back_to_what_counts_already_changes_nothing(real: Installation) -> None:
    with pytest.raises(SecondPersonMissing):
        set_standard(real.acting("supervisor"), DEPARTURE)
    before = real.position()

    assert set_standard(real.acting(*TWO), DEPARTURE) is None

    assert real.position() == before
    with real.station.database.read() as snapshot:
        assert list(calibrations.newest_first(snapshot)) == []


def test_people_who_were_enrolled_twice_are_refused_when_many_and_left_out_when_few(
    real: Installation,
) -> None:
    some, again = fingers(PEOPLE), fingers(PEOPLE, 1)
    enrol(real.station, [[one] for one in (*some, again[0])])
    assert measure_calibration(real.acting("supervisor"), DEPARTURE).suspects == 1

    with pytest.raises(CalibrationRefused, match=r"found 198\d\d.*--comparisons 21115, which is all pairs"):
        # One pair that may be one person is left out of them.
        measure_calibration(real.acting("supervisor"), DEPARTURE, comparisons=19_900)

    enrol(real.station, [[one] for one in again[1:20]])
    with pytest.raises(CalibrationRefused, match=r"may be one.*first.*adjudicate.*open cases were left out"):
        measure_calibration(real.acting("supervisor"), DEPARTURE, comparisons=20_000)


def test_who_waits_in_an_open_case_is_not_compared_with_those_they_may_be(real: Installation) -> None:
    again = fingers(PEOPLE, 1)
    subjects = enrol(real.station, [[one] for one in fingers(PEOPLE)])
    supervisor = real.acting("supervisor")
    before = measure_calibration(supervisor, DEPARTURE)
    cases = wait(real.station, [[one] for one in again[:20]], subjects[:20])
    people = PEOPLE + len(cases)

    found = measure_calibration(supervisor, DEPARTURE)

    assert (found.people, found.suspects, found.undecided) == (people, 0, len(cases))
    assert len(found.one[0]) == people * (people - 1) // 2 - len(cases)
    assert found.after.one.nats_of(14_000) > 0.9 * before.after.one.nats_of(14_000), "chance reaches no more"
    with real.station.writing("supervisor") as work:
        for number, verdict in zip(cases, (Verdict.DIFFERENT, Verdict.CANNOT_TELL), strict=False):
            case = work.case(number)
            [pair] = adjudication.pairs_of(work, case.encounter_id)
            judged = Judgement(standing=Standing.DECIDED, verdict=verdict)
            adjudication.set_judgement(work, pair, judged, work.now())
            adjudication.settle(work, case, verdict, work.now(), "somebody")
        work.append_journal("case.settled", {})
        work.commit()
    found = measure_calibration(supervisor, DEPARTURE)
    assert (found.suspects, found.undecided) == (1, len(cases) - 1), "who cannot be told may be the same"


def test_only_supervisors_under_an_agreement_measure(real: Installation) -> None:
    for seat in ("officer", "adjudicator", "observer", "administrator"):
        with pytest.raises(RoleMissing):
            measure_calibration(real.acting(seat), DEPARTURE)
    with pytest.raises(NoAgreement):
        measure_calibration(real.acting("supervisor"), "registration")
    assert view_calibration(real.acting("observer"), DEPARTURE).people == 0
