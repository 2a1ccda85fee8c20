"""The score follows what a comparison needs, and every poor image says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter
from tests.extraction.drawing import draw_finger, scattered

from musterpoint.extraction import SEARCH_FLOOR, QualityReason, quality, ridges
from musterpoint.extraction.ridges import Ridges
from musterpoint.templates import Minutiae


def _minutiae(*qualities: float) -> Minutiae:
    count = len(qualities)
    return Minutiae(
        x=np.arange(count, dtype=np.int16),
        y=np.arange(count, dtype=np.int16),
        direction=np.zeros(count, np.uint16),
        kind=np.ones(count, np.uint8),
        quality=np.array([round(255 * value) for value in qualities], np.uint8),
    )


def _ridges(**changes: Any) -> Ridges:
    """A well placed print in the middle of 20x20 blocks."""
    values = {"period_px": 9.0, "contrast": 120.0, "darkness": 0.46, "clarity": 0.7, "sharpness": 1.0}
    inside = np.zeros((20, 20), np.bool_)
    inside[3:18, 4:16] = True
    inside = changes.pop("is_ridge", inside)
    fields = {name: np.full((20, 20), changes.get(name, value), np.float32) for name, value in values.items()}
    return Ridges(is_ridge=inside, **fields)


POOR = (0.9,) * 15 + (0.4,) * 3


def test_certain_minutiae_raise_the_score_and_doubtful_ones_lower_it() -> None:
    few = quality.assess(_minutiae(*[0.9] * 10), _ridges()).score
    many = quality.assess(_minutiae(*[0.9] * 40), _ridges()).score
    doubtful = quality.assess(_minutiae(*[0.9] * 40, *[0.4] * 40), _ridges()).score
    assert many > few > 0
    assert doubtful < many


def test_no_minutiae_at_all_score_nothing() -> None:
    report = quality.assess(Minutiae.empty(), _ridges())
    assert report.score == 0
    assert not report.is_searchable
    assert report.reasons


def test_a_good_print_has_no_reasons() -> None:
    report = quality.assess(_minutiae(*[0.95] * 40), _ridges())
    assert report.score >= 65
    assert report.reasons == ()


def _at_the_left_edge() -> np.ndarray[Any, np.dtype[np.bool_]]:
    inside = np.zeros((20, 20), np.bool_)
    inside[3:18, :10] = True
    return inside


def _small() -> np.ndarray[Any, np.dtype[np.bool_]]:
    inside = np.zeros((20, 20), np.bool_)
    inside[6:12, 6:12] = True
    return inside


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_ridge": _small()}, QualityReason.TOO_SMALL),
        ({"is_ridge": _at_the_left_edge()}, QualityReason.CUT_OFF),
        ({"darkness": 0.36, "clarity": 0.5}, QualityReason.TOO_DRY),
        ({"contrast": 20.0}, QualityReason.TOO_DRY),
        ({"darkness": 0.68}, QualityReason.TOO_WET),
        ({"sharpness": 0.6}, QualityReason.BLURRED),
        ({"period_px": 4.9}, QualityReason.RESOLUTION_DOUBTFUL),
        ({"period_px": 14.5}, QualityReason.RESOLUTION_DOUBTFUL),
    ],
)
def test_each_fault_gives_its_reason_alone(changes: dict[str, Any], reason: QualityReason) -> None:
    assert quality.assess(_minutiae(*POOR), _ridges(**changes)).reasons == (reason,)
    assert quality.assess(_minutiae(*POOR), _ridges()).reasons == ()


def test_a_print_of_doubtful_minutiae_has_no_ridges_to_follow() -> None:
    report = quality.assess(_minutiae(*[0.8] * 6, *[0.4] * 9), _ridges())
    assert report.reasons == (QualityReason.NO_RIDGES,)


def test_a_doubtful_resolution_is_told_even_of_a_good_print() -> None:
    report = quality.assess(_minutiae(*[0.95] * 60), _ridges(period_px=4.8))
    assert report.reasons == (QualityReason.RESOLUTION_DOUBTFUL,)


@pytest.mark.parametrize("reason", QualityReason)
def test_every_reason_says_what_is_wrong_and_what_to_do(reason: QualityReason) -> None:
    assert reason.words[0].isupper()
    assert reason.advice[0].isupper()
    assert not (reason.words + reason.advice).endswith(".")


def test_scores_below_the_floor_are_not_searchable() -> None:
    scores = {
        report.score: report.is_searchable
        for report in (quality.assess(_minutiae(*[0.9] * count), _ridges()) for count in range(40))
    }
    assert all(is_searchable == (score >= SEARCH_FLOOR) for score, is_searchable in scores.items())
    assert set(scores.values()) == {True, False}


def test_measures_cannot_be_changed() -> None:
    report = quality.assess(_minutiae(*POOR), _ridges())
    with pytest.raises(TypeError):
        report.measures["certainty"] = 1.0  # type: ignore[index]


def test_a_blurred_print_is_called_blurred() -> None:
    y, x = np.mgrid[:400, :320]
    pressure = 35 * np.sin(x / 11) * np.sin(y / 13)
    uneven = np.clip(draw_finger(320, 400, scattered()) + pressure, 0, 255).astype(np.uint8)
    blurred = np.asarray(Image.fromarray(uneven).filter(ImageFilter.GaussianBlur(3)))
    assert quality.assess(_minutiae(*POOR), ridges.measure(uneven)).reasons == ()
    assert quality.assess(_minutiae(*POOR), ridges.measure(blurred)).reasons == (QualityReason.BLURRED,)


def test_a_print_at_half_the_stated_resolution_is_doubted() -> None:
    half = draw_finger(240, 300, scattered(240, 300), period_px=4.7)
    report = quality.assess(_minutiae(*POOR), ridges.measure(half))
    assert QualityReason.RESOLUTION_DOUBTFUL in report.reasons
