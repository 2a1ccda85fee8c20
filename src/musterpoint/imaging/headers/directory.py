"""Image file directories of TIFF 6.0 (section 2), as EXIF uses them, too."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from musterpoint.imaging.headers.values import Resolution, truncated, unpack

ORIENTATION: Final = 274
X_RESOLUTION: Final = 282
Y_RESOLUTION: Final = 283
RESOLUTION_UNIT: Final = 296

ENTRY_BYTES: Final = 12
_ENTRIES_MAX: Final = 512
"""Entries of one directory: baseline TIFF needs 15, EXIF has about 90 defined."""

_INTEGERS: Final = {1: "B", 3: "H", 4: "I"}
_RATIONAL: Final = 5
_TYPE_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_UNIT_INCH: Final = 2
_UNIT_CM: Final = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its twelve bytes as stored, and where its values lie."""

    stored: bytes
    kind: int
    count: int
    offset: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The entries of one directory by tag; values are read on demand, within bounds."""

    data: bytes
    order: str
    entries: dict[int, Entry]
    next_offset: int

    def integers(self, tag: int, default: tuple[int, ...] = (), count_max: int = 8) -> tuple[int, ...]:
        """The first unsigned integers of a tag; `default` where the tag is missing or of another type."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in _INTEGERS:
            return default
        count = min(entry.count, count_max)
        return unpack(f"{self.order}{count}{_INTEGERS[entry.kind]}", self.data, entry.offset)

    def integer(self, tag: int, default: int) -> int:
        """The first unsigned integer of a tag, or `default`."""
        return (*self.integers(tag, count_max=1), default)[0]

    def rational(self, tag: int) -> float | None:
        """The first rational of a tag; None where it is missing or without meaning."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind != _RATIONAL or entry.count == 0:
            return None
        numerator, denominator = unpack(f"{self.order}II", self.data, entry.offset)
        return numerator / denominator if denominator else None

    def resolution(self) -> Resolution | None:
        """The resolution, if there is one with a unit; the unit is the inch where none is named."""
        x, y = self.rational(X_RESOLUTION), self.rational(Y_RESOLUTION)
        if x is None:
            return None
        y = x if y is None else y
        unit = self.integer(RESOLUTION_UNIT, _UNIT_INCH)
        if unit == _UNIT_INCH:
            return Resolution(x, y)
        return Resolution(x, y, is_metric=True) if unit == _UNIT_CM else None


def byte_order(data: bytes) -> str:
    """`<` or `>` of a TIFF structure."""
    match data[:4]:
        case b"II*\x00":
            return "<"
        case b"MM\x00*":
            return ">"
        case _:
            raise truncated("a damaged TIFF header")


def first_offset(data: bytes, order: str) -> int:
    """Where the first directory lies."""
    return unpack(f"{order}I", data, 4)[0]


def read(data: bytes, order: str, offset: int) -> Directory:
    """The directory at `offset`."""
    (count,) = unpack(f"{order}H", data, offset)
    if not 0 < count <= _ENTRIES_MAX:
        raise truncated(f"a damaged TIFF directory ({count} entries)")
    entries: dict[int, Entry] = {}
    for start in range(offset + 2, offset + 2 + count * ENTRY_BYTES, ENTRY_BYTES):
        tag, kind, values = unpack(f"{order}HHI", data, start)
        size = _TYPE_BYTES.get(kind, 0) * values
        value_offset = start + 8 if size <= 4 else unpack(f"{order}I", data, start + 8)[0]
        if size == 0 or value_offset + size > len(data):
            continue  # an entry that cannot be read is as good as missing
        entries.setdefault(tag, Entry(data[start : start + ENTRY_BYTES], kind, values, value_offset))
    end = offset + 2 + count * ENTRY_BYTES
    next_offset = unpack(f"{order}I", data, end)[0] if end + 4 <= len(data) else 0
    return Directory(data, order, entries, next_offset)


def write(order: str, entries: dict[int, Entry]) -> bytes:
    """A directory that is the last one, of entries as they were stored."""
    stored = b"".join(entries[tag].stored for tag in sorted(entries))
    return struct.pack(f"{order}H", len(entries)) + stored + bytes(4)
