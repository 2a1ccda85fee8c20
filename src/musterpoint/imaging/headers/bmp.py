"""BMP (Windows bitmap): its head."""

from __future__ import annotations

from typing import Final

from musterpoint.imaging.headers.values import Header, Resolution, truncated, unpack, unsupported
from musterpoint.imaging.values import ImageFormat

_FILE_HEADER_BYTES: Final = 14
_CORE_HEADER_BYTES: Final = 12
_INFO_HEADER_BYTES: Final = 40
_HEADER_BYTES_MAX: Final = 124
_COMPRESSIONS: Final = frozenset({0, 3})
"""None, and colour masks. Run-length codes are rare and slow to decode; the others wrap JPEG or PNG."""

_PIXEL_BITS: Final = frozenset({1, 4, 8, 16, 24, 32})
_CM_PER_M: Final = 100


def read(data: bytes) -> Header:
    """The head of a BMP file."""
    (size,) = unpack("<I", data, _FILE_HEADER_BYTES)
    if size == _CORE_HEADER_BYTES:
        width_px, height_px, _, pixel_bits = unpack("<HHHH", data, _FILE_HEADER_BYTES + 4)
        return _header(width_px, height_px, pixel_bits, None)
    if not _INFO_HEADER_BYTES <= size <= _HEADER_BYTES_MAX:
        raise truncated("a damaged BMP header")
    width_px, height_px, _, pixel_bits, compression = unpack("<iiHHI", data, _FILE_HEADER_BYTES + 4)
    if compression not in _COMPRESSIONS:
        raise unsupported(f"a BMP with compression number {compression}")
    x_per_m, y_per_m = unpack("<ii", data, _FILE_HEADER_BYTES + 24)
    is_stated = x_per_m > 0 and y_per_m > 0
    resolution = Resolution(x_per_m / _CM_PER_M, y_per_m / _CM_PER_M, is_metric=True) if is_stated else None
    return _header(width_px, abs(height_px), pixel_bits, resolution)


def _header(width_px: int, height_px: int, pixel_bits: int, resolution: Resolution | None) -> Header:
    if pixel_bits not in _PIXEL_BITS:
        raise unsupported(f"a BMP with {pixel_bits} bits a pixel")
    if width_px <= 0:
        raise truncated("a damaged BMP header")
    return Header(
        format=ImageFormat.BMP,
        width_px=width_px,
        height_px=height_px,
        bit_depth=1 if pixel_bits == 1 else 8,
        resolution=resolution,
    )
