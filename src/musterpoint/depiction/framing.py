"""Which part of an impression is worth showing large: where there are ridges or minutiae."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

U8Image = npt.NDArray[np.uint8]

_BLOCK_PX: Final = 16
_MARGIN_PX: Final = 14
_CONTRAST: Final = 0.35
_BLOCKS_MIN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A part of an impression in its pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top

    @classmethod
    def whole(cls, width_px: int, height_px: int) -> Frame:
        """All of an impression."""
        return cls(left=0, top=0, right=width_px, bottom=height_px)


def frame_of_content(
    size_px: tuple[int, int], pixels: U8Image | None, xs: npt.NDArray[np.int16], ys: npt.NDArray[np.int16]
) -> Frame:
    """The part that holds all ridges and minutiae, with a small margin; all where there are none.

    size_px  width and height of the impression
    pixels   uint8 (H, W), or None where no image is kept
    xs, ys   int16 (n,), places of the minutiae
    """
    columns, rows = [xs], [ys]
    if pixels is not None:
        block_rows, block_columns = _blocks_with_ridges(pixels)
        columns.append(_BLOCK_PX * block_columns)
        columns.append(_BLOCK_PX * (block_columns + 1) - 1)
        rows.append(_BLOCK_PX * block_rows)
        rows.append(_BLOCK_PX * (block_rows + 1) - 1)
    x, y = np.concatenate(columns), np.concatenate(rows)
    width_px, height_px = size_px
    if not len(x) or not len(y):
        return Frame.whole(width_px, height_px)
    return Frame(
        left=max(0, min(int(x.min()) - _MARGIN_PX, width_px - 1)),
        top=max(0, min(int(y.min()) - _MARGIN_PX, height_px - 1)),
        right=min(width_px, int(x.max()) + 1 + _MARGIN_PX),
        bottom=min(height_px, int(y.max()) + 1 + _MARGIN_PX),
    )


def _blocks_with_ridges(pixels: U8Image) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Block rows and block columns that hold more than a speck of strong contrast."""
    height, width = (side // _BLOCK_PX * _BLOCK_PX for side in pixels.shape)
    blocks = pixels[:height, :width].reshape(height // _BLOCK_PX, _BLOCK_PX, width // _BLOCK_PX, _BLOCK_PX)
    contrast = blocks.max(axis=(1, 3), initial=0).astype(np.int16) - blocks.min(axis=(1, 3), initial=255)
    has_ridges = contrast > _CONTRAST * np.ptp(np.percentile(pixels, (1, 99)))
    rows = np.flatnonzero(has_ridges.sum(axis=1) >= _BLOCKS_MIN)
    columns = np.flatnonzero(has_ridges.sum(axis=0) >= _BLOCKS_MIN)
    return rows.astype(np.int16), columns.astype(np.int16)
