"""JPEG 2000 (ISO/IEC 15444-1): the head of a code stream, bare or in JP2 boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from musterpoint.imaging.headers.values import Header, Resolution, truncated, unpack, unsupported
from musterpoint.imaging.values import ImageFormat

CODE_STREAM: Final = b"\xff\x4f\xff\x51"
SIGNATURE: Final = b"\x00\x00\x00\x0cjP  \r\n\x87\n"

_BOXES_MAX: Final = 256
_TILES_MAX: Final = 4096
"""Each tile costs the decoder kilobytes before its first pixel."""

_CHANNELS_MAX: Final = 4
_BITS_MAX: Final = 16
_SUPERBOXES: Final = (b"jp2h", b"res ")
_CM_PER_M: Final = 100


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    end: int


def read(data: bytes) -> Header:
    """The head of a JPEG 2000 file; the code stream's word on its size goes before the boxes'."""
    if data.startswith(CODE_STREAM):
        return _code_stream(data, 0, None)
    stream: int | None = None
    resolutions: dict[bytes, Resolution | None] = {}
    for box in _boxes(data, 0, len(data)):
        if box.kind == b"jp2c" and stream is None:
            stream = box.start
        elif box.kind in (b"resc", b"resd"):
            resolutions[box.kind] = _resolution(data, box)
    if stream is None:
        raise truncated("a JPEG 2000 file without an image")
    return _code_stream(data, stream, resolutions.get(b"resc") or resolutions.get(b"resd"))


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    """All boxes, those inside of a superbox after it (15444-1, annex I.4)."""
    pending = [(start, end)]
    count = 0
    while pending:
        offset, limit = pending.pop()
        while offset + 8 <= limit:
            count += 1
            if count > _BOXES_MAX:
                raise unsupported("a JPEG 2000 file of very many parts")
            box = _box(data, offset, limit)
            yield box
            if box.kind in _SUPERBOXES:
                pending.append((box.start, box.end))
            offset = box.end


def _box(data: bytes, offset: int, limit: int) -> _Box:
    (length,) = unpack(">I", data, offset)
    kind = data[offset + 4 : offset + 8]
    start = offset + 8
    if length == 1:
        (length,) = unpack(">Q", data, start)
        start += 8
    end = limit if length == 0 else offset + length
    if kind == b"jp2c":
        return _Box(kind, start, min(end, limit))  # a cut code stream is for the decoder to judge
    if end < start or end > limit:
        raise truncated("the JPEG 2000 file ends early or is damaged")
    return _Box(kind, start, end)


def _code_stream(data: bytes, offset: int, resolution: Resolution | None) -> Header:
    if data[offset : offset + 4] != CODE_STREAM:
        raise truncated("a damaged JPEG 2000 code stream")
    x1, y1, x0, y0, tile_width, tile_height, tile_x0, tile_y0, channels = unpack(">8IH", data, offset + 8)
    if not (x0 < x1 and y0 < y1 and tile_width and tile_height and tile_x0 <= x0 and tile_y0 <= y0):
        raise truncated("a damaged JPEG 2000 header")
    if not 1 <= channels <= _CHANNELS_MAX:
        raise unsupported(f"a JPEG 2000 image of {channels} channels")
    tiles = -(-(x1 - tile_x0) // tile_width) * -(-(y1 - tile_y0) // tile_height)
    if tiles > _TILES_MAX:
        raise unsupported(f"a JPEG 2000 image of {tiles} tiles")
    return Header(
        format=ImageFormat.JPEG2000,
        width_px=x1 - x0,
        height_px=y1 - y0,
        bit_depth=_bit_depth(data, offset + 42, channels),
        resolution=resolution,
        is_isolated=True,
    )


def _bit_depth(data: bytes, offset: int, channels: int) -> int:
    """1, 8 or 16: what the samples need; signed and subsampled channels are refused."""
    layout = unpack(f">{channels * 3}B", data, offset)
    for sample, x_step, y_step in zip(*[iter(layout)] * 3, strict=True):
        if sample & 0x80 or x_step != 1 or y_step != 1 or sample + 1 > _BITS_MAX:
            raise unsupported("a JPEG 2000 image of signed, subsampled or very deep channels")
    bits = max(layout[::3]) + 1
    return next(depth for depth in (1, 8, 16) if bits <= depth)


def _resolution(data: bytes, box: _Box) -> Resolution | None:
    """Points a metre: numerator / denominator times a power of ten, y first (annex I.5.3.7)."""
    if box.end - box.start < 10:
        return None
    y_above, y_below, x_above, x_below = unpack(">4H", data, box.start)
    y_exponent, x_exponent = unpack(">bb", data, box.start + 8)
    if not (x_below and y_below):
        return None
    return Resolution(
        x_above / x_below * 10.0**x_exponent / _CM_PER_M,
        y_above / y_below * 10.0**y_exponent / _CM_PER_M,
        is_metric=True,
    )
