"""Grey pixels at any accepted resolution, brought to 500 pixels per inch."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from musterpoint.limits import PPI

_AREA_FROM: Final = 1.5
"""From this shrinkage on every source pixel must count, or fine ridges alias."""


def canonical_size(width_px: int, height_px: int, ppi: float) -> tuple[int, int]:
    """Width and height at 500 ppi, at least one pixel each."""
    return max(1, round(width_px * PPI / ppi)), max(1, round(height_px * PPI / ppi))


def to_canonical(pixels: npt.NDArray[np.uint8], ppi: float) -> npt.NDArray[np.uint8]:
    """uint8 (H, W) at `ppi` brought to 500 ppi; the same array where the size does not change."""
    height_px, width_px = pixels.shape
    size = canonical_size(width_px, height_px, ppi)
    if size == (width_px, height_px):
        return pixels
    method = Image.Resampling.BOX if ppi >= _AREA_FROM * PPI else Image.Resampling.BICUBIC
    # The box keeps the scale exact: the last pixel may reach beyond or fall short by half a pixel.
    return np.asarray(Image.fromarray(pixels).resize(size, method))
