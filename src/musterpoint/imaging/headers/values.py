"""What an image file states about itself before anything of it is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from musterpoint.errors import ImageTruncated, ImageUnsupported
from musterpoint.imaging.values import ImageFormat


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a file states: pixels per inch or, where metric, per centimetre."""

    x: float
    y: float
    is_metric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The head of an image file.

    bit_depth    bits a channel: 1, 2, 4, 8 or 16
    is_multiple  animated, or of several pages
    orientation  code of EXIF 2.3, 4.6.4 A: 1 is upright
    resolution   None where the file states none, or none with a unit
    is_negative  samples count down from white (TIFF 6.0, WhiteIsZero)
    is_isolated  to be decoded in a process of its own: see `isolation`
    """

    format: ImageFormat
    width_px: int
    height_px: int
    bit_depth: int
    is_multiple: bool = False
    orientation: int = 1
    resolution: Resolution | None = None
    is_negative: bool = False
    is_isolated: bool = False


def unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    """Integers at `offset`, or ImageTruncated where the data ends before."""
    if offset < 0 or offset + struct.calcsize(layout) > len(data):
        raise truncated("the file ends inside of its header")
    return struct.unpack_from(layout, data, offset)


def truncated(found: str) -> ImageTruncated:
    """The error for a file that is cut off or damaged."""
    return ImageTruncated(
        expected="a complete image",
        found=found,
        hint="Copy the file again, or capture the finger again",
    )


def unsupported(found: str, hint: str = "Save it as an 8-bit grey PNG") -> ImageUnsupported:
    """The error for a variant of a known format that is refused."""
    return ImageUnsupported(expected="a single upright grey or colour image", found=found, hint=hint)
