"""INCITS 378, finger minutiae records: 2004, 2009 with amendment 1 and the draft of 2007 are read."""

from __future__ import annotations

from functools import partial
from typing import Final

from musterpoint.interchange import dialects, extended, records, views
from musterpoint.interchange.cursor import Cursor, broken
from musterpoint.interchange.sniffing import VERSION_2, VERSION_3, VERSION_3_AMENDED
from musterpoint.interchange.values import DeviationCode, Reading
from musterpoint.interchange.views import View

_NOT_COMPUTED: Final = frozenset({254, 255})


def read(data: bytes, *, where: str = "") -> Reading:
    """The templates of a record; deviations met are forgiven and listed.

    Raises:
        RecordError: another record, one of another edition, or one that is cut off or broken.
    """
    with records.named(where):
        _, version = records.begin(data)
        if version == VERSION_2:
            return _read_2004(data)
        if version == VERSION_3_AMENDED:
            return _read_2009(data)
        if version == VERSION_3:
            return records.first_clean(data, (_read_2009, partial(_read_2009, is_draft=True)))
        text = version.rstrip(b"\x00").decode("ascii", "replace")
        raise broken(f"a record of version {text!r}, which is not supported yet")


def _read_2004(data: bytes) -> Reading:
    cursor, _ = records.begin(data)
    (length,) = cursor.take("H", "its length")
    if length == 0:
        (length,) = cursor.take("I", "its length")
    cursor.take("3H", "the product and device")
    width_px, height_px, x_per_cm, y_per_cm, count, _ = cursor.take("4H2B", "the header")
    header = records.Header(length, count, width_px, height_px, x_per_cm, y_per_cm)
    found = records.read_short_views(cursor, header, dialects.INCITS_2004)
    return records.finish(cursor, header, found, dialects.INCITS_2004)


def _read_2009(data: bytes, *, is_draft: bool = False) -> Reading:
    """The draft of 2007 has a header one byte shorter: certification and device in one word."""
    cursor, _ = records.begin(data)
    length, _, _ = cursor.take("I2H", "the header")
    cursor.take("H" if is_draft else "BH", "the device")
    count, _ = cursor.take("2B", "the number of finger views")
    found = [_view(cursor, is_last=index == count - 1) for index in range(count)]
    if is_draft:
        cursor.note(DeviationCode.VERSION, "the draft of 2007", "read as such", 16)
    return records.finish(cursor, records.Header(length, count), found, dialects.INCITS_2009)


def _view(cursor: Cursor, *, is_last: bool) -> View:
    offset = cursor.offset
    position, number, impression, quality = cursor.take("4B", "the head of a finger view")
    _, _, width_px, height_px, x_per_cm, y_per_cm = cursor.take("6H", "the quality algorithm and image size")
    (count,) = cursor.take("B", "the number of minutiae")
    rows = views.read_rows(cursor, count, views.MINUTIA)
    extended.skip(cursor, dialects.INCITS_2009, is_last)
    return View(
        offset=offset,
        position=position,
        number=number,
        impression=impression,
        quality=views.finger_quality(cursor, quality, _NOT_COMPUTED),
        width_px=width_px,
        height_px=height_px,
        x_per_cm=x_per_cm,
        y_per_cm=y_per_cm,
        rows=rows,
    )
