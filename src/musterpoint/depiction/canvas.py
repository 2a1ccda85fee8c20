"""A picture on which thin strokes are drawn with smooth edges.

Pillow draws lines and rings without smoothing; here each stroke is the set of points nearer than half
its width to a curve, so a pixel's share of ink follows from its distance to that curve. Coordinates
are continuous: pixel (i, j) covers [i, i + 1) x [j, j + 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from musterpoint.depiction.palette import PAPER, Colour

Point = tuple[float, float]
Distances = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """How a line looks.

    opacity  0 nothing, 1 covers what lies below
    """

    colour: Colour
    width_px: float
    opacity: float = 1.0


class Canvas:
    """Pixels that strokes are blended into; what lies outside is cut off."""

    def __init__(self, width_px: int, height_px: int, ground: Colour = PAPER) -> None:
        self._pixels = np.empty((height_px, width_px, 3), np.uint8)
        self._pixels[:] = ground

    def lay(self, grey: npt.NDArray[np.uint8], left_px: int, top_px: int) -> None:
        """Put grey pixels, uint8 (h, w), in place; they must lie inside."""
        height_px, width_px = grey.shape
        self._pixels[top_px : top_px + height_px, left_px : left_px + width_px] = grey[:, :, np.newaxis]

    def segment(self, start: Point, end: Point, stroke: Stroke) -> None:
        """A straight line with round ends."""
        rows, columns = _pixels_along(start, end, stroke.width_px)
        self._ink(rows, columns, _distance_to_segment(rows, columns, start, end), stroke)

    def polygon(self, corners: Sequence[Point], stroke: Stroke) -> None:
        """The outline of a small closed polygon."""
        xs, ys = zip(*corners, strict=True)
        rows, columns = _pixels_of_box((min(xs), min(ys)), (max(xs), max(ys)), stroke.width_px)
        following = [*corners[1:], corners[0]]
        distances = [
            _distance_to_segment(rows, columns, start, end)
            for start, end in zip(corners, following, strict=True)
        ]
        self._ink(rows, columns, np.minimum.reduce(distances), stroke)

    def circle(self, centre: Point, radius_px: float, stroke: Stroke) -> None:
        """The outline of a circle."""
        x, y = centre
        low, high = (x - radius_px, y - radius_px), (x + radius_px, y + radius_px)
        rows, columns = _pixels_of_box(low, high, stroke.width_px)
        from_centre = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
        self._ink(rows, columns, np.abs(from_centre - radius_px), stroke)

    def picture(self) -> Image.Image:
        """What has been drawn, as a picture of its own in RGB."""
        return Image.fromarray(self._pixels.copy())

    def _ink(self, rows: Indices, columns: Indices, distance: Distances, stroke: Stroke) -> None:
        height_px, width_px, _ = self._pixels.shape
        share = np.clip(stroke.width_px / 2 + 0.5 - distance, 0, 1) * stroke.opacity
        inked = (share > 0) & (rows >= 0) & (rows < height_px) & (columns >= 0) & (columns < width_px)
        rows, columns, share = rows[inked], columns[inked], share[inked][:, np.newaxis]
        below = self._pixels[rows, columns].astype(np.float32)
        blended = below + (np.array(stroke.colour, np.float32) - below) * share
        self._pixels[rows, columns] = np.rint(blended).astype(np.uint8)


def _pixels_along(start: Point, end: Point, width_px: float) -> tuple[Indices, Indices]:
    """Rows and columns near a segment, each pixel once: a band along its longer direction."""
    (x0, y0), (x1, y1) = start, end
    is_steep = abs(y1 - y0) > abs(x1 - x0)
    if is_steep:
        x0, y0, x1, y1 = y0, x0, y1, x1
    margin = int(width_px) + 2
    along = np.arange(int(min(x0, x1)) - margin, int(max(x0, x1)) + margin + 1, dtype=np.intp)
    slope = (y1 - y0) / (x1 - x0) if x1 != x0 else 0.0
    middle = np.floor(y0 + (np.clip(along + 0.5, min(x0, x1), max(x0, x1)) - x0) * slope).astype(np.intp)
    # A slope of at most 1 widens the band by at most the square root of 2.
    offsets = np.arange(-2 * margin, 2 * margin + 1, dtype=np.intp)[:, np.newaxis]
    across = middle[np.newaxis, :] + offsets
    along = np.broadcast_to(along, across.shape)
    return (along, across) if is_steep else (across, along)


def _pixels_of_box(low: Point, high: Point, width_px: float) -> tuple[Indices, Indices]:
    margin = int(width_px) + 2
    columns = np.arange(int(low[0]) - margin, int(high[0]) + margin + 1, dtype=np.intp)
    rows = np.arange(int(low[1]) - margin, int(high[1]) + margin + 1, dtype=np.intp)
    grid_rows, grid_columns = np.meshgrid(rows, columns, indexing="ij")
    return grid_rows, grid_columns


def _distance_to_segment(rows: Indices, columns: Indices, start: Point, end: Point) -> Distances:
    across = columns + 0.5 - start[0]
    down = rows + 0.5 - start[1]
    dx, dy = end[0] - start[0], end[1] - start[1]
    length_squared = dx * dx + dy * dy or 1.0  # a point is a segment without length
    share = np.clip((across * dx + down * dy) / length_squared, 0, 1)
    distance: Distances = np.hypot(across - share * dx, down - share * dy)
    return distance
