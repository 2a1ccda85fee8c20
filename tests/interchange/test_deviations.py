"""Records that stray from their standard as real ones do are read, and each deviation is listed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.interchange import records
from tests.interchange.records import INCITS_MINUTIA, ISO_MINUTIA

from musterpoint.errors import RecordError
from musterpoint.interchange import (
    DeviationCode,
    Reading,
    RecordFormat,
    incits378,
    iso19794_2,
    read_templates,
)
from musterpoint.templates import FingerPosition


def codes(reading: Reading) -> list[DeviationCode]:
    """What was met, in the record's order."""
    return [deviation.code for deviation in reading.deviations]


@pytest.mark.parametrize("length_off", [-2, -1, 1, 5])
def test_a_wrong_length_is_forgiven_where_nothing_is_missing(length_off: int) -> None:
    reading = read_templates(records.iso_2005(records.short_view(ISO_MINUTIA), length_off=length_off))

    assert codes(reading) == [DeviationCode.RECORD_LENGTH]
    assert len(reading.templates[0].minutiae) == 1


def test_padding_behind_the_record_is_left_out() -> None:
    reading = read_templates(records.iso_2005(records.short_view(ISO_MINUTIA)) + bytes(121))

    assert codes(reading) == [DeviationCode.TRAILING_BYTES]


@pytest.mark.parametrize("build", [records.iso_2005, records.incits_2004])
def test_the_misspelt_version_is_known(build: object) -> None:
    assert callable(build)
    reading = read_templates(build(records.short_view(INCITS_MINUTIA), version=b"020\0"))

    assert codes(reading) == [DeviationCode.VERSION]


def test_angles_beyond_180_degrees_of_incits_are_isos() -> None:
    views = (records.short_view(INCITS_MINUTIA), records.short_view(records.minutia(1, 1, 249), position=2))

    reading = read_templates(records.incits_2004(*views))

    assert codes(reading) == [DeviationCode.ANGLE_UNIT]
    assert reading.templates[0].minutiae.direction[0] == 0x38 * 256
    assert reading.templates[1].minutiae.direction[0] == 249 * 256


def test_view_numbers_through_the_record_do_not_matter() -> None:
    data = records.incits_2004(
        records.short_view(INCITS_MINUTIA, position=7),
        records.short_view(INCITS_MINUTIA, position=2, number=1),
    )

    assert codes(read_templates(data)) == [DeviationCode.VIEW_NUMBER]


def test_illegal_kinds_and_reserved_bits_are_masked() -> None:
    data = records.iso_2005(records.short_view(records.minutia(5, 0x4000 | 6, 0, kind=3)))

    reading = read_templates(data)

    minutiae = reading.templates[0].minutiae
    assert codes(reading) == [DeviationCode.MINUTIA_KIND, DeviationCode.RESERVED_BITS]
    assert (minutiae.kind[0], minutiae.x[0], minutiae.y[0]) == (0, 5, 6)


def test_minutiae_just_outside_of_the_image_are_kept_and_far_ones_left_out() -> None:
    view = records.short_view(*(records.minutia(x, 5, 0) for x in (511, 512, 537, 538, 5000)))

    reading = read_templates(records.iso_2005(view))

    assert codes(reading) == [DeviationCode.OUTSIDE_IMAGE]
    assert reading.templates[0].minutiae.x.tolist() == [511, 512, 537]


def test_qualities_above_100_are_not_known() -> None:
    view = records.short_view(records.minutia(5, 5, 0, quality=101), quality=200)

    reading = read_templates(records.iso_2005(view))

    assert codes(reading) == [DeviationCode.FINGER_QUALITY, DeviationCode.MINUTIA_QUALITY]
    assert reading.templates[0].quality is None
    assert reading.templates[0].minutiae.quality[0] == 0


def test_a_missing_resolution_is_500_ppi_and_a_missing_size_is_measured() -> None:
    view = records.short_view(records.minutia(100, 50, 0), records.minutia(20, 80, 0))

    reading = read_templates(records.iso_2005(view, size_px=(0, 0), per_cm=(0, 0)))

    assert set(codes(reading)) == {DeviationCode.IMAGE_SIZE, DeviationCode.RESOLUTION}
    assert (reading.templates[0].width_px, reading.templates[0].height_px) == (101, 81)
    assert reading.templates[0].minutiae.x.tolist() == [100, 20]


def test_a_position_that_is_no_finger_is_unknown() -> None:
    reading = read_templates(records.iso_2005(records.short_view(ISO_MINUTIA, position=13)))

    assert codes(reading) == [DeviationCode.POSITION]
    assert reading.templates[0].position is FingerPosition.UNKNOWN


def test_an_impression_type_that_is_not_known_is_taken_as_live() -> None:
    assert codes(read_templates(records.iso_2005(records.short_view(ISO_MINUTIA, impression=5)))) == [
        DeviationCode.IMPRESSION
    ]


def test_a_representation_whose_length_is_wrong_is_read_by_its_counts() -> None:
    views = (
        records.iso_2011_view(ISO_MINUTIA, length_off=-5),
        records.iso_2011_view(ISO_MINUTIA, position=2),
    )

    reading = iso19794_2.read(records.iso_2011(*views))

    assert codes(reading) == [DeviationCode.REPRESENTATION_LENGTH]
    assert len(reading.templates) == 2


def test_the_draft_of_2007_is_told_by_where_its_data_ends() -> None:
    data = records.incits_2009(
        records.incits_2009_view(INCITS_MINUTIA),
        records.incits_2009_view(INCITS_MINUTIA, position=2),
        is_draft=True,
    )

    assert codes(incits378.read(data)) == [DeviationCode.VERSION]


def with_length(block: bytes, length: int) -> bytes:
    """An extended block that states another length."""
    return block[:2] + length.to_bytes(2, "big") + block[4:]


@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_a_last_core_block_with_a_wrong_length_is_followed_by_its_counts(off: int) -> None:
    block = with_length(records.INCITS_CORES, len(records.INCITS_CORES) + off)
    view = bytearray(records.short_view(INCITS_MINUTIA, extended=block))
    total = len(block) + off
    view[-len(block) - 2 : -len(block)] = total.to_bytes(2, "big")

    reading = read_templates(records.incits_2004(bytes(view)))

    assert codes(reading) == [DeviationCode.EXTENDED_LENGTH]
    assert len(reading.templates[0].minutiae) == 1


def test_a_wrong_length_in_the_middle_does_not_lose_the_next_finger() -> None:
    block = with_length(records.ISO_CORES, len(records.ISO_CORES) + 1)
    first = records.short_view(ISO_MINUTIA, extended=block)
    last = records.short_view(ISO_MINUTIA, ISO_MINUTIA, position=2)

    reading = read_templates(records.iso_2005(first, last))

    assert codes(reading) == [DeviationCode.EXTENDED_LENGTH]
    assert [len(template.minutiae) for template in reading.templates] == [1, 2]


def test_a_block_that_runs_into_the_next_finger_does_not_take_it_along() -> None:
    first = records.short_view(ISO_MINUTIA, extended=records.ISO_CORES[:-1])
    last = records.short_view(ISO_MINUTIA, ISO_MINUTIA, position=2)

    reading = read_templates(records.iso_2005(first, last))

    assert codes(reading) == [DeviationCode.EXTENDED_LENGTH]
    assert [len(template.minutiae) for template in reading.templates] == [1, 2]


def test_a_vendors_block_may_leave_its_head_out_of_its_length() -> None:
    view = records.short_view(ISO_MINUTIA, extended=bytes.fromhex("0221 0006 0144BC362143"))

    reading = read_templates(records.iso_2005(view))

    assert codes(reading) == [DeviationCode.EXTENDED_LENGTH]


@pytest.mark.parametrize("extended", [b"\0\1\0\0", b"\xff" * 7, b"\0\2\0\3\1"])
def test_broken_extended_data_is_dropped_and_the_minutiae_kept(extended: bytes) -> None:
    views = (records.short_view(ISO_MINUTIA, extended=extended), records.short_view(ISO_MINUTIA, position=2))

    reading = read_templates(records.iso_2005(*views))

    assert codes(reading) == [DeviationCode.EXTENDED_BROKEN]
    assert [len(template.minutiae) for template in reading.templates] == [1, 1]


def test_extended_data_that_is_cut_off_is_refused() -> None:
    view = records.short_view(ISO_MINUTIA, extended=records.RIDGE_COUNTS)

    with pytest.raises(RecordError, match="extended data"):
        read_templates(records.iso_2005(view)[:-3])


def test_a_length_field_that_misleads_about_the_standard_is_found_out() -> None:
    # An INCITS length below 26 with a record that makes sense as INCITS alone.
    data = bytearray(records.incits_2004(records.short_view(INCITS_MINUTIA, INCITS_MINUTIA)))
    data[8:10] = (20).to_bytes(2, "big")

    reading = read_templates(bytes(data))

    assert reading.format is RecordFormat.INCITS_378_2004
    assert codes(reading)[0] is DeviationCode.DIALECT
    np.testing.assert_array_equal(reading.templates[0].minutiae.x, [100, 100])


def test_the_standard_in_which_the_record_ends_goes_before_one_in_which_it_merely_starts() -> None:
    # With this length the sniffing says INCITS, which reads one empty finger and leaves 6 bytes over.
    view = records.short_view(records.minutia(300, 5, 7, kind=0), records.minutia(0, 5, 7, kind=0))
    data = bytearray(records.iso_2005(view))
    data[8:12] = (10).to_bytes(4, "big")

    reading = read_templates(bytes(data))

    assert reading.format is RecordFormat.ISO_19794_2_2005
    assert reading.templates[0].minutiae.x.tolist() == [300, 0]


def test_every_deviation_says_where_what_and_what_instead() -> None:
    data = records.iso_2005(records.short_view(ISO_MINUTIA, position=13)) + bytes(3)

    for deviation in read_templates(data).deviations:
        assert 0 <= deviation.offset <= len(data)
        assert deviation.found
        assert deviation.used


def test_every_deviation_is_documented() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "file-formats.md"
    text = page.read_text()

    assert [code for code in DeviationCode if f"`{code}`" not in text] == []
