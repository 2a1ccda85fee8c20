"""An existing collection: loaded once, however often it is stopped."""

from __future__ import annotations

from tests.conftest import record
from tests.workflows.requests import screening

from musterpoint.identifiers import RequestId, new_uuid
from musterpoint.registry import Answer
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.enrolment import EnrolmentRequest, enrol
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station


def _request(name: str, data: bytes, request_id: RequestId | None = None) -> EnrolmentRequest:
    return EnrolmentRequest(
        request_id=request_id or RequestId(new_uuid()),
        submissions=(Submission(name=name, data=data),),
        gallery="earlier",
        source_record=name,
    )


def test_a_person_of_the_collection_is_found_at_the_gate(station: Station) -> None:
    enrol(station, _request("4711", record(1)))

    assert screen(station, screening(record(1, number=2))).answer == Answer.BEING_DECIDED.value
    assert screen(station, screening(record(2))).answer == Answer.NOT_KNOWN.value


def test_a_possible_duplicate_is_reported_and_enrolled_all_the_same(station: Station) -> None:
    first = enrol(station, _request("4711", record(1)))
    second = enrol(station, _request("4712", record(1, number=2)))

    assert first.possible_duplicates == ()
    [found] = second.possible_duplicates
    assert (found.encounter, found.subject, found.source_record) == (first.encounter, first.subject, "4711")
    assert second.subject != first.subject


def test_a_record_that_was_enrolled_before_is_not_enrolled_again(station: Station) -> None:
    request = _request("4711", record(1), RequestId(new_uuid()))
    first = enrol(station, request)
    again = enrol(station, request)

    assert again.is_repeated
    assert again.subject == first.subject
    with station.database.read() as snapshot:
        assert len(snapshot.subjects()) == 1
