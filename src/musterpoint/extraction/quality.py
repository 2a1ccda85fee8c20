"""How useful an image is for recognition: one number, and reasons that a person can act on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from musterpoint.templates import Minutiae

SEARCH_FLOOR: Final = 35
"""Score below which a search that finds nobody is not trusted."""


class QualityReason(StrEnum):
    """Why an image is worse than it could be."""

    TOO_SMALL = "too-small"
    TOO_DRY = "too-dry"
    TOO_WET = "too-wet"
    CUT_OFF = "cut-off"
    BLURRED = "blurred"
    NO_RIDGES = "no-ridges"
    RESOLUTION_DOUBTFUL = "resolution-doubtful"

    @property
    def words(self) -> str:
        """What is wrong, as a short sentence without its full stop."""
        return _WORDS[self][0]

    @property
    def advice(self) -> str:
        """What to do about it, as a sentence without its full stop."""
        return _WORDS[self][1]


_WORDS: Final = {
    QualityReason.TOO_SMALL: (
        "Only a small part of the finger is visible",
        "Lay the finger flat, so that its whole pad touches the sensor",
    ),
    QualityReason.TOO_DRY: (
        "The ridges are broken, as with a dry finger or light pressure",
        "Press a little harder or moisten the finger",
    ),
    QualityReason.TOO_WET: (
        "The ridges run together, as with a wet finger or hard pressure",
        "Dry the finger and the sensor, and press less",
    ),
    QualityReason.CUT_OFF: (
        "The print is cut off at the edge of the image",
        "Put the finger in the middle of the sensor",
    ),
    QualityReason.BLURRED: (
        "The ridges are blurred",
        "Clean the sensor and hold the finger still",
    ),
    QualityReason.NO_RIDGES: (
        "Hardly any ridges can be followed",
        "Clean the finger and the sensor, or try another finger",
    ),
    QualityReason.RESOLUTION_DOUBTFUL: (
        "The distance between ridges is unusual for a finger at the stated resolution",
        "Check the resolution that was stated for this image",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """Quality of one image.

    score     0..100; not an NFIQ 2 score
    reasons   in the order of their weight; may be empty
    measures  every figure that score and reasons rest on, by name
    """

    score: int
    reasons: tuple[QualityReason, ...]
    measures: Mapping[str, float]

    @property
    def is_searchable(self) -> bool:
        """Whether a search that finds nobody means something."""
        return self.score >= SEARCH_FLOOR


def assess(minutiae: Minutiae) -> QualityReport:
    """Quality from the minutiae: many certain ones and few doubtful ones."""
    quality = minutiae.quality.astype(np.float64) / 255
    certain = quality[quality >= 0.6]
    certainty = float(np.clip(2 * (certain - 0.5), 0, 1).sum())
    plausible = int((quality >= 0.3).sum())
    share = len(certain) / plausible if plausible else 0.0
    measures = {"certain_minutiae": float(len(certain)), "certainty": certainty, "certain_share": share}
    score = round(100 * (1 - math.exp(-certainty / 15)) * share)
    return QualityReport(score=score, reasons=(), measures=MappingProxyType(measures))
