"""A person at the gate: what is answered, what is recorded, and what never happens."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, impression_png, record, smudged_png
from tests.workflows.requests import screening

from musterpoint.errors import ImageError, MusterpointError, NoFinger, RequestConflict, UnusableInput
from musterpoint.identifiers import EncounterId, RequestId, new_uuid
from musterpoint.registry import Answer, NotCapturedReason, Outcome
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station


def test_somebody_new_is_enrolled_with_encounter_and_references(station: Station) -> None:
    outcome = screen(station, screening(impression_png(1), impression_png(1, LEFT_INDEX)))

    assert outcome.answer == Answer.NOT_KNOWN.value
    assert outcome.case is None
    with station.database.read() as snapshot:
        [subject] = snapshot.subjects()
        [encounter] = snapshot.encounters()
        assert str(subject.subject_id) == outcome.subject
        assert subject.encounters == (encounter.encounter_id,)
        assert (encounter.outcome, encounter.purpose, encounter.site) == (
            Outcome.SCREENED,
            "departure",
            "Gate 1",
        )
        assert len(snapshot.references(encounter.encounter_id)) == 2


def test_somebody_who_comes_again_opens_a_case_and_is_neither_enrolled_nor_declared_known(
    station: Station,
) -> None:
    first = screen(station, screening(impression_png(1)))
    again = screen(station, screening(impression_png(1, number=2)))

    assert again.answer == Answer.BEING_DECIDED.value
    assert again.case == 1
    assert again.subject is None
    with station.database.read() as snapshot:
        assert [str(one.subject_id) for one in snapshot.subjects()] == [first.subject]
        assert snapshot.encounter(EncounterId(_uuid(again.encounter))).subject_id is None


def test_a_visit_that_waits_for_a_decision_is_found_by_the_next_one(station: Station) -> None:
    screen(station, screening(record(1)))
    waiting = screen(station, screening(record(1, number=2)))
    third = screen(station, screening(record(1, number=3)))

    assert third.answer == Answer.BEING_DECIDED.value
    with station.database.read() as snapshot:
        case = snapshot.case(third.case or 0)
    assert waiting.encounter in {str(candidate.encounter_id) for candidate in case.candidates}


def test_another_person_is_not_known(station: Station) -> None:
    for seed in range(1, 9):
        assert screen(station, screening(record(seed))).answer == Answer.NOT_KNOWN.value


def test_poor_quality_that_finds_nobody_cannot_tell_and_enrols_nobody(station: Station) -> None:
    outcome = screen(station, screening(smudged_png(1)))

    assert outcome.answer == Answer.CANNOT_TELL.value
    assert outcome.fingers[0].advice
    with station.database.read() as snapshot:
        assert snapshot.subjects() == ()
        assert len(snapshot.encounters()) == 1


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (NotCapturedReason.BANDAGED, Outcome.FAILED_CAPTURE),
        (NotCapturedReason.AMPUTATED, Outcome.FAILED_CAPTURE),
        (NotCapturedReason.REFUSED, Outcome.REFUSED),
        (NotCapturedReason.LEFT, Outcome.LEFT),
        (NotCapturedReason.EXEMPT, Outcome.EXEMPT),
    ],
)
def test_somebody_without_fingers_gets_an_outcome_with_its_reason(
    station: Station, reason: NotCapturedReason, outcome: Outcome
) -> None:
    found = screen(station, screening(reason=reason))

    assert (found.outcome, found.answer) == (outcome.value, None)
    with station.database.read() as snapshot:
        [encounter] = snapshot.encounters()
    assert encounter.outcome is outcome
    assert [item.reason for item in encounter.not_captured] == [reason]


def test_neither_a_finger_nor_a_reason_is_refused() -> None:
    with pytest.raises(UnusableInput, match="Give an image"):
        screening()


def test_the_same_request_is_answered_once(station: Station) -> None:
    request = screening(record(1), request_id=RequestId(new_uuid()))
    first = screen(station, request)
    again = screen(station, request)

    assert again.is_repeated
    assert (again.encounter, again.answer, again.subject) == (first.encounter, first.answer, first.subject)
    with station.database.read() as snapshot:
        assert len(snapshot.encounters()) == 1


def test_a_request_identifier_serves_for_one_request_only(station: Station) -> None:
    request_id = RequestId(new_uuid())
    screen(station, screening(record(1), request_id=request_id))

    with pytest.raises(RequestConflict):
        screen(station, screening(record(2), request_id=request_id))


def _blank() -> bytes:
    data = io.BytesIO()
    Image.new("L", (400, 500), 250).save(data, "PNG", dpi=(500, 500))
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ImageError),
        (b"not an image", ImageError),
        (_blank(), NoFinger),
        (impression_png(1)[:2000], ImageError),
    ],
)
def test_what_cannot_be_used_changes_nothing(
    station: Station, data: bytes, error: type[MusterpointError]
) -> None:
    screen(station, screening(record(1)))
    with station.database.read() as snapshot:
        before = snapshot.counts()

    with pytest.raises(error, match="file 1"):
        screen(station, screening(impression_png(2), data))

    with station.database.read() as snapshot:
        assert snapshot.counts() == before


def test_a_person_whose_fingers_are_not_on_record_is_counted_as_not_comparable(station: Station) -> None:
    screen(station, screening(record(1, (RIGHT_INDEX,))))
    outcome = screen(station, screening(record(2, (LEFT_INDEX,))))

    assert (outcome.people, outcome.people_comparable) == (1, 0)


def test_every_search_and_change_has_a_journal_line_without_what_it_is_about(station: Station) -> None:
    with station.database.read() as snapshot:
        before = snapshot.position
    screen(station, screening(record(1)))
    screen(station, screening(record(1, number=2)))
    screen(station, screening(reason=NotCapturedReason.REFUSED))

    with station.database.read() as snapshot:
        lines = snapshot.journal(since=before)
    arrival = ["presented", "captured"]
    assert [line.kind for line in lines] == [
        *(*arrival, "searched", "outcome", "enrolled", "decided"),
        *(*arrival, "searched", "outcome", "case.opened", "pair.opened"),
        *(*arrival, "outcome"),
    ]
    assert not any("score" in line.body or "strength" in line.body for line in lines)


def _uuid(text: str) -> EncounterId:
    import uuid

    return EncounterId(uuid.UUID(text))
