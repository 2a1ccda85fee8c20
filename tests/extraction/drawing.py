"""Draws ridge patterns: an elliptical patch of rings with minutiae at chosen places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musterpoint.imaging import FingerImage, from_pixels

U8Image = npt.NDArray[np.uint8]

PERIOD_PX = 9.0


def draw_finger(
    width_px: int = 320,
    height_px: int = 400,
    minutiae: tuple[tuple[int, int, int], ...] = (),
    period_px: float = PERIOD_PX,
) -> U8Image:
    """Dark ridges on white: the phase of elliptical rings, plus a vortex for each (x, y, +1 or -1).

    A vortex in the phase of a wave is where one ridge more begins (Sherlock and Monro's model).
    """
    y, x = np.mgrid[:height_px, :width_px].astype(np.float64)
    across, down = (x - width_px / 2) / (width_px / 2), (y - height_px / 2) / (height_px / 2)
    phase = 2 * np.pi / period_px * np.hypot(x - width_px / 2, 0.8 * (y - 0.6 * height_px))
    for at_x, at_y, sign in minutiae:
        phase += sign * np.arctan2(y - at_y - 0.5, x - at_x - 0.5)
    ridges = 127 + 110 * np.cos(phase)
    inside = np.clip((0.95 - np.hypot(across, down)) * 30, 0, 1)
    grey: U8Image = (255 - inside * (255 - ridges)).round().astype(np.uint8)
    return grey


def scattered(
    width_px: int = 320, height_px: int = 400, spacing_px: int = 48
) -> tuple[tuple[int, int, int], ...]:
    """Minutiae on a grid inside of the ellipse of `draw_finger`, signs alternating, away from its core."""
    places = []
    for row, y in enumerate(range(spacing_px, height_px - spacing_px // 2, spacing_px)):
        for column, x in enumerate(range(spacing_px, width_px - spacing_px // 2, spacing_px)):
            reach = np.hypot((x - width_px / 2) / (width_px / 2), (y - height_px / 2) / (height_px / 2))
            from_core = np.hypot(x - width_px / 2, y - 0.6 * height_px)
            if reach < 0.8 and from_core > 40:
                places.append((x + row % 3 * 4, y + column % 3 * 4, 1 if (row + column) % 2 else -1))
    return tuple(places)


def image_of(pixels: U8Image) -> FingerImage:
    """The pixels as an image at 500 ppi."""
    return from_pixels(pixels, 500.0)


def beside(*fingers: U8Image, gap_px: int, background: int = 255) -> U8Image:
    """Prints from left to right on one ground."""
    height = max(finger.shape[0] for finger in fingers) + 40
    strips = []
    for finger in fingers:
        strip = np.full((height, finger.shape[1] + gap_px), background, dtype=np.uint8)
        strip[20 : 20 + finger.shape[0], gap_px // 2 : gap_px // 2 + finger.shape[1]] = finger
        strips.append(strip)
    return np.hstack(strips)
