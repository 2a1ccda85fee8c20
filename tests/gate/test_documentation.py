"""The page on the gate can be followed as it is written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, impression_png, smudged_png

from musterpoint.cli.app import musterpoint

PAGE = Path(__file__).parents[2] / "docs/explanation/screening.md"
WHERE = ("--purpose", "departure", "--site", "Gate 1")


def test_every_command_of_the_page_does_its_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUSTERPOINT_DATA", str(tmp_path / "registry"))

    def run(*arguments: str) -> str:
        capsys.readouterr()
        code = musterpoint.main(list(arguments), prog_name="musterpoint", standalone_mode=False)
        assert not code, arguments
        return capsys.readouterr().out

    def screened(*arguments: str) -> str:
        found: str = json.loads(run("screen", *arguments, *WHERE, "--json"))["encounter"]
        return found[-12:]

    for position in (RIGHT_INDEX, LEFT_INDEX):
        Path(f"{position.label}.png").write_bytes(impression_png(2, position))
    for number, name in enumerate(("first.png", "second.png"), 1):
        Path(name).write_bytes(impression_png(2, number=number))
    variables = {"FIRST": screened("right-index.png", "left-index.png")}
    Path("right-thumb.png").write_bytes(smudged_png(1))
    variables["POOR"] = screened("right-thumb.png")
    variables["BANDAGED"] = screened("--not-captured", "bandaged")
    variables["CHILD"] = screened("--age", "4")
    for position in (RIGHT_INDEX, LEFT_INDEX):
        Path(f"{position.label}.png").write_bytes(impression_png(3, position))

    Path("arrivals.csv").write_text(
        "\n".join(re.findall(r"^    (\S*record,.*|family.*)$", PAGE.read_text(), re.M))
    )
    blocks = re.findall(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 12
    for line in lines:
        words = [variables[word[1:]] if word.startswith("$") else word for word in shlex.split(line)]
        assert words[0] == "musterpoint"
        run(*words[1:])
    assert Path("receipt.tlog-proof").exists()
