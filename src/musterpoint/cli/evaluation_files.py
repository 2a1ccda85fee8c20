"""Files that commands write, as options whose names are checked before the work begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from musterpoint.cli.texts import insist_on_folder

STANDARD_OUTPUT: Final = Path("-")
DATA_SET_FILE: Final = "dataset.json"

Command = TypeVar("Command", bound=Callable[..., Any])


def output_option(name: str, *suffixes: str, tells: str) -> Callable[[Command], Command]:
    """The option `--name FILE`, whose value is the argument `name_file`.

    tells     what its help says
    suffixes  with one of which the name of the file ends; where none are given, - is the standard output
    """
    kind = click.Path(dir_okay=False, writable=True, allow_dash=not suffixes, path_type=Path)

    def check(_ctx: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
        # An hour later is too late to hear of a mistyped folder.
        if path is not None and (suffixes or path != STANDARD_OUTPUT):
            _check_name(path, suffixes)
        return path

    return click.option(f"--{name}", f"{name}_file", metavar="FILE", type=kind, callback=check, help=tells)


def _check_name(path: Path, suffixes: tuple[str, ...]) -> None:
    if suffixes and path.suffix not in suffixes:
        raise click.BadParameter(f"expected a name that ends in {' or '.join(suffixes)}, found {path.name!r}")
    insist_on_folder(path)
    if path.name == DATA_SET_FILE:
        raise click.BadParameter(f"{path} has the name of a data set's description; name another file")
