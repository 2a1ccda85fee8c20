"""One canonical fingerprint image, and what is known of its source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt


class ImageFormat(StrEnum):
    """Formats that can be told apart by their first bytes, and raw pixels."""

    PNG = "png"
    BMP = "bmp"
    TIFF = "tiff"
    JPEG = "jpeg"
    JPEG2000 = "jpeg2000"
    WSQ = "wsq"
    RAW = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """What the image was before it was brought to the canonical form.

    width_px, height_px  size as stored, before resampling
    ppi                  resolution of the source in pixels per inch
    ppi_origin           whether the file or the caller stated it
    inverted             the source had light ridges on dark ground
    bit_depth            bits a channel in the source: 1, 8 or 16
    sha256               hexadecimal digest of the encoded bytes
    """

    format: ImageFormat
    width_px: int
    height_px: int
    ppi: float
    ppi_origin: Literal["file", "given"]
    inverted: bool
    bit_depth: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FingerImage:
    """A fingerprint image in the one form that everything else expects.

    pixels  uint8 (H, W), read-only, dark ridges on light ground, 500 ppi
    """

    pixels: npt.NDArray[np.uint8]
    source: ImageSource

    def __post_init__(self) -> None:
        pixels = np.ascontiguousarray(self.pixels)
        if pixels.dtype != np.uint8 or pixels.ndim != 2:
            raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}, expected uint8 (H, W)")
        if pixels.flags.writeable:
            pixels = pixels.copy()
            pixels.flags.writeable = False
        object.__setattr__(self, "pixels", pixels)
