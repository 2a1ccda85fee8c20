"""Everything that is held on one person, and nothing that is held on others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run, run
from tests.conftest import impression_png, record
from tests.exchange.conftest import NewStation
from tests.exchange.registries import Visitor
from tests.storage.records import open_case
from tests.storage.records import record as record_person

from musterpoint.errors import Conflict, NoAgreement, NotFound, Refused
from musterpoint.registry.retention import HoldReason
from musterpoint.storage import retention
from musterpoint.workflows.exchange_files import opened
from musterpoint.workflows.exporting_person import FORMAT, export_person
from musterpoint.workflows.station import Station

__all__ = ["run"]

PURPOSE = "access request"


def two_people(station: Station) -> tuple[Visitor, Visitor]:
    """Somebody who was enrolled, and somebody else who may be them."""
    one, other = Visitor(mark="ONE", seed=1), Visitor(mark="SOMEBODY ELSE", seed=2, subject_id=None)
    with station.database.unit_of_work() as work:
        record_person(work, one)
        record_person(work, other)
        open_case(work, other, [one])
        retention.hold(work, [one.encounter_id], HoldReason.LEGAL, author="seat", until=work.now())
        work.append_journal(
            "searched", {"encounter": str(one.encounter_id), "purpose": "arrival", "people": 0}
        )
        work.append_journal("decided", {"encounter": str(other.encounter_id), "carer": str(one.encounter_id)})
        work.commit()
    return one, other


def test_a_person_gets_all_that_is_theirs_and_nobody_elses(new_station: NewStation, tmp_path: Path) -> None:
    station, out = new_station(), tmp_path / "held"
    one, other = two_people(station)
    done = export_person(station, str(one.subject_id), out, purpose=PURPOSE)

    assert opened(out, FORMAT).digest == done.digest
    answer = json.loads((out / "person.json").read_text())
    [visit] = answer["visits"]
    assert visit["encounter_id"] == str(one.encounter_id)
    assert visit["detail"]["source_record"] == "ONE-record"
    assert (done.encounters, done.images, len(visit["fingers"])) == (1, 1, 2)
    for finger in visit["fingers"]:
        assert (out / finger["record"]).read_bytes()[:4] == b"FMR\x00"
    assert answer["cases"][0]["about"] == "whether somebody else is this person"
    assert [event["facts"]["purpose"] for event in answer["searches"]] == ["arrival"]
    assert {event["kind"] for event in answer["events"]} >= {"searched", "decided", "export"}
    assert answer["records"]["retention_mark"][0]["reason"] == "legal"

    for path in out.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"SOMEBODY ELSE" not in data, path
            assert str(other.encounter_id).encode() not in data, path
    page = (out / "index.html").read_text()
    assert visit["fingers"][0]["image"] in page
    assert "<script" not in page
    assert "://" not in page


def test_the_export_of_a_person_is_journalled_with_its_purpose(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station()
    one, _ = two_people(station)
    export_person(station, str(one.subject_id), tmp_path / "held", purpose=PURPOSE)
    with station.database.read() as snapshot:
        line = snapshot.journal()[-1]
    assert line.kind == "export"
    assert json.loads(line.body)["purpose"] == PURPOSE


def test_nobody_gets_it_without_purpose_second_seat_or_right(new_station: NewStation, tmp_path: Path) -> None:
    station, out = new_station(), tmp_path / "held"
    one, _ = two_people(station)
    person = str(one.subject_id)
    with pytest.raises(NoAgreement):
        export_person(station, person, out, purpose="")
    with pytest.raises(Refused):
        export_person(station.acting_as("practice-supervisor"), person, out, purpose=PURPOSE)
    with pytest.raises(Refused):
        export_person(station.acting_as("practice-officer"), person, out, purpose=PURPOSE)
    with pytest.raises(NotFound):
        export_person(station, "00000000", out, purpose=PURPOSE)
    assert not out.exists()
    two = station.acting_as("practice-supervisor", "practice-supervisor-2")
    assert export_person(two, person, out, purpose=PURPOSE).encounters == 1
    with pytest.raises(Conflict, match="other files"):
        export_person(two, person, out, purpose=PURPOSE)


def test_commands_give_a_person_and_a_registry_and_take_it_in(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.fmr").write_bytes(record(1))
    (tmp_path / "right-index.png").write_bytes(impression_png(2))
    for file in ("one.fmr", "right-index.png"):
        assert run("screen", file, "--purpose", "departure", "--site", "Gate 1").code == 0
    subject = run("subjects", "--json").json[0]["subject"]

    held = run("export", "--subject", subject, "--out", "held", "--purpose", PURPOSE)
    assert "1 visit" in held.out, held.err
    gone = run("export", "--all", "registry-2027", "--purpose", "handing over", "--json")
    assert gone.json["counts"]["encounters"] == 2
    taken = run("import", "registry-2027", "--data", "other", "--json")
    assert (taken.json["added"]["encounters"], taken.json["erased"]) == (2, 0)
    assert run("subjects", "--json", "--data", "other").json == run("subjects", "--json").json
    assert "Nothing was new." in run("import", "registry-2027", "--data", "other").out
    known = run("identify", "one.fmr", "--purpose", "departure", "--data", "other", "--json")
    assert known.json["candidates"][0]["subject"] == subject
    assert run("export", "--subject", subject).code == 2
    assert run("export", "one.fmr", "--all", "x").code == 2
