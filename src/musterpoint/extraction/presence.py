"""Whether an image shows one finger: not none, and not several."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from musterpoint.errors import ImageTooLarge, ImageTooSmall, NoFinger, SeveralFingers
from musterpoint.limits import FINGER_PIXELS_MAX, IMAGE_SIDE_MIN_PX

if TYPE_CHECKING:
    from musterpoint.extraction.ridges import Mask, Ridges
    from musterpoint.templates import Minutiae

_MM_PER_PX: Final = 25.4 / 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRules:
    """Bounds, with what was seen on 400 prints of five sensors, on 164 pictures of other things, and on
    prints laid side by side.

    certain_min        certain minutiae on ridges; the worst print has 3, other pictures 0, but for one
    certain_share_min  certain minutiae in all plausible ones; the worst print has 0.36, that picture 0.25
    part_mm2           a part of the ridges that may be a finger of its own
    apart              two such parts lie side by side if their columns overlap by at most this share of the
                       narrower, and
    level              their rows by at least this share of the shorter: a fingertip and the next phalanx lie
                       above each other
    pair_mm            two such parts reach over at least this width; a flat print was at most 16 mm wide
    width_mm           one part that is wider is several fingers that touch: a print rolled from nail to nail
                       measures 40 mm at most
    """

    certain_min: int = 2
    certain_share_min: float = 0.3
    part_mm2: float = 40.0
    apart: float = 0.25
    level: float = 0.5
    pair_mm: float = 24.0
    width_mm: float = 43.0


RULES: Final = PresenceRules()


def check_size(height_px: int, width_px: int) -> None:
    """Raise ImageTooSmall where no finger fits into the image."""
    if min(height_px, width_px) < IMAGE_SIDE_MIN_PX:
        raise ImageTooSmall(
            expected=f"at least {IMAGE_SIDE_MIN_PX} x {IMAGE_SIDE_MIN_PX} pixels at 500 ppi",
            found=f"the image has {width_px} x {height_px} pixels at 500 ppi",
            hint="Use the whole image of the sensor, and check its resolution",
        )


def check_ridges(ridges: Ridges, height_px: int, width_px: int, rules: PresenceRules = RULES) -> None:
    """Raise NoFinger without ridges, SeveralFingers, or ImageTooLarge where one finger cannot be so large."""
    if not ridges.is_ridge.any():
        raise _no_finger("no ridges were found in the image")
    if _has_several(ridges, rules):
        raise SeveralFingers(
            expected="the image of one finger",
            found="ridges in several places side by side, as of several fingers",
            hint="Capture one finger at a time, or cut the image into one a finger",
        )
    if height_px * width_px > FINGER_PIXELS_MAX:
        raise ImageTooLarge(
            expected=f"the image of one finger, at most {FINGER_PIXELS_MAX} pixels at 500 ppi",
            found=f"the image has {width_px} x {height_px} pixels at 500 ppi",
            hint="Cut out the finger, and check the resolution",
        )


def check_minutiae(minutiae: Minutiae, ridges: Ridges, rules: PresenceRules = RULES) -> None:
    """Raise NoFinger where the minutiae are not those of a finger."""
    if _certain_on_ridges(minutiae, ridges) < rules.certain_min:
        raise _no_finger("the lines in the image have no endings and forks as ridges have")
    certain, plausible = (int((minutiae.quality >= round(255 * floor)).sum()) for floor in (0.6, 0.3))
    if certain < rules.certain_share_min * plausible:
        raise _no_finger("the image shows something else, or ridges that cannot be followed")


def _certain_on_ridges(minutiae: Minutiae, ridges: Ridges) -> int:
    """Certain minutiae in a block of ridges or in one that touches it."""
    near = ridges.near
    is_certain = minutiae.quality >= round(255 * 0.6)
    rows = np.minimum(minutiae.y[is_certain] // ridges.block_px, near.shape[0] - 1)
    columns = np.minimum(minutiae.x[is_certain] // ridges.block_px, near.shape[1] - 1)
    return int(near[rows, columns].sum())


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    right: float
    top: float
    bottom: float


def _has_several(ridges: Ridges, rules: PresenceRules) -> bool:
    blocks_min = rules.part_mm2 / ridges.block_mm2
    boxes = [_box(part) for part in ridges.parts() if part.sum() >= blocks_min]
    mm = ridges.block_px * _MM_PER_PX
    if any((box.right - box.left) * mm > rules.width_mm for box in boxes):
        return True
    return any(_are_side_by_side(one, other, rules, mm) for one, other in combinations(boxes, 2))


def _box(part: Mask) -> _Box:
    """Where a part lies, without the outermost 2 % of its blocks at each side."""
    rows, columns = np.nonzero(part)
    left, right = np.quantile(columns, (0.02, 0.98))
    top, bottom = np.quantile(rows, (0.02, 0.98))
    return _Box(left=float(left), right=float(right) + 1, top=float(top), bottom=float(bottom) + 1)


def _are_side_by_side(one: _Box, other: _Box, rules: PresenceRules, mm: float) -> bool:
    shared_columns = min(one.right, other.right) - max(one.left, other.left)
    shared_rows = min(one.bottom, other.bottom) - max(one.top, other.top)
    narrower = min(one.right - one.left, other.right - other.left)
    shorter = min(one.bottom - one.top, other.bottom - other.top)
    reach_mm = (max(one.right, other.right) - min(one.left, other.left)) * mm
    return (
        shared_columns <= rules.apart * narrower
        and shared_rows >= rules.level * shorter
        and reach_mm >= rules.pair_mm
    )


def _no_finger(found: str) -> NoFinger:
    return NoFinger(
        expected="a fingertip whose ridges can be followed",
        found=found,
        hint="Clean the sensor, lay the finger flat on it and capture again",
    )
