"""Digests and coarse means that tests compare with stored ones."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt


def digest(*arrays: npt.NDArray[Any]) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of arrays, whatever the byte order of the machine."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return total.hexdigest()[:16]


def quarter_means(pixels: npt.NDArray[np.uint8]) -> list[float]:
    """Mean grey of the four quarters of an image, row by row."""
    y, x = pixels.shape[0] // 2, pixels.shape[1] // 2
    quarters = (pixels[:y, :x], pixels[:y, x:], pixels[y:, :x], pixels[y:, x:])
    return [float(quarter.mean(dtype=np.float64)) for quarter in quarters]
