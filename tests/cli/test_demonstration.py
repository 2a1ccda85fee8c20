"""The demonstration: what a newcomer sees first."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, width_of


def test_the_demonstration_shows_every_kind_of_answer_and_leaves_a_report(run: Run, tmp_path: Path) -> None:
    done = run("demo", "--output", tmp_path / "shown", "--json")

    assert done.code == 0
    people = done.json["people"]
    assert [(person["answer"], person["decision"].partition(":")[0]) for person in people] == [
        ("being decided → known", "cleared"),
        ("not known", "cleared"),
        ("not known", "cleared"),
        ("failed capture", "cleared"),
        ("cannot tell", "open"),
        ("not known", "cleared"),
        ("not usable", ""),
        ("being decided → known", "denied"),
        ("cannot tell", "open"),
        ("refused", "referred"),
        ("not known", "cleared"),
    ]
    assert done.json["entries_verified"] > 100
    page = (tmp_path / "shown" / "report.html").read_text()
    assert page.count("data:image/png") > 10
    assert "://" not in page, "no picture in base64 holds that by chance"
    assert width_of(tmp_path / "shown" / "comparison.png") > 600
    shown = sorted(path.name for path in (tmp_path / "shown").iterdir())
    assert shown == ["comparison.png", "log", "prints", "receipt.html", "receipt.tlog-proof", "report.html"]
    assert not (tmp_path / "registry").exists()


def test_its_log_holds_for_a_stranger_and_a_second_one_takes_its_place(run: Run, tmp_path: Path) -> None:
    log, proof = tmp_path / "musterpoint-demo" / "log", tmp_path / "musterpoint-demo" / "receipt.tlog-proof"
    for _ in range(2):
        assert run("demo", "--json").code == 0
        assert run("log", "verify", log, "--signatures", "--proof", proof).code == 0
