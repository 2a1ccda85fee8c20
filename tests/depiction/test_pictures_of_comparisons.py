"""Pictures of two impressions side by side, with joined minutiae."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.depiction.impressions import (
    RIGHT,
    impressions_in,
    is_coloured,
    pixels_of,
    ridges,
    template,
)

from musterpoint.depiction import draw_comparison
from musterpoint.imaging import from_pixels
from musterpoint.templates import MinutiaKind, Template

ENDING = MinutiaKind.ENDING
PROBE = template((50, 40, RIGHT, ENDING, 255), (60, 150, RIGHT, ENDING, 255))
REFERENCE = template((90, 60, RIGHT, ENDING, 255), (100, 130, RIGHT, ENDING, 255))
NO_PAIRS = np.empty((0, 2), np.int32)


def draw(pairs: list[tuple[int, int]], caption: tuple[str, ...] = ()) -> Image.Image:
    joined = np.array(pairs, np.int32).reshape(-1, 2)
    return draw_comparison(ridges(), PROBE, ridges(), REFERENCE, joined, caption=caption)


def middle(picture: Image.Image, side: int, shown: Template, index: int) -> tuple[float, float]:
    found = impressions_in(picture)[side]
    return found.place(int(shown.minutiae.x[index]), int(shown.minutiae.y[index]), shown)


@pytest.mark.parametrize("pairs", [[(0, 0), (1, 1)], [(0, 1), (1, 0)], [(1, 0)], [(0, 1)]])
def test_lines_join_the_minutiae_of_each_pair_and_no_others(pairs: list[tuple[int, int]]) -> None:
    picture = draw(pairs)
    left, right = impressions_in(picture)
    gap_x = (left.right + right.left) // 2
    inked = np.flatnonzero(is_coloured(pixels_of(picture)[left.top : left.bottom, gap_x])) + left.top
    crossings = []
    for probe, reference in pairs:
        (x0, y0), (x1, y1) = middle(picture, 0, PROBE, probe), middle(picture, 1, REFERENCE, reference)
        crossings.append(y0 + (gap_x + 0.5 - x0) / (x1 - x0) * (y1 - y0))
    assert len(inked)
    for crossing in crossings:
        assert np.abs(inked - crossing).min() < 1.5
    for y in inked:
        assert min(abs(y - crossing) for crossing in crossings) < 3


def test_paired_minutiae_are_coloured_alike_at_both_ends_and_the_others_grey() -> None:
    picture = draw([(0, 1)])
    pixels = pixels_of(picture)
    hues = []
    for side, shown, index in ((0, PROBE, 0), (1, REFERENCE, 1)):
        x, y = middle(picture, side, shown, index)
        part = pixels[int(y) - 9 : int(y) + 10, int(x) - 9 : int(x) + 10].reshape(-1, 3)
        hues.append(tuple(part[np.argmax(part.max(axis=1) - part.min(axis=1))]))
    assert hues[0] == hues[1]
    for side, shown, index in ((0, PROBE, 1), (1, REFERENCE, 0)):
        x, y = middle(picture, side, shown, index)
        assert not is_coloured(pixels[int(y) - 9 : int(y) + 10, int(x) - 9 : int(x) + 10]).any()


def test_different_pairs_have_different_colours() -> None:
    picture = draw([(0, 0), (1, 1)])
    pixels = pixels_of(picture)
    colours = set()
    for index in (0, 1):
        x, y = middle(picture, 0, PROBE, index)
        part = pixels[int(y) - 9 : int(y) + 10, int(x) - 9 : int(x) + 10].reshape(-1, 3)
        colours.add(tuple(part[np.argmax(part.max(axis=1) - part.min(axis=1))]))
    assert len(colours) == 2


def test_both_impressions_have_one_scale_whatever_their_sizes() -> None:
    small = template(width_px=112, height_px=112)
    picture = draw_comparison(ridges(), PROBE, ridges(112, 112), small, NO_PAIRS)
    left, right = impressions_in(picture)
    scales = [
        (left.right - left.left) / 160,
        (left.bottom - left.top) / 192,
        (right.right - right.left) / 112,
        (right.bottom - right.top) / 112,
    ]
    assert np.ptp(scales) < 0.02


@pytest.mark.parametrize(
    ("width_px", "height_px"), [(64, 64), (160, 192), (416, 544), (1600, 1200), (300, 5000)]
)
@pytest.mark.parametrize("sentences", [0, 4])
def test_picture_fits_a_small_screen(width_px: int, height_px: int, sentences: int) -> None:
    shown = template((5, 5, 0, ENDING, 255), width_px=width_px, height_px=height_px)
    caption = (
        "Among 1,000 people who are not this person, about 0.002 would look this similar.",
    ) * sentences
    image = ridges(width_px, height_px)
    picture = draw_comparison(image, shown, image, shown, np.array([[0, 0]], np.int32), caption=caption)
    assert picture.width <= 1366
    assert picture.height <= 768


def test_empty_surroundings_are_left_out() -> None:
    pixels = np.full((400, 600), 255, np.uint8)
    pixels[100:260, 200:360] = ridges(160, 160).pixels
    image = from_pixels(pixels, 500)
    shown = template((230, 130, 0, ENDING, 255), width_px=600, height_px=400)
    found = impressions_in(draw_comparison(image, shown, image, shown, NO_PAIRS))
    for one in found:
        assert (one.right - one.left) / (one.bottom - one.top) < 1.2


def test_caption_is_written_below_or_beside() -> None:
    words = ("Twelve minutiae fit together.", "This is rare.")
    with_caption, without = draw([(0, 0)], words), draw([(0, 0)])
    assert with_caption.size != without.size or with_caption.tobytes() != without.tobytes()
    dark = [int((pixels_of(picture) < 90).all(axis=2).sum()) for picture in (with_caption, without)]
    assert dark[0] > dark[1] + 300


def test_caption_with_unknown_characters_and_endless_words_is_survived() -> None:
    picture = draw([], ("دو اثر انگشت", "x" * 5000, "", "Größe \N{EN DASH} naïve\n\ttab", "\x00\x1b[31m"))
    assert picture.width <= 1366


def test_records_without_images_come_on_a_blank_ground() -> None:
    picture = draw_comparison(None, PROBE, None, REFERENCE, np.array([[0, 0]], np.int32))
    left, _ = impressions_in(picture)
    corner = pixels_of(picture.crop(left.box))[-4:, -4:]
    assert (corner == 255).all()


def test_nothing_to_join_and_nothing_to_mark_still_shows_both_impressions() -> None:
    picture = draw_comparison(ridges(), template(), ridges(), template(), NO_PAIRS)
    assert len(impressions_in(picture)) == 2
    assert not is_coloured(pixels_of(picture)).any()


@pytest.mark.parametrize("pairs", [[[0, 2]], [[2, 0]], [[-1, 0]]])
def test_pairs_of_minutiae_that_do_not_exist_are_refused(pairs: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="beyond the 2 of the template"):
        draw_comparison(None, PROBE, None, REFERENCE, np.array(pairs, np.int32))


def test_pairs_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="expected \\(k, 2\\)"):
        draw_comparison(None, PROBE, None, REFERENCE, np.array([0, 0], np.int32))


def test_many_crowded_pairs_are_all_marked() -> None:
    marks = [(6 + 10 * (i % 14), 6 + 13 * (i // 14), 3000 * i % 65536, ENDING, 255) for i in range(196)]
    crowded = template(*marks)
    pairs = np.stack([np.arange(196), np.arange(196)], axis=1).astype(np.int32)
    picture = draw_comparison(ridges(), crowded, ridges(), crowded, pairs)
    pixels = pixels_of(picture)
    for found in impressions_in(picture):
        for across, down, *_ in marks:
            x, y = found.place(across, down, crowded)
            assert is_coloured(pixels[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7]).sum() > 8
