"""Makes a template ready for comparison: its best minutiae in a fixed order, descriptors, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.normalisation import CENTRE
from musterpoint.comparison.tables import descriptor_tables
from musterpoint.templates import Minutiae

if TYPE_CHECKING:
    from musterpoint.comparison import kernels_coverage, kernels_descriptor
else:
    kernels_coverage = _compiled.load("musterpoint.comparison.kernels_coverage")
    kernels_descriptor = _compiled.load("musterpoint.comparison.kernels_descriptor")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A template ready for comparison; n is 0..64. All arrays are read-only.

    points      int16 (n, 4): x, y in pixels from the corner of the box around the minutiae, y down;
                direction in 1/256 turn, clockwise as seen; quality in 1/255. Sorted by y, x, direction,
                quality
    neighbours  uint64 (n, 32), see `kernels_descriptor.describe`
    cells       uint64 (n, 2), likewise
    coverage    int16 (128, 2), see `kernels_coverage.cover`
    source      int32 (n,), where each minutia stands in the template
    origin      (x, y) of the box in the template's pixels
    cohort_mean  milli-nats, see `normalisation`
    """

    points: npt.NDArray[np.int16]
    neighbours: npt.NDArray[np.uint64]
    cells: npt.NDArray[np.uint64]
    coverage: npt.NDArray[np.int16]
    source: npt.NDArray[np.int32]
    origin: tuple[int, int]
    cohort_mean: int = CENTRE

    def __len__(self) -> int:
        return len(self.points)


def make_ready(minutiae: Minutiae) -> Prepared:
    """Make minutiae ready for comparison as those of an ordinary template, see `cohort.prepare`."""
    points, source, origin = select(minutiae)
    tables = descriptor_tables()
    n = len(points)
    coverage = np.empty((GEOMETRY.coverage_cells, 2), np.int16)
    kernels_coverage.cover(points, np.empty(2 * n + 1, np.int32), coverage)
    neighbours = np.empty((n, 32), np.uint64)
    cells = np.empty((n, 2), np.uint64)
    kernels_descriptor.describe(
        points,
        coverage,
        tables.own_cell,
        tables.dilated_cells,
        tables.direction_mask,
        tables.cell_offsets,
        neighbours,
        cells,
        np.empty((2, GEOMETRY.minutiae_max), np.int32),
    )
    for array in (points, neighbours, cells, coverage, source):
        array.flags.writeable = False
    return Prepared(
        points=points, neighbours=neighbours, cells=cells, coverage=coverage, source=source, origin=origin
    )


def select(
    minutiae: Minutiae,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int32], tuple[int, int]]:
    """The points, their places in the template and the origin, as in `Prepared`."""
    quality = minutiae.quality.astype(np.int64)
    quality[quality == 0] = GEOMETRY.quality_not_reported
    kept = np.flatnonzero(quality >= GEOMETRY.quality_min)
    x = minutiae.x[kept].astype(np.int64)
    y = minutiae.y[kept].astype(np.int64)
    # From 1/65536 counter-clockwise to the nearest 1/256 in a frame whose y runs down.
    direction = -((minutiae.direction[kept].astype(np.int64) + 128) >> 8) & 255
    quality = quality[kept]
    if len(kept) > GEOMETRY.minutiae_max:
        # n times the offset from the centre: whole numbers, so that a shift of the finger changes nothing.
        from_centre = (len(x) * x - x.sum()) ** 2 + (len(y) * y - y.sum()) ** 2
        best = np.lexsort((kept, direction, x, y, from_centre, -quality))[: GEOMETRY.minutiae_max]
        kept, x, y, direction, quality = kept[best], x[best], y[best], direction[best], quality[best]
    order = np.lexsort((kept, quality, direction, x, y))
    origin = (int(x.min()), int(y.min())) if len(kept) else (0, 0)
    columns = (x - origin[0], y - origin[1], direction, quality)
    points = np.stack(columns, axis=1).astype(np.int16)[order]
    return np.ascontiguousarray(points), kept[order].astype(np.int32), origin
