"""Drawn pictures as small PNG files."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from musterpoint.imaging import FingerImage

_COLOURS: Final = 128
THUMBNAIL_PX: Final = 144


def to_png(picture: Image.Image) -> bytes:
    """PNG with a palette of 128 colours: grey ridges and a few inks need no more."""
    palette = picture.convert("RGB").quantize(
        _COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    buffer = io.BytesIO()
    palette.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def draw_thumbnail(image: FingerImage, *, side_px: int = THUMBNAIL_PX) -> Image.Image:
    """The image as it was captured, no larger than `side_px` on its longer side; grey."""
    thumbnail = Image.fromarray(image.pixels)
    thumbnail.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return thumbnail
