"""Erasure: a person who was erased is nowhere, and is not found again."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from tests.conftest import impression_png, record
from tests.workflows.requests import screening

from musterpoint import templates
from musterpoint.errors import AlreadyErased, Conflict, NotFound
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry import Answer
from musterpoint.workflows.erasure import Erased, erase, find_erasable
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station


def _subject(text: str | None) -> SubjectId:
    return SubjectId(uuid.UUID(text or ""))


def _encounter(text: str) -> EncounterId:
    return EncounterId(uuid.UUID(text))


def _erase(station: Station, identifier: str | None) -> Erased:
    with station.database.read() as snapshot:
        found = find_erasable(snapshot, identifier or "")
    return erase(station, found)


def test_an_erased_person_is_not_found_by_a_station_that_searched_before(station: Station) -> None:
    first = screen(station, screening(record(1)))
    other = screen(station, screening(record(2)))
    _erase(station, first.subject)

    assert screen(station, screening(record(1, number=2))).answer == Answer.NOT_KNOWN.value
    assert screen(station, screening(record(2, number=2))).answer == Answer.BEING_DECIDED.value
    with station.database.read() as snapshot, pytest.raises(NotFound):
        snapshot.subject(_subject(first.subject))
    assert other.subject


def test_neither_template_nor_image_remains_in_any_file(station: Station, tmp_path: Path) -> None:
    first = screen(station, screening(impression_png(1)))
    with station.database.read() as snapshot:
        [encounter] = snapshot.encounters()
        [reference] = snapshot.references(encounter.encounter_id)
    assert reference.image is not None
    # The middle of each: neighbours in the file may share what stands at the ends.
    traces = [reference.template[16:48], reference.image[2000:2064]]
    assert templates.decode(reference.template)

    _erase(station, first.subject)

    for path in (tmp_path / "registry").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(trace in data for trace in traces), path.name


def test_nobody_is_erased_twice(station: Station) -> None:
    first = screen(station, screening(record(1)))
    _erase(station, first.subject)

    with pytest.raises(NotFound, match="erased"):
        _erase(station, first.subject)


def test_an_encounter_that_nobody_decided_can_be_erased(station: Station) -> None:
    first = screen(station, screening(record(1)))
    waiting = screen(station, screening(record(1, number=2)))

    with pytest.raises(Conflict, match="whole person"):
        _erase(station, first.encounter)
    assert _erase(station, waiting.encounter).encounters == 1

    with station.database.read() as snapshot:
        assert [str(one.encounter_id) for one in snapshot.encounters()] == [first.encounter]
        assert snapshot.cases(is_open=True) == ()


def test_a_request_that_was_erased_is_not_carried_out_again(station: Station) -> None:
    request = screening(record(1))
    _erase(station, screen(station, request).subject)

    with pytest.raises(AlreadyErased):
        screen(station, request)
    with station.database.read() as snapshot:
        assert snapshot.encounters() == ()


def test_a_case_whose_only_candidate_was_erased_is_settled(station: Station) -> None:
    first = screen(station, screening(record(1)))
    waiting = screen(station, screening(record(1, number=2)))
    assert _erase(station, first.subject).cases_empty == (1,)

    with station.database.read() as snapshot:
        assert snapshot.cases(is_open=True) == ()
        assert snapshot.encounter(_encounter(waiting.encounter)).answer is Answer.NOT_KNOWN
