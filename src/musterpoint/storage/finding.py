"""Finding a record by what a person types of its identifier.

Identifiers of one minute share their first digits (UUID version 7), so the last digits serve as well as
the first. No message repeats what was typed: it names a person's record.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.errors import Conflict, NotFound

DIGITS_MIN: Final = 8
"""Fewer would often be ambiguous, and a typing error would find somebody else."""

_DIGITS: Final = 32


def digits(noun: str, text: str) -> str:
    """The hexadecimal digits of what was typed. Raises NotFound where it can be no identifier."""
    typed = text.strip().replace("-", "").lower()
    if not set(typed) <= set(string.hexdigits) or not DIGITS_MIN <= len(typed) <= _DIGITS:
        raise NotFound(
            expected=f"an identifier, or at least {DIGITS_MIN} of its first or last hexadecimal digits",
            found="another text",
            hint=f"Copy the identifier from the list of {noun}s",
            where=noun,
        )
    return typed


def statement(column: sa.ColumnElement[UUID], typed: str) -> sa.Select[Any]:
    """At most two identifiers that begin or end with the digits."""
    lowest, highest = UUID(typed.ljust(_DIGITS, "0")), UUID(typed.ljust(_DIGITS, "f"))
    begins = column.between(lowest, highest)
    if len(typed) == _DIGITS:
        return sa.select(column).where(begins)
    # Engines with a type of their own for identifiers write hyphens.
    text = sa.func.replace(sa.cast(column, sa.String), "-", "")
    return sa.select(column).where(begins | text.like(f"%{typed}")).limit(2)


def only_one(noun: str, found: Sequence[UUID], *, was_erased: Callable[[], bool]) -> UUID:
    """The one identifier found. Raises NotFound or Conflict."""
    if not found:
        raise missing(noun, was_erased=was_erased())
    if len(found) > 1:
        raise Conflict(
            expected=f"digits that only one {noun} has",
            found="digits that several have",
            hint="Give more digits, or the last ones: they differ more than the first",
            where=noun,
        )
    return found[0]


def missing(noun: str, *, was_erased: bool) -> NotFound:
    """The error for a record that is not there."""
    return NotFound(
        expected=f"the identifier of {_article(noun)} {noun}",
        found=f"one whose {noun} was erased" if was_erased else f"one that no {noun} has",
        hint=f"List the {noun}s that are there",
        where=noun,
    )


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"
