"""What reading the records of all standards has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from musterpoint.errors import MusterpointError, RecordError
from musterpoint.interchange import extended, views
from musterpoint.interchange.cursor import Cursor, broken
from musterpoint.interchange.dialects import Dialect
from musterpoint.interchange.sniffing import MAGIC, VERSION_2, VERSION_2_MISSPELT
from musterpoint.interchange.values import DeviationCode, Reading
from musterpoint.interchange.views import View
from musterpoint.limits import RECORD_BYTES_MAX

_VERSION_OFFSET: Final = 4


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a record that states one image size for all of its views, or (0) none."""

    length: int
    view_count: int
    width_px: int = 0
    height_px: int = 0
    x_per_cm: int = 0
    y_per_cm: int = 0


def begin(data: bytes) -> tuple[Cursor, bytes]:
    """A cursor behind magic and version, and the version.

    Raises:
        RecordError: too long, too short or something else.
    """
    if len(data) > RECORD_BYTES_MAX:
        raise broken(f"a record of more than {RECORD_BYTES_MAX // 2**20} MiB")
    cursor = Cursor(data)
    cursor.need(8, "its first field")
    if data[:4] != MAGIC:
        raise broken("a file that does not begin like one")
    cursor.offset = 8
    version = data[4:8]
    if version == VERSION_2_MISSPELT:
        cursor.note(DeviationCode.VERSION, "version 020", "version 20", _VERSION_OFFSET)
        return cursor, VERSION_2
    return cursor, version


def read_short_views(cursor: Cursor, header: Header, dialect: Dialect) -> list[View]:
    """The views of the standards of 2004 and 2005, whose image size stands in the header."""
    found: list[View] = []
    for index in range(header.view_count):
        offset = cursor.offset
        position, mixed, quality, count = cursor.take("4B", "the head of a finger view")
        rows = views.read_rows(cursor, count, views.MINUTIA)
        found.append(
            View(
                offset=offset,
                position=position,
                number=mixed >> 4,
                impression=mixed & 0x0F,
                quality=views.finger_quality(cursor, quality, frozenset({0, 254, 255})),
                width_px=header.width_px,
                height_px=header.height_px,
                x_per_cm=header.x_per_cm,
                y_per_cm=header.y_per_cm,
                rows=rows,
            )
        )
        extended.skip(cursor, dialect, is_last=index == header.view_count - 1)
    return found


def finish(cursor: Cursor, header: Header, found: list[View], dialect: Dialect) -> Reading:
    """The reading of a record whose views were read to their end."""
    if cursor.left:
        cursor.note(DeviationCode.TRAILING_BYTES, f"{cursor.left} bytes after the record", "left out")
    if header.length != cursor.offset:
        cursor.note(DeviationCode.RECORD_LENGTH, f"length {header.length}", f"{cursor.offset} bytes", 8)
    return Reading(
        format=dialect.format,
        templates=views.to_templates(cursor, found, dialect),
        deviations=tuple(cursor.deviations),
    )


def is_clean(reading: Reading) -> bool:
    """Whether the record ended where its length or its data does."""
    codes = {deviation.code for deviation in reading.deviations}
    return not {DeviationCode.TRAILING_BYTES, DeviationCode.RECORD_LENGTH} <= codes


def first_clean(data: bytes, readers: tuple[Callable[[bytes], Reading], ...]) -> Reading:
    """The reading of the first dialect in which the record ends where it should, else the first at all.

    Raises:
        RecordError: no dialect fits; what the first, likeliest one says.
    """
    readings: list[Reading] = []
    errors: list[RecordError] = []
    for read in readers:
        try:
            reading = read(data)
        except RecordError as error:
            errors.append(error)
            continue
        if is_clean(reading):
            return reading
        readings.append(reading)
    if readings:
        return readings[0]
    raise errors[0]


@contextmanager
def named(where: str) -> Iterator[None]:
    """Errors raised inside carry the name of the source."""
    try:
        yield
    except MusterpointError as error:
        error.where = error.where or where
        raise
