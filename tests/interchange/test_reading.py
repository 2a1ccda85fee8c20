"""Records of four standards give the templates they mean."""

from __future__ import annotations

import numpy as np
import pytest
from tests.interchange import records
from tests.interchange.records import INCITS_MINUTIA, ISO_MINUTIA, VECTOR

from musterpoint.errors import RecordError
from musterpoint.interchange import RecordFormat, incits378, iso19794_2, read_templates, sniff
from musterpoint.templates import FingerPosition, Impression, MinutiaKind, Template

EACH_STANDARD = [
    pytest.param(
        RecordFormat.ISO_19794_2_2005, records.iso_2005(records.short_view(ISO_MINUTIA)), id="iso-2005"
    ),
    pytest.param(
        RecordFormat.INCITS_378_2004,
        records.incits_2004(records.short_view(INCITS_MINUTIA)),
        id="incits-2004",
    ),
    pytest.param(
        RecordFormat.INCITS_378_2004,
        records.incits_2004(records.short_view(INCITS_MINUTIA), is_long=True),
        id="incits-2004-long",
    ),
    pytest.param(
        RecordFormat.INCITS_378_2009,
        records.incits_2009(records.incits_2009_view(INCITS_MINUTIA)),
        id="incits-2009",
    ),
    pytest.param(
        RecordFormat.INCITS_378_2009,
        records.incits_2009(records.incits_2009_view(INCITS_MINUTIA), version=b"035\0"),
        id="incits-2009-amended",
    ),
    pytest.param(
        RecordFormat.INCITS_378_2009,
        records.incits_2009(records.incits_2009_view(INCITS_MINUTIA), is_draft=True),
        id="incits-2007-draft",
    ),
    pytest.param(
        RecordFormat.ISO_19794_2_2011,
        records.iso_2011(records.iso_2011_view(ISO_MINUTIA, qualities=(90,))),
        id="iso-2011",
    ),
]


def only(data: bytes) -> Template:
    """The one template of a record without deviations."""
    reading = read_templates(data)
    assert reading.deviations == ()
    (template,) = reading.templates
    return template


@pytest.mark.parametrize(("format_", "data"), EACH_STANDARD)
def test_the_example_of_the_standards_is_read(format_: RecordFormat, data: bytes) -> None:
    reading = read_templates(data)

    (template,) = reading.templates
    minutiae = template.minutiae
    assert reading.format == format_ == sniff(data)
    assert (minutiae.kind[0], minutiae.x[0], minutiae.y[0]) == (VECTOR["kind"], VECTOR["x"], VECTOR["y"])
    assert minutiae.direction[0] / 65536 * 360 == pytest.approx(VECTOR["degrees"], abs=0.71)
    assert minutiae.quality[0] == round(2.55 * VECTOR["quality"])
    assert (template.width_px, template.height_px, template.quality) == (512, 512, 90)
    assert template.position is FingerPosition.LEFT_INDEX
    assert template.extractor == format_


def test_angles_are_exact_in_both_units() -> None:
    iso = only(records.iso_2005(records.short_view(*(records.minutia(1, 1, angle) for angle in range(255)))))
    incits = only(records.incits_2004(records.short_view(*(records.minutia(1, 1, a) for a in range(180)))))

    np.testing.assert_array_equal(iso.minutiae.direction, np.arange(255) * 256)
    np.testing.assert_array_equal(incits.minutiae.direction, np.rint(np.arange(180) * 65536 / 180))


@pytest.mark.parametrize("per_cm", [196, 197, 198])
def test_roundings_of_500_ppi_shift_nothing(per_cm: int) -> None:
    template = only(
        records.iso_2005(
            records.short_view(records.minutia(16383, 1000, 0)),
            per_cm=(per_cm, per_cm),
            size_px=(16383, 16383),
        )
    )

    assert (template.minutiae.x[0], template.minutiae.y[0]) == (16383, 1000)
    assert template.width_px == 16383


@pytest.mark.parametrize(("per_cm", "scale"), [(394, 0.5), (98, 2.0), (99, 2.0), (224, 500 / 2.54 / 224)])
def test_other_resolutions_are_brought_to_500_ppi(per_cm: int, scale: float) -> None:
    template = only(
        records.iso_2005(records.short_view(records.minutia(101, 201, 32)), per_cm=(per_cm, per_cm))
    )

    assert template.minutiae.x[0] == round(101 * scale)
    assert template.minutiae.y[0] == round(201 * scale)
    assert template.minutiae.direction[0] == 32 * 256
    assert template.width_px == round(512 * scale)


@pytest.mark.parametrize(
    ("angle", "degrees"), [(32, 26.57), (96, 153.43), (160, 206.57), (224, 333.43), (128, 180), (0, 0)]
)
def test_unequal_resolutions_turn_directions(angle: int, degrees: float) -> None:
    template = only(records.iso_2005(records.short_view(records.minutia(100, 100, angle)), per_cm=(197, 394)))

    assert (template.minutiae.x[0], template.minutiae.y[0]) == (100, 50)
    assert template.minutiae.direction[0] / 65536 * 360 == pytest.approx(degrees, abs=0.01)


def test_several_views_come_in_the_records_order() -> None:
    data = records.iso_2005(
        records.short_view(ISO_MINUTIA, position=7),
        records.short_view(ISO_MINUTIA, ISO_MINUTIA, position=7, number=1, impression=1),
        records.short_view(position=2),
    )

    reading = read_templates(data)

    assert reading.deviations == ()
    assert [template.position for template in reading.templates] == [7, 7, 2]
    assert [len(template.minutiae) for template in reading.templates] == [1, 2, 0]
    assert reading.templates[1].impression is Impression.LIVE_ROLLED


@pytest.mark.parametrize(
    "data",
    [
        records.iso_2005(
            records.short_view(
                ISO_MINUTIA, extended=records.RIDGE_COUNTS + records.ISO_CORES + records.VENDOR
            ),
            records.short_view(ISO_MINUTIA, position=2, extended=records.ISO_CORES),
        ),
        records.incits_2004(
            records.short_view(INCITS_MINUTIA, extended=records.INCITS_CORES + records.RIDGE_COUNTS),
            records.short_view(INCITS_MINUTIA, position=2, extended=records.VENDOR),
        ),
        records.iso_2011(
            records.iso_2011_view(ISO_MINUTIA, extended=records.ISO_CORES + records.VENDOR),
            records.iso_2011_view(ISO_MINUTIA, position=2, extended=records.RIDGE_COUNTS),
        ),
    ],
)
def test_extended_data_is_passed_over(data: bytes) -> None:
    reading = read_templates(data)

    assert reading.deviations == ()
    assert [len(template.minutiae) for template in reading.templates] == [1, 1]


def test_kinds_are_kept() -> None:
    data = records.iso_2005(records.short_view(*(records.minutia(9, 9, 0, kind) for kind in range(3))))

    assert only(data).minutiae.kind.tolist() == [
        MinutiaKind.OTHER,
        MinutiaKind.ENDING,
        MinutiaKind.BIFURCATION,
    ]


@pytest.mark.parametrize(("quality", "expected"), [(0, 0), (1, 3), (50, 127), (100, 255)])
def test_qualities_of_2005_are_percent_and_0_is_none(quality: int, expected: int) -> None:
    data = records.iso_2005(records.short_view(records.minutia(9, 9, 0, quality=quality)))

    assert only(data).minutiae.quality[0] == expected


@pytest.mark.parametrize(("quality", "expected"), [(0, 1), (100, 255), (254, 0), (255, 0)])
def test_qualities_of_2011_are_percent_and_254_and_255_are_none(quality: int, expected: int) -> None:
    data = records.iso_2011(records.iso_2011_view(records.minutia(9, 9, 0, quality=quality)))

    assert only(data).minutiae.quality[0] == expected


def test_minutiae_of_2011_may_have_no_quality() -> None:
    template = only(records.iso_2011(records.iso_2011_view(ISO_MINUTIA[:5], ISO_MINUTIA[:5])))

    assert template.minutiae.x.tolist() == [100, 100]
    assert template.minutiae.quality.tolist() == [0, 0]


@pytest.mark.parametrize(("qualities", "expected"), [((), None), ((255,), None), ((255, 71, 12), 71)])
def test_the_first_quality_that_was_computed_counts(qualities: tuple[int, ...], expected: int | None) -> None:
    assert only(records.iso_2011(records.iso_2011_view(ISO_MINUTIA, qualities=qualities))).quality == expected


@pytest.mark.parametrize("certifications", [0, 2])
def test_certifications_are_passed_over(certifications: int) -> None:
    view = records.iso_2011_view(ISO_MINUTIA, certifications=certifications)

    assert len(only(records.iso_2011(view, is_certified=True)).minutiae) == 1


@pytest.mark.parametrize(("quality", "expected"), [(0, None), (60, 60), (100, 100), (254, None), (255, None)])
def test_a_fingers_quality_may_be_unknown(quality: int, expected: int | None) -> None:
    assert only(records.iso_2005(records.short_view(ISO_MINUTIA, quality=quality))).quality == expected


@pytest.mark.parametrize(
    ("code", "impression"), [(0, 0), (3, 3), (8, 8), (9, 0), (20, 0), (21, 1), (24, 0), (27, 1), (29, 0)]
)
def test_later_impression_types_become_those_we_know(code: int, impression: int) -> None:
    data = records.incits_2009(records.incits_2009_view(INCITS_MINUTIA, impression=code))

    assert only(data).impression == impression


def test_a_large_record_of_incits_has_the_long_length() -> None:
    views = [
        records.short_view(*[INCITS_MINUTIA] * 255, position=2, number=number) for number in range(16)
    ] * 3
    data = records.incits_2004(*views, is_long=True)

    assert len(data) > 65536
    assert len(read_templates(data).templates) == 48


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(b"", "an empty file", id="empty"),
        pytest.param(b"FIR\x00010\x00", "finger images", id="finger-image-record"),
        pytest.param(b"IIR\x00020\x00", "iris images", id="iris-record"),
        pytest.param(b"FAC\x00010\x00", "face images", id="face-record"),
        pytest.param(b"FMR\x00040\x00", "version '040', which is not supported yet", id="later-version"),
        pytest.param(b"<BIR/>", "an XML file", id="xml"),
        pytest.param(b"\x89PNG", "no record known here", id="png"),
    ],
)
def test_other_files_are_named(data: bytes, found: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_templates(data, where="kept.fmr")

    assert found in caught.value.found
    assert str(caught.value).startswith("kept.fmr: ")


@pytest.mark.parametrize("read", [iso19794_2.read, incits378.read])
@pytest.mark.parametrize("version", [b"015\0", b"\xff\xff\xff\0"])
def test_another_edition_is_named(read: object, version: bytes) -> None:
    assert callable(read)

    with pytest.raises(RecordError, match="not supported yet"):
        read(b"FMR\0" + version + bytes(20), where="kept.fmr")


@pytest.mark.parametrize(("format_", "data"), EACH_STANDARD)
def test_every_cut_is_refused(format_: RecordFormat, data: bytes) -> None:
    for length in range(len(data)):
        with pytest.raises(RecordError):
            read_templates(data[:length])


def test_a_record_without_fingers_is_refused() -> None:
    with pytest.raises(RecordError, match="no finger"):
        read_templates(records.iso_2005())


def test_an_image_beyond_the_largest_is_refused() -> None:
    with pytest.raises(RecordError, match="32766 x 1024 px"):
        read_templates(
            records.iso_2005(records.short_view(ISO_MINUTIA), size_px=(16383, 512), per_cm=(98, 98))
        )


def test_a_count_beyond_the_data_is_refused() -> None:
    data = bytearray(records.iso_2005(records.short_view(ISO_MINUTIA)))
    data[27] = 255

    with pytest.raises(RecordError, match="its minutiae"):
        read_templates(bytes(data))


def test_more_views_than_allowed_are_refused() -> None:
    views = [records.short_view(position=index % 10 + 1, number=index // 10 % 16) for index in range(177)]

    with pytest.raises(RecordError, match="177 finger views"):
        iso19794_2.read(records.iso_2005(*views))


def test_minutiae_of_another_size_are_refused() -> None:
    data = bytearray(records.iso_2011(records.iso_2011_view(ISO_MINUTIA)))
    data[-2 - 6 - 2] = 7 << 4

    with pytest.raises(RecordError, match="minutiae of 7 bytes"):
        iso19794_2.read(bytes(data))
