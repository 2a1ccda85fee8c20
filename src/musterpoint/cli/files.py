"""Files named on the command line: `right-index=FILE`, a file, a folder or a glob."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from musterpoint.templates import FingerPosition
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.listing import ListedFile, finger_of, list_people, parse_finger


def expand(arguments: Sequence[str]) -> list[Path]:
    """The paths that the arguments name; a glob that the shell left alone is expanded."""
    paths: list[Path] = []
    for argument in arguments:
        is_glob = any(character in argument for character in "*?[") and not Path(argument).exists()
        found = sorted(glob.glob(argument)) if is_glob else []  # noqa: PTH207  Path.glob takes no absolute pattern
        paths.extend(Path(path) for path in found or [argument])
    return paths


def submissions_of_one_person(
    arguments: Sequence[str], *, ppi: float | None, raw_size: tuple[int, int] | None
) -> tuple[Submission, ...]:
    """All files that the arguments name, as fingers of one person.

    Raises UnusableInput where a finger's name is unknown or a file cannot be read.
    """
    return tuple(file.read(raw_size) for argument in arguments for file in _files(argument, ppi))


def _files(argument: str, ppi: float | None) -> list[ListedFile]:
    label, separator, name = argument.partition("=")
    if separator and not Path(argument).exists():
        return [ListedFile(path=Path(name), position=parse_finger(label, argument), ppi=ppi)]
    files: list[ListedFile] = []
    for path in expand([argument]):
        if path.is_dir():
            files.extend(file for person in list_people([path], ppi=ppi).people for file in person.files)
        else:
            files.append(ListedFile(path=path, position=finger_of(path), ppi=ppi))
    return files


def finger_name(position: FingerPosition) -> str:
    """A finger as people read it: `right index`."""
    return "finger not stated" if position is FingerPosition.UNKNOWN else position.label.replace("-", " ")
