"""The clone that is under test: where it lies, and what it keeps."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked_files() -> tuple[Path, ...]:
    """The files under version control, relative to the root. Skips the test where there is no git."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip("not a clone: there is no list of tracked files")
    return tuple(Path(name) for name in result.stdout.split("\0") if name and (ROOT / name).is_file())


def text_of(path: Path) -> str:
    """The text of a tracked file; empty if it is a picture."""
    return "" if path.suffix == ".png" else (ROOT / path).read_text(encoding="utf-8")
