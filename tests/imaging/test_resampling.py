"""Images come out at 500 ppi, whatever they were at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from tests.imaging import files

from musterpoint import imaging


def ridge_period(pixels: npt.NDArray[np.uint8]) -> float:
    """Pixels between ridges along the middle row, which the rings cross at right angles."""
    column = pixels[: pixels.shape[0] // 2, round(pixels.shape[1] * 0.55)].astype(float)
    spectrum = np.abs(np.fft.rfft(column - column.mean(), 4096))
    return 4096 / int(spectrum.argmax())


@pytest.mark.parametrize("ppi", [250, 300, 400, 569, 700, 750, 1000, 1200])
def test_ridges_are_as_far_apart_as_on_the_finger(ppi: int) -> None:
    period_px = 9 * ppi / 500
    pixels = files.ridges(round(200 * ppi / 500), round(240 * ppi / 500), period_px)

    image = imaging.from_pixels(pixels, ppi)

    assert image.pixels.shape == (240, 200)
    assert ridge_period(image.pixels) == pytest.approx(9, rel=0.02)


def test_500_ppi_is_left_alone() -> None:
    np.testing.assert_array_equal(imaging.from_pixels(files.ridges(), 500).pixels, files.ridges())


def test_a_hair_beside_500_ppi_changes_nothing() -> None:
    np.testing.assert_array_equal(imaging.from_pixels(files.ridges(), 500.05).pixels, files.ridges())


def test_shrinking_by_two_averages_instead_of_dropping_pixels() -> None:
    pixels = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (100, 100))

    assert np.ptp(imaging.from_pixels(pixels, 1000).pixels) <= 1


def test_the_size_of_the_source_is_kept() -> None:
    source = imaging.from_pixels(files.ridges(400, 480), 1000).source

    assert (source.width_px, source.height_px, source.ppi) == (400, 480, 1000)
