"""Light ridges are recognised and turned; when in doubt, nothing is turned."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from tests.imaging import files

from musterpoint import imaging
from musterpoint.imaging import polarity

Pixels = npt.NDArray[np.uint8]
TOUCHED = files.touched()


def decoded(pixels: Pixels, inverted: bool | None = None) -> imaging.FingerImage:
    return imaging.decode(files.saved(pixels, "PNG"), ppi=500, inverted=inverted)


def test_dark_ridges_stay() -> None:
    image = decoded(TOUCHED)

    assert not image.source.inverted
    np.testing.assert_array_equal(image.pixels, TOUCHED)


def test_light_ridges_are_turned() -> None:
    image = decoded(255 - TOUCHED)

    assert image.source.inverted
    np.testing.assert_array_equal(image.pixels, TOUCHED)


@pytest.mark.parametrize("contrast", [0.3, 0.6])
@pytest.mark.parametrize("ground", [40, 100])
def test_neither_contrast_nor_the_level_of_the_ground_matters(contrast: float, ground: int) -> None:
    faint = (ground + TOUCHED * contrast).astype(np.uint8)

    assert not decoded(faint).source.inverted
    assert decoded(255 - faint).source.inverted


@pytest.mark.parametrize("padding", [0, 255])
def test_padding_around_the_sensor_is_not_taken_for_ground(padding: int) -> None:
    padded = np.pad(TOUCHED, 60, constant_values=padding)

    assert not decoded(padded).source.inverted
    assert decoded(255 - padded).source.inverted


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(files.ridges(), id="ridges-fill-the-frame"),
        pytest.param(255 - files.ridges(), id="valleys-fill-the-frame"),
        pytest.param(np.full((200, 200), 255, np.uint8), id="white"),
        pytest.param(np.zeros((200, 200), np.uint8), id="black"),
        pytest.param(np.eye(200, dtype=np.uint8) * 255, id="a-scratch"),
    ],
)
def test_nothing_is_turned_without_evidence(pixels: Pixels) -> None:
    assert not decoded(pixels).source.inverted


def test_both_measures_turn_their_sign_with_the_image() -> None:
    y, x = np.mgrid[:300, :300]
    ridges = np.maximum(np.cos(np.hypot(x - 150, y - 200) * 2 * np.pi / 12), 0) ** 3
    pixels = np.where(np.hypot(x - 150, y - 150) < 110, 220 - 180 * ridges, 220).astype(np.uint8)

    dark, light = polarity.measure(pixels), polarity.measure(255 - pixels)

    assert dark.darkening > 0 > light.darkening
    assert dark.skew > 0 > light.skew
    assert dark.ground_share == light.ground_share > 0.08


def test_where_ridges_are_dark_on_both_counts_neither_is_needed_alone() -> None:
    # Ridges as wide as valleys leave the skew at nothing; the ground decides.
    y, x = np.mgrid[:300, :300]
    waves = np.cos(np.hypot(x - 150, y - 200) * 2 * np.pi / 9)
    pixels = np.where(np.hypot(x - 150, y - 150) < 110, 150 + 60 * waves, 210).astype(np.uint8)

    assert not decoded(pixels).source.inverted
    assert decoded(255 - pixels).source.inverted


def test_uneven_pressure_is_not_taken_for_light_ridges() -> None:
    # Where the finger is wet the print is dark and faint, as bare ground is in a negative.
    y, x = np.mgrid[:240, :240]
    pressure = np.clip(x / 120 - 0.5, 0, 1)
    waves = np.cos(np.hypot(x - 120, y - 260) * 2 * np.pi / 9)
    pixels = np.rint(70 + 70 * pressure + (25 + 40 * pressure) * waves).astype(np.uint8)

    assert not decoded(pixels).source.inverted


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("pixels", [TOUCHED, 255 - TOUCHED])
def test_the_callers_word_goes_first(pixels: Pixels, inverted: bool) -> None:
    image = decoded(pixels, inverted)

    assert image.source.inverted is inverted
    np.testing.assert_array_equal(image.pixels, 255 - pixels if inverted else pixels)
