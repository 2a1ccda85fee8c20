"""The canonical image as a PNG file that states its resolution."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np

from musterpoint.imaging.headers.png import SIGNATURE, chunk
from musterpoint.imaging.values import FingerImage

_PIXELS_PER_M: Final = 19_685
"""500 ppi."""

_METRE: Final = 1
_UP: Final = 2
"""Filter type 2 of ISO/IEC 15948, 9.2: the difference from the pixel above."""

_COMPRESSION_LEVEL: Final = 6


def to_png(image: FingerImage) -> bytes:
    """8-bit grey PNG of the canonical pixels at 500 ppi; equal images, equal bytes."""
    height_px, width_px = image.pixels.shape
    rows = np.empty((height_px, width_px + 1), np.uint8)
    rows[:, 0] = _UP
    rows[0, 1:] = image.pixels[0]
    rows[1:, 1:] = image.pixels[1:] - image.pixels[:-1]  # modulo 256, as the filter wants
    return b"".join(
        (
            SIGNATURE,
            chunk(b"IHDR", struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)),
            chunk(b"pHYs", struct.pack(">IIB", _PIXELS_PER_M, _PIXELS_PER_M, _METRE)),
            chunk(b"IDAT", zlib.compress(rows.tobytes(), _COMPRESSION_LEVEL)),
            chunk(b"IEND", b""),
        )
    )
