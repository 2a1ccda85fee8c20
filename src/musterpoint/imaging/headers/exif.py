"""The two facts of an EXIF block (EXIF 2.3) that matter here: which way up, and at what resolution."""

from __future__ import annotations

from dataclasses import dataclass

from musterpoint.errors import ImageTruncated
from musterpoint.imaging.headers import directory
from musterpoint.imaging.headers.values import Resolution


@dataclass(frozen=True, slots=True)
class Exif:
    """Orientation code, 1 where upright or not stated, and the resolution if stated with a unit."""

    orientation: int = 1
    resolution: Resolution | None = None


def read(data: bytes) -> Exif:
    """The facts of an EXIF block that starts with its TIFF header; a broken block states nothing."""
    try:
        order = directory.byte_order(data)
        first = directory.read(data, order, directory.first_offset(data, order))
        return Exif(first.integer(directory.ORIENTATION, 1), first.resolution())
    except ImageTruncated:
        return Exif()
