"""The resolution is the caller's or the file's, never a guess."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.imaging import files

from musterpoint import imaging
from musterpoint.errors import ResolutionMissing, ResolutionOutOfRange

RIDGES = files.ridges()
RATIONAL = 5


def phys(x_per_m: int, y_per_m: int, unit: int = 1) -> bytes:
    return files.png(160, 160, files.png_chunk(b"pHYs", struct.pack(">IIB", x_per_m, y_per_m, unit)))


def jpeg(units: int, x: int, y: int) -> bytes:
    data = bytearray(files.saved(RIDGES, "JPEG"))
    at = data.index(b"JFIF\0") + 7
    data[at : at + 5] = struct.pack(">BHH", units, x, y)
    return bytes(data)


def bmp(per_m: int) -> bytes:
    data = bytearray(files.saved(RIDGES, "BMP"))
    data[38:46] = struct.pack("<ii", per_m, per_m)
    return bytes(data)


def tiff_with(x: float, y: float, unit: int | None) -> bytes:
    options: dict[str, Any] = {} if unit is None else {"resolution_unit": unit}
    return files.saved(RIDGES, "TIFF", x_resolution=x, y_resolution=y, **options)


@pytest.mark.parametrize(
    ("data", "ppi"),
    [
        pytest.param(phys(19685, 19685), 500, id="png"),
        pytest.param(phys(19700, 19700), 500, id="png-197-a-centimetre"),
        pytest.param(phys(39370, 39370), 1000, id="png-1000"),
        pytest.param(phys(22402, 22402), 569.0108, id="png-569"),
        pytest.param(jpeg(1, 500, 500), 500, id="jpeg-inch"),
        pytest.param(jpeg(2, 197, 197), 500, id="jpeg-centimetre"),
        pytest.param(bmp(19685), 500, id="bmp"),
        pytest.param(tiff_with(500, 500, 2), 500, id="tiff-inch"),
        pytest.param(tiff_with(197, 197, 3), 500, id="tiff-centimetre"),
        pytest.param(files.jp2_with_resolution(RIDGES, 19700), 500, id="jp2"),
        pytest.param(files.jp2_with_resolution(RIDGES, 39400, b"resd"), 1000, id="jp2-display"),
    ],
)
def test_the_file_states_its_resolution(data: bytes, ppi: float) -> None:
    source = imaging.decode(data).source

    assert source.ppi == pytest.approx(ppi, abs=1e-3)
    assert source.ppi_origin == "file"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(files.png(160, 160), id="png"),
        pytest.param(phys(500, 500, unit=0), id="png-shape-of-a-pixel-only"),
        pytest.param(jpeg(0, 1, 1), id="jpeg-shape-of-a-pixel-only"),
        pytest.param(bmp(0), id="bmp"),
        pytest.param(tiff_with(500, 500, 1), id="tiff-without-unit"),
        pytest.param(files.tiff(RIDGES), id="tiff"),
        pytest.param(files.saved(RIDGES, "JPEG2000"), id="jp2"),
    ],
)
def test_a_missing_resolution_is_an_error_that_names_the_option(data: bytes) -> None:
    with pytest.raises(ResolutionMissing, match="--ppi"):
        imaging.decode(data)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(phys(2835, 2835), "72.01 ppi, the default of a screen", id="72"),
        pytest.param(phys(3780, 3780), "96.01 ppi, the default of a screen", id="96"),
        pytest.param(jpeg(1, 72, 72), "72 ppi, the default of a screen", id="jpeg-72"),
        pytest.param(tiff_with(1, 1, 2), "1 ppi", id="1"),
        pytest.param(phys(50000, 50000), "1270 ppi", id="1270"),
        pytest.param(phys(19685, 9843), "500 x 250 ppi", id="not-square"),
    ],
)
def test_a_resolution_that_cannot_be_right_is_refused_and_shown(data: bytes, found: str) -> None:
    with pytest.raises(ResolutionOutOfRange, match="--ppi") as caught:
        imaging.decode(data)

    assert found in caught.value.found


def test_sides_may_differ_by_rounding() -> None:
    assert imaging.decode(phys(19685, 19600)).source.ppi == 500


@pytest.mark.parametrize(
    "data", [phys(2835, 2835), phys(19685, 9843), phys(39370, 39370), files.png(160, 160)]
)
def test_the_caller_overrules_the_file(data: bytes) -> None:
    source = imaging.decode(data, ppi=500).source

    assert (source.ppi, source.ppi_origin) == (500, "given")


@given(st.floats().filter(lambda ppi: not 250 <= ppi <= 1200))
def test_a_given_resolution_out_of_range_is_refused(ppi: float) -> None:
    with pytest.raises(ResolutionOutOfRange):
        imaging.decode(files.png(160, 160), ppi=ppi)
    with pytest.raises(ResolutionOutOfRange):
        imaging.raw(bytes(160 * 160), width_px=160, height_px=160, ppi=ppi)


def test_exif_states_the_resolution_where_jfif_does_not() -> None:
    data = files.saved(RIDGES, "JPEG", exif=exif_with_resolution(500))

    assert imaging.decode(data).source.ppi == 500


def exif_with_resolution(ppi: int) -> bytes:
    entries = struct.pack("<HHII", 282, RATIONAL, 1, 50) + struct.pack("<HHII", 283, RATIONAL, 1, 50)
    unit = struct.pack("<HHIHH", 296, 3, 1, 2, 0)
    directory = struct.pack("<H", 3) + entries + unit + bytes(4)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + directory + struct.pack("<II", ppi, 1)


@pytest.mark.parametrize("px_per_cm", [196, 196.85, 197, 198])
def test_metric_roundings_of_500_mean_500(px_per_cm: float) -> None:
    assert imaging.ppi_of_metric(px_per_cm) == 500


@pytest.mark.parametrize("px_per_cm", [195.9, 198.1, 224, 300])
def test_other_metric_resolutions_are_taken_literally(px_per_cm: float) -> None:
    assert imaging.ppi_of_metric(px_per_cm) == pytest.approx(px_per_cm * 2.54)
