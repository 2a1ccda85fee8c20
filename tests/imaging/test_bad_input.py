"""Each bad input gets one clear sentence of the right kind, and nothing is decoded before it is bounded."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.imaging import files

from musterpoint import imaging
from musterpoint.errors import (
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    ImageTruncated,
    ImageUnsupported,
    MusterpointError,
    NotAnImage,
    UnusableInput,
)
from musterpoint.limits import IMAGE_BYTES_MAX

RIDGES = files.ridges()
GREY = Image.fromarray(RIDGES)
PNG = files.saved(GREY, "PNG", dpi=(500, 500))
ANIMATION: dict[str, Any] = {"save_all": True, "append_images": [Image.fromarray(255 - RIDGES)]}


def jp2_of(width_px: int, height_px: int, tile_px: int | None = None) -> bytes:
    """A JPEG 2000 code stream of another size than the one it holds."""
    data = bytearray(files.saved(GREY, "JPEG2000", no_jp2=True))
    data[8:16] = struct.pack(">II", width_px, height_px)
    data[24:32] = struct.pack(">II", tile_px or width_px, tile_px or height_px)
    return bytes(data)


def wsq_of(width_px: int, height_px: int) -> bytes:
    """The head of a WSQ file."""
    frame = struct.pack(">HHBBHHBHBHBH", 0xFFA2, 17, 0, 255, height_px, width_px, 0, 0, 0, 0, 0, 0)
    return b"\xff\xa0" + frame + b"\xff\xa3\x00\x03\x00\xff\xa1"


def tiff_of(width_px: int, height_px: int, *more: tuple[int, int, int]) -> bytes:
    """A TIFF of another size than the one it holds."""
    return files.tiff(RIDGES, (256, 4, width_px), (257, 4, height_px), *more)


def jpeg_of(width_px: int, height_px: int) -> bytes:
    data = bytearray(files.saved(GREY, "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height_px, width_px)
    return bytes(data)


def bmp_of(width_px: int, height_px: int) -> bytes:
    data = bytearray(files.saved(GREY, "BMP"))
    data[18:26] = struct.pack("<ii", width_px, height_px)
    return bytes(data)


def bmp_compressed_by(number: int) -> bytes:
    data = bytearray(files.saved(GREY, "BMP"))
    data[30] = number
    return bytes(data)


def png_of(width_px: int, height_px: int) -> bytes:
    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return files.PNG_SIGNATURE + b"".join(files.png_chunk(kind, content) for kind, content in chunks)


EACH_FORMAT_OF_SIZE = [png_of, bmp_of, jpeg_of, tiff_of, jp2_of, wsq_of]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(b"", "an empty file", id="empty"),
        pytest.param(b"hello", "begins like no image format", id="text"),
        pytest.param(files.saved(GREY, "GIF", **ANIMATION), "a GIF file", id="gif"),
        pytest.param(files.saved(GREY, "WEBP"), "a WebP file", id="webp"),
        pytest.param(b"%PDF-1.7", "a PDF file", id="pdf"),
        pytest.param(b"\0\0\0\x18ftypheic", "HEIF", id="heif"),
        pytest.param(b"FMR\0 20\0", "a record of minutiae", id="minutiae-record"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, found: str) -> None:
    with pytest.raises(NotAnImage) as caught:
        imaging.decode(data, ppi=500)

    assert found in caught.value.found


@pytest.mark.parametrize("of_size", EACH_FORMAT_OF_SIZE)
def test_one_pixel_is_too_small_even_without_a_resolution(of_size: Any) -> None:
    with pytest.raises(ImageTooSmall, match="1 x 1 px"):
        imaging.decode(of_size(1, 1))


@pytest.mark.parametrize("of_size", EACH_FORMAT_OF_SIZE)
@pytest.mark.parametrize("size_px", [(10_000, 10_000), (16_384, 100)])
def test_a_hundred_megapixels_are_refused_before_anything_is_allocated(
    of_size: Any, size_px: tuple[int, int]
) -> None:
    data = of_size(*size_px)
    tracemalloc.start()

    with pytest.raises(ImageTooLarge, match=f"{size_px[0]} x {size_px[1]} px"):
        imaging.decode(data)

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1_000_000


def test_an_image_that_would_become_too_large_is_refused() -> None:
    with pytest.raises(ImageTooLarge):
        imaging.decode(png_of(7000, 7000), ppi=250)


def test_a_finger_that_is_too_small_at_500_ppi_is_refused() -> None:
    with pytest.raises(ImageTooSmall, match="50 x 50 px at 500 ppi"):
        imaging.decode(files.png(100, 100), ppi=1000)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(ImageTooLarge, match="16 MiB"):
        imaging.decode(PNG + bytes(IMAGE_BYTES_MAX))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(files.saved(GREY, format_, **options), id=name)
        for name, format_, options in [
            ("png", "PNG", {}),
            ("bmp", "BMP", {}),
            ("jpeg", "JPEG", {}),
            ("tiff", "TIFF", {}),
            ("tiff-deflate", "TIFF", {"compression": "tiff_deflate"}),
            ("jp2", "JPEG2000", {}),
        ]
    ],
)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_file_that_ends_early_is_truncated(data: bytes, share: float) -> None:
    with pytest.raises(ImageTruncated):
        imaging.decode(data[: int(len(data) * share)], ppi=500)


def test_a_damaged_png_is_noticed_by_its_checksum() -> None:
    damaged = bytearray(PNG)
    damaged[PNG.index(b"IDAT") + 50] ^= 1

    with pytest.raises(ImageTruncated, match="checksum"):
        imaging.decode(bytes(damaged))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(files.saved(GREY, "PNG", **ANIMATION), id="apng"),
        pytest.param(files.saved(GREY, "TIFF", **ANIMATION), id="two-page-tiff"),
    ],
)
def test_animations_and_several_pages_are_refused(data: bytes) -> None:
    with pytest.raises(ImageUnsupported, match="several pages"):
        imaging.decode(data, ppi=500)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(files.saved(GREY, "JPEG", exif=files.exif(6)), id="jpeg"),
        pytest.param(files.saved(GREY, "PNG", exif=files.exif(3)), id="png"),
        pytest.param(files.tiff(RIDGES, (274, 3, 8)), id="tiff"),
    ],
)
def test_a_turned_image_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(ImageUnsupported, match="upright"):
        imaging.decode(data, ppi=500)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(files.saved(Image.fromarray(RIDGES.astype(np.float32)), "TIFF"), id="float-tiff"),
        pytest.param(files.saved(Image.fromarray(RIDGES.astype(np.int32)), "TIFF"), id="32-bit-tiff"),
        pytest.param(files.tiff(RIDGES, (259, 3, 6)), id="tiff-of-an-old-compression"),
        pytest.param(files.tiff(RIDGES, (322, 4, 60_000), (323, 4, 60_000)), id="tiff-with-vast-tiles"),
        pytest.param(jpeg_of(160, 200).replace(b"\xff\xc0", b"\xff\xc3", 1), id="lossless-jpeg"),
        pytest.param(jpeg_of(8000, 8000) + b"\xff\xda" * 32, id="huge-jpeg-of-many-scans"),
        pytest.param(jp2_of(4000, 4000, tile_px=1), id="jpeg-2000-of-16-million-tiles"),
        pytest.param(bmp_compressed_by(1), id="run-length-coded-bmp"),
        pytest.param(bmp_compressed_by(4), id="jpeg-in-bmp"),
    ],
)
def test_variants_that_are_not_read_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(ImageUnsupported):
        imaging.decode(data, ppi=500)


def test_a_bomb_in_a_text_is_never_unpacked() -> None:
    bomb = b"Comment\0\0" + zlib.compress(bytes(64 * 2**20), 9)
    data = files.png(160, 160, files.png_chunk(b"zTXt", bomb), files.png_chunk(b"iCCP", b"x\0\0" + bomb))
    tracemalloc.start()

    imaging.decode(data, ppi=500)

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 10_000_000


def test_more_image_data_than_the_header_promises_is_left_out() -> None:
    head = struct.pack(">IIBBBBB", 160, 160, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(64 * 2**20), 9)), (b"IEND", b""))
    data = files.PNG_SIGNATURE + b"".join(files.png_chunk(kind, content) for kind, content in chunks)

    assert imaging.decode(data, ppi=500).pixels.shape == (160, 160)


def test_broken_facts_beside_the_picture_do_not_matter() -> None:
    data = files.saved(GREY, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff", comment=b"?" * 100)

    assert imaging.decode(data, ppi=500).pixels.shape == RIDGES.shape


def test_a_resolution_that_points_beyond_the_file_counts_as_missing() -> None:
    data = bytearray(files.tiff(RIDGES, (282, 4, 0xFFFFFFF0)))
    at = data.index(struct.pack("<HHI", 282, 4, 1))
    data[at : at + 4] = struct.pack("<HH", 282, 5)

    assert imaging.decode(bytes(data), ppi=500).pixels.shape == RIDGES.shape


@pytest.mark.parametrize("count", [RIDGES.size - 1, RIDGES.size + 1, 0])
def test_raw_bytes_must_fit_their_size(count: int) -> None:
    with pytest.raises(ImageTruncated, match="160 x 200 px"):
        imaging.raw(bytes(count), width_px=160, height_px=200, ppi=500)


@pytest.mark.parametrize("side_px", [-5, 0, 1])
def test_raw_pixels_of_no_size_are_refused(side_px: int) -> None:
    with pytest.raises(ImageTooSmall):
        imaging.raw(b"", width_px=side_px, height_px=200, ppi=500)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"absent\.png: .*no such file"):
        imaging.load_image(tmp_path / "absent.png")


def test_a_folder_is_said_to_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="a folder"):
        imaging.load_image(tmp_path)


@pytest.mark.parametrize("name", ["finger.png/below", "x" * 300, "nul\0byte"])
def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "finger.png").write_bytes(PNG)

    with pytest.raises(UnusableInput, match="cannot be read"):
        imaging.load_image(tmp_path / name)


def test_a_device_without_end_is_not_read() -> None:
    with pytest.raises(UnusableInput, match="device"):
        imaging.load_image("/dev/zero")


def test_errors_name_their_source_and_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "right-index.png"
    path.write_bytes(PNG[:100])

    with pytest.raises(ImageError) as caught:
        imaging.load_image(path)

    assert caught.value.where == str(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert isinstance(caught.value, MusterpointError)
    assert all((caught.value.expected, caught.value.found, caught.value.hint))
