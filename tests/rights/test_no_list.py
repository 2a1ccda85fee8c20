"""Under no list an officer cannot find out from what else they may read or do that there are candidates."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from tests.rights.installations import Installation, agree, grant, version
from tests.rights.test_agreements import _screen

from musterpoint.errors import Conflict, RoleMissing
from musterpoint.identifiers import EncounterId
from musterpoint.registry import Answer
from musterpoint.registry.alarms import Level, Rate
from musterpoint.registry.appeals import AppealedBy
from musterpoint.storage import decisions
from musterpoint.workflows.alarms import open_alarms, rates
from musterpoint.workflows.appeals import needed_for, open_appeal
from musterpoint.workflows.screening_outcome import ScreeningOutcome


@pytest.fixture
def listless(seated: Installation) -> Installation:
    """An installation under an agreement without a list for the gate."""
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(no_list=True)))
    return seated


def _with_candidate(installation: Installation) -> ScreeningOutcome:
    officer = installation.acting("officer")
    _screen(officer, 1)
    found = _screen(officer, 1, number=2)
    assert found.case is not None
    return found


def test_rates_of_what_searches_came_to_are_for_who_may_see_the_whole_status(listless: Installation) -> None:
    for seed in range(1, 11):
        _screen(listless.acting("officer"), seed)

    seen = {one.cell.rate for one in rates(listless.acting("supervisor")) if one.cell.attempts}
    assert {Rate.CANDIDATE, Rate.POOR_QUALITY} <= seen
    for role in ("officer", "adjudicator"):
        before = rates(listless.acting(role))
        _screen(listless.acting("officer"), 1, number=2)
        after = rates(listless.acting(role))
        assert {one.cell.rate for one in after}.isdisjoint(one for one in Rate if one.is_of_searches)
        grown = [replace(one, cell=replace(one.cell, attempts=one.cell.attempts + 1)) for one in before]
        assert list(after) == grown, "one more came to the gate, and nothing else is told"


def test_an_alarm_of_candidates_is_not_for_officers(listless: Installation) -> None:
    with listless.station.unit_of_work() as work:
        work.append_journal("alarm.opened", {"alarm": 1, "site": "Gate 1", "rate": "candidate"})
        for rate in (Rate.CANDIDATE, Rate.REFUSAL):
            decisions.open_alarm(work, _alarm(listless, rate))
        work.commit()

    assert {one.rate for one in open_alarms(listless.acting("supervisor"))} == {Rate.CANDIDATE, Rate.REFUSAL}
    assert {one.rate for one in open_alarms(listless.acting("officer"))} == {Rate.REFUSAL}


def _alarm(installation: Installation, rate: Rate) -> decisions.Alarm:
    return decisions.Alarm(
        number=0,
        site="Gate 1",
        rate=rate,
        level=Level.ALARM,
        happened=40,
        attempts=60,
        opened_at=installation.clock.now(),
    )


def test_an_appeal_says_nothing_of_why_it_cannot_be_told(listless: Installation) -> None:
    found = _with_candidate(listless)
    unclear = _screen(listless.acting("officer"), 5)
    _make_unclear(listless, unclear)

    told = set()
    for one in (found, unclear):
        with pytest.raises(RoleMissing) as caught:
            open_appeal(listless.acting("officer"), one.encounter, AppealedBy.PERSON)
        told.add(str(caught.value))

    assert len(told) == 1
    with pytest.raises(Conflict):
        open_appeal(listless.acting("supervisor"), found.encounter, AppealedBy.PERSON)
    appeal = open_appeal(listless.acting("supervisor"), unclear.encounter, AppealedBy.PERSON)
    assert needed_for(listless.acting("supervisor"), appeal.number) is not None
    assert needed_for(listless.acting("officer"), appeal.number) is None


def _make_unclear(installation: Installation, one: ScreeningOutcome) -> None:
    with installation.station.unit_of_work() as work:
        work.append_journal("audit.measured", {})
        work.set_answer(EncounterId(UUID(one.encounter)), Answer.CANNOT_TELL)
        work.commit()
