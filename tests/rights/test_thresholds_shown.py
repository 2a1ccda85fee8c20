"""What searches come to is shown with the size of the galleries, and a strength only to who may see any."""

from __future__ import annotations

import dataclasses
import json

import pytest
from tests.rights.installations import DEPARTURE, DEPARTURES, Installation
from tests.rights.test_agreements import _screen

from musterpoint.cli.agreement_pages import purpose_as_json
from musterpoint.errors import RoleMissing
from musterpoint.registry.seats import Role
from musterpoint.registry.thresholds import threshold
from musterpoint.workflows.agreements import end_agreement
from musterpoint.workflows.galleries import GalleryView, attach_gallery, list_galleries
from musterpoint.workflows.screening_outcome import ScreeningOutcome


def _departures(real: Installation, seat: str) -> GalleryView:
    return next(one for one in list_galleries(real.acting(seat)) if one.name == DEPARTURES)


def test_each_gallery_says_what_searches_of_it_come_to_now(real: Installation) -> None:
    officer = real.acting("officer")
    for seed in range(1, 8):
        _screen(officer, seed)

    [found] = _departures(real, "supervisor").purposes

    assert (found.purpose, found.galleries, found.people) == (DEPARTURE, (DEPARTURES,), 7)
    one, two = found.by_fingers
    assert [one.fingers, two.fingers] == [1, 2]
    assert one == threshold(7, 0.01, 1.0, fingers=1)
    assert one.expected_false_per_search <= 0.01
    shown = json.loads(json.dumps(purpose_as_json(found)))["by_fingers"]
    assert [(each["fingers"], each["calibration"], each["extrapolated"]) for each in shown] == [
        (1, 0, False),
        (2, 0, False),
    ]


def test_an_officer_sees_no_threshold_in_the_list_and_an_observer_does(real: Installation) -> None:
    seen = _departures(real, "officer")
    assert (seen.people, seen.purposes) == (None, ())
    assert _departures(real, "observer").purposes == _departures(real, "supervisor").purposes != ()
    for seat in ("adjudicator", "administrator", "integrator"):
        with pytest.raises(RoleMissing):
            list_galleries(real.acting(seat))


def test_what_no_live_agreement_reaches_comes_to_nothing(real: Installation) -> None:
    supervisor = real.acting("supervisor")
    attach_gallery(supervisor, DEPARTURES, "", is_attached=False)
    assert _departures(real, "supervisor").purposes == ()
    attach_gallery(supervisor, DEPARTURES, "")
    assert _departures(real, "supervisor").purposes
    end_agreement(supervisor, "", "over")
    assert _departures(real, "supervisor").purposes == ()


def test_a_screening_says_by_what_was_searched_and_no_strength_to_the_gate(real: Installation) -> None:
    officer = real.acting("officer")
    for seed in range(1, 4):
        _screen(officer, seed)

    shown = _screen(officer, 4).shown().threshold
    other = _screen(real.acting("integrator"), 5)

    assert shown is not None
    assert (shown.people, shown.fingers, shown.calibration, shown.target_fpir_ppm) == (3, 2, 0, 10_000)
    assert shown.threshold_millinats is None
    assert 0 < shown.expected_false_candidates_per_search <= 0.01
    low, high = shown.expected_false_candidates_range
    assert 0 < low <= high
    assert shown.expected_false_candidates_per_day < shown.expected_false_candidates_per_search
    assert other.threshold is None, "an integrator may not read thresholds"


@pytest.mark.parametrize(
    ("role", "sees_rates", "sees_strength"),
    [(Role.SUPERVISOR, True, True), (Role.CAPTURE_OFFICER, True, False), (Role.INTEGRATOR, False, False)],
)
def test_what_is_stored_is_whole_and_each_role_sees_its_part(
    real: Installation, role: Role, sees_rates: bool, sees_strength: bool
) -> None:
    outcome = _screen(real.acting("officer"), 1)
    assert outcome.threshold is not None
    stored = dataclasses.replace(
        outcome, threshold=dataclasses.replace(outcome.threshold, threshold_millinats=9_000)
    )
    assert ScreeningOutcome.from_json(stored.to_json()) == stored

    seen = stored.as_seen_by(role).threshold

    assert (seen is not None) == sees_rates
    assert bool(seen and seen.threshold_millinats) == sees_strength


def test_an_answer_from_before_thresholds_were_kept_is_read(real: Installation) -> None:
    kept = json.loads(_screen(real.acting("officer"), 1).to_json())
    del kept["threshold"]
    assert ScreeningOutcome.from_json(json.dumps(kept)).shown().threshold is None
