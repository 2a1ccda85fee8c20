"""The page on adjudication can be followed as it is written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import record

from musterpoint.cli.app import musterpoint
from musterpoint.errors import UnusableInput

PAGE = Path(__file__).parents[2] / "docs/explanation/adjudication.md"
WHERE = ("--purpose", "departure", "--site", "Gate 1")


class Shell:
    """Runs commands in one folder and remembers what they are about."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.variables: dict[str, str] = {}

    def run(self, *arguments: str) -> str:
        self._capsys.readouterr()
        code = musterpoint.main(list(arguments), prog_name="musterpoint", standalone_mode=False)
        assert not code, arguments
        return self._capsys.readouterr().out

    def json(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*arguments, "--json"))
        return found


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Two visits of one person and one of another, and a case."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUSTERPOINT_DATA", str(tmp_path / "registry"))
    # An adjudicator's chance, so that the page's pair is the one that waits.
    monkeypatch.setattr("musterpoint.workflows.adjudication.SHARE", 0.0)
    made = Shell(capsys)
    for name, (seed, number) in {"FIRST": (1, 1), "ENCOUNTER": (1, 2), "OTHER": (2, 1)}.items():
        (tmp_path / "visit.fmr").write_bytes(record(seed, number=number))
        outcome = made.json("screen", "visit.fmr", *WHERE, "--seat", "practice-officer")
        made.variables[name] = outcome["encounter"]
    task = made.json("adjudicate", "next", "--seat", "practice-adjudicator")
    made.variables["PAIR"] = task["pair"][-12:]
    return made


def test_every_command_of_the_page_does_its_work(shell: Shell) -> None:
    blocks = re.findall(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 10
    for line in lines:
        if "subject merge" in line:
            _name_the_subjects(shell)
        words = [shell.variables[word[1:]] if word.startswith("$") else word for word in shlex.split(line)]
        assert words[0] == "musterpoint"
        shell.run(*words[1:])


def _name_the_subjects(shell: Shell) -> None:
    for name in ("FIRST", "OTHER"):
        encounter = shell.variables[name]
        found = shell.json("encounters", encounter, "--seat", "practice-supervisor")
        shell.variables[name] = found["subject"]


def test_a_mark_says_where_it_points(shell: Shell) -> None:
    judge = ("adjudicate", "judge", shell.variables["PAIR"])
    shell.run(*judge, "--opinion", "different", "--mark", "left:1:120,88", "--seat", "practice-adjudicator")
    shell.run("adjudicate", "next", "--seat", "practice-adjudicator-2")
    shell.run(*judge, "--opinion", "same", "--seat", "practice-adjudicator-2")

    task = shell.json("adjudicate", "next", "--seat", "practice-arbiter")

    assert task["is_arbiter"]
    (mark,) = task["marks"]
    assert (mark["finger"], mark["x"], mark["y"]) == (1, 120, 88)


def test_the_picture_is_deleted_with_the_opinion(shell: Shell) -> None:
    pair = shell.variables["PAIR"]
    assert Path(f"pair-{pair}.png").exists()

    shell.run("adjudicate", "judge", pair, "--opinion", "same", "--seat", "practice-adjudicator")

    assert not Path(f"pair-{pair}.png").exists()


def test_a_mark_that_means_nothing_is_refused(shell: Shell) -> None:
    judge = ("adjudicate", "judge", shell.variables["PAIR"], "--opinion", "same")
    for mark in ("left", "up:1:2,3", "left:1:2", "left:x:1,2", "left:1:-2,3", "left:1:1,9999999"):
        with pytest.raises(UnusableInput, match="SIDE:FINGER"):
            shell.run(*judge, "--mark", mark)
