"""Where an image shows ridges, block by block, and what they look like there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled

if TYPE_CHECKING:
    from musterpoint.extraction import kernels_ridges
else:
    kernels_ridges = _compiled.load("musterpoint.extraction.kernels_ridges")

F32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

BLOCK_PX: Final = 16
BLOCK_MM2: Final = (BLOCK_PX * 25.4 / 500) ** 2

_COHERENCE_MIN: Final = 0.2
_CONTRAST_MIN: Final = 12.0
_WAVE_MIN: Final = 0.5
_PERIOD_MIN_PX, _PERIOD_MAX_PX = 4.5, 16.0
_NEIGHBOURS_MIN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ridges:
    """Measures of the blocks of 16x16 pixels of an image, each taken from a window of about 48x48 pixels.

    is_ridge   bool (rows, columns): a wave of 4.5 to 16 pixels stands out, here and in most blocks around
    period_px  float32 (rows, columns): distance from ridge to ridge
    contrast   float32 (rows, columns): grey levels between ridges and valleys
    darkness   float32 (rows, columns): share of a period that is ridge, 0..1
    clarity    float32 (rows, columns): share of the grey variance that is constant along the ridges, 0..1
    sharpness  float32 (rows, columns): slope of the grey values, 1 for a pure wave; less where blurred
    """

    is_ridge: Mask
    period_px: F32
    contrast: F32
    darkness: F32
    clarity: F32
    sharpness: F32
    block_px: ClassVar[int] = BLOCK_PX
    block_mm2: ClassVar[float] = BLOCK_MM2

    @property
    def area_mm2(self) -> float:
        """Where ridges are."""
        return float(self.is_ridge.sum()) * BLOCK_MM2

    @property
    def near(self) -> Mask:
        """Blocks with ridges and those that touch one."""
        return _neighbours(self.is_ridge) > 0

    def box(self, margin_px: int) -> tuple[slice, slice]:
        """Rows and columns of pixels that hold all ridges and a margin; there must be ridges."""
        rows, columns = (np.flatnonzero(self.is_ridge.any(axis=axis)) for axis in (1, 0))
        return _span(rows, margin_px), _span(columns, margin_px)

    def parts(self) -> list[Mask]:
        """The connected parts of the ridges, neighbours by side or corner."""
        labels = np.zeros(self.is_ridge.shape, dtype=np.int32)
        count = kernels_ridges.label(self.is_ridge, labels)
        return [labels == number for number in range(1, count + 1)]


def measure(pixels: npt.NDArray[np.uint8]) -> Ridges:
    """The ridges of an image of at least 48x48 pixels.

    pixels  uint8 (H, W), dark ridges, 500 ppi
    """
    shape = (pixels.shape[0] // BLOCK_PX, pixels.shape[1] // BLOCK_PX)
    sums = np.empty((*shape, 6), dtype=np.float32)
    kernels_ridges.gradients(pixels, sums)
    xx, yy, xy, grey, square, count = np.moveaxis(_spread(sums), 2, 0)
    deviation = np.sqrt(np.maximum(square / count - (grey / count) ** 2, 0))
    slope = np.sqrt((xx + yy) / count)
    coherence = np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, 1e-6)
    across = (0.5 * np.arctan2(2 * xy, xx - yy)).astype(np.float32)
    # The contrast is at most about three standard deviations; flat blocks need no profile.
    is_wanted = (coherence > _COHERENCE_MIN) & (deviation > _CONTRAST_MIN / 4)
    profiles = np.zeros((*shape, 5), dtype=np.float32)
    kernels_ridges.profiles(pixels, across, is_wanted, profiles)
    period, wave, contrast, darkness, clarity = np.moveaxis(profiles, 2, 0)
    is_wave = (
        (wave > _WAVE_MIN)
        & (contrast > _CONTRAST_MIN)
        & (period > _PERIOD_MIN_PX)
        & (period < _PERIOD_MAX_PX)
    )
    return Ridges(
        is_ridge=is_wave & (_neighbours(is_wave) >= _NEIGHBOURS_MIN),
        period_px=period,
        contrast=contrast,
        darkness=darkness,
        clarity=clarity,
        sharpness=slope / np.maximum(deviation, 1e-3) * period / np.float32(2 * np.pi),
    )


def _span(blocks: npt.NDArray[np.intp], margin_px: int) -> slice:
    begin, end = int(blocks[0]) * BLOCK_PX - margin_px, (int(blocks[-1]) + 1) * BLOCK_PX + margin_px
    return slice(max(begin, 0), end)


def _neighbours(mask: Mask) -> npt.NDArray[np.int64]:
    """How many of the 3x3 blocks around each are set, itself included."""
    padded = np.pad(mask, 1).astype(np.int64)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    counts: npt.NDArray[np.int64] = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return counts


def _spread(sums: F32) -> F32:
    """Weighted sums over 3x3 blocks, weights (1, 2, 1) each way; the edge is repeated."""
    padded = np.pad(sums, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    spread: F32 = rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]
    return spread
