"""What was exported is listed: when, why, by whom, and whether a copy may still be about."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, run
from tests.conftest import record

__all__ = ["run"]

WHERE = ("--purpose", "departure", "--site", "Gate 1")


def test_exports_are_listed_without_whom_they_are_about(run: Run, tmp_path: Path) -> None:
    (tmp_path / "person.fmr").write_bytes(record(1))
    run("screen", "person.fmr", *WHERE)
    subject = run("subjects", "--json").json[0]["subject"]
    assert run("export", "--list").code == 0
    assert run("export", "--subject", subject, "--out", "held", "--purpose", "access request").code == 0
    assert run("export", "--all", "everything", "--purpose", "handing over").code == 0

    found = run("export", "--list", "--json", "--seat", "practice-observer").json

    assert [(one["what"], one["purpose"], one["copy"]) for one in found] == [
        ("person", "access request", "not followed"),
        ("registry", "handing over", "about"),
    ]
    assert {(one["seat"], one["second"]) for one in found} == {
        ("practice-supervisor", "practice-supervisor-2")
    }
    words = run("export", "--list")
    assert "access request" in words.out
    assert subject not in words.out
    holder = run("retention", "show", "--json").json["holders"][0]
    run("retention", "copy", holder, "--gone")
    assert run("export", "--list", "--json").json[-1]["copy"] == "gone"


def test_an_integrator_sees_their_own_and_an_officer_none(run: Run) -> None:
    run("screen", "--not-captured", "bandaged", *WHERE)
    run("export", "--all", "everything", "--purpose", "handing over")

    assert run("export", "--list", "--json", "--seat", "practice-integrator").json == []
    assert run("export", "--list", "--seat", "practice-officer").code == 5
