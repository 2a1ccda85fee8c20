"""JPEG (ISO/IEC 10918-1) in its JFIF and EXIF wrappings: its head, and a copy without the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from musterpoint.imaging.headers import exif
from musterpoint.imaging.headers.values import Header, Resolution, truncated, unpack, unsupported
from musterpoint.imaging.values import ImageFormat

_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_APP0: Final = 0xE0
_APP1: Final = 0xE1
_APP14: Final = 0xEE
_COMMENT: Final = 0xFE
_DECODABLE_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, Huffman-coded."""

_LOSSLESS_FRAMES: Final = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_SCANNED_PIXELS_MAX: Final = 2_000_000_000
"""Pixels times scans of a progressive file: encoders make about ten scans, each a pass over all pixels."""

_EXIF_MARK: Final = b"Exif\x00\x00"


def read(data: bytes) -> Header:
    """The head of a JPEG file."""
    frame: tuple[int, int] | None = None
    jfif: Resolution | None = None
    facts = exif.Exif()
    for marker, content in _segments(data):
        if marker in _FRAMES:
            frame = _size(marker, content)
        elif marker == _APP0 and content.startswith(b"JFIF\x00"):
            jfif = _density(content)
        elif marker == _APP1 and content.startswith(_EXIF_MARK):
            facts = exif.read(content[len(_EXIF_MARK) :])
    if frame is None:
        raise truncated("a JPEG file without a frame")
    if data.count(b"\xff\xda") * frame[0] * frame[1] > _SCANNED_PIXELS_MAX:
        raise unsupported("a JPEG of more scans than any camera makes")
    return Header(
        format=ImageFormat.JPEG,
        width_px=frame[0],
        height_px=frame[1],
        bit_depth=8,
        orientation=facts.orientation,
        resolution=jfif or facts.resolution,
    )


def essentials(data: bytes) -> bytes:
    """The same picture without EXIF, previews, profiles and comments, which nothing here reads."""
    parts = [data[:2]]
    offset = 2
    for marker, content in _segments(data):
        if _is_needed(marker):
            parts.append(bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content)
        offset = _after(data, offset)
    # What follows the last segment is entropy-coded data.
    parts.append(data[offset:])
    return b"".join(parts)


def _is_needed(marker: int) -> bool:
    # Adobe's segment says how the channels are to be read.
    return marker in (_APP0, _APP14) or not (_APP0 <= marker <= 0xEF or marker == _COMMENT)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment, up to and including the first start of scan."""
    offset = 2
    while True:
        marker, start = _marker(data, offset)
        if marker == _END_OF_IMAGE:
            return
        (length,) = unpack(">H", data, start)
        if length < 2 or start + length > len(data):
            raise truncated("the JPEG file ends early or is damaged")
        yield marker, data[start + 2 : start + length]
        if marker == _START_OF_SCAN:
            return
        offset = start + length


def _after(data: bytes, offset: int) -> int:
    """The offset behind the segment that begins at or after `offset`."""
    _, start = _marker(data, offset)
    return start + unpack(">H", data, start)[0]


def _marker(data: bytes, offset: int) -> tuple[int, int]:
    """The next marker with content, and the offset behind it; fill bytes may precede it."""
    while True:
        start, marker = unpack(">BB", data, offset)
        if start != 0xFF or marker == 0:
            raise truncated("a damaged JPEG file")
        if marker == 0xFF:
            offset += 1
        elif marker in _STANDALONE:
            offset += 2
        else:
            return marker, offset + 2


def _size(marker: int, content: bytes) -> tuple[int, int]:
    if marker in _LOSSLESS_FRAMES:
        raise unsupported("a lossless JPEG")
    if marker not in _DECODABLE_FRAMES:
        raise unsupported(f"a JPEG of a rare kind (frame {marker:02X})")
    depth, height_px, width_px, channels = unpack(">BHHB", content, 0)
    if depth != 8 or channels not in (1, 3, 4):
        raise unsupported(f"a JPEG of {channels} channels with {depth} bits")
    if height_px == 0:
        raise unsupported("a JPEG that states its height at its end")
    return width_px, height_px


def _density(content: bytes) -> Resolution | None:
    """JFIF 1.02: units 0 give the shape of a pixel only."""
    units, x, y = unpack(">BHH", content, 7)
    if units == 1:
        return Resolution(x, y)
    return Resolution(x, y, is_metric=True) if units == 2 else None
