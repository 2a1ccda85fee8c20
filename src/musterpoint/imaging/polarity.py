"""Whether ridges are dark, as everything else expects, or light.

Two facts hold for every kind of sensor seen, optical, capacitive or simulated. Where a finger
touches, ridges darken the ground; so, over blocks of the image, mean grey falls as texture rises.
And within the print, ridges are darker below their mean than valleys are brighter above theirs.
Both turn their sign with the image. The first needs bare ground in view: where a print fills the
frame, dry and wet patches fake it either way, so nothing is decided then, and ridges count as dark.

What this is worth is printed by `benchmarks/polarity.py`; `docs/reference/file-formats.md` has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Number = TypeVar("Number", bound=np.number)

_FRAME_RANGE: Final = 12
"""Rows and columns at the border that vary by less, in grey levels, are padding."""

_RIM_PX: Final = 4
"""Sensors leave a bright or dark line at the border."""

_BLOCK_PX: Final = 8
"""At 250 ppi, so about two ridges; half the resolution suffices and costs a quarter."""

_GROUND_OF_PRINT: Final = 0.3
_RIDGED_OF_PRINT: Final = 0.4
"""Blocks below and above these shares of the print's contrast are bare ground, or ridges."""

_CONTRAST_MIN: Final = 5.0
"""Grey levels of standard deviation; below this there is no print to judge."""

_DARKENING_MAX: Final = 3.0
_DEVIATION_MAX: Final = 3.0
_GROUND_SHARE_MIN: Final = 0.08
_SKEW_WEIGHT: Final = 0.4
_LIGHT_BELOW: Final = -0.1
"""Fitted by logistic regression; an image is turned only when the evidence is past doubt."""


@dataclass(frozen=True, slots=True)
class PolarityMeasures:
    """What speaks for dark ridges (positive) or light ones (negative).

    ground_share  share of blocks that show bare ground, 0..1
    darkening     grey levels by which mean grey falls per level of texture, -3..3
    skew          skewness of grey around its local mean on ridges, sign turned
    """

    ground_share: float
    darkening: float
    skew: float


def has_light_ridges(pixels: npt.NDArray[np.uint8]) -> bool:
    """Whether uint8 (H, W) at 500 ppi shows light ridges on a dark ground; False when unsure."""
    measures = measure(pixels)
    if measures.ground_share < _GROUND_SHARE_MIN:
        return False
    return measures.darkening + _SKEW_WEIGHT * measures.skew < _LIGHT_BELOW


def measure(pixels: npt.NDArray[np.uint8]) -> PolarityMeasures:
    """The measures of uint8 (H, W) at 500 ppi; all zero where there is no print to judge."""
    half = Image.fromarray(_without_frame(pixels)).reduce(2)
    if min(half.size) < _BLOCK_PX:
        return PolarityMeasures(0.0, 0.0, 0.0)
    blocks = _blocks(np.asarray(half)).astype(np.float32)
    grey, texture = blocks.mean((1, 3)), blocks.std((1, 3))
    contrast = float(np.percentile(texture, 90))
    if contrast < _CONTRAST_MIN:
        return PolarityMeasures(0.0, 0.0, 0.0)
    return PolarityMeasures(
        ground_share=float((texture < _GROUND_OF_PRINT * contrast).mean()),
        darkening=_darkening(grey, texture),
        skew=_skew(half, texture > _RIDGED_OF_PRINT * contrast),
    )


def _without_frame(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    rows = np.flatnonzero(np.ptp(pixels, axis=1) > _FRAME_RANGE)
    columns = np.flatnonzero(np.ptp(pixels, axis=0) > _FRAME_RANGE)
    if len(rows) <= 2 * _RIM_PX or len(columns) <= 2 * _RIM_PX:
        return pixels
    inner = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(inner[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX])


def _blocks(plane: npt.NDArray[Number]) -> npt.NDArray[Number]:
    height, width = plane.shape[0] // _BLOCK_PX, plane.shape[1] // _BLOCK_PX
    whole = plane[: height * _BLOCK_PX, : width * _BLOCK_PX]
    return whole.reshape(height, _BLOCK_PX, width, _BLOCK_PX)


def _darkening(grey: npt.NDArray[np.float32], texture: npt.NDArray[np.float32]) -> float:
    """Slope of the regression of grey on texture over blocks, sign turned."""
    deviation = texture - texture.mean()
    covariance = float((deviation * (grey - grey.mean())).mean())
    variance = float((deviation * deviation).mean())
    # The constant keeps an image without any contrast between blocks from dividing by nothing.
    return float(np.clip(-covariance / (variance + 4.0), -_DARKENING_MAX, _DARKENING_MAX))


def _skew(half: Image.Image, ridged: npt.NDArray[np.bool_]) -> float:
    smooth = np.asarray(half.filter(ImageFilter.BoxBlur(1))).astype(np.int16)
    ground = np.asarray(half.filter(ImageFilter.BoxBlur(4))).astype(np.int16)
    if not ridged.any():
        return 0.0
    deviations = _blocks(smooth - ground).transpose(0, 2, 1, 3)[ridged].astype(np.float32)
    scale = np.sqrt((deviations * deviations).mean((1, 2), keepdims=True)) + 1.0
    relative = np.clip(deviations / scale, -_DEVIATION_MAX, _DEVIATION_MAX)
    return -float((relative**3).mean())
