"""What an adjudicator sees."""

from __future__ import annotations

import numpy as np
import pytest
from tests.depiction.impressions import RIGHT, even, is_coloured, pixels_of, ridges, template

from musterpoint.depiction import FingerPairView, ImpressionView, draw_case
from musterpoint.imaging import from_pixels
from musterpoint.templates import FingerPosition, MinutiaKind

SHOWN = template((50, 40, RIGHT, MinutiaKind.ENDING, 255), (60, 150, RIGHT, MinutiaKind.ENDING, 255))
WITH_IMAGE = ImpressionView(image=ridges(), template=SHOWN)
RECORD = ImpressionView(template=SHOWN)


def finger(
    position: FingerPosition = FingerPosition.LEFT_THUMB,
    candidate: ImpressionView = WITH_IMAGE,
    pairs: tuple[tuple[int, int], ...] = ((0, 0), (1, 1)),
) -> FingerPairView:
    joined = np.array(pairs, np.int32).reshape(-1, 2)
    return FingerPairView(position=position, probe=WITH_IMAGE, candidate=candidate, pairs=joined)


def test_nothing_of_what_the_engine_thinks_shows_by_default() -> None:
    joined, alone = draw_case([finger()]), draw_case([finger(pairs=())])
    assert joined.tobytes() == alone.tobytes()
    assert not is_coloured(pixels_of(joined)).any()


def test_pairs_show_on_request() -> None:
    joined, alone = (draw_case([finger(pairs=pairs)], with_pairs=True) for pairs in (((0, 0),), ()))
    assert is_coloured(pixels_of(joined)).any()
    assert not is_coloured(pixels_of(alone)).any()


def test_each_finger_adds_a_row_below_the_last() -> None:
    heights = [draw_case([finger()] * count).height for count in (1, 2, 3)]
    assert heights[2] - heights[1] == heights[1] - heights[0] > 300


def test_fingers_and_titles_can_be_told_apart() -> None:
    pictures = {
        draw_case([finger(position)], title=title).tobytes()
        for position in (FingerPosition.LEFT_THUMB, FingerPosition.RIGHT_LITTLE, FingerPosition.UNKNOWN)
        for title in ("Candidate A", "Candidate B")
    }
    assert len(pictures) == 6


def test_candidate_without_an_image_is_shown_by_its_minutiae() -> None:
    picture = draw_case([finger(candidate=RECORD)])
    coloured = np.flatnonzero(is_coloured(pixels_of(picture)[: picture.height - 45]).any(axis=0))
    assert coloured.min() > picture.width / 2


def test_contrast_is_stretched_so_that_dark_impressions_can_be_judged() -> None:
    dark = ImpressionView(image=from_pixels(ridges().pixels // 5, 500))
    view = FingerPairView(position=FingerPosition.UNKNOWN, probe=dark, candidate=dark)
    middle = pixels_of(draw_case([view]))[150:350, 100:300]
    assert middle.min() < 20
    assert middle.max() > 235


def test_twenty_fingers_of_large_sensors_make_one_picture_no_wider_than_a_small_screen() -> None:
    large = ImpressionView(image=even(200, 800, 750))
    view = FingerPairView(position=FingerPosition.UNKNOWN, probe=large, candidate=large)
    picture = draw_case([view] * 20)
    assert picture.width <= 1366
    assert picture.height < 20 * 700


@pytest.mark.parametrize("count", [0, 21])
def test_a_case_has_between_one_and_twenty_finger_pairs(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} finger pairs"):
        draw_case([finger()] * count)


def test_an_impression_has_an_image_or_a_template() -> None:
    with pytest.raises(ValueError, match="neither an image nor a template"):
        ImpressionView()
