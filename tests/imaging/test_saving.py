"""A saved image comes back as it was, here and with other software."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from tests.imaging import files

from musterpoint import imaging


@given(arrays.arrays(np.uint8, st.tuples(st.integers(64, 90), st.integers(64, 90))))
def test_pixels_survive_being_saved(pixels: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> None:
    image = imaging.decode(imaging.to_png(imaging.from_pixels(pixels, 500)), inverted=False)

    np.testing.assert_array_equal(image.pixels, pixels)
    assert (image.source.ppi, image.source.ppi_origin) == (500, "file")


def test_other_software_reads_the_same() -> None:
    with Image.open(io.BytesIO(imaging.to_png(imaging.from_pixels(files.ridges(), 500)))) as image:
        np.testing.assert_array_equal(np.asarray(image), files.ridges())
        assert image.info["dpi"] == pytest.approx((500, 500), abs=0.01)


def test_equal_images_have_equal_bytes() -> None:
    assert imaging.to_png(imaging.from_pixels(files.ridges(), 500)) == imaging.to_png(
        imaging.from_pixels(files.ridges(), 500)
    )
