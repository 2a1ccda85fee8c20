"""Rates over what really happened at a gate, and the items that they open."""

from __future__ import annotations

import pytest
from tests.workflows.requests import screening

from musterpoint.errors import NotFound, RoleMissing
from musterpoint.registry import NotCapturedReason
from musterpoint.registry.agreements import Baseline
from musterpoint.registry.alarms import Group, GroupKind, Level, Rate
from musterpoint.workflows.alarms import close, open_alarms, rates, watch
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station


@pytest.fixture
def busy(station: Station) -> Station:
    """A station at which 60 people came, 8 of whom gave no finger although nobody refused."""
    for number in range(60):
        reason = NotCapturedReason.DAMAGED if number % 8 == 0 else NotCapturedReason.LEFT
        screen(station, screening(reason=reason))
    return station


def test_a_rate_beyond_what_is_usual_at_the_site_opens_one_item_that_a_supervisor_closes(
    busy: Station,
) -> None:
    cells = {one.cell.rate: one for one in rates(busy)}
    failed = cells[Rate.FAILED_CAPTURE]
    assert (failed.cell.count, failed.cell.attempts, failed.level) == (8, 60, Level.ALARM)
    assert cells[Rate.REFUSAL].level is Level.QUIET

    alarm, damaged = open_alarms(busy)
    assert (alarm.site, alarm.rate, alarm.group) == ("Gate 1", Rate.FAILED_CAPTURE, None)
    assert (damaged.rate, damaged.group) == (Rate.NOT_CAPTURED, Group(GroupKind.REASON, "damaged"))
    assert (damaged.happened, damaged.attempts) == (7, 50), "as it was when it was raised"
    assert watch(busy) == ()
    with busy.database.read() as snapshot:
        lines = [line for line in snapshot.journal() if line.kind == "alarm.opened"]
    assert len(lines) == 2
    assert '"reason":"damaged"' in lines[1].body

    with pytest.raises(RoleMissing):
        close(busy.acting_as("practice-officer"), alarm.number)
    assert close(busy.acting_as("practice-supervisor"), alarm.number) == alarm
    assert open_alarms(busy) == (damaged,)
    with pytest.raises(NotFound):
        close(busy.acting_as("practice-supervisor"), alarm.number)
    [again] = watch(busy)
    assert again.rate is Rate.FAILED_CAPTURE

    close(busy.acting_as("practice-supervisor"), again.number)
    usual = Baseline(rate="failed capture", usual_ppm=150_000, site="Gate 1")
    assert watch(busy, [usual]) == ()
    assert watch(busy, [Baseline(rate="failed capture", usual_ppm=150_000, site="Gate 2")])


def test_an_officer_whose_rate_stands_out_is_found_beside_another(station: Station) -> None:
    usual, other = station.acting_as("practice-officer"), station.acting_as("practice-officer-2")
    for number in range(60):
        screen(usual, screening(reason=NotCapturedReason.LEFT))
        reason = NotCapturedReason.REFUSED if number % 5 == 0 else NotCapturedReason.LEFT
        screen(other, screening(reason=reason))

    refusals = {
        one.cell.group.name: one for one in rates(station) if one.cell.group and one.cell.rate is Rate.REFUSAL
    }
    assert refusals["practice-officer"].level is Level.QUIET
    assert (refusals["practice-officer-2"].cell.count, refusals["practice-officer-2"].level) == (
        12,
        Level.ALARM,
    )
    assert Group(GroupKind.OFFICER, "practice-officer-2") in {one.group for one in open_alarms(station)}
