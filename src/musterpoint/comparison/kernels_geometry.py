"""The comparator's geometric constants with their units, and the types and tables its kernels share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What the comparator measures with; every figure belongs to `COMPARATOR_VERSION`.

    Lengths are pixels at 500 ppi, directions 1/256 turn, qualities 1/255. The values lie on plateaus
    of their influence on accuracy; `docs/explanation/comparison.md` says what each is for.
    """

    minutiae_max: int = 64
    minutiae_min: int = 3
    quality_min: int = 26
    quality_not_reported: int = 230

    rings_px: tuple[tuple[int, int, int], ...] = (
        (4, 20, 6),
        (20, 36, 10),
        (36, 52, 13),
        (52, 68, 16),
        (68, 86, 19),
    )
    neighbour_radius_px: int = 86
    dilation_radial_px: float = 8.0
    dilation_radial_slope: float = 0.04
    dilation_tangential_px: float = 6.0
    dilation_tangential_slope: float = 0.07
    dilation_direction: int = 20

    coverage_cell_px: int = 8
    coverage_cells: int = 128
    coverage_border_px: int = 128
    coverage_margin_px: int = 14

    similarity_prior: float = 8.0
    pairs_max: int = 64
    support_tolerance_px: float = 11.0
    support_tolerance_slope: float = 0.10
    support_direction: int = 24
    anchors_max: int = 6
    refined_max: int = 3

    first_tolerance_px: float = 18.0
    first_tolerance_slope: float = 0.05
    first_direction: int = 28
    second_tolerance_px: float = 18.0
    second_direction: int = 28
    last_tolerance_px: float = 17.0
    last_direction: int = 26
    candidates_max: int = 1024

    refit_weight: float = 0.2
    displacement_sigma_px: float = 45.0
    displacement_prior: float = 0.3
    displacement_exponent_max: float = 6.0

    connection_radius_px: float = 70.0
    connection_tolerance_px: float = 5.0
    connection_tolerance_slope: float = 0.06


GEOMETRY = Geometry()

TURN = 256
WORDS = 16
SPATIAL_CELLS = 64

_ANGLES = np.arange(TURN) * (2.0 * np.pi / TURN)
COS = np.cos(_ANGLES).astype(np.float32)
SIN = np.sin(_ANGLES).astype(np.float32)

# Columns of a template's points.
X, Y, DIRECTION, QUALITY = 0, 1, 2, 3
# Columns of a minutia's cells.
OCCUPIED, VISIBLE = 0, 1


def read_only(dtype: types.Type, dimensions: int) -> types.Array:
    """The type of a C-contiguous argument that a kernel only reads; writable arrays convert to it."""
    return types.Array(dtype, dimensions, "C", readonly=True)


POINTS = read_only(types.int16, 2)
NEIGHBOURS = read_only(types.uint64, 2)
CELLS = read_only(types.uint64, 2)
COVERAGE = read_only(types.int16, 2)
WEIGHTS = read_only(types.float64, 2)
