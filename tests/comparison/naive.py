"""The comparator's steps written plainly, as its description says them, to judge the kernels by."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from musterpoint.comparison.kernels_geometry import COS, GEOMETRY, SIN
from musterpoint.comparison.tables import cell_centres, spatial_cell

F32 = np.float32
Bits = npt.NDArray[np.bool_]
Points = npt.NDArray[Any]


def covered(points: Points) -> Bits:
    """Cells (128, 128) whose centre is in the convex hull widened by the margin, and in the widened box."""
    centre = 8 * np.arange(128) + 4 - 128
    x, y = np.meshgrid(centre, centre)
    inside = np.ones((128, 128), np.bool_)
    for axis, column in ((x, points[:, 0]), (y, points[:, 1])):
        inside &= (axis >= column.min() - 14) & (axis <= column.max() + 14)
    places = np.unique(points[:, :2].astype(np.int64), axis=0)
    for a in places:
        for b in places:
            edge = b - a
            if not edge.any():
                continue
            sides = edge[0] * (places[:, 1] - a[1]) - edge[1] * (places[:, 0] - a[0])
            if (sides >= 0).all():
                reach = edge[0] * (y - a[1]) - edge[1] * (x - a[0])
                inside &= reach >= -14 * np.hypot(*edge)
    # The raster's first and last row stay empty.
    inside[[0, -1]] = False
    return inside


def is_covered(raster: Bits, x: int, y: int) -> bool:
    """Whether a whole pixel lies in a covered cell."""
    row, column = (y + 128) // 8, (x + 128) // 8
    return 0 <= row < 128 and 0 <= column < 128 and bool(raster[row, column])


def describe(points: Points, raster: Bits) -> tuple[Bits, Bits, Bits, Bits]:
    """Sharp and dilated bits (n, 64, 16), occupied and visible cells (n, 64)."""
    n = len(points)
    sharp, dilated = np.zeros((2, n, 64, 16), np.bool_)
    occupied, visible = np.zeros((2, n, 64), np.bool_)
    radius, angle = cell_centres()
    for i, (x, y, direction, _) in enumerate(points.astype(int)):
        c, s = COS[direction], SIN[direction]
        for dx, dy, other in (points.astype(int)[:, :3] - (x, y, 0)).tolist():
            if not 0 < dx * dx + dy * dy <= 86 * 86:
                continue
            u = float(np.floor(c * F32(dx) + s * F32(dy) + F32(0.5)))
            v = float(np.floor(c * F32(dy) - s * F32(dx) + F32(0.5)))
            relative = (other - direction) % 256
            own = int(spatial_cell(np.array(u), np.array(v)))
            occupied[i, own] = True
            sharp[i, own, relative // 16] = True
            apart = np.abs((16 * np.arange(16) + 8 - relative + 128) % 256 - 128)
            r = np.hypot(u, v)
            du, dv = radius * np.cos(angle) - u, radius * np.sin(angle) - v
            along, across = (du * u + dv * v) / r, (dv * u - du * v) / r
            near = (along / (8 + 0.04 * r)) ** 2 + (across / (6 + 0.07 * r)) ** 2 <= 1 + 1e-9
            near[own] = True
            dilated[i] |= near[:, None] & (apart <= 20)
        turned = angle + direction * 2 * np.pi / 256
        places = zip(np.rint(radius * np.cos(turned)), np.rint(radius * np.sin(turned)), strict=True)
        visible[i] = [is_covered(raster, x + int(ox), y + int(oy)) for ox, oy in places]
    return sharp, dilated, occupied, visible


def similarities(
    a: tuple[Bits, Bits, Bits, Bits], b: tuple[Bits, Bits, Bits, Bits]
) -> npt.NDArray[np.float32]:
    """S of all pairs (na, nb)."""
    sharp_a, dilated_a, occupied_a, visible_a = a
    sharp_b, dilated_b, occupied_b, visible_b = b
    found = np.einsum("isk,jsk->ij", sharp_a * 1, dilated_b * 1)
    found += np.einsum("isk,jsk->ij", dilated_a * 1, sharp_b * 1)
    expected = (occupied_a * 1) @ (visible_b * 1).T + (visible_a * 1) @ (occupied_b * 1).T
    similarity: npt.NDArray[np.float32] = found.astype(F32) / (expected.astype(F32) + F32(8))
    return similarity


def turn_between(a: int, b: int) -> int:
    """The turn from a to b, -128..127 in 1/256."""
    return (b - a + 128) % 256 - 128


def supports(
    pairs: list[tuple[int, int]], a: Points, b: Points, similarity: npt.NDArray[np.float32]
) -> list[float]:
    """Support of every pair (i, j) by the others."""
    return [
        sum(_support(one, other, a, b) * float(similarity[other]) for other in pairs if other != one)
        for one in pairs
    ]


def _support(anchor: tuple[int, int], pair: tuple[int, int], a: Points, b: Points) -> float:
    (i, j), (k, m) = anchor, pair
    if i == k or j == m:
        return 0.0
    rotation = int(b[j, 2]) - int(a[i, 2])
    if abs(turn_between(rotation, int(b[m, 2]) - int(a[k, 2]))) >= GEOMETRY.support_direction:
        return 0.0
    angle = 2 * np.pi * rotation / 256
    d = (a[k, :2] - a[i, :2]).astype(float)
    turned = np.array(
        [np.cos(angle) * d[0] - np.sin(angle) * d[1], np.sin(angle) * d[0] + np.cos(angle) * d[1]]
    )
    missed = np.sum(((b[m, :2] - b[j, :2]) - turned) ** 2)
    tolerance = 11**2 + 0.1**2 * np.sum(d**2)
    return float(max(0.0, 1 - missed / tolerance))


def assignment(
    moved: Points, directions: npt.NDArray[Any], b: Points, similarity: npt.NDArray[np.float32], reach: float
) -> dict[int, int]:
    """Partners by bucket of cost, then by (i, j), of A's minutiae moved and turned into B's image."""
    listed = []
    for i, (x, y) in enumerate(moved):
        for j, row in enumerate(b):
            squared = (F32(row[0]) - x) ** 2 + (F32(row[1]) - y) ** 2
            turn = turn_between(int(directions[i]), int(row[2]))
            if squared < reach**2 and abs(turn) < 28:
                cost = squared / F32(reach**2) + (F32(turn) / F32(28)) ** 2 - similarity[i, j]
                listed.append((min(max(int((cost + 2) * 32), 0), 127), i, j))
    partners: dict[int, int] = {}
    for _, i, j in sorted(listed):
        if i not in partners and j not in partners.values():
            partners[i] = j
    return partners


def displacements(places: npt.NDArray[Any], misses: dict[int, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """By how much the matched pairs' misses move each minutia, its own left out."""
    moved = np.zeros(places.shape)
    for i, place in enumerate(places):
        total, weights = np.zeros(2), 0.3
        for k, miss in misses.items():
            exponent = np.sum((place - places[k]) ** 2) / (2 * 45**2)
            if k != i and exponent <= 6:
                total += np.exp(-exponent) * miss
                weights += np.exp(-exponent)
        moved[i] = total / weights
    return moved
