"""Whatever bytes arrive as a record of minutiae, only templates or an error of ours come out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.mutation import count, mutated
from tests.interchange import records

from musterpoint.errors import RecordError
from musterpoint.interchange import read_templates

MINUTIAE = [records.minutia(5 * index, 500 - 7 * index, 3 * index, index % 3, index) for index in range(40)]
EXTENDED = records.RIDGE_COUNTS + records.ISO_CORES + records.VENDOR
SEEDS = {
    "iso-2005": records.iso_2005(
        records.short_view(*MINUTIAE, extended=EXTENDED), records.short_view(*MINUTIAE, position=2)
    ),
    "incits-2004": records.incits_2004(
        records.short_view(*MINUTIAE, extended=records.INCITS_CORES),
        records.short_view(*MINUTIAE, position=2),
    ),
    "incits-2004-long": records.incits_2004(records.short_view(*MINUTIAE), is_long=True),
    "incits-2009": records.incits_2009(
        records.incits_2009_view(*MINUTIAE, extended=records.INCITS_CORES),
        records.incits_2009_view(*MINUTIAE, position=2),
    ),
    "iso-2011": records.iso_2011(
        records.iso_2011_view(*MINUTIAE, qualities=(50, 60), certifications=1, extended=EXTENDED),
        records.iso_2011_view(*MINUTIAE, position=2, certifications=0),
        is_certified=True,
    ),
}
MUTATIONS = 1500


@pytest.mark.parametrize("name", SEEDS)
def test_damage_ends_in_templates_or_an_error_of_ours(name: str) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(count(MUTATIONS)):
        try:
            outcomes[outcome(mutated(SEEDS[name], name, number))] += 1
        except Exception as escaped:
            raise AssertionError(f"mutation {number} of {name}") from escaped

    assert outcomes["read"]
    assert outcomes["refused"]


@pytest.mark.parametrize("version", [b" 20\0", b"030\0", b"035\0"])
@given(rest=st.binary(max_size=300))
def test_any_bytes_behind_a_known_beginning_end_in_an_error_of_ours(version: bytes, rest: bytes) -> None:
    outcome(b"FMR\0" + version + rest)


def outcome(data: bytes) -> str:
    """Whether the bytes were read; a template is never larger than what it was read from."""
    try:
        reading = read_templates(data)
    except RecordError:
        return "refused"
    assert sum(5 * len(template.minutiae) for template in reading.templates) <= len(data)
    return "read"
