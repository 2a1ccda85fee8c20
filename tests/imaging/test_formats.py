"""Every accepted format and variant gives the same grey pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.imaging import files

from musterpoint import imaging
from musterpoint.imaging import ImageFormat

RIDGES = files.ridges()
GREY = Image.fromarray(RIDGES)


def decoded(data: bytes) -> imaging.FingerImage:
    return imaging.decode(data, ppi=500, inverted=False)


@pytest.mark.parametrize(
    ("data", "format_"),
    [
        pytest.param(files.saved(GREY, "PNG"), ImageFormat.PNG, id="png"),
        pytest.param(files.saved(GREY.convert("RGB"), "PNG"), ImageFormat.PNG, id="png-colour"),
        pytest.param(files.saved(GREY.convert("P"), "PNG"), ImageFormat.PNG, id="png-palette"),
        pytest.param(files.saved(GREY.convert("LA"), "PNG"), ImageFormat.PNG, id="png-opaque-alpha"),
        pytest.param(files.saved(GREY, "BMP"), ImageFormat.BMP, id="bmp"),
        pytest.param(files.saved(GREY.convert("RGB"), "BMP"), ImageFormat.BMP, id="bmp-colour"),
        pytest.param(files.saved(GREY, "TIFF"), ImageFormat.TIFF, id="tiff"),
        pytest.param(files.saved(GREY, "TIFF", compression="tiff_lzw"), ImageFormat.TIFF, id="tiff-lzw"),
        pytest.param(
            files.saved(GREY.convert("P"), "TIFF", compression="packbits"),
            ImageFormat.TIFF,
            id="tiff-palette",
        ),
        pytest.param(files.tiff(255 - RIDGES, photometric=0), ImageFormat.TIFF, id="tiff-white-is-zero"),
        pytest.param(files.saved(GREY, "JPEG2000"), ImageFormat.JPEG2000, id="jp2"),
        pytest.param(files.saved(GREY.convert("RGB"), "JPEG2000"), ImageFormat.JPEG2000, id="jp2-colour"),
        pytest.param(
            files.saved(GREY, "JPEG2000", no_jp2=True), ImageFormat.JPEG2000, id="jpeg-2000-code-stream"
        ),
    ],
)
def test_lossless_files_give_their_pixels(data: bytes, format_: ImageFormat) -> None:
    image = decoded(data)

    assert image.source.format is format_
    assert image.source.bit_depth == 8
    np.testing.assert_array_equal(image.pixels, RIDGES)


def test_a_bmp_stored_from_the_top_is_upright() -> None:
    data = bytearray(files.saved(Image.fromarray(RIDGES[::-1]), "BMP"))
    data[22:26] = (-RIDGES.shape[0]).to_bytes(4, "little", signed=True)

    np.testing.assert_array_equal(decoded(bytes(data)).pixels, RIDGES)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"exif": files.exif(1)}])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_gives_nearly_its_pixels(mode: str, options: dict[str, Any]) -> None:
    image = decoded(files.saved(GREY.convert(mode), "JPEG", quality=95, **options))

    assert image.source.format is ImageFormat.JPEG
    assert np.abs(image.pixels.astype(int) - RIDGES).max() < 16


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(files.saved(Image.fromarray(RIDGES.astype(np.uint16) * 257), "PNG"), id="png"),
        pytest.param(files.saved(Image.fromarray(RIDGES.astype(np.uint16) * 257), "JPEG2000"), id="jp2"),
        pytest.param(files.tiff(RIDGES.astype("<u2") * 257), id="tiff"),
        pytest.param(files.tiff(65535 - RIDGES.astype("<u2") * 257, photometric=0), id="tiff-white-is-zero"),
    ],
)
def test_sixteen_bits_are_brought_to_eight(data: bytes) -> None:
    image = decoded(data)

    assert image.source.bit_depth == 16
    np.testing.assert_array_equal(image.pixels, RIDGES)


@pytest.mark.parametrize(
    ("format_", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {"compression": "group4"})]
)
def test_one_bit_becomes_black_and_white(format_: str, options: dict[str, Any]) -> None:
    image = decoded(files.saved(GREY.point(lambda grey: 255 * (grey > 127), "1"), format_, **options))

    assert image.source.bit_depth == 1
    np.testing.assert_array_equal(image.pixels, np.where(RIDGES > 127, 255, 0))


def test_transparent_pixels_are_white_whatever_lies_below() -> None:
    rgba = GREY.convert("RGBA")
    rgba.putalpha(Image.fromarray(np.where(RIDGES < 40, 0, 255).astype(np.uint8)))

    image = decoded(files.saved(rgba, "PNG"))

    assert (image.pixels[RIDGES < 40] == 255).all()
    np.testing.assert_array_equal(image.pixels[RIDGES >= 40], RIDGES[RIDGES >= 40])


def test_a_transparent_palette_entry_is_white() -> None:
    palette = GREY.convert("P")

    image = decoded(files.saved(palette, "PNG", transparency=int(np.asarray(palette)[0, 0])))

    assert image.pixels[0, 0] == 255


def test_the_name_of_a_file_says_nothing_about_its_format(tmp_path: Path) -> None:
    path = tmp_path / "finger.png"
    path.write_bytes(files.saved(GREY, "BMP"))

    assert imaging.load_image(path, ppi=500).source.format is ImageFormat.BMP


def test_sniffing_knows_what_it_does_not_know() -> None:
    assert imaging.sniff(b"") is None
    assert imaging.sniff(b"GIF89a") is None
    assert imaging.sniff(b"\xff\xa0\xff\xa4") is ImageFormat.WSQ


def test_raw_pixels_need_their_size() -> None:
    image = imaging.raw(RIDGES.tobytes(), width_px=160, height_px=200, ppi=500, inverted=False)

    assert image.source.format is ImageFormat.RAW
    np.testing.assert_array_equal(image.pixels, RIDGES)


def test_own_pixels_are_taken_as_they_are() -> None:
    image = imaging.from_pixels(255 - files.touched(), 500)

    assert not image.source.inverted
    np.testing.assert_array_equal(image.pixels, 255 - files.touched())


def test_the_source_is_named_by_the_digest_of_its_bytes() -> None:
    data = files.saved(GREY, "PNG")

    assert decoded(data).source.sha256 == decoded(data).source.sha256
    assert decoded(data).source.sha256 != decoded(files.saved(GREY, "BMP")).source.sha256


def test_pixels_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        decoded(files.saved(GREY, "PNG")).pixels[0, 0] = 1
