"""Tables that turn descriptors and displacements into look-ups; made once, from the geometry alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from musterpoint.comparison.kernels_geometry import GEOMETRY, SPATIAL_CELLS, TURN

A = TypeVar("A", bound=npt.NDArray[Any])
F64 = npt.NDArray[np.float64]

BORDER = 1e-9
"""Places on a border belong to the later cell, whatever the last bit of an arctangent is here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DescriptorTables:
    """See `kernels_descriptor.describe` for the meaning of each array."""

    own_cell: npt.NDArray[np.uint8]
    dilated_cells: npt.NDArray[np.uint64]
    direction_mask: npt.NDArray[np.uint64]
    cell_offsets: npt.NDArray[np.int16]


@cache
def descriptor_tables() -> DescriptorTables:
    """The tables of the local descriptor (0.3 MB, about 40 ms to make)."""
    side = np.arange(-GEOMETRY.neighbour_radius_px - 1, GEOMETRY.neighbour_radius_px + 2, dtype=np.float64)
    v, u = np.meshgrid(side, side, indexing="ij")
    own = spatial_cell(u, v)
    return DescriptorTables(
        own_cell=_sealed(own.astype(np.uint8)),
        dilated_cells=_sealed(_dilated(u, v, own)),
        direction_mask=_sealed(_direction_mask()),
        cell_offsets=_sealed(_cell_offsets()),
    )


def cell_centres() -> tuple[F64, F64]:
    """Radius (pixels) and angle (radians) of the centres of the 64 spatial cells."""
    radius, angle = [], []
    for inner, outer, sectors in GEOMETRY.rings_px:
        for sector in range(sectors):
            radius.append((inner + outer) / 2)
            angle.append((sector + 0.5) * 2 * np.pi / sectors)
    return np.array(radius), np.array(angle)


def spatial_cell(u: F64, v: F64) -> npt.NDArray[np.int64]:
    """The spatial cell of a place in a minutia's frame; places inside the first ring count to it."""
    squared = u * u + v * v
    turn = np.arctan2(v, u) / (2 * np.pi) % 1.0
    cell = np.zeros(squared.shape, np.int64)
    first = 0
    for number, (inner, _, sectors) in enumerate(GEOMETRY.rings_px):
        sector = np.minimum((turn * sectors + BORDER).astype(np.int64), sectors - 1)
        inside = squared >= inner * inner if number else np.full(squared.shape, True)
        cell = np.where(inside, first + sector, cell)
        first += sectors
    return cell


def _dilated(u: F64, v: F64, own: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    radius = np.maximum(np.hypot(u, v), 1e-9)
    radial = GEOMETRY.dilation_radial_px + GEOMETRY.dilation_radial_slope * radius
    tangential = GEOMETRY.dilation_tangential_px + GEOMETRY.dilation_tangential_slope * radius
    cells = np.uint64(1) << own.astype(np.uint64)
    for cell, (r, angle) in enumerate(zip(*cell_centres(), strict=True)):
        du, dv = r * np.cos(angle) - u, r * np.sin(angle) - v
        along = (du * u + dv * v) / radius
        across = (dv * u - du * v) / radius
        inside = (along / radial) ** 2 + (across / tangential) ** 2 <= 1 + BORDER
        cells |= inside.astype(np.uint64) << np.uint64(cell)
    return cells


def _direction_mask() -> npt.NDArray[np.uint64]:
    relative = np.arange(TURN)
    mask = np.zeros(TURN, np.uint64)
    for k in range(16):
        apart = np.abs((16 * k + 8 - relative + TURN // 2) % TURN - TURN // 2)
        mask |= (apart <= GEOMETRY.dilation_direction).astype(np.uint64) << np.uint64(k)
    return mask


def _cell_offsets() -> npt.NDArray[np.int16]:
    radius, angle = cell_centres()
    turned = angle + np.arange(TURN)[:, None] * (2 * np.pi / TURN)
    offsets = np.empty((TURN, SPATIAL_CELLS, 2), np.int16)
    offsets[:, :, 0] = np.rint(radius * np.cos(turned))
    offsets[:, :, 1] = np.rint(radius * np.sin(turned))
    return offsets


def _sealed(array: A) -> A:
    array.flags.writeable = False
    return array
