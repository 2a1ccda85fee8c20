"""Numbers beside the marks of pairs, where there is room for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from musterpoint.depiction.canvas import Point

_DIGIT_PX: Final = 7.0
_HEIGHT_PX: Final = 11.0
_TURNS: Final = (0, 1, -1, 2, -2, 3, -3)
"""Eighths of a turn away from the side opposite to the tick, the best first."""

Box = tuple[float, float, float, float]


def place_numbers(
    marks: Sequence[tuple[Point, Point]], obstacles: Sequence[Point], radius_px: float
) -> list[Point | None]:
    """A place for the number of each mark that hides no mark and no other number.

    marks      centre and direction of each mark that is to be numbered, 1, 2, 3, …
    obstacles  centres of the other marks
    returns    the middle of each number, None where there is no room
    """
    taken = [_box(centre, 2 * radius_px, 2 * radius_px) for centre in obstacles]
    for centre, (dx, dy) in marks:
        tip = (centre[0] + dx * 2.4 * radius_px, centre[1] + dy * 2.4 * radius_px)
        taken.append(_box(centre, 2 * radius_px, 2 * radius_px))
        taken.append(_box(tip, radius_px, radius_px))
    places: list[Point | None] = []
    for number, (centre, direction) in enumerate(marks, 1):
        width_px = _DIGIT_PX * len(str(number))
        place = _first_free(centre, direction, width_px, taken, radius_px)
        places.append(place)
        if place is not None:
            taken.append(_box(place, width_px, _HEIGHT_PX))
    return places


def _first_free(
    centre: Point, direction: Point, width_px: float, taken: Sequence[Box], radius_px: float
) -> Point | None:
    opposite = math.atan2(-direction[1], -direction[0])
    for turn in _TURNS:
        angle = opposite + turn * math.tau / 8
        dx, dy = math.cos(angle), math.sin(angle)
        # So far out that the number's box just clears the mark in this direction.
        away = radius_px + 3 + abs(dx) * width_px / 2 + abs(dy) * _HEIGHT_PX / 2
        place = (centre[0] + dx * away, centre[1] + dy * away)
        box = _box(place, width_px, _HEIGHT_PX)
        if not any(_overlap(box, other) for other in taken):
            return place
    return None


def _box(middle: Point, width_px: float, height_px: float) -> Box:
    return (
        middle[0] - width_px / 2,
        middle[1] - height_px / 2,
        middle[0] + width_px / 2,
        middle[1] + height_px / 2,
    )


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
