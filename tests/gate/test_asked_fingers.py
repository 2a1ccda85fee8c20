"""What the agreement asks of the fingers is said or wanted, and captures do not contradict their names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, record, smudged_png
from tests.rights.installations import Installation, grant
from tests.workflows.requests import screening

from musterpoint import interchange, templates
from musterpoint.errors import FingersMissing, ImpressionsDiffer, UnusableInput
from musterpoint.identifiers import EncounterId, RequestId, uuid_of
from musterpoint.registry import NotCaptured, NotCapturedReason
from musterpoint.registry.agreements import ScreeningRules
from musterpoint.templates import FingerPosition
from musterpoint.workflows.asked_fingers import missing
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.enrolment import EnrolmentRequest, enrol
from musterpoint.workflows.screening import ScreeningRequest, screen
from musterpoint.workflows.station import Station

UNKNOWN = FingerPosition.UNKNOWN
THUMB = FingerPosition.RIGHT_THUMB
Named = tuple[FingerPosition, bytes]


def request(*fingers: Named, reasons: tuple[NotCaptured, ...] = ()) -> ScreeningRequest:
    submissions = tuple(
        Submission(name=f"file {k}", data=data, position=position)
        for k, (position, data) in enumerate(fingers)
    )
    return replace(screening(b"x"), submissions=submissions, not_captured=reasons)


def without(position: FingerPosition) -> NotCaptured:
    return NotCaptured(position=position, reason=NotCapturedReason.BANDAGED)


def single(seed: int, position: FingerPosition = RIGHT_INDEX, number: int = 1) -> bytes:
    return record(seed, (position,), number)


def right(number: int = 1) -> Named:
    return RIGHT_INDEX, single(1, number=number)


def test_what_is_asked_and_neither_captured_nor_explained_is_said(station: Station) -> None:
    one = screen(station, request(right()))
    explained = screen(station, request((RIGHT_INDEX, single(2)), reasons=(without(LEFT_INDEX),)))

    assert one.fingers_missing == one.shown().fingers_missing == ("left index",)
    assert explained.fingers_missing == ()
    with station.database.read() as snapshot:
        said = [json.loads(line.body) for line in snapshot.journal() if line.kind == "captured"]
    assert [line["fingers_unexplained"] for line in said] == [1, 0]


@pytest.fixture
def strict(agreed: Callable[..., Installation]) -> Station:
    rules = ScreeningRules(impressions_asked=2, reasons_required=True)
    return agreed(grant(), rules=rules).acting("officer")


positions = st.lists(st.sampled_from([UNKNOWN, RIGHT_INDEX, LEFT_INDEX, THUMB]), max_size=5)
reasons = st.lists(st.sampled_from([RIGHT_INDEX, LEFT_INDEX, THUMB]), max_size=3, unique=True)


@given(positions, reasons, st.integers(1, 2))
def test_only_what_is_asked_is_missing_and_a_reason_or_capture_never_adds_to_it(
    captured: list[FingerPosition], explained: list[FingerPosition], impressions: int
) -> None:
    rules = ScreeningRules(impressions_asked=impressions)
    given_ = tuple(map(without, explained))

    found = missing(rules, captured, given_)

    assert {one.position for one in found} <= {RIGHT_INDEX, LEFT_INDEX} - {*explained}
    assert len(missing(rules, captured, (*given_, without(LEFT_INDEX)))) <= len(found)
    assert missing(rules, captured, (without(UNKNOWN),)) == ()
    assert all(one.is_second == (one.position in captured) for one in found)
    absent = [one for one in found if not one.is_second]
    with_unnamed = missing(rules, [*captured, UNKNOWN], given_)
    assert len([one for one in with_unnamed if not one.is_second]) == max(0, len(absent) - 1)


def test_two_named_fingers_given_twice_are_all_that_is_asked() -> None:
    rules = ScreeningRules(impressions_asked=2)

    assert missing(rules, [RIGHT_INDEX, LEFT_INDEX] * 2, ()) == ()
    assert [one.words for one in missing(rules, [RIGHT_INDEX, LEFT_INDEX, LEFT_INDEX], ())] == [
        "second impression of the right index"
    ]
    assert [one.words for one in missing(rules, [RIGHT_INDEX] * 2, ())] == ["left index"]


def test_impressions_that_look_like_different_fingers_are_refused(station: Station) -> None:
    wrong = request((RIGHT_INDEX, single(1)), (RIGHT_INDEX, single(2)))

    with pytest.raises(ImpressionsDiffer, match="two impressions of the right index"):
        screen(station, wrong)
    with station.database.read() as snapshot:
        assert not snapshot.encounters()


def test_a_second_impression_of_the_other_hand_is_named(station: Station) -> None:
    swapped = request(
        (RIGHT_INDEX, single(1)),
        (RIGHT_INDEX, single(1, LEFT_INDEX, 2)),
        (LEFT_INDEX, single(1, LEFT_INDEX)),
    )

    with pytest.raises(ImpressionsDiffer, match="looks like the left index"):
        screen(station, swapped)


def test_one_finger_under_two_names_is_refused(station: Station) -> None:
    twice = request((RIGHT_INDEX, single(1)), (LEFT_INDEX, single(1, number=2)))

    with pytest.raises(ImpressionsDiffer, match="one finger as the right index and as the left index"):
        screen(station, twice)


def test_one_picture_is_not_two_impressions(station: Station) -> None:
    with pytest.raises(ImpressionsDiffer, match="one picture twice, as two impressions of the right index"):
        screen(station, request(right(1), right(1)))

    with station.database.read() as snapshot:
        assert not list(snapshot.encounters())


def test_a_poor_impression_contradicts_nothing(station: Station) -> None:
    outcome = screen(station, request((RIGHT_INDEX, single(1)), (RIGHT_INDEX, smudged_png(2))))

    assert len(outcome.fingers) == 2


def test_two_impressions_of_a_finger_are_kept_in_their_order_as_one_finger(station: Station) -> None:
    outcome = screen(station, request(right(1), right(2)))
    again = screen(station, request(right(3)))

    with station.database.read() as snapshot:
        kept = snapshot.references(EncounterId(UUID(outcome.encounter)))
    assert [one.position for one in kept] == [RIGHT_INDEX] * 2
    sent = [interchange.read_templates(single(1, number=n)).templates[0].minutiae for n in (1, 2)]
    assert [templates.decode(one.template).minutiae for one in kept] == sent
    assert again.answer == "being decided"


def both(position: FingerPosition) -> bytes:
    """A record with two views of one finger under this position."""
    first, other = (interchange.read_templates(single(1, number=n)).templates[0] for n in (1, 2))
    return interchange.iso19794_2.write([replace(one, position=position) for one in (first, other)])


@pytest.mark.parametrize("position", [RIGHT_INDEX, UNKNOWN])
def test_views_of_one_finger_in_a_record_are_its_impressions(
    station: Station, position: FingerPosition
) -> None:
    outcome = screen(station, request((RIGHT_INDEX, both(position))))

    assert [one.finger for one in outcome.fingers] == ["right-index", "right-index"]


def test_a_collection_is_enrolled_as_it_is_named_and_doubts_are_said(station: Station) -> None:
    wrong = tuple(
        Submission(name=f"file {k}", data=single(seed), position=RIGHT_INDEX) for k, seed in enumerate((1, 2))
    )
    asked = EnrolmentRequest(
        request_id=RequestId(uuid_of("a" * 64)), submissions=wrong, gallery="earlier", source_record="4711"
    )

    outcome = enrol(station, asked)

    assert len(outcome.qualities) == 2
    assert outcome.doubts == ("two impressions of the right index that look like different fingers",)
    assert enrol(station, asked).doubts == outcome.doubts


def test_a_reason_for_a_finger_that_was_captured_is_refused(station: Station) -> None:
    with pytest.raises(UnusableInput, match="a reason why it was not"):
        screen(station, request(right(), reasons=(without(RIGHT_INDEX),)))


def test_missing_fingers_are_refused_where_reasons_are_required(strict: Station) -> None:
    with pytest.raises(FingersMissing, match="no left index, no second impression of the right index"):
        screen(strict, request(right()))
    with pytest.raises(FingersMissing, match="Capture it and give left-index=FILE"):
        screen(strict, request(right(1), right(2)))

    explained = (without(LEFT_INDEX), without(RIGHT_INDEX))
    assert screen(strict, request(right(), reasons=explained)).fingers_missing == ()
    assert screen(strict, request(right(1), right(2), reasons=(without(LEFT_INDEX),))).fingers_missing == ()
    assert screen(strict, screening(reason=NotCapturedReason.BANDAGED)).fingers_missing == ()
