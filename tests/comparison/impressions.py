"""Templates made from a seed alone: fingers at random, impressions of them, and degenerate ones."""

from __future__ import annotations

import math

import numpy as np

from musterpoint.templates import FingerPosition, Minutiae, Template

SIDE_PX = 360


class Stream:
    """Numbers that are the same in every version of every library (Knuth's MMIX generator)."""

    def __init__(self, seed: int) -> None:
        self._state = seed * 2 + 1

    def below(self, bound: int) -> int:
        """A whole number from 0 to bound - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % bound

    def near_zero(self, spread: int) -> int:
        """A whole number around 0, at most two spreads away."""
        return self.below(spread + 1) + self.below(spread + 1) - spread


def template_of(rows: list[tuple[int, int, int, int]]) -> Template:
    """A template of minutiae (x, y, direction in 1/65536 turn, quality in 1/255)."""
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    minutiae = Minutiae(
        x=columns[0].astype(np.int16),
        y=columns[1].astype(np.int16),
        direction=(columns[2] % 65536).astype(np.uint16),
        kind=np.zeros(len(rows), np.uint8),
        quality=columns[3].astype(np.uint8),
    )
    return Template(minutiae=minutiae, width_px=16_383, height_px=16_383, position=FingerPosition.UNKNOWN)


def rows_of(template: Template) -> list[tuple[int, int, int, int]]:
    """The inverse of `template_of`."""
    minutiae = template.minutiae
    columns = (minutiae.x, minutiae.y, minutiae.direction, minutiae.quality)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def finger(seed: int, minutiae: int = 45) -> Template:
    """A finger at random: places at least 9 px apart, in the middle of a large image."""
    stream = Stream(seed)
    rows: list[tuple[int, int, int, int]] = []
    while len(rows) < minutiae:
        x, y = 1000 + stream.below(SIDE_PX), 1000 + stream.below(SIDE_PX)
        if all((x - row[0]) ** 2 + (y - row[1]) ** 2 >= 81 for row in rows):
            rows.append((x, y, stream.below(65536), 60 + stream.below(190)))
    return template_of(rows)


def impression(seed: int, number: int, minutiae: int = 45) -> Template:
    """Another impression of `finger(seed)`: turned, moved, stretched, some minutiae lost, some false."""
    stream = Stream(1_000_003 * seed + number)
    turn = stream.near_zero(6000)
    c, s = math.cos(2 * math.pi * turn / 65536), math.sin(2 * math.pi * turn / 65536)
    stretch = 1 + stream.near_zero(30) / 1000
    shift_x, shift_y = stream.near_zero(40), stream.near_zero(40)
    rows = []
    for x, y, direction, quality in rows_of(finger(seed, minutiae)):
        if stream.below(10) < 2:
            continue
        dx, dy = x - 1180, y - 1180
        moved_x = 1180 + shift_x + stretch * (c * dx + s * dy) + stream.near_zero(2)
        moved_y = 1180 + shift_y + (c * dy - s * dx) + stream.near_zero(2)
        rows.append((round(moved_x), round(moved_y), direction + turn + stream.near_zero(1200), quality))
    false = [(stream.below(SIDE_PX), stream.below(SIDE_PX), stream.below(65536)) for _ in range(4)]
    rows.extend((1000 + x, 1000 + y, direction, 40) for x, y, direction in false)
    return template_of(rows)


def turned(template: Template, quarters: int = 1) -> Template:
    """The template after the image was turned by 90 degrees counter-clockwise, exactly."""
    rows = rows_of(template)
    for _ in range(quarters):
        rows = [(y, 3000 - x, direction + 16384, quality) for x, y, direction, quality in rows]
    return template_of(rows)


def moved(template: Template, dx: int, dy: int) -> Template:
    """The template after the finger was moved by whole pixels."""
    return template_of(
        [(x + dx, y + dy, direction, quality) for x, y, direction, quality in rows_of(template)]
    )


def shuffled(template: Template, seed: int) -> Template:
    """The same minutiae in another order."""
    stream = Stream(seed)
    rows = rows_of(template)
    for i in range(len(rows) - 1, 0, -1):
        j = stream.below(i + 1)
        rows[i], rows[j] = rows[j], rows[i]
    return template_of(rows)


def degenerate() -> dict[str, Template]:
    """Templates that no finger gives but a record can hold."""
    grid = [(20 * (i % 16), 20 * (i // 16), 0, 200) for i in range(255)]
    return {
        "none": template_of([]),
        "one": template_of([(100, 100, 0, 200)]),
        "two": template_of([(100, 100, 0, 200), (140, 90, 30000, 200)]),
        "three": template_of([(100, 100, 0, 200), (140, 90, 30000, 200), (90, 150, 50000, 200)]),
        "one place": template_of([(50, 60, 777, 200)] * 255),
        "one place, all directions": template_of([(50, 60, 257 * i, 200) for i in range(255)]),
        "one line": template_of([(40 * i, 90, 0, 200) for i in range(60)]),
        "one column": template_of([(90, 40 * i, 0, 200) for i in range(60)]),
        "diagonal": template_of([(16383 - 200 * i, 200 * i, 100 * i, 200) for i in range(80)]),
        "grid": template_of(grid),
        "dense grid": template_of([(5 * (i % 16), 5 * (i // 16), 0, 200) for i in range(255)]),
        "corners": template_of([(x, y, 0, 200) for x in (0, 16383) for y in (0, 16383)]),
        "far corner": template_of(
            [(16383 - i % 16, 16383 - 7 * i, 300 * i, 26 + i % 200) for i in range(255)]
        ),
        "too weak": template_of([(10 * i, 7 * i, 0, 25) for i in range(50)]),
        "finger": finger(1),
    }
