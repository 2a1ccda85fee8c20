"""Files named on the command line: `right-index=FILE`, a file, a folder or a glob."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from musterpoint.cli.output import counted, say
from musterpoint.errors import UnusableInput
from musterpoint.limits import IMPRESSIONS_MAX
from musterpoint.templates import FingerPosition
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.listing import (
    ListedFile,
    ListedPerson,
    finger_of,
    list_people,
    parse_finger,
    person_of,
)


def expand(arguments: Sequence[str]) -> list[Path]:
    """The paths that the arguments name; a glob that the shell left alone is expanded."""
    paths: list[Path] = []
    for argument in arguments:
        is_glob = any(character in argument for character in "*?[") and not Path(argument).exists()
        found = sorted(glob.glob(argument)) if is_glob else []  # noqa: PTH207  Path.glob takes no absolute pattern
        paths.extend(Path(path) for path in found or [argument])
    return paths


def list_everybody(
    arguments: Sequence[str], ppi: float | None, *, at_gate: bool = False
) -> tuple[ListedPerson, ...]:
    """Everybody in the folders, files and manifests that the arguments name. Raises ListingError.

    at_gate  manifests may say age, carer and exception
    """
    listing = list_people(expand(arguments), ppi=ppi, at_gate=at_gate)
    if listing.files_skipped:
        what = counted(listing.files_skipped, "file is", "files are")
        say(f"{what} neither image nor record: passed over.")
    return listing.people


def submissions_of_one_person(
    arguments: Sequence[str], *, ppi: float | None, raw_size: tuple[int, int] | None
) -> tuple[Submission, ...]:
    """All files that the arguments name, as fingers of one person.

    Raises UnusableInput where a finger's name is unknown, a file cannot be read, or the names are
    those of several people: taken for one, they would become one subject.
    """
    files = [file for argument in arguments for file in _files(argument, ppi)]
    _refuse_several_people(files)
    return tuple(file.read(raw_size) for file in files)


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


def _refuse_several_people(files: Sequence[ListedFile]) -> None:
    names = {name for file in files if (name := person_of(file.path))}
    folders = {file.path.parent for file in files if file.path.parent != Path()}
    fingers = Counter(file.position for file in files if file.position is not FingerPosition.UNKNOWN)
    repeated = [position for position, count in fingers.items() if count > IMPRESSIONS_MAX]
    if len(names) > 1 or (repeated and len(folders) > 1):
        found = f"files of {max(len(names), len(folders))} people"
    elif repeated:
        found = f"{fingers[repeated[0]]} impressions of the {finger_name(repeated[0])}"
    else:
        return
    raise UnusableInput(
        expected="the fingers of one person",
        found=found,
        hint="Screen a folder of many people with --batch",
    )


def refuse_overwriting(output: Path | None, inputs: Sequence[str]) -> None:
    """Raise a usage error where a file that is written is also one that is read."""
    if output is None or not output.exists():
        return
    named = [argument.partition("=")[2] or argument for argument in inputs]
    read = [path for path in expand([*inputs, *named]) if path.exists()]
    if any(output.samefile(path) for path in read):
        raise click.UsageError(
            f"{output} is read by this command and would be overwritten; name another file."
        )


def finger_name(position: FingerPosition) -> str:
    """A finger as people read it: `right index`."""
    return "finger not stated" if position is FingerPosition.UNKNOWN else position.label.replace("-", " ")
