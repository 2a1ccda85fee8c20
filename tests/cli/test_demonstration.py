"""The demonstration: what a newcomer sees first."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, width_of


def test_the_demonstration_shows_every_kind_of_answer_and_leaves_a_report(run: Run, tmp_path: Path) -> None:
    done = run("demo", "--output", tmp_path / "shown", "--json")

    assert done.code == 0
    answers = [person["answer"] for person in done.json["people"]]
    assert answers == [
        "being decided: case 1 → known",
        "not known",
        "not known",
        "failed capture",
        "cannot tell",
        "not known",
        "not usable",
        "being decided: case 2 → known",
        "not known",
        "refused",
        "not known",
    ]
    page = (tmp_path / "shown" / "report.html").read_text()
    assert page.count("data:image/png") > 10
    assert "http" not in page.replace("http-equiv", "")
    assert width_of(tmp_path / "shown" / "comparison.png") > 600
    assert sorted(path.name for path in (tmp_path / "shown").iterdir()) == ["comparison.png", "report.html"]
    assert not (tmp_path / "registry").exists()
