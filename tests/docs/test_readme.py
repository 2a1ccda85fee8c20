"""What the README says can be done as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.conftest import impression_png
from tools.bootstrap import with_output

from musterpoint.cli import main
from musterpoint.cli.app import COMMANDS
from musterpoint.cli.writing import write_file
from musterpoint.workflows.demonstration import prints_to_try

README = Path(__file__).parent.parent.parent / "README.md"


def test_the_python_example_runs_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "monday.png").write_bytes(impression_png(1))
    (tmp_path / "tuesday.png").write_bytes(impression_png(1, number=2))
    monkeypatch.chdir(tmp_path)

    exec(compile(code, "README.md", "exec"), {})

    printed = capsys.readouterr().out
    assert int(printed.splitlines()[0]) > 3000
    assert "person 1" in printed


def test_the_tour_goes_from_an_agreement_to_a_verified_log_in_ten_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUSTERPOINT_DATA", str(tmp_path / "registry"))
    monkeypatch.chdir(tmp_path)
    left_by_the_demonstration = Path(with_output([])[1]).relative_to(README.parent)
    for name, content in prints_to_try().items():
        write_file(tmp_path / left_by_the_demonstration / "prints" / name, content)
    tour = re.findall(r"^\$ \./run musterpoint (.+)$", README.read_text(), re.MULTILINE)
    assert len(tour) == 10
    printed = []

    for line in tour:
        with pytest.raises(SystemExit) as end:
            main(shlex.split(line))
        said = capfd.readouterr()
        assert end.value.code in {None, 0}, (line, said.err)
        printed.append(said.out)

    assert printed[4].startswith("not known")
    assert printed[5].startswith("cannot tell")
    assert (tmp_path / "pair.png").stat().st_size > 10_000
    assert "Everything that was looked at holds" in printed[9]


def test_every_command_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"\./run musterpoint ([a-z]+)", README.read_text()))
    assert named
    assert named <= set(COMMANDS)


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text()):
        assert (README.parent / target).exists(), target


def test_wrong_kinds_of_values_are_named(tmp_path: Path) -> None:
    import musterpoint

    path = tmp_path / "monday.png"
    path.write_bytes(impression_png(1))
    template = musterpoint.extract(musterpoint.load_image(path)).template

    with pytest.raises(TypeError, match="load_image"):
        musterpoint.extract(path)  # type: ignore[arg-type]  # what a caller without types may do
    with pytest.raises(TypeError, match="Template"):
        musterpoint.compare(template, path)  # type: ignore[arg-type]  # the same
