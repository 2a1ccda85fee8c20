"""ISO/IEC 19794-2, finger minutiae records: 2005 (clause 7) is read and written, 2011 (clause 8) read."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from musterpoint.errors import RecordError
from musterpoint.interchange import dialects, extended, records, views
from musterpoint.interchange.cursor import Cursor, broken
from musterpoint.interchange.sniffing import MAGIC, VERSION_2, VERSION_3
from musterpoint.interchange.values import DeviationCode, Reading
from musterpoint.interchange.views import MINUTIA, View
from musterpoint.limits import VIEWS_MAX
from musterpoint.templates import Template

_HEADER: Final = struct.Struct(">4s4sIHHHHHBB")
_VIEW_HEAD: Final = struct.Struct(">4B")
_VIEW_NUMBERS: Final = 16
"""A view's number has four bits."""

_CERTIFIED: Final = 1
_DATE_AND_DEVICE: Final = "9B B H H"
_QUALITY_BLOCK_BYTES: Final = 5
_CERTIFICATION_BYTES: Final = 3


def read(data: bytes, *, where: str = "") -> Reading:
    """The templates of a record of edition 2005 or 2011; deviations met are forgiven and listed.

    Raises:
        RecordError: another record, one of another edition, or one that is cut off or broken.
    """
    with records.named(where):
        cursor, version = records.begin(data)
        if version == VERSION_2:
            return _read_2005(cursor)
        if version == VERSION_3:
            return _read_2011(cursor)
        text = version.rstrip(b"\x00").decode("ascii", "replace")
        raise broken(f"a record of version {text!r}, which is not supported yet")


def write(templates: Sequence[Template]) -> bytes:
    """A record of edition 2005 at 197 pixels per centimetre, one view a template.

    The image size is one for the record: the largest width and height. Directions are rounded to
    1/256 turn and qualities of minutiae to percent. A finger's quality that was not computed is written
    as 0, as other writers do.

    Raises:
        RecordError: no template, more than 176, or more than 16 of one finger.
    """
    _check_capacity(templates)
    numbers: Counter[int] = Counter()
    parts: list[bytes] = []
    for template in templates:
        parts.append(_view(template, numbers[template.position]))
        numbers[template.position] += 1
    body = b"".join(parts)
    header = _HEADER.pack(
        MAGIC,
        VERSION_2,
        _HEADER.size + len(body),
        0,  # no certified device, device not named
        max(template.width_px for template in templates),
        max(template.height_px for template in templates),
        views.PX_PER_CM,
        views.PX_PER_CM,
        len(templates),
        0,
    )
    return header + body


def _read_2005(cursor: Cursor) -> Reading:
    length, _, width_px, height_px, x_per_cm, y_per_cm, count, _ = cursor.take("I5H2B", "the header")
    _check_count(count)
    header = records.Header(length, count, width_px, height_px, x_per_cm, y_per_cm)
    found = records.read_short_views(cursor, header, dialects.ISO_2005)
    return records.finish(cursor, header, found, dialects.ISO_2005)


def _read_2011(cursor: Cursor) -> Reading:
    length, count, certified = cursor.take("IHB", "the header")
    _check_count(count)
    found = [
        _representation(cursor, certified == _CERTIFIED, is_last=index == count - 1) for index in range(count)
    ]
    return records.finish(cursor, records.Header(length, count), found, dialects.ISO_2011)


def _check_count(count: int) -> None:
    if count > VIEWS_MAX:
        raise broken(f"a record of {count} finger views, more than the {VIEWS_MAX} that are allowed")


def _representation(cursor: Cursor, is_certified: bool, *, is_last: bool) -> View:
    offset = cursor.offset
    (length,) = cursor.take("I", "the head of a finger view")
    cursor.take(_DATE_AND_DEVICE, "the date and device")
    quality = _first_quality(cursor)
    if is_certified:
        (blocks,) = cursor.take("B", "the number of certifications")
        cursor.need(blocks * _CERTIFICATION_BYTES, "its certifications")
        cursor.offset += blocks * _CERTIFICATION_BYTES
    position, number, x_per_cm, y_per_cm = cursor.take("BBHH", "the finger position and resolution")
    impression, width_px, height_px, flags, count = cursor.take("BHHBB", "the impression and image size")
    rows = views.read_rows(cursor, count, _minutia_layout(flags >> 4))
    extended.skip(cursor, dialects.ISO_2011, is_last)
    if cursor.offset - offset != length:
        found, used = f"length {length}", f"{cursor.offset - offset} bytes"
        cursor.note(DeviationCode.REPRESENTATION_LENGTH, found, used, offset)
    return View(
        offset=offset,
        position=position,
        number=number,
        impression=impression,
        quality=quality,
        width_px=width_px,
        height_px=height_px,
        x_per_cm=x_per_cm,
        y_per_cm=y_per_cm,
        rows=rows,
    )


def _first_quality(cursor: Cursor) -> int | None:
    """The score of the first quality block that has one: algorithms are not told apart here."""
    (blocks,) = cursor.take("B", "the number of quality blocks")
    cursor.need(blocks * _QUALITY_BLOCK_BYTES, "its quality blocks")
    scores = cursor.data[cursor.offset : cursor.offset + blocks * _QUALITY_BLOCK_BYTES : _QUALITY_BLOCK_BYTES]
    cursor.offset += blocks * _QUALITY_BLOCK_BYTES
    known = (views.finger_quality(cursor, score, frozenset({254, 255})) for score in scores)
    return next((score for score in known if score is not None), None)


def _minutia_layout(size: int) -> np.dtype[np.void]:
    if size == views.MINUTIA.itemsize:
        return views.MINUTIA
    if size == views.MINUTIA_WITHOUT_QUALITY.itemsize:
        return views.MINUTIA_WITHOUT_QUALITY
    raise broken(f"minutiae of {size} bytes where 5 or 6 are allowed")


def _check_capacity(templates: Sequence[Template]) -> None:
    most = max(Counter(template.position for template in templates).values(), default=0)
    if 0 < len(templates) <= VIEWS_MAX and most <= _VIEW_NUMBERS:
        return
    raise RecordError(
        expected=f"1 to {VIEWS_MAX} templates, at most {_VIEW_NUMBERS} of one finger",
        found=f"{len(templates)} templates, {most} of one finger",
        hint="Write several records",
    )


def _view(template: Template, number: int) -> bytes:
    minutiae = template.minutiae
    rows = np.empty(len(minutiae), MINUTIA)
    rows["x"] = minutiae.x.astype(np.uint16) | minutiae.kind.astype(np.uint16) << 14
    rows["y"] = minutiae.y
    # Rounding past the last step is the first one: a turn wraps, it does not end.
    rows["angle"] = (minutiae.direction.astype(np.uint32) + 128) // 256 % 256
    percent = np.rint(minutiae.quality / 2.55)
    rows["quality"] = np.where(minutiae.quality == 0, 0, np.maximum(percent, 1))
    quality = 0 if template.quality is None else max(1, template.quality)
    head = _VIEW_HEAD.pack(template.position, number << 4 | template.impression, quality, len(minutiae))
    return head + rows.tobytes() + bytes(2)  # no extended data
