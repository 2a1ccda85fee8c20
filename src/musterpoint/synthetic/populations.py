"""Templates of many fingers without pictures, to fill galleries quickly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from musterpoint import _compiled
from musterpoint.synthetic.presses import CARE, OPTICAL_SIZE_PX, Grade, placing_care
from musterpoint.synthetic.streams import derive
from musterpoint.synthetic.version import GENERATOR_VERSION
from musterpoint.templates import Minutiae, Template

if TYPE_CHECKING:
    from musterpoint.synthetic import kernels_population
else:
    kernels_population = _compiled.load("musterpoint.synthetic.kernels_population")

_BLOCK: Final = 1024

# Shares of strong and weak minutiae that are missed, of false ones, of wrong kinds; jitter in px and
# radians between two impressions; best quality. Weak ones are a property of the finger.
_OBSERVATION: Final[dict[Grade, tuple[float, ...]]] = {
    "good": (0.015, 0.38, 0.02, 0.17, 0.75, 0.050, 0.97),
    "fair": (0.04, 0.43, 0.03, 0.17, 0.90, 0.058, 0.96),
    "poor": (0.12, 0.59, 0.06, 0.17, 1.15, 0.075, 0.95),
}


def population(
    seed: int, count: int, *, first: int = 0, number: int = 0, grade: Grade = "good"
) -> Iterator[Template]:
    """Templates of impression `number` of the fingers first .. first + count - 1 of one population.

    The same seed and finger with another number is another impression of that finger: a mated pair.
    No picture exists; minutiae are drawn from the ridge flow, thousands of fingers a second. Scores of
    non-mated pairs are a little lower than those of real prints, so no threshold may rest on them.

    Raises ValueError for a grade that does not exist, and for negative numbers.
    """
    if grade not in _OBSERVATION:
        raise ValueError(f"{grade!r} is none of {', '.join(_OBSERVATION)}")
    if min(count, first, number) < 0:
        raise ValueError(f"count {count}, first {first}, number {number}: none may be negative")
    key = derive(seed, "population")
    care = np.array([*placing_care(CARE[grade]), *_OBSERVATION[grade], *OPTICAL_SIZE_PX], np.float64)
    return _templates(key, (first, first + count), number, care)


def _templates(
    key: int, fingers: tuple[int, int], number: int, care: np.typing.NDArray[np.float64]
) -> Iterator[Template]:
    begin, end = fingers
    for block in range(begin, end, _BLOCK):
        yield from _block(key, block, min(_BLOCK, end - block), number, care)


def _block(
    key: int, first: int, count: int, number: int, care: np.typing.NDArray[np.float64]
) -> Iterator[Template]:
    rows = count * kernels_population.SLOTS
    offsets = np.zeros(count + 1, np.int64)
    points, kinds = np.empty((rows, 2), np.int16), np.empty((rows, 2), np.uint8)
    directions = np.empty(rows, np.uint16)
    kernels_population.populate(
        np.uint64(key), first, count, number, care, offsets, points, directions, kinds
    )
    # One compact read-only column a field: the templates are views of it.
    total = int(offsets[-1])
    x, y = points[:total, 0].copy(), points[:total, 1].copy()
    kind, quality = kinds[:total, 0].copy(), kinds[:total, 1].copy()
    direction = directions[:total].copy()
    for column in (x, y, direction, kind, quality):
        column.flags.writeable = False
    width_px, height_px = OPTICAL_SIZE_PX
    for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        minutiae = Minutiae(
            x=x[begin:end],
            y=y[begin:end],
            direction=direction[begin:end],
            kind=kind[begin:end],
            quality=quality[begin:end],
        )
        yield Template(
            minutiae=minutiae,
            width_px=width_px,
            height_px=height_px,
            extractor=f"musterpoint synthetic {GENERATOR_VERSION}",
        )
