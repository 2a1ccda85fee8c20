"""Values given on the command line: a short text, a rate, a folder, a file to write."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from musterpoint.limits import TEXT_CHARACTERS_MAX


class ShortText(click.ParamType[str]):
    """A text of 1 to TEXT_CHARACTERS_MAX characters that stays on one line."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text without blanks around it."""
        text = str(value).strip()
        if not text or len(text) > TEXT_CHARACTERS_MAX or not text.isprintable():
            self.fail(f"expected 1 to {TEXT_CHARACTERS_MAX} printable characters", param, ctx)
        return text


class Rate(click.FloatRange):
    """A share within bounds; unlike a plain range it refuses what is not a number."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        rate = float(super().convert(value, param, ctx))
        if math.isnan(rate):
            self.fail("expected a number", param, ctx)
        return rate


class Folder(click.Path):
    """A folder; an empty text, as from an unset shell variable, does not mean the present one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if value == "":
            self.fail("expected a folder, found an empty text", param, ctx)
        return super().convert(value, param, ctx)


class OutputFile(click.Path):
    """A file to write, in a folder that is there: after the work is too late to hear of a mistyped one."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        path: Any = super().convert(value, param, ctx)
        insist_on_folder(path)
        return path


def insist_on_folder(path: Path) -> None:
    """Raise BadParameter where the folder that a file is to be written to is not there."""
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(path.parent)!r}")
