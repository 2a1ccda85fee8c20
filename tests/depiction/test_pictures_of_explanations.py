"""Pictures of what speaks for and against: bars as long as the shares, marks where they should be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from tests.depiction.impressions import RIGHT, pixels_of, ridges, template

from musterpoint.depiction import Grounds, ImpressionView, draw_explanation
from musterpoint.depiction.explanation import AGAINST, FOR
from musterpoint.depiction.palette import Colour
from musterpoint.templates import MinutiaKind

ENDING = MinutiaKind.ENDING
PROBE = template((50, 40, RIGHT, ENDING, 255), (60, 150, RIGHT, ENDING, 255))
REFERENCE = template((90, 60, RIGHT, ENDING, 255), (100, 130, RIGHT, ENDING, 255))
PAIRS = np.array([(0, 0)], np.int32)
SENTENCES = ("One pair fits.", "Both show the same.")


def draw(grounds: Grounds) -> Image.Image:
    probe, reference = (ImpressionView(image=ridges(), template=one) for one in (PROBE, REFERENCE))
    return draw_explanation(probe, reference, PAIRS, grounds)


def like(picture: Image.Image, colour: Colour, tolerance: int = 60) -> npt.NDArray[np.bool_]:
    distance = np.abs(pixels_of(picture).astype(int) - np.array(colour)).sum(axis=2)
    return np.asarray(distance < tolerance)


def longest_run(row: npt.NDArray[np.bool_]) -> int:
    longest = run = 0
    for is_set in row.tolist():
        run = run + 1 if is_set else 0
        longest = max(longest, run)
    return longest


def bars(picture: Image.Image, colour: Colour) -> list[int]:
    """Lengths of the bars of a colour, from the top."""
    found: list[int] = []
    below = like(picture, colour)[500:]
    rows = [longest_run(row) for row in below]
    for y, length in enumerate(rows):
        if length > 8 and (y == 0 or rows[y - 1] <= 8):
            found.append(max(rows[y : y + 8]))
    return found


def test_bars_are_as_long_as_their_shares() -> None:
    picture = draw(Grounds(shares=[("a", 12.0), ("b", 6.0), ("c", -3.0)], sentences=SENTENCES))

    first, second = bars(picture, FOR)
    (third,) = bars(picture, AGAINST)

    assert first == pytest.approx(2 * second, abs=4)
    assert second == pytest.approx(2 * third, abs=4)


def test_only_what_stands_alone_is_marked_against() -> None:
    plain = like(draw(Grounds()), AGAINST)[:500].sum()
    marked = like(draw(Grounds(alone=((1,), ()))), AGAINST)[:500].sum()

    assert plain == 0
    assert marked > 20


def test_an_area_larger_than_the_impression_stays_inside_of_it() -> None:
    square = [(-500.0, -500.0), (80.0, -500.0), (80.0, 900.0), (-500.0, 900.0)]
    picture = draw(Grounds(area=(square, square)))

    rows, columns = np.nonzero(like(picture, FOR)[:500])

    assert len(rows) > 100
    assert columns.min() >= 15
    assert rows.min() >= 40


def test_an_area_that_is_cut_off_has_an_outline_all_around() -> None:
    square = [(-500.0, -500.0), (80.0, -500.0), (80.0, 900.0), (-500.0, 900.0)]
    shown = like(draw(Grounds(area=(square, square))), FOR)[:500]

    rows = [y for y, row in enumerate(shown) if longest_run(row) > 60]

    assert min(rows) < 50
    assert max(rows) > 300


def test_raised_digits_are_drawn_as_such() -> None:
    raised, plain, without = (draw(Grounds(sentences=[words])) for words in ("7 mm²", "7 mm2", "7 mm"))

    assert raised.tobytes() not in {plain.tobytes(), without.tobytes()}


def test_it_fits_on_a_screen_and_draws_the_same_twice() -> None:
    grounds = Grounds(shares=[("a", 1.0)], sentences=("many words " * 60,) * 6, alone=((0, 1), (0, 1)))

    one, other = draw(grounds), draw(grounds)

    assert one.width <= 1366
    assert one.tobytes() == other.tobytes()
