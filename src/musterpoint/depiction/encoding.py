"""Drawn pictures as small PNG files."""

from __future__ import annotations

import io
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from musterpoint.depiction.palette import BIFURCATION, ENDING, INK, PAIRS, Colour
from musterpoint.imaging import FingerImage

THUMBNAIL_PX: Final = 144
_GREYS: Final = 80
_INKS: Final = (*PAIRS, ENDING, BIFURCATION, INK)
_SHARES: Final = (0.15, 0.35, 0.55, 0.75, 0.9)
_GROUNDS: Final = (255, 200, 135)


def to_png(picture: Image.Image) -> bytes:
    """PNG with a palette of the inks that are drawn with, over the greys of ridges.

    A third of the size of full colour. A palette chosen from the picture would lose the inks: they
    cover too few pixels to count.
    """
    pixels = np.asarray(picture.convert("RGB")).astype(np.int32)
    packed = pixels[:, :, 0] << 16 | pixels[:, :, 1] << 8 | pixels[:, :, 2]
    colours, places = np.unique(packed, return_inverse=True)
    indexed = Image.fromarray(_nearest(colours)[places].reshape(packed.shape))
    indexed.putpalette(_palette().tobytes())
    buffer = io.BytesIO()
    indexed.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _nearest(packed: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Index of the palette's nearest colour for each packed colour, uint8 (n,)."""
    colours = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.float32)
    palette = _palette().astype(np.float32)
    # Of |c - p|^2 = |c|^2 - 2 c.p + |p|^2 the first term is the same for all of the palette.
    distance = (palette * palette).sum(axis=1) - 2 * colours @ palette.T
    nearest: npt.NDArray[np.uint8] = distance.argmin(axis=1).astype(np.uint8)
    return nearest


@cache
def _palette() -> npt.NDArray[np.uint8]:
    """Greys, and each ink in several shares over several greys: uint8 (n, 3)."""
    colours = [(grey, grey, grey) for grey in np.linspace(0, 255, _GREYS).round().astype(int).tolist()]
    for ink in _INKS:
        colours.append(ink)
        colours += [_over(ink, ground, share) for share in _SHARES for ground in _GROUNDS]
    assert len(colours) <= 256
    return np.array(colours, np.uint8)


def _over(ink: Colour, ground: int, share: float) -> Colour:
    red, green, blue = (round(ground + (channel - ground) * share) for channel in ink)
    return red, green, blue


def draw_thumbnail(image: FingerImage, *, side_px: int = THUMBNAIL_PX) -> Image.Image:
    """The image as it was captured, no larger than `side_px` on its longer side; grey."""
    thumbnail = Image.fromarray(image.pixels)
    thumbnail.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return thumbnail
