"""Templates survive being stored, and nothing else is taken for one."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from tests.templates.strategies import small_template, templates

from musterpoint.errors import RecordError, VersionMismatch
from musterpoint.templates import CohortMean, Minutiae, Template, decode, encode


@given(templates())
def test_every_template_survives_its_encoding(template: Template) -> None:
    assert decode(encode(template)) == template


@given(templates())
def test_equal_templates_have_equal_bytes(template: Template) -> None:
    assert encode(decode(encode(template))) == encode(template)


def test_a_minutia_takes_seven_bytes() -> None:
    template = small_template()

    assert len(encode(template)) == 24 + len(template.extractor) + 7 * len(template.minutiae)


def test_the_layout_is_the_documented_one() -> None:
    columns: dict[str, Any] = {
        "x": [0x123],
        "y": [0x456],
        "direction": [0x789A],
        "kind": [2],
        "quality": [0xBC],
    }
    minutiae = Minutiae(**columns)
    template = Template(
        minutiae=minutiae,
        width_px=0x184,
        height_px=0x176,
        quality=None,
        extractor="x",
        cohort_mean=CohortMean(cohort=3, millinats=-2),
    )

    body = bytes.fromhex("8401 7601 00 00 ff 01 01 78 2381 5604 9a78 bc 03 feff")
    assert encode(template) == framed(2, body)


def test_templates_of_the_first_version_are_still_read() -> None:
    template = small_template()
    body = encode(template)[12:-3]

    assert decode(framed(1, body)) == replace(template, cohort_mean=None)


def framed(version: int, body: bytes) -> bytes:
    """The bytes of a template of this version, with a right checksum."""
    start = b"MPT\x1a" + struct.pack("<HH", version, 12 + len(body))
    return start + struct.pack("<I", zlib.crc32(start + body)) + body


def test_every_single_flipped_bit_is_refused() -> None:
    data = encode(small_template())

    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(RecordError):
            decode(bytes(damaged))


def test_every_cut_is_refused() -> None:
    data = encode(small_template())

    for length in range(len(data)):
        with pytest.raises(RecordError):
            decode(data[:length])


def test_bytes_behind_the_end_are_refused() -> None:
    with pytest.raises(RecordError):
        decode(encode(small_template()) + b"\0")


def test_a_later_version_is_told_apart_from_damage() -> None:
    with pytest.raises(VersionMismatch, match="version 3"):
        decode(reframed(encode(small_template())[12:], version=3))


def test_a_damaged_later_version_is_damage() -> None:
    data = bytearray(reframed(encode(small_template())[12:], version=3))
    data[-1] ^= 1

    with pytest.raises(RecordError):
        decode(bytes(data))


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        pytest.param(0, 0, id="width 0"),
        pytest.param(4, 11, id="position 11"),
        pytest.param(5, 4, id="impression 4"),
        pytest.param(6, 101, id="quality 101"),
        pytest.param(7, 0, id="no extractor"),
        pytest.param(8, 255, id="more minutiae than there are"),
        pytest.param(9, 0x80, id="extractor beyond ASCII"),
    ],
)
def test_a_value_out_of_bounds_is_refused_even_with_a_right_checksum(offset: int, value: int) -> None:
    body = bytearray(encode(small_template())[12:])
    body[offset] = value
    if offset == 0:
        body[1] = 0

    with pytest.raises(RecordError):
        decode(reframed(bytes(body), version=1))


def test_a_minutia_with_an_unknown_kind_is_refused() -> None:
    body = bytearray(encode(small_template())[12:])
    body[-6] |= 0xC0  # the upper byte of the last x holds the kind

    with pytest.raises(RecordError):
        decode(reframed(bytes(body), version=1))


def test_a_minutia_beyond_the_largest_image_is_refused() -> None:
    body = bytearray(encode(small_template())[12:])
    body[-4] = 0x40

    with pytest.raises(RecordError):
        decode(reframed(bytes(body), version=1))


def reframed(body: bytes, version: int) -> bytes:
    """A frame with a right length and checksum."""
    start = b"MPT\x1a" + struct.pack("<HH", version, 12 + len(body))
    return start + struct.pack("<I", zlib.crc32(start + body)) + body
