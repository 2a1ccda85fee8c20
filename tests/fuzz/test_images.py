"""Whatever bytes arrive as an image, only errors of ours come out, and never a picture of another size.

`MUSTERPOINT_FUZZ_SCALE=50 ./run test tests/fuzz` tries fifty times as many.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.fuzz.mutation import count, mutated
from tests.imaging import files

from musterpoint import imaging
from musterpoint.errors import MusterpointError
from musterpoint.imaging import ImageFormat, decoding

RIDGES = files.ridges(100, 120)
GREY = Image.fromarray(RIDGES)
DEEP = Image.fromarray(RIDGES.astype(np.uint16) * 257)
BILEVEL = GREY.convert("1")

DECODED_HERE = {
    "png": files.saved(GREY, "PNG", dpi=(500, 500)),
    "png-16-bit": files.saved(DEEP, "PNG"),
    "png-palette": files.saved(GREY.convert("RGB").quantize(16), "PNG"),
    "png-alpha": files.saved(GREY.convert("LA"), "PNG"),
    "bmp": files.saved(GREY, "BMP", dpi=(500, 500)),
    "bmp-colour": files.saved(GREY.convert("RGB"), "BMP"),
    "bmp-1-bit": files.saved(BILEVEL, "BMP"),
    "jpeg": files.saved(GREY, "JPEG", dpi=(500, 500)),
    "jpeg-progressive": files.saved(GREY.convert("RGB"), "JPEG", progressive=True, exif=files.exif(1)),
    "jpeg-cmyk": files.saved(GREY.convert("CMYK"), "JPEG"),
    "tiff": files.saved(GREY, "TIFF", dpi=(500, 500)),
    "tiff-16-bit": files.saved(DEEP, "TIFF"),
    "tiff-1-bit": files.saved(BILEVEL, "TIFF"),
}
DECODED_APART = {
    "jp2": files.saved(GREY, "JPEG2000"),
    "jpeg-2000-colour": files.saved(GREY.convert("RGB"), "JPEG2000", no_jp2=True),
    "tiff-lzw": files.saved(GREY, "TIFF", compression="tiff_lzw"),
    "tiff-deflate": files.saved(GREY, "TIFF", compression="tiff_deflate"),
    "tiff-packbits": files.saved(GREY, "TIFF", compression="packbits"),
    "tiff-jpeg": files.saved(GREY.convert("RGB"), "TIFF", compression="jpeg"),
    "tiff-group-4": files.saved(BILEVEL, "TIFF", compression="group4"),
}
MUTATIONS_HERE = 400
MUTATIONS_APART = 8


@pytest.mark.parametrize("name", DECODED_HERE)
def test_damage_ends_in_an_error_of_ours(name: str) -> None:
    outcomes = try_mutations(name, DECODED_HERE[name], MUTATIONS_HERE)

    # Were all refused alike, the mutations would not get past the first check.
    assert len(outcomes) > 1


@pytest.mark.parametrize("name", DECODED_APART)
def test_damage_ends_in_an_error_of_ours_where_another_process_decodes(name: str) -> None:
    try_mutations(name, DECODED_APART[name], MUTATIONS_APART)


def test_damage_of_wsq_ends_in_an_error_of_ours() -> None:
    native = pytest.importorskip("_wsq", reason="the optional package wsq is not installed")
    height_px, width_px = RIDGES.shape

    try_mutations("wsq", native.compress(RIDGES.tobytes(), height_px, width_px, 15), 4 * MUTATIONS_APART)


@pytest.mark.parametrize("start", [DECODED_HERE[name][:8] for name in ("png", "bmp", "jpeg", "tiff")])
@given(rest=st.binary(max_size=400))
def test_any_bytes_behind_a_known_beginning_end_in_an_error_of_ours(start: bytes, rest: bytes) -> None:
    outcome(start + rest)


@given(data=st.binary(max_size=300), format_=st.sampled_from(sorted(set(ImageFormat) - {ImageFormat.RAW})))
def test_any_bytes_have_a_header_or_an_error_of_ours(data: bytes, format_: ImageFormat) -> None:
    try:
        header = decoding.read_header(data, format_)
    except MusterpointError:
        return
    assert header.format is format_


def try_mutations(name: str, data: bytes, normal: int) -> Counter[str]:
    """The kinds of outcome; anything but an image or an error of ours fails with the mutation's name."""
    outcomes: Counter[str] = Counter()
    for number in range(count(normal)):
        damaged = mutated(data, name, number)
        if name.startswith("png") and number % 4:
            damaged = with_right_checksums(damaged)
        try:
            outcomes[outcome(damaged)] += 1
        except Exception as escaped:
            raise AssertionError(f"mutation {number} of {name}") from escaped
    return outcomes


def outcome(data: bytes) -> str:
    """The kind of error, or that there was none."""
    try:
        image = imaging.decode(data, ppi=500)
    except MusterpointError as refused:
        return refused.code
    assert image.pixels.shape == (image.source.height_px, image.source.width_px)
    return "decoded"


def with_right_checksums(data: bytes) -> bytes:
    """A PNG whose damage is not given away by its checksums."""
    repaired = bytearray(data)
    offset = len(files.PNG_SIGNATURE)
    while offset + 12 <= len(repaired):
        end = offset + 8 + int.from_bytes(repaired[offset : offset + 4], "big")
        if end + 4 > len(repaired):
            break
        repaired[end : end + 4] = struct.pack(">I", zlib.crc32(repaired[offset + 4 : end]))
        offset = end + 4
    return bytes(repaired)
