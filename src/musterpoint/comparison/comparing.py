"""Compares two prepared templates and says what the score rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.comparison.kernels_geometry import GEOMETRY
from musterpoint.comparison.normalisation import NOT_COMPARABLE, normalised
from musterpoint.comparison.parameters import INPUT_NAMES, parameters
from musterpoint.comparison.prepared import Prepared
from musterpoint.errors import NotCapturable

if TYPE_CHECKING:
    from musterpoint.comparison import kernels, kernels_score
else:
    kernels = _compiled.load("musterpoint.comparison.kernels")
    kernels_score = _compiled.load("musterpoint.comparison.kernels_score")

COMPARATOR_VERSION = f"2.{parameters().version}"
"""Scores and thresholds of different versions must not be mixed."""

ITSELF_MIN: Final = 0
"""Milli-nats. Five minutiae that lie side by side score 1,700 or more with themselves; those that lie at one
place, and fewer than three, score -30,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """The rigid motion that lays the probe over the reference.

    rotation              1/65536 turn, counter-clockwise as seen, in steps of 256
    centre_x, centre_y    pixels of the probe, turned about
    shift_x_px, shift_y_px  what is added after turning
    """

    rotation: int
    centre_x: float
    centre_y: float
    shift_x_px: float
    shift_y_px: float

    def apply(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Places of the reference's image for places of the probe's, in pixels, y down."""
        angle = -2 * math.pi * self.rotation / 65536
        dx, dy = x - self.centre_x, y - self.centre_y
        turned_x = math.cos(angle) * dx - math.sin(angle) * dy
        turned_y = math.sin(angle) * dx + math.cos(angle) * dy
        return turned_x + self.centre_x + self.shift_x_px, turned_y + self.centre_y + self.shift_y_px

    def inverse(self) -> Alignment:
        """The motion that lays the reference over the probe."""
        return Alignment(
            rotation=-self.rotation & 65535,
            centre_x=self.centre_x + self.shift_x_px,
            centre_y=self.centre_y + self.shift_y_px,
            shift_x_px=-self.shift_x_px,
            shift_y_px=-self.shift_y_px,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a score rests on, for an explanation in words.

    matched               pairs of minutiae laid over each other
    probe_overlap         minutiae of the probe whose place the reference shows
    reference_overlap     minutiae of the reference whose place the probe shows
    similarity            mean similarity of the matched pairs' neighbourhoods, 0..2, typically 0.1..0.6
    residual_px           root mean square distance of the matched pairs after elastic alignment
    connected             share of neighbouring pairs with the same distance vector in both, 0..1
    shared_area_mm2       area that both impressions show
    contributions         milli-nats that each input and the cohort add to the score, by name; with the
                          intercept they sum to the score up to rounding
    """

    matched: int
    probe_overlap: int
    reference_overlap: int
    similarity: float
    residual_px: float
    connected: float
    shared_area_mm2: float
    contributions: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """The outcome of comparing two templates.

    score      milli-nats, roughly the logarithm of the likelihood ratio; -30000 = nothing to compare
    pairs      int32 (k, 2), read-only: matched minutiae, places in the probe's and the reference's template
    alignment  the motion that lays the probe over the reference, or None where nothing was matched
    evidence   what the score rests on, or None likewise
    """

    score: int
    pairs: npt.NDArray[np.int32]
    alignment: Alignment | None
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the kernel tells of two templates in canonical order, see `kernels.score_rows`."""

    score: int
    partner: npt.NDArray[np.int32]
    sums: npt.NDArray[np.float64]
    motion: npt.NDArray[np.float64]


def compare(probe: Prepared, reference: Prepared) -> Comparison:
    """Compare two prepared templates; the score does not depend on which is which."""
    is_swapped = bool(kernels.comes_second(probe.points, reference.points))
    a, b = (reference, probe) if is_swapped else (probe, reference)
    outcome = _run(a, b, parameters().weights)
    if outcome.score == NOT_COMPARABLE:
        pairs = _sealed(np.empty((0, 2), np.int32))
        return Comparison(score=NOT_COMPARABLE, pairs=pairs, alignment=None, evidence=None)
    score = int(normalised(np.array(outcome.score, np.int32), a.cohort_mean, b.cohort_mean))
    i = np.flatnonzero(outcome.partner[: len(a)] >= 0)
    pairs = np.stack((a.source[i], b.source[outcome.partner[i]]), axis=1)
    return Comparison(
        score=score,
        pairs=_sealed(np.ascontiguousarray(pairs[:, ::-1]) if is_swapped else pairs),
        alignment=_alignment(outcome.motion, a, b, is_swapped),
        evidence=_evidence(outcome.sums, is_swapped, by_cohort=score - outcome.score),
    )


def finds_itself(one: Prepared) -> bool:
    """Whether a template is found by itself: what is not, nothing else finds either.

    No minutiae, very few, or all at one place: that such a template is like nobody's says nothing.
    """
    return compare(one, one).score >= ITSELF_MIN


def insist_on_comparable(probes: Iterable[Prepared], *, where: str = "") -> None:
    """Raise NotCapturable where none of these could ever be found similar to anything."""
    if not any(finds_itself(one) for one in probes):
        raise NotCapturable(
            expected="minutiae that a comparison can find again",
            found="so few, or all so close together, that they are not even similar to themselves",
            hint="Capture the finger again, or export the record again: that nobody is found says nothing",
            where=where,
        )


def inputs_under(
    weights: npt.NDArray[np.float64], probe: Prepared, reference: Prepared
) -> npt.NDArray[np.float64] | None:
    """The score's inputs of the hypothesis that other weights would choose; for training.

    weights  float64 (4, 11), as in `Parameters`
    returns  float64 (11,), or None where nothing can be compared
    """
    outcome = _run(probe, reference, weights)
    return None if outcome.score == NOT_COMPARABLE else _inputs(outcome.sums)


def _run(a: Prepared, b: Prepared, weights: npt.NDArray[np.float64]) -> _Outcome:
    scores = np.empty(1, np.int32)
    partner = np.empty(GEOMETRY.minutiae_max, np.int32)
    sums, motion = np.empty(15), np.empty(5)
    kernels.score_rows(
        a.points,
        a.neighbours,
        a.cells,
        a.coverage,
        b.points,
        b.neighbours,
        b.cells,
        b.coverage[None],
        np.array((0, len(b))),
        np.zeros(1, np.int64),
        weights,
        scores,
        partner,
        sums,
        motion,
    )
    return _Outcome(int(scores[0]), partner, sums, motion)


def _inputs(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inputs = np.empty(len(INPUT_NAMES))
    kernels_score.inputs_of(sums, inputs)
    return inputs


def _alignment(motion: npt.NDArray[np.float64], a: Prepared, b: Prepared, is_swapped: bool) -> Alignment:
    from_x, from_y = motion[0] + a.origin[0], motion[1] + a.origin[1]
    to_x, to_y = motion[2] + b.origin[0], motion[3] + b.origin[1]
    turn = int(motion[4])
    if is_swapped:
        from_x, from_y, to_x, to_y, turn = to_x, to_y, from_x, from_y, -turn
    return Alignment(
        rotation=-turn * 256 & 65535,
        centre_x=float(from_x),
        centre_y=float(from_y),
        shift_x_px=float(to_x - from_x),
        shift_y_px=float(to_y - from_y),
    )


def _evidence(sums: npt.NDArray[np.float64], is_swapped: bool, *, by_cohort: int) -> Evidence:
    mean, deviation, weight, _ = parameters().weights
    contributions = np.rint(1000 * weight * (_inputs(sums) - mean) / deviation)
    n = max(sums[kernels_score.MATCHED], 1.0)
    overlap = (int(sums[kernels_score.COUNT_A]), int(sums[kernels_score.COUNT_B]))
    # Every sampled cell stands for two rows and two columns.
    sampled_px = 2 * GEOMETRY.coverage_cell_px
    return Evidence(
        matched=int(sums[kernels_score.MATCHED]),
        probe_overlap=overlap[is_swapped],
        reference_overlap=overlap[not is_swapped],
        similarity=float(sums[kernels_score.SIMILARITY] / n),
        residual_px=GEOMETRY.last_tolerance_px * math.sqrt(sums[kernels_score.RESIDUAL_SQUARED] / n),
        connected=float(sums[kernels_score.CONNECTED] / max(sums[kernels_score.NEIGHBOURING], 1.0)),
        shared_area_mm2=float(sums[kernels_score.SHARED_CELLS]) * (sampled_px * 25.4 / 500) ** 2,
        contributions=dict(zip(INPUT_NAMES, contributions.astype(int).tolist(), strict=True))
        | {"cohort": by_cohort},
    )


def _sealed(array: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    array.flags.writeable = False
    return array
