"""From an image to minutiae: padding, network, peaks, heads."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.extraction.graph import FEATURES, PATCH_PX
from musterpoint.limits import MINUTIAE_MAX
from musterpoint.templates import Minutiae, MinutiaKind

if TYPE_CHECKING:
    from musterpoint.extraction import kernels
    from musterpoint.extraction.ridges import Ridges
else:
    kernels = _compiled.load("musterpoint.extraction.kernels")

F32 = npt.NDArray[np.float32]

MULTIPLE_PX: Final = 32
"""The network halves the resolution five times."""

QUALITY_MIN: Final = 0.10
"""Weakest minutia that is kept, in 0..1. The comparator weighs minutiae by quality and loses accuracy with a
higher floor (0.15: mean EER 0.28 % instead of 0.16 %; 0.60: 1.42 %) and with a lower one (0.05: 0.31 %)."""


WHOLE_PIXELS_MAX: Final = 400_000
"""Larger images are searched around their ridges only: the network takes 1 GB for a million pixels."""

MARGIN_PX: Final = 32
"""Around the ridges: the heads see 28 px, and the ridges' own measure leaves out an outermost block."""


class Maps(Protocol):
    """What is needed of the network."""

    def maps(self, padded: F32) -> AbstractContextManager[tuple[F32, F32]]: ...

    def attributes(self, patches: F32, mask: F32) -> F32: ...


def find_minutiae_around(network: Maps, pixels: npt.NDArray[np.uint8], ridges: Ridges) -> Minutiae:
    """As `find_minutiae`; of a large image only the part that shows ridges is searched."""
    if pixels.size <= WHOLE_PIXELS_MAX:
        return find_minutiae(network, pixels)
    rows, columns = ridges.box(MARGIN_PX)
    found = find_minutiae(network, np.ascontiguousarray(pixels[rows, columns]))
    return Minutiae(
        x=found.x + np.int16(columns.start),
        y=found.y + np.int16(rows.start),
        direction=found.direction,
        kind=found.kind,
        quality=found.quality,
    )


def find_minutiae(network: Maps, pixels: npt.NDArray[np.uint8], quality_min: float = QUALITY_MIN) -> Minutiae:
    """At most 255 minutiae of one finger, the best by quality, sorted by (y, x, direction).

    pixels       uint8 (H, W), dark ridges, 500 ppi
    quality_min  in 0..1
    """
    padded, top, left = pad(pixels)
    height, width = pixels.shape
    box = np.array([top, left, top + height, left + width], dtype=np.int64)
    with network.maps(padded) as (phases, features):
        ys, xs, values = _best_peaks(phases, box, quality_min)
        patches, mask = _patches(features, ys, xs)
    if len(ys) == 0:
        return Minutiae.empty()
    outputs = network.attributes(patches, mask)
    phase = 2 * (ys & 1) + (xs & 1)
    rows = np.arange(len(ys))
    angle = np.arctan2(outputs[rows, 4 + phase].astype(np.float64), outputs[rows, phase].astype(np.float64))
    ending = outputs[rows, 8 + phase] >= 0
    minutiae = Minutiae(
        x=(xs - left).astype(np.int16),
        y=(ys - top).astype(np.int16),
        direction=(np.rint(angle * (65536 / (2 * np.pi))).astype(np.int64) % 65536).astype(np.uint16),
        kind=np.where(ending, MinutiaKind.ENDING, MinutiaKind.BIFURCATION).astype(np.uint8),
        quality=np.clip(np.rint(values * np.float32(255)), 1, 255).astype(np.uint8),
    )
    return minutiae.take(np.lexsort((minutiae.direction, minutiae.x, minutiae.y)))


def pad(pixels: npt.NDArray[np.uint8]) -> tuple[F32, int, int]:
    """The image in the middle of a frame whose sides are multiples of 32, filled with its first pixel's grey.

    returns  float32 (H, W), 0..255; rows above and columns left of the image
    """
    height, width = pixels.shape
    tall, wide = (-(-side // MULTIPLE_PX) * MULTIPLE_PX for side in (height, width))
    top, left = (tall - height) // 2, (wide - width) // 2
    padded = np.full((tall, wide), pixels[0, 0], dtype=np.float32)
    padded[top : top + height, left : left + width] = pixels
    return padded, top, left


def _best_peaks(
    phases: F32, box: npt.NDArray[np.int64], quality_min: float
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], F32]:
    blurred = np.empty((2 * phases.shape[1], 2 * phases.shape[2]), dtype=np.float32)
    kernels.blur(phases, blurred)
    ys, xs = np.empty(blurred.size, dtype=np.int32), np.empty(blurred.size, dtype=np.int32)
    values = np.empty(blurred.size, dtype=np.float32)
    count = kernels.peaks(blurred, np.float32(quality_min), box, ys, xs, values)
    ys, xs, values = ys[:count], xs[:count], values[:count]
    best = np.lexsort((xs, ys, -values))[:MINUTIAE_MAX]
    return ys[best], xs[best], values[best]


def _patches(features: F32, ys: npt.NDArray[np.int32], xs: npt.NDArray[np.int32]) -> tuple[F32, F32]:
    patches = np.empty((len(ys), PATCH_PX, PATCH_PX, FEATURES), dtype=np.float32)
    mask = np.empty((len(ys), 1, 3, 3), dtype=np.float32)
    kernels.cut_patches(features, ys, xs, patches, mask)
    return patches, mask
