"""PNG (ISO/IEC 15948): its head, and the chunks that hold pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from musterpoint.imaging.headers import exif
from musterpoint.imaging.headers.values import Header, Resolution, truncated, unpack, unsupported
from musterpoint.imaging.values import ImageFormat

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

_PIXEL_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_BIT_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Allowed bit depths of each colour type: table 11.1."""

_CM_PER_M: Final = 100


def read(data: bytes) -> Header:
    """The head of a PNG; every chunk's checksum is verified on the way."""
    width_px = height_px = bit_depth = 0
    is_animated = False
    orientation = 1
    resolution: Resolution | None = None
    for index, (kind, content) in enumerate(_chunks(data)):
        if (kind == b"IHDR") != (index == 0):
            raise truncated("a PNG file whose parts are out of order")
        if kind == b"IHDR":
            width_px, height_px, bit_depth = _size(content)
        elif kind == b"pHYs":
            resolution = _resolution(content)
        elif kind == b"acTL":
            is_animated = True
        elif kind == b"eXIf":
            orientation = exif.read(content).orientation
    return Header(
        format=ImageFormat.PNG,
        width_px=width_px,
        height_px=height_px,
        bit_depth=bit_depth,
        is_multiple=is_animated,
        orientation=orientation,
        resolution=resolution,
    )


def essentials(data: bytes) -> bytes:
    """The same picture without what is not needed to decode it.

    Compressed texts and profiles are bombs in waiting, and nothing here reads them.
    """
    parts = [SIGNATURE]
    for kind, content in _chunks(data):
        if kind in _PIXEL_CHUNKS:
            parts.append(chunk(kind, content))
    return b"".join(parts)


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = len(SIGNATURE)
    while True:
        (length,) = unpack(">I", data, offset)
        end = offset + 8 + length
        if end + 4 > len(data):
            raise truncated("the PNG file ends early")
        kind = data[offset + 4 : offset + 8]
        content = data[offset + 8 : end]
        if zlib.crc32(content, zlib.crc32(kind)) != unpack(">I", data, end)[0]:
            raise truncated("a damaged PNG file (a checksum is wrong)")
        yield kind, content
        if kind == b"IEND":
            return
        offset = end + 4


def _size(content: bytes) -> tuple[int, int, int]:
    if len(content) != 13:
        raise truncated("a damaged PNG header")
    width_px, height_px, bit_depth, colour = struct.unpack_from(">IIBB", content)
    if bit_depth not in _BIT_DEPTHS.get(colour, ()):
        raise unsupported(f"a PNG of colour type {colour} with {bit_depth} bits")
    return width_px, height_px, bit_depth


def _resolution(content: bytes) -> Resolution | None:
    if len(content) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", content)
    if unit != 1:  # anything else states the shape of a pixel only: 11.3.5.3
        return None
    return Resolution(x / _CM_PER_M, y / _CM_PER_M, is_metric=True)
