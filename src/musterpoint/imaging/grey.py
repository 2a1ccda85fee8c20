"""Whatever channels an image has, as 8-bit grey."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from musterpoint.imaging.headers.values import unsupported

_DEEP_MODES: Final = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_PLAIN_MODES: Final = frozenset({"1", "L", "RGB", "CMYK", "YCbCr"})
_ALPHA_MODES: Final = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_DEEP_PER_GREY: Final = 257
"""65535 / 255."""


def to_grey(image: Image.Image) -> npt.NDArray[np.uint8]:
    """uint8 (H, W): colours by ITU-R BT.601 luma, transparency on white, 16 bits divided by 257.

    Raises:
        ImageUnsupported: floating-point or 32-bit samples, and colour spaces nobody scans fingers in.
    """
    if image.mode in _DEEP_MODES:
        return _from_deep(image)
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return _on_white(image)
    if image.mode == "P":
        return np.asarray(image.convert("RGB").convert("L"))
    if image.mode in _PLAIN_MODES:
        return np.asarray(image.convert("L"))
    raise unsupported(f"an image of colour mode {image.mode}")


def _on_white(image: Image.Image) -> npt.NDArray[np.uint8]:
    # Luma is linear, so laying grey on white is laying colours on white, in a quarter of the memory.
    channels = image if image.mode == "LA" else image.convert("RGBA")
    white = Image.new("L", channels.size, "white")
    return np.asarray(Image.composite(channels.convert("L"), white, channels.getchannel("A")))


def _from_deep(image: Image.Image) -> npt.NDArray[np.uint8]:
    deep = np.asarray(image).astype(np.uint32)
    grey = (deep + _DEEP_PER_GREY // 2) // _DEEP_PER_GREY
    return grey.astype(np.uint8)
