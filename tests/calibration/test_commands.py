"""`musterpoint calibrate`, and what `agreement` says of thresholds, as a person would type them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.calibration.people import enrol, fingers
from tests.cli.conftest import Run

from musterpoint.templates import Template
from musterpoint.workflows.station import open_station

PEOPLE = 202
DEPARTURE = ("--purpose", "departure")
PARTIES = ("--party", "Relief agency", "--party", "City council")
SEATS = ("ada=administrator", "sam=supervisor", "sue=supervisor", "cleo=capture-officer")
ONE = ("--seat", "sam")
TWO = (*ONE, "--second", "sue")


def _agree(run: Run) -> None:
    assert run("agreement", "draft", *PARTIES, *DEPARTURE).code == 0
    assert run("seat", "add", *SEATS, "--party", "Relief agency").code == 0
    assert run("agreement", "add", "agreement.toml", *ONE).code == 0
    assert run("agreement", "acknowledge", *PARTIES, *ONE).code == 0


def _enrol(folder: Path, people: Sequence[Sequence[Template]]) -> set[str]:
    """Enrol people; returns the identifiers that stand for them."""
    station = open_station(folder / "registry")
    with station.database:
        subjects = {str(one) for one in enrol(station, people, "departure")}
        with station.database.read() as snapshot:
            return subjects | {str(row.encounter_id) for row in snapshot.index_rows()}


def test_it_is_measured_used_shown_and_taken_back(run: Run, tmp_path: Path) -> None:
    _agree(run)
    two = fingers(2 * PEOPLE)
    held = _enrol(tmp_path, [two[2 * k : 2 * k + (2 if k < 30 else 1)] for k in range(PEOPLE)])

    done = run("calibrate", *DEPARTURE, "--measure", "--comparisons", 20_000, "--plot", "it.svg", *ONE)
    assert done.code == 0, done.err
    assert "One finger: 20,000 comparisons" in done.out
    assert "extrapolated" in done.out
    assert "Nothing was changed" in done.out
    words = "".join(ElementTree.parse(tmp_path / "it.svg").getroot().itertext())
    labels = ("Before", "After", "measured", "extrapolated below", "share of comparisons that reach it")
    assert all(word in words for word in labels)
    _assert_within_its_interval(done.out)
    assert run("calibrate", *DEPARTURE, "--json", *ONE).json["number"] == 0

    refused = run("calibrate", *DEPARTURE, "--use", *ONE)
    assert (refused.code, run("calibrate", *DEPARTURE, "--json", *ONE).json["number"]) == (5, 0)
    used = run("calibrate", *DEPARTURE, "--use", "--comparisons", 20_000, "--json", *TWO)
    assert used.code == 0, used.err
    assert (used.json["number"], used.json["one"]["comparisons"]) == (1, 20_000)

    shown = run("calibrate", *DEPARTURE, *ONE)
    assert "go by calibration 1" in shown.out
    assert f"Galleries: departure, with {PEOPLE} people." in shown.out
    at_the_gate = run("calibrate", *DEPARTURE, "--seat", "cleo")
    assert "Measured on people of departure." in at_the_gate.out
    assert "Galleries: departure.\n" in at_the_gate.out
    assert run("calibrate", *DEPARTURE, "--json", "--seat", "cleo").json["people"] is None
    page = run("agreement", "show", *ONE)
    assert "by calibration 1" in page.out
    assert "comparing all would ask for" in page.out
    [purpose] = run("agreement", "show", "--json", *ONE).json["purposes"]
    assert (purpose["calibration"], purpose["people"], purpose["target_supported"]) == (1, PEOPLE, True)
    assert purpose["expected_false_candidates_per_search"] <= purpose["target_fpir_ppm"] / 1e6

    listed = run("gallery", "list", *ONE)
    assert "by chance in a search" in listed.out
    found = run("gallery", "list", "--json", *ONE).json
    [shown_of] = [one["purposes"] for one in found if one["gallery"] == "departure"]
    fingers_of = [(one["fingers"], one["calibration"]) for one in shown_of[0]["by_fingers"]]
    assert (shown_of[0]["people"], fingers_of) == (PEOPLE, [(1, 1), (2, 1)])

    assert "entry 2 says so" in run("calibrate", *DEPARTURE, "--standard", *TWO).out
    again = run("calibrate", *DEPARTURE, "--standard", *TWO)
    assert (again.code, "already; nothing was changed" in again.out) == (0, True)
    assert run("calibrate", *DEPARTURE, "--standard", "--json", *TWO).json["number"] is None
    assert "standard calibration" in run("calibrate", *DEPARTURE, *ONE).out
    lines = [one for one in _journal(run) if one["kind"].startswith("threshold.")]
    assert not [one for one in held if one in json.dumps(lines)], "what is kept names nobody"
    assert [one["kind"] for one in lines] == [
        "threshold.measured",
        "threshold.measured",
        "threshold.calibrated",
        "threshold.calibrated",
    ]


def _assert_within_its_interval(table: str) -> None:
    """Every strength in a table has its rate after calibration inside of the interval beside it."""
    number = r"(\d\.\d+e[-+]\d+)"
    rows = re.findall(rf"{number}\W+{number} to {number}", table)
    assert len(rows) >= 7
    for rate, low, high in rows:
        assert float(low) <= float(rate) <= float(high)


def test_practice_is_named_as_the_reason_that_nobody_may_set_a_calibration(run: Run) -> None:
    run("screen", "--not-captured", "bandaged", *DEPARTURE, "--site", "Gate 1")

    for words in (("--seat", "practice-supervisor"), ()):
        done = run("calibrate", *DEPARTURE, "--use", "--second", "practice-supervisor-2", *words)
        assert (done.code, "a seat that is not for practice" in done.err) == (5, True), done.err


def _journal(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run("journal", "--json", "--limit", "1000", *ONE).json
    return found


def test_a_small_registry_is_told_what_is_missing(run: Run) -> None:
    _agree(run)
    done = run("calibrate", *DEPARTURE, "--measure", *ONE)
    assert done.code == 10
    assert "expected 200 people in the galleries of this purpose, but found 0" in done.err
    assert run("calibrate", *DEPARTURE, "--plot", "it.svg", *ONE).code == 2
    assert run("calibrate", *DEPARTURE, "--standard", "--measure", *ONE).code == 2


def test_an_option_that_cannot_work_is_refused_by_its_name(run: Run, tmp_path: Path) -> None:
    _agree(run)
    few = run("calibrate", *DEPARTURE, "--measure", "--comparisons", 1000, *ONE)
    assert few.code == 10
    assert "1000 asked for" in few.err
    assert "Give --comparisons 19900 or more" in few.err
    assert "Enrol" not in few.err

    drawn = run("calibrate", *DEPARTURE, "--measure", "--plot", "it.png", *ONE)
    assert drawn.code == 2
    assert "ends in .svg" in drawn.err
    assert run("calibrate", *DEPARTURE, "--measure", "--plot", "nowhere/it.svg", *ONE).code == 2
    assert not (tmp_path / "it.png").exists()


def test_a_target_that_no_data_support_is_refused_when_it_is_agreed_on(run: Run, tmp_path: Path) -> None:
    run("agreement", "draft", *PARTIES, *DEPARTURE)
    run("seat", "add", *SEATS, "--party", "Relief agency")
    draft = (tmp_path / "agreement.toml").read_text()
    assert "target_fpir_ppm = " in draft
    strict = _with(_with(draft, "target_fpir_ppm", "1"), "fingers_asked", '["right-index"]')
    (tmp_path / "agreement.toml").write_text(strict)

    done = run("agreement", "add", "agreement.toml", *ONE)

    assert done.code == 3
    expected = "at least 69 false candidates in a million searches of a gallery of 1,000 people"
    assert f"{expected} (it holds 0, and 1,000 are foreseen)" in done.err
    assert "Ask for two fingers" in done.err
    (tmp_path / "agreement.toml").write_text(_with(draft, "target_fpir_ppm", "1"))
    assert run("agreement", "add", "agreement.toml", *ONE).code == 0


def _with(text: str, name: str, value: str) -> str:
    """The text with another value of a line."""
    lines = [f"{name} = {value}" if line.startswith(f"{name} = ") else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"
