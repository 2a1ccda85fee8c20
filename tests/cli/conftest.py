"""Running commands as a person would, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, impression_png

from musterpoint.cli import main


@dataclass(frozen=True)
class Done:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `musterpoint ARGUMENTS` in a folder of its own, with a registry of its own."""
    monkeypatch.setenv("MUSTERPOINT_DATA", str(tmp_path / "registry"))
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        code = ended.value.code
        return Done(code=code if isinstance(code, int) else 0, out=captured.out, err=captured.err)

    return command


@pytest.fixture
def visit(tmp_path: Path) -> Callable[[int, int], tuple[Path, Path]]:
    """Writes the index fingers of a person's visit as a sensor would."""

    def write(seed: int, number: int) -> tuple[Path, Path]:
        folder = tmp_path / f"person-{seed}-visit-{number}"
        folder.mkdir()
        paths = []
        for position in (RIGHT_INDEX, LEFT_INDEX):
            path = folder / f"{position.label}.png"
            path.write_bytes(impression_png(seed, position, number))
            paths.append(path)
        return paths[0], paths[1]

    return write


def width_of(picture: Path) -> int:
    """Width of a picture in pixels."""
    with Image.open(picture) as opened:
        return opened.width
