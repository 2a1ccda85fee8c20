"""A short text given on the command line."""

from __future__ import annotations

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
