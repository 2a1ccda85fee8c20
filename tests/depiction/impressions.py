"""Drawn impressions for tests of pictures, and ways to find things in the pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from musterpoint.imaging import FingerImage, from_pixels
from musterpoint.templates import FingerPosition, Minutiae, MinutiaKind, Template

Mark = tuple[int, int, int, MinutiaKind, int]
"""x, y, direction in 1/65536 turn, kind, quality."""

RIGHT, UP, LEFT, DOWN = 0, 16384, 32768, 49152


def minutiae(*marks: Mark) -> Minutiae:
    """Minutiae from rows."""
    columns = tuple(zip(*marks, strict=True)) or ((),) * 5
    x, y, direction, kind, quality = columns
    return Minutiae(
        x=np.array(x, np.int16),
        y=np.array(y, np.int16),
        direction=np.array(direction, np.uint16),
        kind=np.array(kind, np.uint8),
        quality=np.array(quality, np.uint8),
    )


def template(*marks: Mark, width_px: int = 160, height_px: int = 192) -> Template:
    """A template of a right index with these minutiae."""
    return Template(
        minutiae=minutiae(*marks),
        width_px=width_px,
        height_px=height_px,
        position=FingerPosition.RIGHT_INDEX,
    )


def ridges(width_px: int = 160, height_px: int = 192) -> FingerImage:
    """Upright ridges of 9 px all over."""
    wave = 128 + 100 * np.cos(2 * np.pi * np.arange(width_px) / 9)
    return from_pixels(np.tile(wave.astype(np.uint8), (height_px, 1)), 500)


def even(value: int, width_px: int = 160, height_px: int = 192) -> FingerImage:
    """An image of one grey."""
    return from_pixels(np.full((height_px, width_px), value, np.uint8), 500)


@dataclass(frozen=True, slots=True)
class Found:
    """An impression found in a picture by its outline."""

    left: int
    top: int
    right: int
    bottom: int

    def place(self, x: float, y: float, shown: Template) -> tuple[float, float]:
        """Where a pixel's middle lies in the picture, if all of the impression is shown."""
        across = (self.right - self.left) / shown.width_px
        down = (self.bottom - self.top) / shown.height_px
        return self.left + (x + 0.5) * across, self.top + (y + 0.5) * down

    @property
    def box(self) -> tuple[int, int, int, int]:
        """For cutting it out."""
        return self.left, self.top, self.right, self.bottom


def pixels_of(picture: Image.Image) -> npt.NDArray[np.int16]:
    """int16 (H, W, 3), 0..255."""
    return np.asarray(picture.convert("RGB")).astype(np.int16)


def impressions_in(picture: Image.Image) -> list[Found]:
    """The outlined impressions that stand beside one another, from left to right."""
    pixels = pixels_of(picture)
    is_outline = (pixels == pixels[_corner(pixels)]).all(axis=2)
    columns = np.flatnonzero(is_outline.sum(axis=0) > 0.3 * len(pixels))
    found = []
    for left, right in zip(columns[::2], columns[1::2], strict=True):
        rows = np.flatnonzero(is_outline[:, left + 1 : right].mean(axis=1) > 0.7)
        found.append(Found(int(left) + 1, int(rows[0]) + 1, int(right), int(rows[-1])))
    return found


def _corner(pixels: npt.NDArray[np.int16]) -> tuple[int, int]:
    """The first pixel of the leftmost long vertical line."""
    is_drawn = np.any(pixels < 250, axis=2)
    column = int(np.flatnonzero(is_drawn.sum(axis=0) > 0.3 * len(pixels))[0])
    return int(np.flatnonzero(is_drawn[:, column])[len(pixels) // 4]), column


def is_warm(pixels: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Where red stands clearly above blue."""
    return pixels[..., 0] - pixels[..., 2] > 60


def is_cool(pixels: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Where blue stands clearly above red."""
    return pixels[..., 2] - pixels[..., 0] > 60


def is_coloured(pixels: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Where there is anything but grey."""
    saturation: npt.NDArray[np.int16] = pixels.max(axis=-1) - pixels.min(axis=-1)
    return saturation > 25


def around(pixels: npt.NDArray[np.int16], place: tuple[float, float]) -> npt.NDArray[np.int16]:
    """The 3 x 3 pixels around a place."""
    x, y = int(place[0]), int(place[1])
    return pixels[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
