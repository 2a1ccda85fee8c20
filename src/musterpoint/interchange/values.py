"""What reading a record gives: its templates, and where it strayed from its standard."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from musterpoint.templates import Template


class RecordFormat(StrEnum):
    """Records of finger minutiae that are read."""

    ISO_19794_2_2005 = "ISO/IEC 19794-2:2005"
    ISO_19794_2_2011 = "ISO/IEC 19794-2:2011"
    INCITS_378_2004 = "INCITS 378-2004"
    INCITS_378_2009 = "INCITS 378-2009"


class DeviationCode(StrEnum):
    """Ways in which real records stray from their standard and are read all the same."""

    ANGLE_UNIT = "angle-unit"
    DIALECT = "dialect"
    EXTENDED_BROKEN = "extended-broken"
    EXTENDED_LENGTH = "extended-length"
    FINGER_QUALITY = "finger-quality"
    IMAGE_SIZE = "image-size"
    IMPRESSION = "impression"
    MINUTIA_KIND = "minutia-kind"
    MINUTIA_QUALITY = "minutia-quality"
    OUTSIDE_IMAGE = "outside-image"
    POSITION = "position"
    RECORD_LENGTH = "record-length"
    REPRESENTATION_LENGTH = "representation-length"
    RESERVED_BITS = "reserved-bits"
    RESOLUTION = "resolution"
    TRAILING_BYTES = "trailing-bytes"
    VERSION = "version"
    VIEW_NUMBER = "view-number"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One of them.

    offset  where in the record, in bytes
    found   what stands there
    used    what was taken instead
    """

    code: DeviationCode
    offset: int
    found: str
    used: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The templates of a record, one a finger view, in the record's order."""

    format: RecordFormat
    templates: tuple[Template, ...]
    deviations: tuple[Deviation, ...]
