"""The commands that newcomers are told to type exist, and CI types the same."""

from __future__ import annotations

import re

from tests.house.clone import ROOT
from tools.bootstrap import TASKS

from musterpoint.cli.app import COMMANDS


def typed(text: str) -> list[list[str]]:
    """The command lines of a document, as words: those that are indented, fenced or quoted."""
    lines = re.findall(r"^(?:\s*\$ |\s+)?((?:\./run|musterpoint) .+)$", text, re.MULTILINE)
    quoted = re.findall(r"`((?:\./run|musterpoint) [^`]+)`", text)
    return [line.split() for line in (*lines, *quoted)]


def test_commands_of_the_readme_exist() -> None:
    lines = typed((ROOT / "README.md").read_text(encoding="utf-8"))

    assert len(lines) > 2
    for first, task, *words in lines:
        if first == "./run":
            assert task in TASKS, f"./run {task}"
        command = task if first == "musterpoint" else words[0] if task == "musterpoint" else "demo"
        assert command in COMMANDS or command.startswith(("-", "…")), f"{first} {task} {command}"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    for command in ("./run demo", "./run test"):
        assert command in readme
    for command in ("./run check", "./run test"):
        assert re.search(rf"^{re.escape(command)}\b", script, re.MULTILINE)
