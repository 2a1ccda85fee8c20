"""In what the standards for finger minutiae records differ once the header is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from musterpoint.interchange.values import RecordFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the fields of a finger view are to be understood.

    angle_step        1/65536 turn for one unit of a minutia's angle
    angle_max         largest allowed angle in units
    quality_absent    codes of a quality that was not computed
    is_flag_per_point whether each core and delta says by itself if it has angles
    """

    format: RecordFormat
    angle_step: float
    angle_max: int
    quality_absent: frozenset[int]
    is_flag_per_point: bool


ISO_ANGLE_STEP: Final = 256.0
"""360/256 degrees."""

INCITS_ANGLE_STEP: Final = 65536 / 180
"""2 degrees."""

_UNREPORTED: Final = frozenset({0})
_NOT_COMPUTED_OR_FAILED: Final = frozenset({254, 255})

ISO_2005: Final = Dialect(
    format=RecordFormat.ISO_19794_2_2005,
    angle_step=ISO_ANGLE_STEP,
    angle_max=255,
    quality_absent=_UNREPORTED,
    is_flag_per_point=True,
)
ISO_2011: Final = Dialect(
    format=RecordFormat.ISO_19794_2_2011,
    angle_step=ISO_ANGLE_STEP,
    angle_max=255,
    quality_absent=_NOT_COMPUTED_OR_FAILED,
    is_flag_per_point=True,
)
INCITS_2004: Final = Dialect(
    format=RecordFormat.INCITS_378_2004,
    angle_step=INCITS_ANGLE_STEP,
    angle_max=179,
    quality_absent=_UNREPORTED,
    is_flag_per_point=False,
)
INCITS_2009: Final = Dialect(
    format=RecordFormat.INCITS_378_2009,
    angle_step=INCITS_ANGLE_STEP,
    angle_max=179,
    quality_absent=_NOT_COMPUTED_OR_FAILED,
    is_flag_per_point=False,
)
