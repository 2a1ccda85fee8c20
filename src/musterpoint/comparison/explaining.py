"""What a comparison rests on, stage by stage: for people who decide, and for pictures.

The stages carry stable names: minutiae, alignment, overlap, pairs, alone, cohort, rate. The shares say how
many nats each kind of evidence adds to the score or takes off it, beside what different fingers show on
average; with the start, which is about what they score, they sum to the score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.comparison.calibration import (
    SUPPORTED_RATE_MIN,
    LikelihoodRatio,
    false_match_rate,
    is_extrapolated,
    likelihood_ratio,
)
from musterpoint.comparison.comparing import Alignment, Comparison, Evidence, compare
from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.normalisation import CENTRE
from musterpoint.comparison.outlines import Outline, common, grown_hull
from musterpoint.comparison.prepared import Prepared

if TYPE_CHECKING:
    from musterpoint.comparison import kernels_coverage
else:
    kernels_coverage = _compiled.load("musterpoint.comparison.kernels_coverage")

GOOD_QUALITY: Final = 153
"""In 1/255: a minutia of this quality that the other impression should show speaks against."""

COMMON_RATE: Final = 0.1
"""From here on a rate is only said to be high."""

LEAST_RATE: Final = 1e-9
"""A lower rate is only said to be lower."""

_MM: Final = 25.4 / 500

SHARES: Final = {
    "pairs": (
        "matched_log",
        "matched_share",
        "agreement",
        "similarity_log",
    ),
    "fit": ("residual", "connected_share", "directions_alike"),
    "alone": ("unmatched", "unmatched_lesser"),
    "area": ("shared_area_log",),
    "cohort": ("cohort",),
}
"""Kinds of evidence, and the inputs of the score that each is made of."""

SHARE_WORDS: Final = {
    "pairs": "how many pairs, and how alike",
    "fit": "how well they fit",
    "alone": "how few are without a partner",
    "area": "how much both show",
    "cohort": "how unlike strangers they look",
    "start": "start: what strangers score",
}

Facts = dict[str, float | int | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a comparison.

    name   stable
    words  one or two sentences for people
    facts  the figures in them, by stable names with their units
    """

    name: str
    words: str
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one kind of evidence adds to the score: above 0 for one finger, below 0 against it."""

    name: str
    words: str
    millinats: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """A comparison, and what it rests on.

    shares             largest for first; they sum to the score
    alone              places in the probe's and in the reference's template of good minutiae that the other
                       impression should show and does not
    overlap            corners of the area that both show, in pixels of the probe, and of the reference;
                       empty where nothing was laid over each other
    """

    comparison: Comparison
    stages: tuple[Stage, ...]
    shares: tuple[Share, ...]
    alone: tuple[tuple[int, ...], tuple[int, ...]]
    overlap: tuple[Outline, Outline]


def explain(probe: Prepared, reference: Prepared) -> Explanation:
    """Compare two prepared templates and say what the score rests on."""
    comparison = compare(probe, reference)
    minutiae = _minutiae(probe, reference)
    alignment, evidence = comparison.alignment, comparison.evidence
    if alignment is None or evidence is None:
        nothing = Stage(name="pairs", words="No minutiae fit together.", facts={"pairs": 0})
        return Explanation(
            comparison=comparison,
            stages=(minutiae, nothing),
            shares=(),
            alone=((), ()),
            overlap=((), ()),
        )
    alone = (
        _alone(probe, comparison.pairs[:, 0], alignment, reference),
        _alone(reference, comparison.pairs[:, 1], alignment.inverse(), probe),
    )
    return Explanation(
        comparison=comparison,
        stages=(
            minutiae,
            _alignment(alignment),
            _overlap(evidence),
            _pairs(evidence),
            _lonely(alone),
            _cohort(probe, reference, evidence),
            _rate(comparison.score),
        ),
        shares=_shares(evidence, comparison.score),
        alone=alone,
        overlap=_area(probe, reference, alignment),
    )


def _minutiae(probe: Prepared, reference: Prepared) -> Stage:
    return Stage(
        name="minutiae",
        words=f"{_minutiae_of(len(probe))} of the probe and {len(reference)} of the reference are used.",
        facts={"probe": len(probe), "reference": len(reference)},
    )


def _alignment(alignment: Alignment) -> Stage:
    degrees = (alignment.rotation / 65536 * 360 + 180) % 360 - 180
    shift_mm = _MM * math.hypot(alignment.shift_x_px, alignment.shift_y_px)
    side = "counter-clockwise" if degrees > 0 else "clockwise"
    whole = abs(round(degrees))
    unit = "degree" if whole == 1 else "degrees"
    turned = f"turned by {whole} {unit} {side}" if whole else "not turned"
    return Stage(
        name="alignment",
        words=f"To lie over the reference the probe is {turned} and moved by {shift_mm:.1f} mm.",
        facts={"rotation_degrees": round(degrees, 1), "shift_mm": round(shift_mm, 2)},
    )


def _overlap(evidence: Evidence) -> Stage:
    words = (
        f"Both show the same {evidence.shared_area_mm2:.0f} mm², with {_minutiae_of(evidence.probe_overlap)} "
        f"of the probe and {evidence.reference_overlap} of the reference."
    )
    return Stage(
        name="overlap",
        words=words,
        facts={
            "area_mm2": round(evidence.shared_area_mm2, 1),
            "probe": evidence.probe_overlap,
            "reference": evidence.reference_overlap,
        },
    )


def _pairs(evidence: Evidence) -> Stage:
    pairs = "1 pair fits" if evidence.matched == 1 else f"{evidence.matched} pairs fit"
    words = (
        f"{pairs} together, {_MM * evidence.residual_px:.2f} mm apart after stretching; "
        f"{100 * evidence.connected:.0f} % of neighbouring pairs lie alike in both."
    )
    return Stage(
        name="pairs",
        words=words,
        facts={
            "pairs": evidence.matched,
            "distance_mm": round(_MM * evidence.residual_px, 3),
            "similarity": round(evidence.similarity, 3),
            "connected": round(evidence.connected, 3),
        },
    )


def _lonely(alone: tuple[Sequence[int], Sequence[int]]) -> Stage:
    first, second = (len(some) for some in alone)
    return Stage(
        name="alone",
        words=f"{_minutiae_of(first, 'clear ')} of the probe and {second} of the reference lie where the "
        "other impression shows none like them.",
        facts={"probe": first, "reference": second},
    )


def _cohort(probe: Prepared, reference: Prepared, evidence: Evidence) -> Stage:
    taken = -evidence.contributions["cohort"]
    usual = (probe.cohort_mean + reference.cohort_mean) / 2 - CENTRE
    if abs(taken) < 100:
        words = "Against strangers both impressions score as impressions usually do."
    elif taken > 0:
        words = f"These impressions look more like strangers' than usual, so {taken / 1000:.1f} is taken off."
    else:
        words = f"These impressions look less like strangers' than usual, so {-taken / 1000:.1f} is added."
    return Stage(
        name="cohort",
        words=words,
        facts={
            "probe_millinats": probe.cohort_mean,
            "reference_millinats": reference.cohort_mean,
            "above_usual_millinats": round(usual),
            "taken_off_millinats": taken,
        },
    )


def _rate(score: int) -> Stage:
    rate, ratio = false_match_rate(score), likelihood_ratio(score)
    beyond = is_extrapolated(score)
    if beyond:
        words = (
            f"Fewer than {_one_in(SUPPORTED_RATE_MIN)} comparisons of different fingers reach this; how many "
            f"fewer is extrapolated: {_one_in(rate)}."
        )
    elif rate >= COMMON_RATE:
        words = "Many comparisons of different fingers reach this."
    else:
        words = f"At most {_one_in(rate)} comparisons of different fingers reach this."
    return Stage(
        name="rate",
        words=f"{words} Log-likelihood ratio {ratio.nats:.1f} nats, {_weight(ratio)}.",
        facts={
            "false_match_rate": rate,
            "is_extrapolated": beyond,
            "log_likelihood_ratio_nats": round(ratio.nats, 2),
            "is_capped": ratio.is_capped,
        },
    )


def _weight(ratio: LikelihoodRatio) -> str:
    if not ratio.is_capped:
        return "its weight"
    return f"the {'most' if ratio.nats > 0 else 'least'} that one finger counts"


def _minutiae_of(count: int, how: str = "") -> str:
    return f"{count} {how}{'minutia' if count == 1 else 'minutiae'}"


def _one_in(rate: float) -> str:
    if rate < LEAST_RATE:
        return f"fewer than {_one_in(LEAST_RATE)}"
    digits = max(0, math.floor(-math.log10(rate)) - 1)
    return f"one in {round(1 / rate / 10**digits) * 10**digits:,}"


def _shares(evidence: Evidence, score: int) -> tuple[Share, ...]:
    given = evidence.contributions
    shares = [
        Share(name=name, words=SHARE_WORDS[name], millinats=sum(given[one] for one in inputs))
        for name, inputs in SHARES.items()
    ]
    start = score - sum(share.millinats for share in shares)
    shares.sort(key=lambda share: -share.millinats)
    return (*shares, Share(name="start", words=SHARE_WORDS["start"], millinats=start))


def _alone(
    one: Prepared, paired: npt.NDArray[np.int32], alignment: Alignment, other: Prepared
) -> tuple[int, ...]:
    x = one.points[:, 0].astype(np.float64) + one.origin[0]
    y = one.points[:, 1].astype(np.float64) + one.origin[1]
    there_x, there_y = alignment.apply(x, y)
    found = []
    for k in range(len(one)):
        place = int(one.source[k])
        is_shown = kernels_coverage.is_covered(
            other.coverage, round(there_x[k]) - other.origin[0], round(there_y[k]) - other.origin[1]
        )
        if is_shown and one.points[k, 3] >= GOOD_QUALITY and place not in paired:
            found.append(place)
    return tuple(sorted(found))


def _area(probe: Prepared, reference: Prepared, alignment: Alignment) -> tuple[Outline, Outline]:
    margin = GEOMETRY.coverage_margin_px
    mine = grown_hull(_places(probe), margin)
    theirs = grown_hull(_places(reference), margin)
    shared = common(mine, _moved(theirs, alignment.inverse()))
    return shared, _moved(shared, alignment)


def _places(one: Prepared) -> list[tuple[float, float]]:
    return [(float(x) + one.origin[0], float(y) + one.origin[1]) for x, y in one.points[:, :2].tolist()]


def _moved(outline: Outline, alignment: Alignment) -> Outline:
    if not outline:
        return ()
    x, y = alignment.apply(*np.array(outline, np.float64).T)
    return tuple(zip(x.tolist(), y.tolist(), strict=True))
