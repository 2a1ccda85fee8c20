"""Convex outlines: around places, and what two of them have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

Place = tuple[float, float]
Outline = tuple[Place, ...]
"""Corners of a convex polygon, in order; three at least, or none."""

_ROUND: Final = 16
"""Points of the circle around each place."""


def grown_hull(places: Sequence[Place], margin: float) -> Outline:
    """The convex hull of circles of radius `margin` around places (monotone chain, Andrew 1979)."""
    around = [(math.cos(math.tau * k / _ROUND), math.sin(math.tau * k / _ROUND)) for k in range(_ROUND)]
    points = sorted({(x + margin * c, y + margin * s) for x, y in places for c, s in around})
    return (*_half(points), *_half(points[::-1]))


def _half(points: Sequence[Place]) -> list[Place]:
    """One side of the hull, without its last corner, which begins the other side."""
    corners: list[Place] = []
    for point in points:
        while len(corners) > 1 and _turn(corners[-2], corners[-1], point) <= 0:
            corners.pop()
        corners.append(point)
    return corners[:-1]


def common(one: Outline, other: Outline) -> Outline:
    """The area inside both, which turn as `grown_hull` makes them (Sutherland and Hodgman 1974)."""
    kept = list(one)
    for start, end in zip(other, (*other[1:], *other[:1]), strict=True):
        corners, kept = kept, []
        for here, there in zip(corners, (*corners[1:], *corners[:1]), strict=True):
            inside, after = _turn(start, end, here), _turn(start, end, there)
            if inside >= 0:
                kept.append(here)
            if (inside < 0) != (after < 0):
                share = inside / (inside - after)
                kept.append((here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])))
    return tuple(kept) if len(kept) > 2 else ()


def _turn(start: Place, end: Place, point: Place) -> float:
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])
