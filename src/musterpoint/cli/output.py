"""What commands print: data to stdout as a table or as JSON, talk to stderr."""

from __future__ import annotations

import dataclasses
import enum
import json
import sys
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from uuid import UUID

import click

SMALLEST_RATE = 1e-6
"""Rarer than this is only said to be rarer: calibration is extrapolated there."""


IDENTIFIERS = frozenset({"subject", "encounter"})
"""Columns that are never broken over lines."""


def print_json(value: Any) -> None:
    """One JSON document on stdout; dataclasses become objects, identifiers become text."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # By attribute, not asdict: that would recurse into values that `default` must see.
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, UUID | PurePath):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """A table on stdout; on a pipe it is as wide as its content, so that nothing is cut."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        # An identifier that is broken over lines cannot be copied.
        table.add_column(column, overflow="fold", no_wrap=column in IDENTIFIERS)
    for row in rows:
        # Square brackets in the data are not markup.
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False).print(table)


def say(text: str) -> None:
    """A sentence for the person at the terminal, on stderr."""
    click.echo(text, err=True)


def short(identifier: str | UUID | None) -> str:
    """The end of an identifier, enough to name it; identifiers of one moment begin alike."""
    return str(identifier)[-12:] if identifier else ""


def in_words(rate: float) -> str:
    """A small number as people say it: `1 in 20 000`; what no data could show is not told apart."""
    if rate >= 0.1:
        return f"{rate:.1f}"
    if rate < SMALLEST_RATE:
        return "less than 1 in 1 000 000"
    digits = f"{1 / rate:.1e}"
    return f"1 in {int(float(digits)):,}".replace(",", " ")


def counted(count: int, one: str, more: str) -> str:
    """A number with its noun: `1 person`, `2 people`."""
    return f"{count} {one if count == 1 else more}"
