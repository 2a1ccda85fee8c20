"""A template as compact bytes, and back: `docs/reference/file-formats.md`, "Template".

The first twelve bytes (magic, version, length, checksum) keep their meaning in every version, so a
damaged template is told apart from a newer one.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np

from musterpoint.errors import RecordError, VersionMismatch
from musterpoint.templates.values import (
    CohortMean,
    FingerPosition,
    Impression,
    Minutiae,
    Template,
)

MAGIC: Final = b"MPT\x1a"
VERSION: Final = 2
"""Version 1 ends with the minutiae; it is still read."""

_FRAME: Final = struct.Struct("<4sHHI")
"""Magic, version, length of the whole, CRC-32 of everything but these last four bytes."""

_HEAD: Final = struct.Struct("<HHBBBBB")
"""Width, height, position, impression, quality, characters of the extractor, minutiae."""

_TAIL: Final = struct.Struct("<Bh")
"""Number of the cohort, 0 where nothing was computed; milli-nats."""

_MINUTIA: Final = np.dtype([("x", "<u2"), ("y", "<u2"), ("direction", "<u2"), ("quality", "u1")])
_NO_QUALITY: Final = 255
_KIND_SHIFT: Final = 14
_COORDINATE_MASK: Final = (1 << _KIND_SHIFT) - 1


def encode(template: Template) -> bytes:
    """The bytes of a template: 24 + the extractor's name + 7 a minutia; equal templates, equal bytes."""
    minutiae = template.minutiae
    rows = np.empty(len(minutiae), _MINUTIA)
    rows["x"] = minutiae.x.astype(np.uint16) | minutiae.kind.astype(np.uint16) << _KIND_SHIFT
    rows["y"] = minutiae.y
    rows["direction"] = minutiae.direction
    rows["quality"] = minutiae.quality
    extractor = template.extractor.encode("ascii")
    head = _HEAD.pack(
        template.width_px,
        template.height_px,
        template.position,
        template.impression,
        _NO_QUALITY if template.quality is None else template.quality,
        len(extractor),
        len(minutiae),
    )
    mean = template.cohort_mean
    tail = _TAIL.pack(mean.cohort, mean.millinats) if mean else _TAIL.pack(0, 0)
    body = head + extractor + rows.tobytes() + tail
    start = _FRAME.pack(MAGIC, VERSION, _FRAME.size + len(body), 0)[:-4]
    return start + _checksum(start, body).to_bytes(4, "little") + body


def decode(data: bytes) -> Template:
    """The template of the bytes that `encode` made.

    Raises:
        RecordError: the bytes are no template, are cut off or damaged, or break a bound.
        VersionMismatch: the bytes are sound but of a later version.
    """
    version, body = _framed_body(data)
    if len(body) < _HEAD.size:
        raise _broken(f"only {len(body)} bytes after the checksum")
    width_px, height_px, position, impression, quality, characters, count = _HEAD.unpack_from(body)
    end = _HEAD.size + characters + count * _MINUTIA.itemsize
    length = end if version == 1 else end + _TAIL.size
    if len(body) != length:
        raise _broken(f"{len(body)} bytes after the checksum where its counts need {length}")
    cohort, millinats = (0, 0) if version == 1 else _TAIL.unpack_from(body, end)
    if millinats and not cohort:
        raise _broken("a cohort mean of no cohort")
    name = body[_HEAD.size : _HEAD.size + characters]
    rows = np.frombuffer(body, _MINUTIA, count, _HEAD.size + characters)
    try:
        return Template(
            minutiae=Minutiae(
                x=(rows["x"] & _COORDINATE_MASK).astype(np.int16),
                y=np.minimum(rows["y"], np.iinfo(np.int16).max).astype(np.int16),
                direction=rows["direction"].astype(np.uint16),
                kind=(rows["x"] >> _KIND_SHIFT).astype(np.uint8),
                quality=rows["quality"].copy(),
            ),
            width_px=width_px,
            height_px=height_px,
            position=FingerPosition(position),
            impression=Impression(impression),
            quality=None if quality == _NO_QUALITY else quality,
            extractor=name.decode("ascii"),
            cohort_mean=CohortMean(cohort=cohort, millinats=millinats) if cohort else None,
        )
    except ValueError as broken:  # UnicodeDecodeError is one, too
        raise _broken("a value outside of its range") from broken


def _framed_body(data: bytes) -> tuple[int, bytes]:
    """The version and what follows the frame, its checksum verified."""
    if len(data) < _FRAME.size:
        raise _broken(f"only {len(data)} bytes")
    magic, version, length, checksum = _FRAME.unpack_from(data)
    if magic != MAGIC:
        raise _broken("other bytes at the start")
    if length != len(data):
        raise _broken(f"{len(data)} bytes where it states {length}")
    body = data[_FRAME.size :]
    if checksum != _checksum(data[: _FRAME.size - 4], body):
        raise _broken("a wrong checksum")
    if not 1 <= version <= VERSION:
        raise VersionMismatch(
            expected=f"a template of version 1 to {VERSION}",
            found=f"a template of version {version}",
            hint="Read it with the version of musterpoint that wrote it, or extract it again from the image",
        )
    return version, body


def _checksum(start: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(start))


def _broken(found: str) -> RecordError:
    return RecordError(
        expected="the bytes of a musterpoint template",
        found=found,
        hint="The template is damaged or something else; copy it again or extract it from the image",
    )
