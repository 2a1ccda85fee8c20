"""What a person says about themself: optional, kept apart, and never needed to search."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from musterpoint.errors import UnusableInput
from musterpoint.limits import BIOGRAPHIC_FIELDS_MAX, TEXT_CHARACTERS_MAX

GROWN_UP_YEARS: Final = 18
"""Who is younger is a child (Convention on the Rights of the Child, article 1)."""

_NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Biography:
    """Biographic data of one encounter, as it was told.

    born    year, year and month, or day of birth as `2009`, `2009-04` or `2009-04-30`; may be empty
    fields  whatever else the agreement wants to be asked, by its name
    """

    name: str = ""
    born: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: _NO_FIELDS)

    def __post_init__(self) -> None:
        if self.born:
            birth_range(self.born)
        if len(self.fields) > BIOGRAPHIC_FIELDS_MAX:
            raise _unusable(f"at most {BIOGRAPHIC_FIELDS_MAX} fields", str(len(self.fields)))
        for text in (self.name, *self.fields, *self.fields.values()):
            if len(text) > TEXT_CHARACTERS_MAX or not text.isprintable():
                raise _unusable(f"texts of at most {TEXT_CHARACTERS_MAX} printable characters", "another one")
        object.__setattr__(self, "fields", MappingProxyType(dict(sorted(self.fields.items()))))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was told."""
        return not (self.name or self.born or self.fields)

    def facts(self) -> dict[str, object]:
        """As it is sealed; `from_facts` reads it."""
        return {"name": self.name, "born": self.born, "fields": dict(self.fields)}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Biography:
        """The biography that `facts` told."""
        return cls(name=facts["name"], born=facts["born"], fields=facts["fields"])


def fields_of_json(data: bytes, where: str) -> Mapping[str, str]:
    """Free fields from a JSON file: one object whose values are texts or numbers. Raises UnusableInput."""
    try:
        found = json.loads(data)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise _unusable("JSON", "something else", where) from None
    if not isinstance(found, dict) or not all(
        isinstance(value, str | int) and not isinstance(value, bool) for value in found.values()
    ):
        raise _unusable("one object whose values are texts or whole numbers", "something else", where)
    return {str(name): str(value) for name, value in found.items()}


def birth_range(born: str) -> tuple[datetime.date, datetime.date]:
    """The earliest and the latest day that a statement of birth may mean. Raises UnusableInput."""
    parts = born.split("-")
    widths = (4, 2, 2)
    if len(parts) > len(widths) or not all(
        part.isascii() and part.isdigit() and len(part) == width
        for part, width in zip(parts, widths, strict=False)
    ):
        raise _unusable("a birth as 2009, 2009-04 or 2009-04-30", "something else")
    numbers = [int(part) for part in parts]
    try:
        first = datetime.date(*[*numbers, 1, 1][:3])
        if len(numbers) == 3:
            return first, first
        following = (
            datetime.date(first.year + 1, 1, 1)
            if len(numbers) == 1 or first.month == 12
            else datetime.date(first.year, first.month + 1, 1)
        )
        return first, following - datetime.timedelta(days=1)
    except ValueError:
        raise _unusable("a birth on a day that exists", "one that does not") from None


def years_at_most(born: str, today: datetime.date) -> int:
    """The age in whole years, on this day, of somebody who says so; the lowest that it may mean."""
    _, latest = birth_range(born)
    if latest > today:
        return 0
    return today.year - latest.year - ((today.month, today.day) < (latest.month, latest.day))


def birthday(born: str, years: int) -> datetime.date:
    """The earliest day on which somebody may reach an age in years."""
    earliest, _ = birth_range(born)
    try:
        return earliest.replace(year=earliest.year + years)
    except ValueError:  # 29 February
        return datetime.date(earliest.year + years, 3, 1)


def _unusable(expected: str, found: str, where: str = "") -> UnusableInput:
    return UnusableInput(
        expected=expected, found=found, hint="Correct it, or leave it out: nobody needs it", where=where
    )
