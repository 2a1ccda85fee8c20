"""What an adjudicator sees."""

from __future__ import annotations

import numpy as np
import pytest
from tests.depiction.impressions import RIGHT, even, is_coloured, pixels_of, ridges, template

from musterpoint.depiction import FingerPairView, ImpressionView, draw_pair
from musterpoint.imaging import from_pixels
from musterpoint.templates import FingerPosition, MinutiaKind

SHOWN = template((50, 40, RIGHT, MinutiaKind.ENDING, 255), (60, 150, RIGHT, MinutiaKind.ENDING, 255))
WITH_IMAGE = ImpressionView(image=ridges(), template=SHOWN)
RECORD = ImpressionView(template=SHOWN)


def finger(
    position: FingerPosition = FingerPosition.LEFT_THUMB, right: ImpressionView = WITH_IMAGE
) -> FingerPairView:
    return FingerPairView(position=position, left=WITH_IMAGE, right=right)


def test_nothing_of_what_the_engine_thinks_shows() -> None:
    assert not is_coloured(pixels_of(draw_pair([finger()]))).any()


def test_marks_show_on_the_side_on_which_they_were_made() -> None:
    marked = FingerPairView(
        position=FingerPosition.LEFT_THUMB,
        left=WITH_IMAGE,
        right=WITH_IMAGE,
        right_marks=((50, 40), (60, 150)),
    )
    picture = draw_pair([marked])
    coloured = np.flatnonzero(is_coloured(pixels_of(picture)).any(axis=0))
    assert coloured.min() > picture.width / 2


def test_left_and_right_are_drawn_alike() -> None:
    """Whoever looks cannot tell which of the two was searched."""
    other = ImpressionView(image=even(120, 300, 300))
    one_way = FingerPairView(position=FingerPosition.UNKNOWN, left=WITH_IMAGE, right=other)
    turned = FingerPairView(position=FingerPosition.UNKNOWN, left=other, right=WITH_IMAGE)
    assert draw_pair([one_way]).size == draw_pair([turned]).size


def test_each_finger_adds_a_row_below_the_last() -> None:
    heights = [draw_pair([finger()] * count).height for count in (1, 2, 3)]
    assert heights[2] - heights[1] == heights[1] - heights[0] > 300


def test_fingers_and_titles_can_be_told_apart() -> None:
    pictures = {
        draw_pair([finger(position)], title=title).tobytes()
        for position in (FingerPosition.LEFT_THUMB, FingerPosition.RIGHT_LITTLE, FingerPosition.UNKNOWN)
        for title in ("Pair 1", "Pair 2")
    }
    assert len(pictures) == 6


def test_an_encounter_without_an_image_is_shown_by_its_minutiae() -> None:
    picture = draw_pair([finger(right=RECORD)])
    coloured = np.flatnonzero(is_coloured(pixels_of(picture)[: picture.height - 45]).any(axis=0))
    assert coloured.min() > picture.width / 2


def test_contrast_is_stretched_so_that_dark_impressions_can_be_judged() -> None:
    dark = ImpressionView(image=from_pixels(ridges().pixels // 5, 500))
    view = FingerPairView(position=FingerPosition.UNKNOWN, left=dark, right=dark)
    middle = pixels_of(draw_pair([view]))[150:350, 100:300]
    assert middle.min() < 20
    assert middle.max() > 235


def test_twenty_fingers_of_large_sensors_make_one_picture_no_wider_than_a_small_screen() -> None:
    large = ImpressionView(image=even(200, 800, 750))
    view = FingerPairView(position=FingerPosition.UNKNOWN, left=large, right=large)
    picture = draw_pair([view] * 20)
    assert picture.width <= 1366
    assert picture.height < 20 * 700


@pytest.mark.parametrize("count", [0, 21])
def test_a_pair_has_between_one_and_twenty_finger_pairs(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} finger pairs"):
        draw_pair([finger()] * count)


def test_an_impression_has_an_image_or_a_template() -> None:
    with pytest.raises(ValueError, match="neither an image nor a template"):
        ImpressionView()
