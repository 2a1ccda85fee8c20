"""Which image format some bytes are in, told by their beginning and never by a file's name."""

from __future__ import annotations

from typing import Final

from musterpoint.imaging.headers import jpeg2000, png, wsq
from musterpoint.imaging.values import ImageFormat

_BEGINNINGS: Final = (
    (png.SIGNATURE, ImageFormat.PNG),
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (jpeg2000.SIGNATURE, ImageFormat.JPEG2000),
    (jpeg2000.CODE_STREAM, ImageFormat.JPEG2000),
    (b"II*\x00", ImageFormat.TIFF),
    (b"MM\x00*", ImageFormat.TIFF),
    (b"BM", ImageFormat.BMP),
    (wsq.MARK, ImageFormat.WSQ),
)

_OTHERS: Final = (
    (b"GIF8", "a GIF file"),
    (b"%PDF", "a PDF file"),
    (b"II+\x00", "a BigTIFF file"),
    (b"MM\x00+", "a BigTIFF file"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"FMR\x00", "a record of minutiae, not an image"),
    (b"FIR\x00", "a finger image record, not a bare image"),
    (b"MPT\x1a", "a musterpoint template, not an image"),
)


def sniff(data: bytes) -> ImageFormat | None:
    """The format of encoded bytes, or None if they begin like none that is known."""
    return next((format_ for start, format_ in _BEGINNINGS if data.startswith(start)), None)


def other_name(data: bytes) -> str:
    """What bytes of no known image format are, in words."""
    if not data:
        return "an empty file"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "a WebP file"
    if data[4:8] == b"ftyp":
        return "an HEIF, AVIF or video file"
    named = (name for start, name in _OTHERS if data.startswith(start))
    return next(named, "a file that begins like no image format known here")
