"""Cases: what a decision makes of an encounter."""

from __future__ import annotations

import uuid

import pytest
from tests.conftest import record
from tests.workflows.requests import screening

from musterpoint.errors import AlreadySettled, Conflict, NotFound, UnusableInput
from musterpoint.identifiers import EncounterId
from musterpoint.registry import Answer, Verdict
from musterpoint.workflows.adjudication import settle, view_case
from musterpoint.workflows.screening import ScreeningOutcome, screen
from musterpoint.workflows.station import Station


def _visits(station: Station, count: int) -> list[ScreeningOutcome]:
    return [screen(station, screening(record(1, number=number))) for number in range(1, count + 1)]


def _settle(station: Station, case: int, verdict: Verdict, same_as: str | None = None) -> str:
    return settle(
        station.database, station.clock, case, verdict, same_as=same_as, decided_by="adjudicator"
    ).answer


def _subject_of(station: Station, encounter: str) -> str | None:
    with station.database.read() as snapshot:
        found = snapshot.encounter(EncounterId(uuid.UUID(encounter))).subject_id
    return str(found) if found else None


def test_same_joins_the_encounter_to_the_candidate(station: Station) -> None:
    first, second = _visits(station, 2)

    assert _settle(station, 1, Verdict.SAME, "A") == Answer.KNOWN.value
    assert _subject_of(station, second.encounter) == first.subject


def test_different_makes_a_new_subject(station: Station) -> None:
    first, second = _visits(station, 2)

    assert _settle(station, 1, Verdict.DIFFERENT) == Answer.NOT_KNOWN.value
    assert _subject_of(station, second.encounter) not in {None, first.subject}


def test_cannot_tell_leaves_the_encounter_without_a_subject(station: Station) -> None:
    _, second = _visits(station, 2)

    assert _settle(station, 1, Verdict.CANNOT_TELL) == Answer.CANNOT_TELL.value
    assert _subject_of(station, second.encounter) is None


def test_a_case_is_settled_once(station: Station) -> None:
    _visits(station, 2)
    _settle(station, 1, Verdict.DIFFERENT)

    with pytest.raises(AlreadySettled):
        _settle(station, 1, Verdict.SAME, "A")


def test_after_a_decision_both_visits_are_found_as_one_person(station: Station) -> None:
    first, _ = _visits(station, 2)
    _settle(station, 1, Verdict.SAME, "A")

    third = screen(station, screening(record(1, number=3)))

    view = view_case(station.database, third.case or 0)
    assert [str(candidate.subject_id) for candidate in view.candidates] == [first.subject]


def test_a_candidate_that_waits_for_its_own_case_cannot_be_chosen_before(station: Station) -> None:
    first, second, third = _visits(station, 3)
    view = view_case(station.database, third.case or 0)
    waiting = next(one.label for one in view.candidates if str(one.encounter_id) == second.encounter)

    with pytest.raises(Conflict, match="case 1"):
        _settle(station, third.case or 0, Verdict.SAME, waiting)

    _settle(station, 1, Verdict.SAME, "A")
    assert _settle(station, third.case or 0, Verdict.SAME, waiting) == Answer.KNOWN.value
    assert _subject_of(station, third.encounter) == first.subject


def test_two_visits_of_which_one_could_not_be_told_become_one_new_subject(station: Station) -> None:
    first, second = _visits(station, 2)
    _settle(station, 1, Verdict.CANNOT_TELL)
    third = screen(station, screening(record(1, number=3)))
    view = view_case(station.database, third.case or 0)
    unresolved = next(one.label for one in view.candidates if str(one.encounter_id) == second.encounter)

    _settle(station, third.case or 0, Verdict.SAME, unresolved)

    assert _subject_of(station, third.encounter) == _subject_of(station, second.encounter) != first.subject


def test_a_label_that_is_not_there_changes_nothing(station: Station) -> None:
    _visits(station, 2)

    for label in ("Z", "", None):
        with pytest.raises(UnusableInput, match="candidates A"):
            _settle(station, 1, Verdict.SAME, label)
    with station.database.read() as snapshot:
        assert snapshot.case(1).verdict is None


def test_an_unknown_case_is_not_found(station: Station) -> None:
    with pytest.raises(NotFound):
        _settle(station, 7, Verdict.DIFFERENT)


def test_the_order_of_candidates_does_not_tell_their_strength(station: Station) -> None:
    """Over many cases, the strongest candidate is not always shown first."""
    firsts = set()
    for seed in range(10, 22):
        for number in (1, 2, 3):
            outcome = screen(station, screening(record(seed, number=number)))
        view = view_case(station.database, outcome.case or 0)
        assert len(view.candidates) == 2
        firsts.add(view.candidates[0].encounter_id == view.case.candidates[0].encounter_id)
    assert firsts == {True, False}
