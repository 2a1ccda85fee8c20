"""What an erasure leaves: random identifiers in tables on a list, and nothing that can be opened."""

from __future__ import annotations

import uuid
from pathlib import Path

from tests.conftest import impression_png, record
from tests.storage.records import tables_of
from tests.workflows.requests import screening

from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry.biographic import Biography
from musterpoint.registry.retention import HoldReason
from musterpoint.storage import biographic, exchanging, reindexing, retention, sealed_facts
from musterpoint.workflows.erasure import Erasable, erase, find_erasable, request
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station

PSEUDONYMS_STAY = {
    "erased_subject",
    "erased_encounter",
    "erasure",
    "journal",
    "index_change",
    "adjudication_case",
    "decision",
    "presentation",
    "request",
    "subject_change_state",
}
"""Tables in which a random identifier of somebody who was erased may stand."""


def live_through_everything(station: Station) -> tuple[Erasable, Erasable]:
    """Somebody with a bit of everything, and somebody whose candidate they are."""
    first = screen(station, screening(impression_png(1)))
    other = screen(station, screening(record(1, number=2)))
    one = EncounterId(uuid.UUID(first.encounter))
    with station.database.unit_of_work() as work:
        biographic.add(work, one, Biography(name="PLANTED"))
        [held] = [row for row in reindexing.held(work) if row.encounter_id == one]
        reindexing.stage(work, held, "later", held.template)
        retention.hold(work, [one], HoldReason.LEGAL, author="seat", until=work.now())
        work.append_journal("outcome", {"encounter": str(one)}, person={"note": "PLANTED"}, encounter_id=one)
        work.commit()
    with station.database.read() as snapshot:
        return find_erasable(snapshot, first.subject or ""), find_erasable(snapshot, other.encounter)


def tables_that_name(folder: Path, identifiers: set[uuid.UUID]) -> set[str]:
    """Tables in a row of which one of the identifiers stands, in any form."""
    forms = {form for one in identifiers for form in (one.hex, str(one))}

    def names(value: object) -> bool:
        text = value.hex() if isinstance(value, bytes) else str(value)
        return any(form in text for form in forms)

    return {
        table
        for table, rows in tables_of(folder).items()
        if any(names(value) for row in rows for value in row)
    }


def test_an_erasure_leaves_pseudonyms_alone_and_only_where_they_may_stay(
    station: Station, folder: Path
) -> None:
    person, _ = live_through_everything(station)
    request(station, person)
    gone = {uuid.UUID(str(person.subject_id)), *person.encounters}
    assert {"encounter", "biography", "retention", "retention_mark", "reference_staged"} <= tables_that_name(
        folder, gone
    )

    erase(station, person)

    assert tables_that_name(folder, gone) <= PSEUDONYMS_STAY
    with station.database.read() as snapshot:
        for exchanged in (*exchanging.EXCHANGED, *exchanging.AFTER_ENCOUNTERS):
            for column in exchanged.sealed:
                for row in snapshot.fetch(exchanged.table.select(), lambda row: dict(row._mapping)):
                    holder, name = exchanging.seal_of(snapshot, exchanged, column, row)
                    if holder in person.encounters:
                        left = sealed_facts.unseal_what_is_left(snapshot, holder, name, row[column])
                        assert left == {}, exchanged.name
        assert snapshot.person_openings(person.encounters[0]) == ()


def test_an_erasure_of_one_takes_nothing_from_another(station: Station) -> None:
    person, other = live_through_everything(station)
    with station.database.read() as snapshot:
        before = snapshot.references(other.encounters[0])
    erase(station, person)
    with station.database.read() as snapshot:
        assert snapshot.references(other.encounters[0]) == before
        assert snapshot.encounter(other.encounters[0]).source_record == ""
        assert not snapshot.is_erased(SubjectId(uuid.UUID(int=1)))
