"""What an agreement says about the gate holds: no list, a second person, galleries that are not there."""

from __future__ import annotations

import dataclasses
import json

import pytest
from tests.calibration.people import enrol
from tests.conftest import fingers_of, record, smudged_png
from tests.gate.conftest import Agreed
from tests.rights.installations import grant
from tests.workflows.requests import screening

from musterpoint.errors import SecondPersonMissing
from musterpoint.registry import NotCapturedReason
from musterpoint.registry.agreements import ScreeningRules
from musterpoint.registry.decisions import DecisionState
from musterpoint.registry.outcomes import NextStep
from musterpoint.storage import galleries
from musterpoint.templates import FingerPosition
from musterpoint.workflows import checking
from musterpoint.workflows.children import Told
from musterpoint.workflows.deciding import DecisionRequest, decide, view
from musterpoint.workflows.screening import screen

NORTH = "north"


def test_under_no_list_the_officer_learns_nothing_of_candidates_and_adjudicators_get_them(
    agreed: Agreed,
) -> None:
    installation = agreed(grant(no_list=True))
    officer = installation.acting("officer")
    assert screen(officer, screening(record(1))).shown().answer == "not known"

    candidate = screen(officer, screening(record(1, number=2)))
    poor = screen(officer, screening(smudged_png(2)))

    assert candidate.case == 1
    shown, other = candidate.shown(), poor.shown()
    assert (shown.answer, shown.decision, shown.reason) == ("cannot tell", "open", "")
    told_anyway = {"encounter", "fingers", "fingers_missing", "people", "people_comparable"}
    differing = {name for name, value in dataclasses.asdict(shown).items() if value != getattr(other, name)}
    assert differing <= told_anyway
    seen = view(officer, candidate.encounter)
    assert (seen.presentation.answer, seen.next_step) == ("cannot tell", NextStep.SUPERVISOR)
    assert view(installation.acting("supervisor"), candidate.encounter).presentation.answer == "being decided"


def test_what_a_second_person_confirms_stays_open_without_one_and_is_no_dead_end(agreed: Agreed) -> None:
    rules = ScreeningRules(second_person=frozenset({"refused", "denied"}))
    installation = agreed(grant(), rules=rules)
    request = dataclasses.replace(screening(reason=NotCapturedReason.REFUSED), exception="will not touch it")

    alone = screen(installation.acting("officer"), request)
    assert (alone.outcome, alone.decision) == ("refused", "open")
    wanted = DecisionRequest(
        encounter=alone.encounter, state=DecisionState.CLEARED, ground="known to us", is_exception=True
    )
    before = installation.position()
    with pytest.raises(SecondPersonMissing, match="--second"):
        decide(installation.acting("supervisor"), wanted)
    assert installation.kinds(since=before) == ["act.denied"]
    made = decide(installation.acting("supervisor", "officer"), wanted)
    assert (made.author, made.approver) == ("supervisor", "officer")
    with installation.station.database.read() as snapshot:
        *_, line = snapshot.journal()
    assert (line.kind, line.author) == ("decided", "supervisor"), "who confirms does not write"
    assert checking.check(installation.acting("administrator")).is_sound

    again = dataclasses.replace(request, request_id=screening(record(1)).request_id)
    assert screen(installation.acting("officer", "supervisor"), again).decision == "cleared"
    assert checking.check(installation.acting("administrator")).is_sound


def test_who_is_not_known_waits_where_two_have_to_clear(agreed: Agreed) -> None:
    installation = agreed(grant(), rules=ScreeningRules(second_person=frozenset({"cleared"})))

    alone = screen(installation.acting("officer"), screening(record(1)))
    together = screen(installation.acting("officer", "officer 2"), screening(record(2)))

    assert (alone.answer, alone.decision) == ("not known", "open")
    assert (together.answer, together.decision) == ("not known", "cleared")


def test_a_gallery_of_the_agreement_that_is_not_there_makes_it_impossible_to_tell(agreed: Agreed) -> None:
    installation = agreed(grant(), grant(gallery=NORTH, enrols=False))
    station = installation.station
    officer = installation.acting("officer")
    whole = screen(officer, screening(record(1)))
    assert (whole.answer, whole.galleries_not_searched) == ("not known", ())
    with station.database.read() as snapshot:
        [terms] = [one for one in galleries.terms(snapshot) if one.name == NORTH]
        [agreement_id] = terms.agreements
    with station.writing("supervisor") as work:
        galleries.attach(work, NORTH, agreement_id, is_attached=False)
        work.append_journal("gallery.attached", {"gallery": NORTH, "detached": 1})
        work.commit()

    part = screen(officer, screening(record(2)))

    assert (part.answer, part.reason, part.subject) == ("cannot tell", "gallery", None)
    assert part.galleries_not_searched == (NORTH,)
    assert part.decision == "open"


def test_a_gallery_of_another_version_is_not_searched_and_is_named(
    agreed: Agreed, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = agreed(grant(), grant(gallery=NORTH, enrols=False))
    officer = installation.acting("officer")
    screen(officer, screening(record(1)))
    # What another version extracted lies in the gallery in the north.
    finger = fingers_of(7)[FingerPosition.RIGHT_INDEX].impression(1).template()
    enrol(installation.station, [[dataclasses.replace(finger, extractor="another extractor")]], NORTH)

    outcome = screen(officer, screening(record(2)))

    assert (outcome.answer, outcome.reason) == ("cannot tell", "gallery")
    assert (outcome.galleries, outcome.galleries_not_searched) == (("departures",), (NORTH,))
    with installation.station.database.read() as snapshot:
        [body] = [json.loads(line.body) for line in snapshot.journal() if line.kind == "searched"][-1:]
    assert (body["galleries"], body["galleries_not_searched"]) == (["departures"], [NORTH])
    assert screen(officer, screening(record(1, number=2))).answer == "being decided"


def test_the_ages_are_those_of_the_agreement(agreed: Agreed) -> None:
    installation = agreed(grant(), rules=ScreeningRules(age_min=12, carer_below=15))
    officer = installation.acting("officer")
    eleven = dataclasses.replace(screening(reason=NotCapturedReason.EXEMPT), told=Told(age=11))

    assert screen(officer, eleven).decision == "referred"
    sixteen = dataclasses.replace(screening(record(1)), told=Told(age=16))
    assert screen(officer, sixteen).decision == "cleared"


def test_images_are_not_kept_unless_the_agreement_says_so(agreed: Agreed) -> None:
    installation = agreed(grant())
    outcome = screen(installation.acting("officer"), screening(smudged_png(1)))

    with installation.station.database.read() as snapshot:
        encounter_id = snapshot.find_encounter(outcome.encounter)
        assert [one.image for one in snapshot.references(encounter_id)] == [None]


def test_a_child_alone_stays_open_where_two_have_to_refer(agreed: Agreed) -> None:
    installation = agreed(grant(), rules=ScreeningRules(second_person=frozenset({"referred"})))
    child = dataclasses.replace(screening(record(3)), told=Told(age=9))

    alone = screen(installation.acting("officer"), child)
    again = dataclasses.replace(screening(record(4)), told=Told(age=9))
    together = screen(installation.acting("officer", "supervisor"), again)

    assert (alone.decision, alone.is_unaccompanied) == ("open", True)
    assert together.decision == "referred"


def test_under_no_list_no_exception_says_that_candidates_were_being_decided(agreed: Agreed) -> None:
    installation = agreed(grant(no_list=True))
    officer, supervisor = installation.acting("officer"), installation.acting("supervisor")
    screen(officer, screening(record(1)))
    found = screen(officer, screening(record(1, number=2)))
    assert found.case is not None
    wanted = DecisionRequest(
        encounter=found.encounter, state=DecisionState.CLEARED, ground="known to us", is_exception=True
    )
    decide(supervisor, wanted)

    seen, whole = view(officer, found.encounter), view(supervisor, found.encounter)

    assert whole.decisions[-1].exception_of is whole.presentation.exception_of is not None
    assert seen.decisions[-1].exception_of is seen.presentation.exception_of is None
