"""Ridges are measured as they were drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter
from tests.extraction.drawing import draw_finger

from musterpoint.extraction import ridges


def _grating(period_px: float, angle: float = 0.4, dark_share: float = 0.5) -> npt.NDArray[np.uint8]:
    """Straight ridges with hard edges, of which `dark_share` is ridge."""
    y, x = np.mgrid[:200, :200].astype(np.float64)
    place = (x * np.cos(angle) + y * np.sin(angle)) / period_px % 1
    sharp = np.where(place < dark_share, 30, 220).astype(np.uint8)
    return np.asarray(Image.fromarray(sharp).filter(ImageFilter.GaussianBlur(0.7)))


def _median(field: npt.NDArray[np.float32], measured: ridges.Ridges) -> float:
    assert measured.is_ridge.any()
    return float(np.median(field[measured.is_ridge]))


@pytest.mark.parametrize("period_px", [6.0, 9.0, 13.0])
@pytest.mark.parametrize("angle", [0.0, 0.7, np.pi / 2, 2.5])
def test_the_period_is_that_of_the_wave_at_every_angle(period_px: float, angle: float) -> None:
    measured = ridges.measure(_grating(period_px, angle))
    assert _median(measured.period_px, measured) == pytest.approx(period_px, rel=0.06)


def test_wide_ridges_are_darker_than_narrow_ones() -> None:
    shares = []
    for dark_share in (0.3, 0.5, 0.7):
        measured = ridges.measure(_grating(9.0, dark_share=dark_share))
        shares.append(_median(measured.darkness, measured))
    assert shares == sorted(shares)
    assert shares[1] == pytest.approx(0.5, abs=0.08)
    assert shares[2] - shares[0] > 0.2


def test_blur_lowers_sharpness() -> None:
    sharp = Image.fromarray(_grating(9.0))
    found = []
    for radius in (0, 1, 2):
        measured = ridges.measure(np.asarray(sharp.filter(ImageFilter.GaussianBlur(radius))))
        found.append(_median(measured.sharpness, measured))
    assert found == sorted(found, reverse=True)


def test_broken_ridges_are_less_clear() -> None:
    whole = _grating(9.0)
    broken = np.where(np.random.default_rng(1).random(whole.shape) < 0.2, 255, whole).astype(np.uint8)
    clear, unclear = ridges.measure(whole), ridges.measure(broken)
    assert _median(unclear.clarity, unclear) < _median(clear.clarity, clear) - 0.2


def test_area_is_that_of_the_drawn_patch() -> None:
    measured = ridges.measure(draw_finger(320, 400))
    drawn_mm2 = np.pi / 4 * 0.95**2 * 320 * 400 * (25.4 / 500) ** 2
    assert measured.area_mm2 == pytest.approx(drawn_mm2, rel=0.15)


def test_bars_at_irregular_distances_are_seldom_ridges() -> None:
    rng = np.random.default_rng(6)
    edges = np.cumsum(rng.integers(1, 8, 120))
    row = np.searchsorted(edges, np.arange(300)) % 2 * 180 + 40
    bars = np.tile(row.astype(np.uint8), (300, 1))
    assert ridges.measure(bars).is_ridge.mean() < 0.6
    assert ridges.measure(_grating(9.0)).is_ridge.mean() > 0.9


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_image_has_no_ridges(value: int) -> None:
    assert not ridges.measure(np.full((64, 70), value, np.uint8)).is_ridge.any()


def test_noise_has_no_ridges() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (300, 300)).astype(np.uint8)
    assert ridges.measure(noise).is_ridge.mean() < 0.01
