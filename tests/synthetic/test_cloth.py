"""Cloth is a picture without a finger."""

from __future__ import annotations

import numpy as np

from musterpoint.synthetic import cloth


def test_cloth_is_a_sound_image_of_its_own() -> None:
    one, other = cloth(1), cloth(2)

    assert one.pixels.shape == (500, 400)
    assert one.source.ppi == 500
    assert one.pixels.std() > 20
    assert np.array_equal(one.pixels, cloth(1).pixels)
    assert (one.pixels != other.pixels).mean() > 0.5


def test_threads_run_both_ways() -> None:
    # Both families of threads must show, or the picture would be ridges.
    pixels = cloth(3).pixels.astype(float)

    across, down = np.abs(np.diff(pixels, axis=1)).mean(), np.abs(np.diff(pixels, axis=0)).mean()

    assert 0.8 < across / down < 1.25
