"""Every command on the page about the log does what the page says, one after the other."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from musterpoint.cli import main
from musterpoint.cli.log import log
from musterpoint.cli.log_witness import witness
from musterpoint.transparency.verifier import arguments
from musterpoint.workflows.station import open_station

PAGE = (Path(__file__).parent.parent.parent / "docs/reference/transparency-log.md").read_text(
    encoding="utf-8"
)
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)

Shell = Callable[[str], tuple[int, str]]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs a line as a shell would, in a folder with a registry and a first export."""
    monkeypatch.setenv("MUSTERPOINT_DATA", str(tmp_path / "registry"))
    monkeypatch.chdir(tmp_path)
    open_station(tmp_path / "registry").database.close()

    def run(line: str) -> tuple[int, str]:
        words = shlex.split(line)
        assert words.pop(0) == "musterpoint"
        output = words[words.index(">") + 1] if ">" in words else ""
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(words[: words.index(">")] if output else words)
        printed = capsys.readouterr().out
        if output:
            Path(output).write_text(printed, encoding="utf-8")
        code = end.value.code
        return (code if isinstance(code, int) else 1), "" if output else printed

    return run


def comparable(text: str) -> list[str]:
    """Lines without what differs in every run."""
    return [re.sub(r"[0-9a-f]{32}|\d+", "N", line) for line in text.splitlines()]


def test_every_example_does_what_the_page_says(shell: Shell, tmp_path: Path) -> None:
    assert shell("musterpoint log export published --open setup --open person --open audit")[0] == 0
    assert len(BLOCKS) > 6
    for block in BLOCKS:
        for example in block.split("$ ")[1:]:
            line, _, expected = example.partition("\n")
            if line.startswith("musterpoint log export"):
                shutil.rmtree("published")
            code, printed = shell(line)
            assert code == 0, line
            assert comparable(printed) == comparable(expected), line


def test_every_command_and_every_option_of_the_verifier_is_on_the_page() -> None:
    named = {f"musterpoint log {name}" for name in log.commands if name != "witness"}
    named |= {f"musterpoint log witness {name}" for name in witness.commands}
    named |= {
        option for action in arguments()._actions for option in action.option_strings if "-h" not in option
    }
    assert sorted(name for name in named if name not in PAGE) == []


def test_every_link_leads_somewhere() -> None:
    anchors = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^## (.*)", PAGE, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        else:
            assert (
                Path(__file__).parent.parent.parent / "docs/reference" / target.partition("#")[0]
            ).exists()
