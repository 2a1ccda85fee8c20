"""What is written comes back as it was, within the precision of the format."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.interchange import records
from tests.templates.strategies import templates

from musterpoint.errors import RecordError
from musterpoint.interchange import RecordFormat, iso19794_2, read_templates, sniff
from musterpoint.templates import FingerPosition, Minutiae, Template


def template(**changed: Any) -> Template:
    columns: dict[str, Any] = {"x": [100], "y": [14], "direction": [20389], "kind": [1], "quality": [230]}
    fields: dict[str, Any] = {
        "width_px": 512,
        "height_px": 512,
        "position": FingerPosition.LEFT_INDEX,
        "quality": 90,
    }
    columns |= {name: value for name, value in changed.items() if name in columns and name != "quality"}
    fields |= {name: value for name, value in changed.items() if name not in columns or name == "quality"}
    return Template(minutiae=Minutiae(**columns), **fields)


def test_the_example_of_the_standard_is_written_to_the_byte() -> None:
    data = bytearray(iso19794_2.write([template()]))
    data[12:14] = b"\x00\xb5"  # we name no device

    assert bytes(data) == records.iso_2005(records.short_view(records.ISO_MINUTIA))


@given(st.lists(templates(), min_size=1, max_size=4))
def test_what_is_written_is_read_within_its_precision(written: list[Template]) -> None:
    data = iso19794_2.write(written)
    reading = read_templates(data)

    assert reading.format is RecordFormat.ISO_19794_2_2005 is sniff(data)
    assert len(reading.templates) == len(written)
    for read, original in zip(reading.templates, written, strict=True):
        assert_equal_within_precision(read, original)


@given(templates())
def test_writing_what_was_read_changes_nothing_more(original: Template) -> None:
    data = iso19794_2.write([original])
    (read,) = read_templates(data).templates
    if len(read.minutiae) == len(original.minutiae):  # else some lay far outside of their image
        assert iso19794_2.write([read]) == data


def assert_equal_within_precision(read: Template, original: Template) -> None:
    assert read.position is original.position
    assert read.impression is original.impression
    assert read.quality == (max(1, original.quality) if original.quality is not None else None)
    inside = (original.minutiae.x < 1.05 * read.width_px) & (original.minutiae.y < 1.05 * read.height_px)
    kept = original.minutiae.take(np.flatnonzero(inside))
    np.testing.assert_array_equal(read.minutiae.x, kept.x)
    np.testing.assert_array_equal(read.minutiae.y, kept.y)
    np.testing.assert_array_equal(read.minutiae.kind, kept.kind)
    turn = (read.minutiae.direction.astype(int) - kept.direction + 32768) % 65536 - 32768
    assert np.abs(turn).max(initial=0) <= 128
    np.testing.assert_array_equal(read.minutiae.quality == 0, kept.quality == 0)
    assert np.abs(read.minutiae.quality.astype(int) - kept.quality).max(initial=0) <= 2


@pytest.mark.parametrize(
    ("direction", "angle"), [(0, 0), (127, 0), (128, 1), (65407, 255), (65408, 0), (65535, 0)]
)
def test_directions_wrap_instead_of_ending(direction: int, angle: int) -> None:
    assert iso19794_2.write([template(direction=[direction])])[32] == angle


def test_views_of_one_finger_are_numbered_from_0() -> None:
    written = [template(), template(position=FingerPosition.RIGHT_INDEX), template()]

    data = iso19794_2.write(written)

    assert [data[24 + 12 * index + 1] >> 4 for index in range(3)] == [0, 0, 1]
    assert read_templates(data).deviations == ()


def test_the_record_is_as_large_as_its_largest_image() -> None:
    data = iso19794_2.write([template(width_px=300), template(height_px=700, width_px=200)])

    assert [(one.width_px, one.height_px) for one in read_templates(data).templates] == [(300, 700)] * 2


@pytest.mark.parametrize(
    "written",
    [
        pytest.param([], id="none"),
        pytest.param([template()] * 17, id="17-of-one-finger"),
        pytest.param([template(position=FingerPosition(index % 11)) for index in range(177)], id="177"),
    ],
)
def test_more_than_a_record_can_hold_is_refused(written: list[Template]) -> None:
    with pytest.raises(RecordError, match="several records"):
        iso19794_2.write(written)
