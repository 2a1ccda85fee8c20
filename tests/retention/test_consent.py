"""Who withdraws their consent is taken to ask for erasure; or no search finds them any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run, run
from tests.conftest import record

__all__ = ["run"]

WHERE = ("--purpose", "departure", "--site", "Gate 1")
SUPERVISOR = ("--seat", "practice-supervisor")


@pytest.fixture
def encounter(run: Run, tmp_path: Path) -> str:
    """Somebody who consented and was enrolled."""
    (tmp_path / "person.fmr").write_bytes(record(1))
    (tmp_path / "again.fmr").write_bytes(record(1, number=2))
    return str(run("screen", "person.fmr", "--consent", "explicit", *WHERE, "--json").json["encounter"])


def _consents(run: Run) -> list[dict[str, str]]:
    return [one["body"] for one in run("journal", "--json").json if one["kind"] == "consent"]


def test_a_withdrawal_at_the_gate_asks_for_erasure_and_names_no_subject(run: Run, encounter: str) -> None:
    subject = run("subjects", "--json").json[0]["subject"]

    done = run("consent", "withdraw", encounter, "--seat", "practice-officer")

    assert done.code == 0, done.err
    assert "erase requested" in done.out
    assert subject not in done.out
    assert [one["answer"] for one in _consents(run)] == ["yes", "withdrawn"]
    assert _consents(run)[-1]["leads_to"] == "erasure"
    assert run("retention", "show", "--json", *SUPERVISOR).json["requested"]
    assert run("erase", subject, "--yes").code == 0


def test_twice_is_as_once(run: Run, encounter: str) -> None:
    run("consent", "withdraw", encounter)

    again = run("consent", "withdraw", encounter, "--json")

    assert (again.code, again.json["state"]) == (0, "erase requested")
    assert [one["kind"] for one in run("journal", "--json").json].count("erasure.requested") == 1


def test_a_supervisor_lets_no_search_find_whose_record_must_stay(run: Run, encounter: str) -> None:
    assert run("identify", "again.fmr", "--json").json["candidates"]

    done = run("consent", "withdraw", encounter, "--purpose", "departure", "--stop", "--json")

    assert (done.code, done.json["left"], done.json["state"]) == (0, 1, "active")
    assert run("identify", "again.fmr", "--json").json["candidates"] == []
    assert run("encounters", encounter, *SUPERVISOR).code == 0


def test_an_officer_stops_no_search(run: Run, encounter: str) -> None:
    done = run("consent", "withdraw", encounter, "--stop", "--seat", "practice-officer")

    assert done.code == 5
    assert run("identify", "again.fmr", "--json").json["candidates"]


def test_a_purpose_for_which_nobody_came_is_refused(run: Run, encounter: str) -> None:
    assert run("consent", "withdraw", encounter, "--purpose", "registration").code == 10
