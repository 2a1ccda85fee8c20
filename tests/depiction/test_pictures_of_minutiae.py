"""Pictures of one impression with its minutiae."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depiction.impressions import (
    DOWN,
    LEFT,
    RIGHT,
    UP,
    around,
    even,
    impressions_in,
    is_coloured,
    is_cool,
    is_warm,
    pixels_of,
    ridges,
    template,
)

from musterpoint.depiction import draw_minutiae
from musterpoint.templates import Minutiae, MinutiaKind, Template

ENDING, BIFURCATION = MinutiaKind.ENDING, MinutiaKind.BIFURCATION
Inked = Callable[[npt.NDArray[np.int16]], npt.NDArray[np.bool_]]


@pytest.mark.parametrize("has_image", [True, False])
@pytest.mark.parametrize(("kind", "is_inked"), [(ENDING, is_warm), (BIFURCATION, is_cool)])
def test_mark_surrounds_its_minutia_in_the_colour_of_its_kind(
    has_image: bool, kind: MinutiaKind, is_inked: Inked
) -> None:
    shown = template((40, 130, RIGHT, kind, 255))
    picture = draw_minutiae(ridges() if has_image else None, shown)
    (found,) = impressions_in(picture)
    inked_y, inked_x = np.nonzero(is_inked(pixels_of(picture.crop(found.box))))
    x, y = found.place(40, 130, shown)
    assert len(inked_x) > 20
    # The tick points to the right, so that the middle is that of the height alone.
    assert (inked_y.min() + inked_y.max() + 1) / 2 + found.top == pytest.approx(y, abs=1)
    assert inked_x.min() + found.left < x - 3 < x + 3 < inked_x.max() + found.left


@pytest.mark.parametrize(
    ("direction", "dx", "dy"), [(RIGHT, 1, 0), (UP, 0, -1), (LEFT, -1, 0), (DOWN, 0, 1), (8192, 0.7, -0.7)]
)
@pytest.mark.parametrize("kind", [ENDING, BIFURCATION])
def test_tick_points_in_the_direction_counterclockwise_from_the_right(
    direction: int, dx: float, dy: float, kind: MinutiaKind
) -> None:
    shown = template((80, 90, direction, kind, 255))
    picture = draw_minutiae(None, shown)
    (found,) = impressions_in(picture)
    x, y = found.place(80, 90, shown)
    pixels = pixels_of(picture)
    assert is_coloured(around(pixels, (x + 13 * dx, y + 13 * dy))).any()
    assert not is_coloured(around(pixels, (x - 13 * dx, y - 13 * dy))).any()


def test_endings_and_bifurcations_differ_in_shape_not_only_in_colour() -> None:
    greys = [
        np.asarray(draw_minutiae(None, template((80, 90, RIGHT, kind, 255))).convert("L")).astype(np.int16)
        for kind in (ENDING, BIFURCATION)
    ]
    assert np.count_nonzero(np.abs(greys[0] - greys[1]) > 100) > 15


def test_lower_quality_is_fainter_and_unreported_quality_is_not() -> None:
    shades = []
    for quality in (64, 120, 255, 0):
        shown = template((80, 90, RIGHT, ENDING, quality))
        picture = draw_minutiae(None, shown)
        (found,) = impressions_in(picture)
        shades.append(int(pixels_of(picture.crop(found.box))[..., 2].min()))
    assert shades[0] > shades[1] > shades[2] == shades[3]


def test_minutiae_below_the_wanted_quality_are_left_out() -> None:
    shown = template((80, 90, RIGHT, ENDING, 99))
    pictures = [draw_minutiae(None, shown, quality_min=quality_min) for quality_min in (99, 100)]
    counts = []
    for picture in pictures:
        (found,) = impressions_in(picture)
        counts.append(int(is_warm(pixels_of(picture.crop(found.box))).sum()))
    assert counts[0] > 0 == counts[1]


def test_without_an_image_the_ground_is_blank_and_has_the_shape_of_the_template() -> None:
    picture = draw_minutiae(None, template(width_px=150, height_px=200))
    (found,) = impressions_in(picture)
    assert (pixels_of(picture.crop(found.box)) == 255).all()
    assert (found.right - found.left) / (found.bottom - found.top) == pytest.approx(150 / 200, abs=0.01)


def test_image_is_lightened_so_that_marks_stand_out_and_is_drawn_twice_as_large() -> None:
    picture = draw_minutiae(ridges(200, 220), template(width_px=200, height_px=220))
    (found,) = impressions_in(picture)
    shown = pixels_of(picture.crop(found.box))
    assert shown.shape == (440, 400, 3)
    assert shown.min() > 80
    assert shown.max() - shown.min() > 80


@pytest.mark.parametrize("value", [0, 90, 255])
def test_even_images_stay_even(value: int) -> None:
    picture = draw_minutiae(even(value), template())
    (found,) = impressions_in(picture)
    assert np.ptp(pixels_of(picture.crop(found.box))) == 0


def test_scale_bar_is_five_millimetres_long() -> None:
    picture = draw_minutiae(None, template(width_px=300, height_px=300))
    (found,) = impressions_in(picture)
    below = pixels_of(picture)[found.bottom + 2 :]
    is_ink = np.all(below < 60, axis=2)
    longest = max(_longest_run(is_ink[row]) for row in range(len(below)))
    assert longest == pytest.approx(2 * 500 * 5 / 25.4, abs=3)


def _longest_run(row: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


@pytest.mark.parametrize(
    ("width_px", "height_px"), [(1, 1), (64, 64), (1414, 1414), (16383, 16383), (16383, 3)]
)
def test_any_size_of_impression_makes_a_picture_of_sensible_size(width_px: int, height_px: int) -> None:
    shown = template((0, 0, 0, ENDING, 200), width_px=width_px, height_px=height_px)
    picture = draw_minutiae(None, shown)
    assert picture.mode == "RGB"
    assert 400 <= picture.width <= 2500
    assert 60 <= picture.height <= 2600


def test_image_and_template_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="160 x 192 px, its template 161 x 192 px"):
        draw_minutiae(ridges(), template(width_px=161))


@settings(deadline=None, max_examples=20)
@given(data=st.data(), count=st.integers(0, 12))
def test_any_minutiae_can_be_drawn_even_outside_of_the_image(data: st.DataObject, count: int) -> None:
    def column(highest: int) -> list[int]:
        return data.draw(st.lists(st.integers(0, highest), min_size=count, max_size=count))

    minutiae = Minutiae(
        x=np.array(column(16383), np.int16),
        y=np.array(column(300), np.int16),
        direction=np.array(column(65535), np.uint16),
        kind=np.array(column(2), np.uint8),
        quality=np.array(column(255), np.uint8),
    )
    picture = draw_minutiae(None, Template(minutiae=minutiae, width_px=90, height_px=80))
    assert math.prod(picture.size) > 0


def test_title_says_of_how_many_minutiae_some_are_left_out() -> None:
    alone = draw_minutiae(None, template((40, 130, RIGHT, ENDING, 255)))
    beside = draw_minutiae(None, template((40, 130, RIGHT, ENDING, 255), (90, 60, RIGHT, ENDING, 10)))

    different = np.argwhere(pixels_of(alone) != pixels_of(beside))

    assert len(different)
    assert different[:, 0].max() < 44  # only in the line of the title
