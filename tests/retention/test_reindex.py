"""Versions: what cannot be compared is refused, and what has an image is extracted again before it is."""

from __future__ import annotations

import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image
from tests.conftest import RIGHT_INDEX, fingers_of, impression_png, record
from tests.storage.records import Person
from tests.storage.records import record as record_person
from tests.workflows.requests import screening

from musterpoint import imaging, templates
from musterpoint.comparison import COMPARATOR_VERSION
from musterpoint.errors import Conflict, Refused, VersionMismatch
from musterpoint.extraction import EXTRACTOR_VERSION
from musterpoint.registry import Answer, Reference
from musterpoint.storage import reindexing
from musterpoint.templates import Template, decode
from musterpoint.workflows import reindexing as workflow
from musterpoint.workflows.erasure import Erasable, erase
from musterpoint.workflows.reindexing import reindex
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station


def outdate(station: Station, extractor: str = "leader-0") -> int:
    """Have all templates be of another extractor, as after an upgrade; returns how many."""
    with station.database.unit_of_work() as work:
        every = list(reindexing.held(work))
        for one in every:
            other = dataclasses.replace(decode(one.template), extractor=extractor)
            reindexing.stage(work, one, extractor, templates.encode(other), other.quality)
        reindexing.switch(work, every)
        work.append_journal("reindex.switched", {})
        work.commit()
    return len(every)


def origins(station: Station) -> set[str]:
    with station.database.read() as snapshot:
        return {decode(row.template).extractor for row in snapshot.index_rows()}


def test_a_gallery_with_a_template_of_another_extractor_is_not_searched_and_nobody_is_called_unknown(
    station: Station,
) -> None:
    screen(station, screening(impression_png(1)))
    outdate(station)
    probe = decode(templates.encode(fingers_of(2)[RIGHT_INDEX].impression(1).template()))

    for number in (1, 2):
        with pytest.raises(VersionMismatch, match="leader-0"):
            station.index(None).search(station.database, [probe], 0.01)
        # At the gate it is no dead end: what was not searched cannot be told.
        said = screen(station, screening(record(2, number=number)))
        assert (said.answer, said.case, said.people) == (Answer.CANNOT_TELL.value, None, 0)
    with station.database.read() as snapshot:
        assert len(snapshot.subjects()) == 1


def test_extracting_again_compares_before_it_switches_and_makes_searches_right(station: Station) -> None:
    first = screen(station, screening(impression_png(1), impression_png(1, number=2)))
    assert outdate(station) == 2

    report = reindex(station)
    assert (report.waiting, report.agreeing, report.switched, report.current) == (2, 2, 0, 0)
    assert report.minutiae.old == report.minutiae.new
    assert origins(station) == {"leader-0"}

    done = reindex(station, switches=True)
    assert (done.switched, done.waiting, done.current, done.incomparable) == (2, 0, 2, 0)
    assert origins(station) == {EXTRACTOR_VERSION}
    again = screen(station, screening(impression_png(1, number=3)))
    assert again.case is not None
    assert first.encounter != again.encounter
    assert reindex(station, switches=True).switched == 0


def test_every_search_in_the_journal_names_the_comparator(station: Station) -> None:
    screen(station, screening(record(1)))
    with station.database.read() as snapshot:
        [line] = [line for line in snapshot.journal() if line.kind == "searched"]
    assert json.loads(line.body)["comparator"] == COMPARATOR_VERSION


def test_a_search_sees_what_was_switched_and_nothing_that_waits(station: Station) -> None:
    first = screen(station, screening(impression_png(1)))
    stranger = dataclasses.replace(
        fingers_of(9)[RIGHT_INDEX].impression(1).template(), extractor="ISO/IEC 19794-2:2005"
    )
    with station.database.unit_of_work() as work:
        [one] = reindexing.held(work)
        reindexing.stage(work, one, "wrong", templates.encode(stranger), None)
        reindexing.switch(work, [one])
        work.append_journal("reindex.switched", {})
        work.commit()

    def candidates() -> int:
        return len(station.index(None).search(station.database, [probe], 0.01).candidates)

    probe = station.extractor.extract(imaging.decode(impression_png(1, number=2))).template
    assert (first.case, candidates()) == (None, 0)
    assert reindex(station).waiting == 1
    assert candidates() == 0
    assert reindex(station, switches=True, accepts=True).switched == 1
    assert candidates() == 1


def test_what_has_no_image_stays_and_is_counted(station: Station) -> None:
    screen(station, screening(record(1)))
    outdate(station)
    done = reindex(station, switches=True)
    assert (done.without_image, done.incomparable, done.switched) == (2, 2, 0)
    assert origins(station) == {"leader-0"}


def test_minutiae_of_standard_records_are_searched_beside_our_own(station: Station) -> None:
    screen(station, screening(record(1)))
    screen(station, screening(impression_png(2)))
    assert screen(station, screening(record(1, number=2))).case is not None
    assert len(origins(station)) == 2
    assert reindex(station).incomparable == 0


class Crash(BaseException):
    """The process dies here."""


def test_a_run_that_was_killed_goes_on_where_it_stopped(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 2):
        screen(station, screening(impression_png(seed)))
    outdate(station)
    monkeypatch.setattr(workflow, "REFERENCES_A_UNIT", 1)
    extracted: list[int] = []
    extract = workflow._extracted

    def counted(given: Station, one: reindexing.Held) -> Template | None:
        if len(extracted) == 1:
            extracted.append(one.number)
            raise Crash
        extracted.append(one.number)
        return extract(given, one)

    monkeypatch.setattr(workflow, "_extracted", counted)
    with pytest.raises(Crash):
        reindex(station)
    assert reindex(station, switches=True).switched == 2
    assert len(extracted) == 3
    assert origins(station) == {EXTRACTOR_VERSION}


def test_templates_that_disagree_with_what_they_would_replace_are_not_switched(station: Station) -> None:
    screen(station, screening(impression_png(1)))
    outdate(station)
    with station.database.unit_of_work() as work:
        [one] = reindexing.held(work)
        stranger = dataclasses.replace(
            station.extractor.extract(imaging.decode(impression_png(9))).template, position=one.position
        )
        reindexing.stage(work, one, EXTRACTOR_VERSION, templates.encode(stranger), stranger.quality)
        work.append_journal("reindex.staged", {})
        work.commit()

    with pytest.raises(Conflict, match="0 of 1"):
        reindex(station, switches=True)
    assert origins(station) == {"leader-0"}
    assert reindex(station, switches=True, accepts=True).switched == 1


def test_what_waits_of_an_erased_person_goes_too(station: Station) -> None:
    subject = screen(station, screening(impression_png(1))).subject
    outdate(station)
    reindex(station)
    with pytest.raises(VersionMismatch):
        station.index(None).follow(station.database)
    with station.database.read() as snapshot:
        [one] = snapshot.subjects()
        assert str(one.subject_id) == subject
    erase(station, Erasable(subject_id=one.subject_id, encounters=one.encounters))
    done = reindex(station, switches=True)
    assert (done.references, done.waiting, done.switched) == (0, 0, 0)


def test_only_an_administrator_reindexes(station: Station) -> None:
    with pytest.raises(Refused):
        reindex(station.acting_as("practice-supervisor"))
    assert reindex(station.acting_as("practice-administrator")).references == 0


def test_a_template_that_cannot_be_extracted_again_stays(station: Station) -> None:
    with station.database.unit_of_work() as work:
        record_person(work, Blank())
        work.commit()
    done = reindex(station, switches=True)
    assert (done.failed, done.switched, done.current) == (1, 0, 0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blank(Person):
    """Somebody whose image shows no finger."""

    @property
    def references(self) -> tuple[Reference, ...]:
        """One finger with a sound template, and a white image."""
        white, written = Image.fromarray(np.full((300, 300), 255, np.uint8)), io.BytesIO()
        white.save(written, "PNG", dpi=(500, 500))
        template = templates.encode(fingers_of(1)[RIGHT_INDEX].impression(1).template())
        first, _ = super().references
        return (dataclasses.replace(first, template=template, image=written.getvalue()),)
