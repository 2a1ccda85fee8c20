"""TIFF 6.0: its head, and a copy without what is not needed to decode it."""

from __future__ import annotations

import struct
from typing import Final

from musterpoint.errors import ImageTruncated
from musterpoint.imaging.headers import directory
from musterpoint.imaging.headers.directory import Directory
from musterpoint.imaging.headers.values import Header, truncated, unsupported
from musterpoint.imaging.values import ImageFormat
from musterpoint.limits import IMAGE_SIDE_MAX_PX

_WIDTH: Final = 256
_HEIGHT: Final = 257
_BITS_PER_SAMPLE: Final = 258
_COMPRESSION: Final = 259
_PHOTOMETRIC: Final = 262
_STRIP_OFFSETS: Final = 273
_SAMPLES_PER_PIXEL: Final = 277
_TILE_WIDTH: Final = 322
_TILE_HEIGHT: Final = 323
_TILE_OFFSETS: Final = 324
_SAMPLE_FORMAT: Final = 339

_PIXEL_TAGS: Final = frozenset(
    {
        *(_WIDTH, _HEIGHT, _BITS_PER_SAMPLE, _COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS, _SAMPLES_PER_PIXEL),
        *(_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _SAMPLE_FORMAT),
        266,  # fill order
        278,  # rows a strip
        279,  # bytes of each strip
        284,  # planar configuration
        292,  # options of CCITT group 3
        293,  # options of CCITT group 4
        317,  # predictor
        320,  # palette
        325,  # bytes of each tile
        338,  # meaning of extra samples
        347,  # JPEG tables
        530,  # subsampling of YCbCr
    }
)
_UNCOMPRESSED: Final = 1
_COMPRESSIONS: Final = frozenset({_UNCOMPRESSED, 2, 3, 4, 5, 7, 8, 32773, 32946})
"""None, CCITT, LZW, JPEG, deflate (two numbers), PackBits; the rest is rare and less proven."""

_WHITE_IS_ZERO: Final = 0
_PHOTOMETRICS: Final = frozenset({_WHITE_IS_ZERO, 1, 2, 3, 5, 6})
"""Grey (two directions), RGB, palette, CMYK, YCbCr."""

_BIT_DEPTHS: Final = frozenset({1, 2, 4, 8, 16})
_SAMPLES_MAX: Final = 5
_UNSIGNED: Final = 1
_SEGMENTS_MAX: Final = 65_536
"""Strips or tiles: one a row of the tallest image, four times over."""


def read(data: bytes) -> Header:
    """The head of a TIFF file's first page."""
    first = _first_directory(data)
    _check_variant(first)
    width_px, height_px = first.integer(_WIDTH, 0), first.integer(_HEIGHT, 0)
    if not width_px or not height_px:
        raise truncated("a TIFF file without its width or height")
    _check_segments(first)
    return Header(
        format=ImageFormat.TIFF,
        width_px=width_px,
        height_px=height_px,
        bit_depth=first.integer(_BITS_PER_SAMPLE, 1),
        is_multiple=_has_second_page(first),
        orientation=first.integer(directory.ORIENTATION, 1),
        resolution=first.resolution(),
        is_isolated=first.integer(_COMPRESSION, _UNCOMPRESSED) != _UNCOMPRESSED,
        is_negative=first.integer(_PHOTOMETRIC, _WHITE_IS_ZERO) == _WHITE_IS_ZERO,
    )


def essentials(data: bytes) -> bytes:
    """The same file with a directory of its own that names only what decoding needs.

    The decoder then meets no broken text, no EXIF, no further page, and has nothing to warn of.
    """
    first = _first_directory(data)
    entries = {tag: entry for tag, entry in first.entries.items() if tag in _PIXEL_TAGS}
    padding = bytes(len(data) % 2)  # a directory begins at an even offset
    offset = struct.pack(f"{first.order}I", len(data) + len(padding))
    return data[:4] + offset + data[8:] + padding + directory.write(first.order, entries)


def _first_directory(data: bytes) -> Directory:
    order = directory.byte_order(data)
    return directory.read(data, order, directory.first_offset(data, order))


def _check_variant(first: Directory) -> None:
    samples = first.integer(_SAMPLES_PER_PIXEL, 1)
    depths = first.integers(_BITS_PER_SAMPLE, (1,))
    if not 0 < samples <= _SAMPLES_MAX or len(set(depths)) != 1 or depths[0] not in _BIT_DEPTHS:
        raise unsupported(f"a TIFF with {samples} channels of {'/'.join(map(str, depths))} bits")
    if set(first.integers(_SAMPLE_FORMAT, (_UNSIGNED,))) != {_UNSIGNED}:
        raise unsupported("a TIFF of signed or floating-point samples")
    if first.integer(_COMPRESSION, _UNCOMPRESSED) not in _COMPRESSIONS:
        raise unsupported(f"a TIFF with compression number {first.integer(_COMPRESSION, _UNCOMPRESSED)}")
    if first.integer(_PHOTOMETRIC, _WHITE_IS_ZERO) not in _PHOTOMETRICS:
        raise unsupported(f"a TIFF with colours of kind {first.integer(_PHOTOMETRIC, 0)}")


def _check_segments(first: Directory) -> None:
    """Tiles larger than any image would be allocated whole."""
    for tag in (_STRIP_OFFSETS, _TILE_OFFSETS):
        if tag in first.entries and first.entries[tag].count > _SEGMENTS_MAX:
            raise unsupported(f"a TIFF of {first.entries[tag].count} pieces")
    if max(first.integer(_TILE_WIDTH, 0), first.integer(_TILE_HEIGHT, 0)) > IMAGE_SIDE_MAX_PX:
        raise unsupported("a TIFF with tiles larger than any finger")


def _has_second_page(first: Directory) -> bool:
    if first.next_offset == 0:
        return False
    try:
        second = directory.read(first.data, first.order, first.next_offset)
    except ImageTruncated:
        return False  # some writers leave rubbish behind the last directory
    return _WIDTH in second.entries
