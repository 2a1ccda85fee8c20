"""How useful an image is for recognition: one number, and reasons that a person can act on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from musterpoint.extraction.ridges import Ridges
    from musterpoint.templates import Minutiae

SEARCH_FLOOR: Final = 35
"""Score below which a search that finds nobody is not trusted; the figures are in
`docs/explanation/quality.md`."""


class QualityReason(StrEnum):
    """Why an image is worse than it could be, the most certain reason first."""

    RESOLUTION_DOUBTFUL = "resolution-doubtful"
    BLURRED = "blurred"
    TOO_SMALL = "too-small"
    CUT_OFF = "cut-off"
    TOO_WET = "too-wet"
    TOO_DRY = "too-dry"
    NO_RIDGES = "no-ridges"

    @property
    def words(self) -> str:
        """What is wrong, as a sentence without its full stop."""
        return _WORDS[self][0]

    @property
    def advice(self) -> str:
        """What to do about it, as a sentence without its full stop."""
        return _WORDS[self][1]


_WORDS: Final = {
    QualityReason.RESOLUTION_DOUBTFUL: (
        "The ridges are too close together or too far apart for the stated resolution",
        "Check the resolution of this image",
    ),
    QualityReason.BLURRED: (
        "The ridges are blurred",
        "Clean the sensor and hold the finger still",
    ),
    QualityReason.TOO_SMALL: (
        "Only a small part of the finger can be used",
        "Lay the finger flat, so that its whole pad touches the sensor",
    ),
    QualityReason.CUT_OFF: (
        "The print is cut off at the edge of the image",
        "Put the finger in the middle of the sensor",
    ),
    QualityReason.TOO_WET: (
        "The ridges run together, as with a wet finger or hard pressure",
        "Dry the finger and the sensor, and press less",
    ),
    QualityReason.TOO_DRY: (
        "The ridges are broken or faint, as with a dry finger or light pressure",
        "Press a little harder or moisten the finger",
    ),
    QualityReason.NO_RIDGES: (
        "Few ridges can be followed with certainty",
        "Clean the finger and the sensor, or use another finger",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRules:
    """Bounds of the score and of the reasons, with what was seen on 400 prints of five sensors.

    certainty_scale    certain minutiae at which the first factor of the score reaches 63 %
    good               score from which on only a doubtful resolution is mentioned; the median is 74
    poor               score below which at least one reason is given; 5 % of the prints
    period_min_px, period_max_px  all prints lie in 6.3..11.4
    area_of_period_mm2  ridges that are needed for a trustworthy period; a usable print has 15 and more
    sharpness_min      all prints lie above 0.80; a Gaussian blur of 2 px brings them to 0.57..0.86
    area_min_mm2       5 % of the prints lie below 57; the median is 133
    contact_min        share of the rows (columns) of ridges that touch one side of the image, and
    contact_max        at most so much on the side opposite: else the sensor is smaller than the finger
    darkness_max       prints known to be wet lie in 0.57..0.71; the median is 0.45
    darkness_dry_max, clarity_dry_max  prints known to be dry: 0.31..0.51 and 0.46..0.77, half of them below
                       both bounds; the medians are 0.45 and 0.65
    contrast_min       grey levels; the faintest print has 29, the median is 93
    certain_share_min  2 % of the prints lie below 0.59; the median is 0.89
    """

    certainty_scale: float = 15.0
    good: int = 65
    poor: int = 40
    period_min_px: float = 6.0
    period_max_px: float = 13.0
    area_of_period_mm2: float = 20.0
    sharpness_min: float = 0.78
    area_min_mm2: float = 60.0
    contact_min: float = 0.5
    contact_max: float = 0.2
    darkness_max: float = 0.60
    darkness_dry_max: float = 0.44
    clarity_dry_max: float = 0.60
    contrast_min: float = 28.0
    certain_share_min: float = 0.6


RULES: Final = QualityRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """Quality of one image.

    score     0..100; not an NFIQ 2 score
    reasons   the most certain one first; empty where the score is good
    measures  every figure that score and reasons rest on, by name
    """

    score: int
    reasons: tuple[QualityReason, ...]
    measures: Mapping[str, float]

    @property
    def is_searchable(self) -> bool:
        """Whether a search that finds nobody means something."""
        return self.score >= SEARCH_FLOOR


def assess(minutiae: Minutiae, ridges: Ridges, rules: QualityRules = RULES) -> QualityReport:
    """Quality of the image that these minutiae and ridges were found in."""
    measures = _of_minutiae(minutiae) | _of_ridges(ridges) | _of_frame(ridges)
    total = score(minutiae, rules)
    reasons = tuple(reason for reason in QualityReason if _holds(reason, measures, total, rules))
    if not reasons and total < rules.poor:
        reasons = (QualityReason.NO_RIDGES,)
    return QualityReport(score=total, reasons=reasons, measures=MappingProxyType(measures))


def score(minutiae: Minutiae, rules: QualityRules = RULES) -> int:
    """Many certain minutiae and few doubtful ones, which is what a comparison can rest on: 0..100."""
    measures = _of_minutiae(minutiae)
    amount = 1 - math.exp(-measures["certainty"] / rules.certainty_scale)
    return round(100 * amount * measures["certain_share"])


def _holds(reason: QualityReason, measures: Mapping[str, float], score: int, rules: QualityRules) -> bool:
    has_ridges = measures["ridge_area_mm2"] > 0
    if reason is QualityReason.RESOLUTION_DOUBTFUL:
        period = measures["ridge_period_px"]
        is_measured = measures["ridge_area_mm2"] >= rules.area_of_period_mm2
        return is_measured and not rules.period_min_px <= period <= rules.period_max_px
    if score >= rules.good:
        return False
    match reason:
        case QualityReason.BLURRED:
            return has_ridges and measures["sharpness"] < rules.sharpness_min
        case QualityReason.TOO_SMALL:
            return measures["ridge_area_mm2"] < rules.area_min_mm2
        case QualityReason.CUT_OFF:
            return _is_cut_off(measures, rules)
        case QualityReason.TOO_WET:
            return measures["ridge_darkness"] > rules.darkness_max
        case QualityReason.TOO_DRY:
            is_broken = (
                measures["ridge_darkness"] < rules.darkness_dry_max
                and measures["clarity"] < rules.clarity_dry_max
            )
            return has_ridges and (is_broken or measures["contrast"] < rules.contrast_min)
        case QualityReason.NO_RIDGES:
            return measures["certain_share"] < rules.certain_share_min
    return False


def _is_cut_off(measures: Mapping[str, float], rules: QualityRules) -> bool:
    sides = (("left", "right"), ("right", "left"), ("top", "bottom"))
    # A finger reaches out at the bottom anyway.
    return any(
        measures[f"contact_{side}"] >= rules.contact_min
        and measures[f"contact_{opposite}"] <= rules.contact_max
        for side, opposite in sides
    )


def _of_minutiae(minutiae: Minutiae) -> dict[str, float]:
    quality = minutiae.quality.astype(np.float64) / 255
    certain = quality[quality >= 0.6]
    plausible = int((quality >= 0.3).sum())
    return {
        "minutiae": float(len(minutiae)),
        "certain_minutiae": float(len(certain)),
        "certainty": float(np.clip(2 * (certain - 0.5), 0, 1).sum()),
        "certain_share": len(certain) / plausible if plausible else 0.0,
    }


def _of_ridges(ridges: Ridges) -> dict[str, float]:
    inside = ridges.is_ridge
    measures = {"ridge_area_mm2": ridges.area_mm2}
    for name, field in (
        ("ridge_period_px", ridges.period_px),
        ("contrast", ridges.contrast),
        ("ridge_darkness", ridges.darkness),
        ("clarity", ridges.clarity),
        ("sharpness", ridges.sharpness),
    ):
        measures[name] = float(np.median(field[inside])) if inside.any() else 0.0
    return measures


def _of_frame(ridges: Ridges) -> dict[str, float]:
    """Share of the rows (columns) with ridges that have some within 32 px of a side of the image."""
    inside = ridges.is_ridge
    rows, columns = max(int(inside.any(axis=1).sum()), 1), max(int(inside.any(axis=0).sum()), 1)
    return {
        "contact_left": float(inside[:, :2].any(axis=1).sum() / rows),
        "contact_right": float(inside[:, -2:].any(axis=1).sum() / rows),
        "contact_top": float(inside[:2].any(axis=0).sum() / columns),
        "contact_bottom": float(inside[-2:].any(axis=0).sum() / columns),
    }
