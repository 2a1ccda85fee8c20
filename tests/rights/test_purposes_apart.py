"""What was found for one purpose, under one agreement, is not there for whoever acts under another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.rights.installations import (
    COUNCIL,
    DEPARTURE,
    Installation,
    agree,
    grant,
    held,
    version,
)
from tests.rights.test_agreements import _screen

from musterpoint.errors import MusterpointError, NotFound
from musterpoint.registry.appeals import AppealedBy
from musterpoint.registry.decisions import DecisionState
from musterpoint.registry.seats import Role
from musterpoint.storage.keyfiles import SigningKey
from musterpoint.workflows import deciding, erasure, receipts, subjects
from musterpoint.workflows.adjudication import is_anything_waiting, next_task
from musterpoint.workflows.appeals import open_appeal
from musterpoint.workflows.browsing import list_encounters, list_subjects, view_encounter
from musterpoint.workflows.cases import list_cases, view_case
from musterpoint.workflows.deciding import DecisionRequest
from musterpoint.workflows.exporting_person import export_person
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.seats import SeatRequest, grant_seats

STRANGERS = "Another agency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Two agreements in one registry; somebody came twice under the first."""

    installation: Installation
    first: ScreeningOutcome
    second: ScreeningOutcome


@pytest.fixture
def neighbours(real: Installation, tmp_path: Path) -> Neighbours:
    roles = {"officer": Role.CAPTURE_OFFICER, "adjudicator": Role.ADJUDICATOR, "supervisor": Role.SUPERVISOR}
    grant_seats(
        real.acting("administrator"),
        [
            SeatRequest(name=f"strange {name}{ordinal}", role=role, party=STRANGERS)
            for name, role in roles.items()
            for ordinal in ("", " 2")
        ],
    )
    keys = {STRANGERS: SigningKey.generate(), COUNCIL: real.party_keys[COUNCIL]}
    made = replace(version(keys, real.clock.now(), grant("tax", "taxed")), name="Tax")
    both = replace(
        real,
        party_keys=keys,
        station=replace(real.station, keys=held(tmp_path / "registry" / "practice")),
    )
    agree(both, made)
    officer = both.acting("officer")
    return Neighbours(installation=both, first=_screen(officer, 1), second=_screen(officer, 1, number=2))


def test_each_finds_nobody_of_the_other(neighbours: Neighbours) -> None:
    stranger = neighbours.installation.acting("strange officer")

    assert neighbours.second.answer == "being decided"
    assert _screen(stranger, 1, purpose="tax", number=3).answer == "not known"
    with pytest.raises(MusterpointError) as refusal:
        _screen(stranger, 1, purpose=DEPARTURE)
    assert refusal.value.exit_code == 5


def test_an_adjudicator_of_another_agreement_is_asked_nothing(neighbours: Neighbours) -> None:
    both = neighbours.installation

    assert not is_anything_waiting(both.acting("strange adjudicator"))
    assert next_task(both.acting("strange adjudicator")) is None
    assert is_anything_waiting(both.acting("adjudicator"))
    assert next_task(both.acting("adjudicator")) is not None


def test_nothing_of_it_is_there_for_another_supervisor(neighbours: Neighbours, tmp_path: Path) -> None:
    both, encounter = neighbours.installation, neighbours.first.encounter
    stranger = both.acting("strange supervisor", "strange supervisor 2")
    subject = neighbours.first.subject or ""
    denied = DecisionRequest(encounter=encounter, state=DecisionState.DENIED, ground="no")

    assert list_encounters(stranger) == ()
    assert list_subjects(stranger) == ()
    assert list_cases(stranger).cases == ()
    for look in (
        lambda: view_encounter(stranger, encounter),
        lambda: view_case(stranger, 1),
        lambda: deciding.view(stranger, encounter),
        lambda: deciding.decide(stranger, denied),
        lambda: receipts.make_receipt(stranger, encounter),
        lambda: open_appeal(stranger, encounter, AppealedBy.PERSON),
        lambda: erasure.find(stranger, subject),
        lambda: subjects.split(stranger, subject, [encounter]),
        lambda: export_person(stranger, subject, tmp_path / "held", purpose="tax"),
    ):
        with pytest.raises(NotFound):
            look()


def test_all_of_it_is_there_for_their_own(neighbours: Neighbours) -> None:
    both, encounter = neighbours.installation, neighbours.first.encounter
    supervisor = both.acting("supervisor")

    assert {str(one.encounter.encounter_id) for one in list_encounters(supervisor)} == {
        neighbours.first.encounter,
        neighbours.second.encounter,
    }
    assert str(deciding.view(supervisor, encounter).encounter.encounter_id) == encounter
    cases = list_cases(supervisor).cases
    assert cases is not None
    assert len(cases) == 1
    assert erasure.find(supervisor, neighbours.first.subject or "").encounters
