"""Whatever bytes arrive as a template, only a template or an error of ours comes out."""

from __future__ import annotations

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.mutation import count, mutated
from tests.templates.strategies import small_template

from musterpoint.errors import RecordError, VersionMismatch
from musterpoint.templates import decode, encode

MUTATIONS = 3000
TEMPLATE = encode(small_template())


@given(st.binary(max_size=400))
def test_any_bytes_end_in_an_error_of_ours(data: bytes) -> None:
    is_refused(data)


@given(st.binary(max_size=400))
def test_any_bytes_in_a_sound_frame_end_in_a_template_or_an_error_of_ours(body: bytes) -> None:
    is_refused(framed(body))


def test_damage_is_always_noticed() -> None:
    for number in range(count(MUTATIONS)):
        damaged = mutated(TEMPLATE, "template", number)
        assert damaged == TEMPLATE or is_refused(damaged), f"mutation {number}"


def test_damage_that_the_checksum_hides_ends_in_a_template_or_an_error_of_ours() -> None:
    refused = [
        is_refused(framed(mutated(TEMPLATE[12:], "body", number))) for number in range(count(MUTATIONS))
    ]

    assert any(refused)
    assert not all(refused)


def is_refused(data: bytes) -> bool:
    """Whether the bytes are refused; if not, they must be the only ones of that template."""
    try:
        template = decode(data)
    except (RecordError, VersionMismatch):
        return True
    assert encode(template) == data
    return False


def framed(body: bytes) -> bytes:
    """A frame with a right length and checksum."""
    start = b"MPT\x1a" + struct.pack("<HH", 2, 12 + len(body))
    return start + struct.pack("<I", zlib.crc32(start + body)) + body
