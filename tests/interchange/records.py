"""Records built by hand from the layouts of the standards, not by the writer under test."""

from __future__ import annotations

import struct
from typing import Final

VECTOR: Final = {"kind": 1, "x": 100, "y": 14, "degrees": 112, "quality": 90}
"""The first minutia of the standards' example: an ending in a picture of 512 x 512 at 197 px/cm."""

ISO_MINUTIA: Final = bytes.fromhex("4064 000E 50 5A")
INCITS_MINUTIA: Final = bytes.fromhex("4064 000E 38 5A")

RIDGE_COUNTS: Final = bytes.fromhex("0001 000B 02 010203 020304")
VENDOR: Final = bytes.fromhex("0221 0006 BEEF")
ISO_CORES: Final = bytes.fromhex("0002 0013 02 4064 0080 20 0065 0081 01 0070 0090")
"""Two cores, the first with an angle, and one delta without."""

INCITS_CORES: Final = bytes.fromhex("0002 0017 42 0064 0080 20 0065 0081 21 41 0070 0090 0A 14 1E")


def minutia(x: int, y: int, angle: int, kind: int = 1, quality: int = 0) -> bytes:
    """Six bytes of all standards."""
    return struct.pack(">HHBB", kind << 14 | x, y, angle, quality)


def short_view(
    *minutiae: bytes,
    position: int = 7,
    number: int = 0,
    impression: int = 0,
    quality: int = 90,
    extended: bytes = b"",
) -> bytes:
    """A finger view of ISO/IEC 19794-2:2005 or INCITS 378-2004."""
    head = struct.pack(">4B", position, number << 4 | impression, quality, len(minutiae))
    return head + b"".join(minutiae) + struct.pack(">H", len(extended)) + extended


def iso_2005(
    *views: bytes,
    size_px: tuple[int, int] = (512, 512),
    per_cm: tuple[int, int] = (197, 197),
    length_off: int = 0,
    count: int | None = None,
    version: bytes = b" 20\0",
) -> bytes:
    """A record whose length field is wrong by `length_off`."""
    body = b"".join(views)
    length = 24 + len(body) + length_off
    views_stated = len(views) if count is None else count
    fields = (length, 0x00B5, *size_px, *per_cm, views_stated, 0)
    return b"FMR\0" + version + struct.pack(">I5H2B", *fields) + body


def incits_2004(
    *views: bytes,
    size_px: tuple[int, int] = (512, 512),
    is_long: bool = False,
    length_off: int = 0,
    version: bytes = b" 20\0",
) -> bytes:
    """A record; the long form of its length is for those of 64 KiB and more."""
    body = b"".join(views)
    length = (30 if is_long else 26) + len(body) + length_off
    stated = struct.pack(">HI", 0, length) if is_long else struct.pack(">H", length)
    rest = struct.pack(">3H4H2B", 0x0042, 17, 0x00B5, *size_px, 197, 197, len(views), 0)
    return b"FMR\0" + version + stated + rest + body


def incits_2009_view(
    *minutiae: bytes,
    position: int = 7,
    number: int = 0,
    impression: int = 0,
    quality: int = 90,
    extended: bytes = b"",
) -> bytes:
    """A finger view of INCITS 378-2009."""
    head = struct.pack(
        ">4B6HB", position, number, impression, quality, 15, 1, 512, 512, 197, 197, len(minutiae)
    )
    return head + b"".join(minutiae) + struct.pack(">H", len(extended)) + extended


def incits_2009(
    *views: bytes, version: bytes = b"030\0", is_draft: bool = False, length_off: int = 0
) -> bytes:
    """A record of 2009, of its amendment 1 (version 035), or of the draft of 2007."""
    body = b"".join(views)
    device = struct.pack(">H", 0x00B5) if is_draft else struct.pack(">BH", 0, 0x00B5)
    length = 18 + len(device) + len(body) + length_off
    return b"FMR\0" + version + struct.pack(">IHH", length, 66, 17) + device + bytes((len(views), 0)) + body


def iso_2011_view(
    *minutiae: bytes,
    position: int = 7,
    number: int = 0,
    qualities: tuple[int, ...] = (),
    certifications: int | None = None,
    extended: bytes = b"",
    length_off: int = 0,
) -> bytes:
    """A representation of ISO/IEC 19794-2:2011; minutiae are all of five bytes or all of six."""
    size = len(minutiae[0]) if minutiae else 6
    date = struct.pack(">H5BH", 2026, 11, 25, 255, 255, 255, 0xFFFF)
    head = date + struct.pack(">BHH", 1, 0x0042, 0x00B5)
    head += bytes((len(qualities),)) + b"".join(struct.pack(">BHH", score, 15, 1) for score in qualities)
    if certifications is not None:
        head += bytes((certifications,)) + bytes(3 * certifications)
    head += struct.pack(">BBHHBHHBB", position, number, 197, 197, 0, 512, 512, size << 4, len(minutiae))
    body = head + b"".join(minutiae) + struct.pack(">H", len(extended)) + extended
    return struct.pack(">I", 4 + len(body) + length_off) + body


def iso_2011(*views: bytes, is_certified: bool = False, length_off: int = 0) -> bytes:
    """A record of ISO/IEC 19794-2:2011."""
    body = b"".join(views)
    return (
        b"FMR\x00030\x00" + struct.pack(">IHB", 15 + len(body) + length_off, len(views), is_certified) + body
    )
