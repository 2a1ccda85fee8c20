"""What is not one finger is refused with words that help, and a finger never is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.extraction.drawing import beside, draw_finger, image_of, scattered

from musterpoint.errors import ImageTooLarge, ImageTooSmall, NoFinger, SeveralFingers
from musterpoint.extraction import Extractor, presence, ridges
from musterpoint.templates import Minutiae

U8Image = npt.NDArray[np.uint8]


def _minutiae(*qualities: float) -> Minutiae:
    """Minutiae in a row, on the ridges of `_print`."""
    count = len(qualities)
    return Minutiae(
        x=np.arange(100, 100 + count, dtype=np.int16),
        y=np.full(count, 200, np.int16),
        direction=np.zeros(count, np.uint16),
        kind=np.ones(count, np.uint8),
        quality=np.array([round(255 * value) for value in qualities], np.uint8),
    )


def _print(width_px: int = 280, height_px: int = 380) -> U8Image:
    return draw_finger(width_px, height_px, scattered(width_px, height_px))


def _grey(values: npt.NDArray[np.floating[Any]]) -> U8Image:
    pixels: U8Image = np.clip(values, 0, 255).astype(np.uint8)
    return pixels


def _waves(period_px: float, angle: float) -> U8Image:
    y, x = np.mgrid[:300, :320]
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period_px)
    return _grey(127 + 120 * wave)


def _rings() -> U8Image:
    y, x = np.mgrid[:320, :320]
    return _grey(127 + 120 * np.sin(2 * np.pi * np.hypot(x - 160, y - 160) / 9))


def _clouds(radius_px: int) -> U8Image:
    """Smooth random grey, as a photograph out of focus."""
    rng = np.random.default_rng(radius_px)
    small = rng.normal(size=(360 // radius_px, 400 // radius_px))
    large = np.kron(small, np.ones((radius_px, radius_px)))
    window = np.ones(radius_px) / radius_px
    for axis in (0, 1):
        large = np.apply_along_axis(lambda line: np.convolve(line, window, "same"), axis, large)
    return _grey(128 + 90 * large)


def _text() -> U8Image:
    """Lines of dark strokes, as a page of print."""
    page = np.full((360, 400), 245, np.uint8)
    rng = np.random.default_rng(4)
    for line in range(20, 340, 18):
        for stroke in range(20, 380, 5):
            height = int(rng.integers(0, 11))
            page[line + 10 - height : line + 10, stroke : stroke + 2] = 20
    return page


def test_many_doubtful_minutiae_and_few_certain_ones_are_no_finger() -> None:
    measured = ridges.measure(_print())
    presence.check_minutiae(_minutiae(*[0.8] * 4, *[0.4] * 6), measured)
    with pytest.raises(NoFinger):
        presence.check_minutiae(_minutiae(*[0.8] * 4, *[0.4] * 12), measured)


def test_certain_minutiae_far_from_all_ridges_are_no_finger() -> None:
    sheet = np.full((400, 400), 255, np.uint8)
    sheet[280:, 280:] = _print()[100:220, 80:200]
    measured = ridges.measure(sheet)
    assert measured.is_ridge.any()
    with pytest.raises(NoFinger):
        presence.check_minutiae(_minutiae(*[0.9] * 8), measured)


NOT_A_FINGER = {
    "white": np.full((300, 300), 255, np.uint8),
    "black": np.zeros((300, 300), np.uint8),
    "grey": np.full((64, 64), 128, np.uint8),
    "noise": np.random.default_rng(0).integers(0, 256, (300, 300)).astype(np.uint8),
    "steep waves": _waves(9, 0.3),
    "level waves": _waves(9, np.pi / 2),
    "wide waves": _waves(20, 0.8),
    "rings": _rings(),
    "fine clouds": _clouds(4),
    "coarse clouds": _clouds(20),
    "text": _text(),
}


@pytest.mark.parametrize("name", NOT_A_FINGER)
def test_other_pictures_hold_no_finger(extractor: Extractor, name: str) -> None:
    with pytest.raises(NoFinger) as caught:
        extractor.extract(image_of(NOT_A_FINGER[name]))
    assert caught.value.exit_code == 4
    assert "capture again" in caught.value.hint


@pytest.mark.parametrize(("width", "height"), [(32, 32), (63, 300), (300, 63)])
def test_an_image_smaller_than_a_few_ridges_is_too_small(
    extractor: Extractor, width: int, height: int
) -> None:
    with pytest.raises(ImageTooSmall, match=f"{width} x {height}"):
        extractor.extract(image_of(np.full((height, width), 255, np.uint8)))


@pytest.mark.parametrize("gap_px", [16, 40])
@pytest.mark.parametrize("background", [255, 160])
def test_four_fingers_side_by_side_are_several(extractor: Extractor, gap_px: int, background: int) -> None:
    slap = beside(*[_print(250, 360)] * 4, gap_px=gap_px, background=background)
    with pytest.raises(SeveralFingers):
        extractor.extract(image_of(slap))


def test_four_fingers_that_touch_are_several(extractor: Extractor) -> None:
    y, x = np.mgrid[:400, :1040]
    ridges = np.where((np.hypot(x % 260 - 130, y - 200) // 4.5) % 2, 40, 230).astype(np.uint8)
    with pytest.raises(SeveralFingers):
        extractor.extract(image_of(ridges))


def test_a_slap_of_more_pixels_than_a_finger_has_is_several_not_too_large(extractor: Extractor) -> None:
    slap = np.full((1500, 1600), 255, np.uint8)
    four = beside(*[_print(250, 360)] * 4, gap_px=60)
    slap[300 : 300 + four.shape[0], 100 : 100 + four.shape[1]] = four
    with pytest.raises(SeveralFingers):
        extractor.extract(image_of(slap))


def test_one_finger_in_too_many_pixels_is_too_large(extractor: Extractor) -> None:
    sheet = np.full((1500, 1600), 255, np.uint8)
    sheet[300:680, 700:980] = _print()
    with pytest.raises(ImageTooLarge, match="1600 x 1500"):
        extractor.extract(image_of(sheet))


def test_a_finger_with_its_second_phalanx_is_one(extractor: Extractor) -> None:
    both = np.full((760, 320), 255, np.uint8)
    both[:400] = draw_finger(320, 400, scattered())
    both[440:] = draw_finger(320, 320, scattered(320, 320))
    assert len(extractor.extract(image_of(both)).template.minutiae) > 10


@pytest.mark.parametrize("gap", [slice(150, 170), slice(140, 180)])
def test_a_finger_with_a_gap_is_one(extractor: Extractor, gap: slice) -> None:
    upright = _print(320, 400)
    upright[:, gap] = 255
    across = _print(320, 400)
    across[gap] = 255
    for pixels in (upright, across):
        assert len(extractor.extract(image_of(pixels)).template.minutiae) > 10


def test_a_small_part_of_a_finger_is_one(extractor: Extractor) -> None:
    part = np.ascontiguousarray(_print(320, 400)[40:160, 60:200])
    assert len(extractor.extract(image_of(part)).template.minutiae) >= 2
