"""The gate: an outcome and a decision for everybody, and nothing about candidates for the officer."""

from __future__ import annotations

import dataclasses
import datetime
import json
from uuid import UUID

import pytest
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, record, smudged_png
from tests.workflows.requests import screening

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, NotCapturable, NotFound, RoleMissing, UnusableInput
from musterpoint.identifiers import EncounterId
from musterpoint.registry import NotCapturedReason
from musterpoint.registry.appeals import AppealedBy
from musterpoint.registry.biographic import Biography
from musterpoint.registry.decisions import DecisionState, RuleDepartedFrom
from musterpoint.registry.outcomes import NextStep
from musterpoint.storage import decisions
from musterpoint.workflows.appeals import open_appeal
from musterpoint.workflows.children import Told
from musterpoint.workflows.deciding import DecisionRequest, decide, view, waiting
from musterpoint.workflows.erasure import erase, find_erasable
from musterpoint.workflows.screening import ScreeningRequest, screen
from musterpoint.workflows.screening_outcome import FingerResult, ScreeningOutcome
from musterpoint.workflows.station import Station

HOUR_US = 3_600_000_000

OFFICER, SUPERVISOR = "practice-officer", "practice-supervisor"


def _with(request: ScreeningRequest, **changes: object) -> ScreeningRequest:
    return dataclasses.replace(request, **changes)  # type: ignore[arg-type]


def _id(outcome: ScreeningOutcome) -> EncounterId:
    return EncounterId(UUID(outcome.encounter))


def _born(year: int) -> Told:
    return Told(biography=Biography(born=str(year)))


def _decisions(station: Station, outcome: ScreeningOutcome) -> list[str]:
    with station.database.read() as snapshot:
        made = decisions.of_encounter(snapshot, _id(outcome))
    return [one.state.value for one in made]


def test_who_is_not_known_is_cleared_by_the_officer_in_the_same_step(station: Station) -> None:
    outcome = screen(station.acting_as(OFFICER), screening(record(1)))

    assert (outcome.answer, outcome.decision) == ("not known", "cleared")
    seen = view(station, outcome.encounter)
    [decision] = seen.decisions
    assert (decision.author, decision.ground, decision.exception_of) == (OFFICER, "not known", None)
    assert seen.next_step is NextStep.GO_ON


def test_nobody_is_cleared_where_it_was_asked_to_stay_open(station: Station) -> None:
    outcome = screen(station, _with(screening(record(1)), stays_open=True))

    assert (outcome.answer, outcome.decision, _decisions(station, outcome)) == ("not known", "open", [])
    assert decide(station, DecisionRequest(encounter=outcome.encounter, state=DecisionState.CLEARED))


@pytest.mark.parametrize(
    ("reason", "departed"),
    [
        (NotCapturedReason.BANDAGED, RuleDepartedFrom.FAILED_CAPTURE),
        (NotCapturedReason.REFUSED, RuleDepartedFrom.REFUSED),
        (NotCapturedReason.EXEMPT, RuleDepartedFrom.EXEMPT),
    ],
)
def test_an_exception_is_one_step_with_a_supervisor_and_open_with_its_reason_without(
    station: Station, reason: NotCapturedReason, departed: RuleDepartedFrom
) -> None:
    request = _with(screening(reason=reason), exception="seen by the medic")

    alone = screen(station.acting_as(OFFICER), _with(request, request_id=screening(record(1)).request_id))
    together = screen(station.acting_as(OFFICER, SUPERVISOR), request)

    assert (alone.decision, alone.exception_of) == ("open", "")
    assert view(station, alone.encounter).decisions[0].ground == "seen by the medic"
    assert view(station, alone.encounter).next_step is NextStep.EXCEPTION
    assert (together.decision, together.exception_of) == ("cleared", departed.value)
    [decision] = view(station, together.encounter).decisions
    assert (decision.author, decision.approver) == (SUPERVISOR, OFFICER)


def test_who_left_has_no_decision_and_cannot_be_decided(station: Station) -> None:
    outcome = screen(station, _with(screening(reason=NotCapturedReason.LEFT), exception="in a hurry"))

    assert (outcome.outcome, outcome.decision, _decisions(station, outcome)) == ("left", "open", [])
    assert view(station, outcome.encounter).next_step is NextStep.COME_AGAIN
    with pytest.raises(Conflict, match="Screen the person when they come again"):
        decide(
            station,
            DecisionRequest(encounter=outcome.encounter, state=DecisionState.CLEARED, ground="why not"),
        )


def test_an_officer_clears_nobody_whom_the_search_did_not_clear(station: Station) -> None:
    outcome = screen(station, screening(smudged_png(1)))
    assert (outcome.answer, outcome.decision) == ("cannot tell", "open")
    wanted = DecisionRequest(encounter=outcome.encounter, state=DecisionState.CLEARED, ground="known to me")

    with pytest.raises(RoleMissing):
        decide(station.acting_as(OFFICER), wanted)
    assert decide(station.acting_as(SUPERVISOR), wanted).author == SUPERVISOR
    with station.database.read() as snapshot:
        kinds = [line.kind for line in snapshot.journal()]
    assert kinds[-2:] == ["act.denied", "decided"]


def test_a_later_decision_stands_beside_the_earlier_one(station: Station) -> None:
    outcome = screen(station, screening(record(1)))
    for state in (DecisionState.DENIED, DecisionState.CLEARED):
        decide(station, DecisionRequest(encounter=outcome.encounter, state=state, ground="new facts"))

    assert _decisions(station, outcome) == ["cleared", "denied", "cleared"]


def test_a_decision_that_expires_is_open_again(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = screen(station, screening(smudged_png(1)))
    now = station.clock.now()
    made = decide(
        station,
        DecisionRequest(
            encounter=outcome.encounter,
            state=DecisionState.REFERRED,
            ground="to the doctor",
            expires_at=Instant(now + HOUR_US),
        ),
    )
    with station.database.read() as snapshot:
        assert decisions.expired(snapshot, now) == ()
        assert decisions.expired(snapshot, Instant(now + HOUR_US)) == (made.encounter_id,)

    class Later:
        def now(self) -> Instant:
            return Instant(now + 2 * HOUR_US)

    later = dataclasses.replace(station, clock=Later())
    assert view(later, outcome.encounter).presentation.decision is DecisionState.OPEN
    assert waiting(station) == ()
    [again] = waiting(later)
    assert (str(again.encounter.encounter_id), again.next_step) == (outcome.encounter, NextStep.CAPTURE_AGAIN)


def test_everybody_who_waits_for_a_decision_is_listed_with_what_comes_next(station: Station) -> None:
    screen(station, screening(record(1)))
    seen_before = screen(station, screening(record(1, number=2)))
    unclear = screen(station, screening(smudged_png(3)))
    bandaged = screen(station, screening(reason=NotCapturedReason.BANDAGED))
    told = screen(
        station.acting_as(OFFICER),
        _with(screening(reason=NotCapturedReason.BANDAGED), exception="seen by the medic"),
    )
    assert told.decision == "open", "the exception waits for a supervisor"
    screen(station, screening(reason=NotCapturedReason.LEFT))

    found = {str(one.encounter.encounter_id): one.next_step for one in waiting(station)}

    assert found == {
        seen_before.encounter: NextStep.WAIT,
        unclear.encounter: NextStep.CAPTURE_AGAIN,
        bandaged.encounter: NextStep.EXCEPTION,
        told.encounter: NextStep.EXCEPTION,
    }
    wanted = DecisionRequest(
        encounter=unclear.encounter, state=DecisionState.REFERRED, ground="to the doctor"
    )
    decide(station.acting_as(SUPERVISOR), wanted)
    assert unclear.encounter not in {str(one.encounter.encounter_id) for one in waiting(station)}
    open_appeal(station.acting_as(SUPERVISOR), unclear.encounter, AppealedBy.PERSON)
    assert unclear.encounter in {str(one.encounter.encounter_id) for one in waiting(station)}


def test_an_officer_sees_no_candidate_rank_score_or_case(station: Station) -> None:
    screen(station, screening(record(1)))
    outcome = screen(station, screening(record(1, number=2)))
    assert outcome.case == 1

    assert outcome.shown().answer == "being decided"
    shown = dataclasses.asdict(outcome.shown())
    for word in ("case", "score", "strength", "rank", "candidate"):
        assert not any(word in name for name in shown)


def test_being_decided_looks_the_same_for_every_reason(station: Station) -> None:
    screen(station, screening(record(1)))
    clear = screen(station, screening(record(1, number=2)))
    # The second one is of too poor a quality to say anything, had nobody been found.
    poor = dataclasses.replace(clear, reason="quality")

    assert clear.shown() == poor.shown()
    assert dataclasses.replace(clear, case=7).shown() == clear.shown()


def test_under_no_list_a_candidate_and_a_poor_search_look_alike(station: Station) -> None:
    screen(station, screening(record(1)))
    candidates = dataclasses.replace(screen(station, screening(record(1, number=2))), no_list=True)
    poor_finger = FingerResult(
        finger="right thumb", quality=9, reasons=("few minutiae",), advice=("Dry it.",)
    )
    good_finger = FingerResult(finger="right thumb", quality=81)
    candidates = dataclasses.replace(candidates, fingers=(good_finger,))
    poor = dataclasses.replace(
        candidates, answer="cannot tell", reason="quality", case=None, fingers=(poor_finger,)
    )

    assert candidates.shown() == poor.shown()
    assert candidates.shown().answer == "cannot tell"
    assert dataclasses.replace(candidates, answer="not known").shown().fingers == (good_finger,)


def test_a_search_of_some_galleries_only_cannot_tell_and_enrols_nobody(station: Station) -> None:
    screen(station, _with(screening(record(1)), gallery="north"))
    screen(station, _with(screening(record(2)), gallery="south"))

    outcome = screen(station, _with(screening(record(3)), search_galleries=frozenset({"north"})))

    assert (outcome.answer, outcome.reason, outcome.subject) == ("cannot tell", "gallery", None)
    assert (outcome.galleries, outcome.galleries_not_searched) == (("north",), ("screening", "south"))
    with station.database.read() as snapshot:
        [line] = [line for line in snapshot.journal() if line.kind == "searched"][-1:]
    body = json.loads(line.body)
    assert (body["galleries"], body["galleries_not_searched"]) == (["north"], ["screening", "south"])
    assert (body["people"], body["references"]) == (1, 2)
    assert body["threshold_millinats"] > 0
    assert (body["target_fpir_ppm"], body["result"]) == (10_000, "cannot tell")
    assert "candidates" not in body


def test_two_impressions_of_one_finger_are_two_references_of_it(station: Station) -> None:
    twice = screening(record(1, (RIGHT_INDEX,)), record(1, (RIGHT_INDEX,), number=2))
    outcome = screen(station, twice)

    with station.database.read() as snapshot:
        kept = snapshot.references(_id(outcome))
    assert [one.position for one in kept] == [RIGHT_INDEX, RIGHT_INDEX]
    assert screen(station, screening(record(1, (RIGHT_INDEX,), number=3))).answer == "being decided"
    # Nobody has a left index finger on record, so nobody could be found.
    assert screen(station, screening(record(2, (LEFT_INDEX,)))).answer == "cannot tell"


def test_of_a_small_child_no_fingerprint_is_taken(station: Station) -> None:
    with pytest.raises(NotCapturable, match="5 years"):
        screen(station, _with(screening(record(1)), told=Told(age=4)))
    with pytest.raises(NotCapturable, match="5 years"):
        screen(station, _with(screening(record(1)), told=_born(datetime.datetime.now(datetime.UTC).year)))
    with pytest.raises(UnusableInput, match="in the future"):
        screen(station, _with(screening(record(1)), told=_born(2999)))


def test_a_child_with_a_carer_is_exempt_and_decided_again_at_the_age_of_fingerprints(
    station: Station,
) -> None:
    mother = screen(station, screening(record(1)))
    carer = _id(mother)
    child = _with(screening(reason=NotCapturedReason.EXEMPT), not_captured=(), told=Told(age=4, carer=carer))

    outcome = screen(station, _with(child, exception="with the mother"))

    assert (outcome.outcome, outcome.decision, outcome.is_unaccompanied) == ("exempt", "open", False)
    supervised = screen(
        station.acting_as(OFFICER, SUPERVISOR),
        _with(child, request_id=screening(record(1)).request_id, exception="with the mother"),
    )
    assert supervised.decision == "cleared"
    [decision] = view(station, supervised.encounter).decisions
    assert decision.carer == carer
    assert decision.expires_at is not None
    assert 360 < (decision.expires_at - decision.decided_at) / 86_400e6 < 370


def test_a_child_alone_is_referred_at_once_and_cleared_only_with_a_named_carer(station: Station) -> None:
    aunt = screen(station, screening(record(1)))
    child = screen(station, _with(screening(record(2)), told=Told(age=12)))

    assert (child.answer, child.decision, child.is_unaccompanied) == ("not known", "referred", True)
    assert view(station, child.encounter).next_step is NextStep.CARER
    with pytest.raises(UnusableInput, match="--carer"):
        decide(
            station, DecisionRequest(encounter=child.encounter, state=DecisionState.CLEARED, ground="alone")
        )
    with pytest.raises(UnusableInput, match="grown-up"):
        screen(station, _with(screening(record(3)), told=Told(age=9, carer=_id(child))))
    gone = screen(station, screening(reason=NotCapturedReason.LEFT))
    denied = screen(station, screening(record(4)))
    refusal = DecisionRequest(encounter=denied.encounter, state=DecisionState.DENIED, ground="a reason")
    decide(station.acting_as(SUPERVISOR), refusal)
    for one, found in ((gone, "left"), (denied, "denied")):
        with pytest.raises(UnusableInput, match=f"somebody who (left|was {found})"):
            screen(station, _with(screening(record(5)), told=Told(age=9, carer=_id(one))))
    cleared = decide(
        station,
        DecisionRequest(
            encounter=child.encounter,
            state=DecisionState.CLEARED,
            ground="the aunt was found",
            carer=aunt.encounter,
        ),
    )
    assert str(cleared.carer) == aunt.encounter
    assert cleared.expires_at is not None


def test_what_was_told_is_read_by_those_who_may(station: Station) -> None:
    told = Told(biography=Biography(name="Canary Name", born="1980", fields={"village": "B"}))
    outcome = screen(station, _with(screening(record(1)), told=told))

    assert view(station.acting_as(SUPERVISOR), outcome.encounter).biography == told.biography
    observed = view(station.acting_as("practice-observer"), outcome.encounter)
    assert observed.biography is None
    assert [(one.state.value, one.ground) for one in observed.decisions] == [("cleared", "")]
    with station.database.read() as snapshot:
        assert not any("Canary" in line.body for line in snapshot.journal())


def test_a_decision_needs_a_ground(station: Station) -> None:
    outcome = screen(station, screening(record(1)))

    with pytest.raises(UnusableInput, match="--ground"):
        decide(station, DecisionRequest(encounter=outcome.encounter, state=DecisionState.DENIED))


def test_an_erased_person_stays_counted_and_nothing_of_their_ground_is_left(station: Station) -> None:
    outcome = screen(station, screening(record(1)))
    secret = DecisionRequest(
        encounter=outcome.encounter, state=DecisionState.REFERRED, ground="Canary reason"
    )
    decide(station, secret)
    with station.database.read() as snapshot:
        erasable = find_erasable(snapshot, outcome.subject or "")

    erase(station, erasable)

    with station.database.read() as snapshot:
        made = decisions.of_encounter(snapshot, _id(outcome))
    assert [(one.state.value, one.ground) for one in made] == [("cleared", ""), ("referred", "")]
    with pytest.raises(NotFound):
        view(station, outcome.encounter)
