"""Several fingers into one decision about a person.

The strength of a result is -ln of the probability that a non-mated person would reach it, and is made to
be an upper bound of that probability as long as different fingers of different people score independently:

* A pair of fingers has p = its false match rate; several impressions of a finger are judged together, see
  `musterpoint.comparison.impressions`.
* m pairs together have T = sum of -ln p, and p = exp(-T) (1 + T + ... + T^(m-1) / (m-1)!), Fisher's method.
* Which fingers are paired is chosen after seeing the scores. Each choice tried costs its share: the
  probability is multiplied by the number of ways to choose m pairs, and by the number of m tried. So a weak
  finger beside a strong one hides nothing: the strong one alone is among the choices.
* Pairs of compatible labels (equal, or unknown on either side) are tried with 95 % of the allowance; those
  of a person whose hands were swapped with 4 %, at a price of 3.2 nats; all pairs with the remaining 1 %:
  any other wrong labels are found, at a price of 4.6 nats and of the many ways to pair.

Impressions under one known label count as one finger. Unknown ones are taken for different fingers, unless
`fingers_among` found them to be one: whoever counts one finger twice overstates what is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.comparison.calibration import rate_nats
from musterpoint.comparison.impressions import together_nats
from musterpoint.comparison.pairing import (
    Pairing,
    best_pairings,
    count_all_pairings,
    count_pairings,
    may_be_one,
    other_hand,
)
from musterpoint.limits import FINGERS_MAX
from musterpoint.templates import FingerPosition

HANDS_SWAPPED_SHARE: Final = 0.04
"""Share of the allowance for false positives that goes to right fingers called left, and left ones right."""

LABELS_WRONG_SHARE: Final = 0.01
"""Share of the allowance that goes to pairs of fingers whatever their labels."""

FINGER_NATS_MAX: Final = 23.0
"""At most this of one pair of fingers, a rate of 1e-10: beyond it no sample says anything."""

_MILLION = 1_000_000

STRENGTH_MAX: Final = 46_000
"""At most this of a person, a probability of 1e-20: mistakes in records are far more frequent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerPair:
    """One pair of impressions that the result rests on: rows of probe and reference, score in milli-nats."""

    probe: int
    reference: int
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """What several fingers say together.

    strength  milli-nats, 0..46000: -1000 ln of the probability that a non-mated person reaches it
    pairs     what it rests on, by row of the probe; empty where either side has no finger
    """

    strength: int
    pairs: tuple[FingerPair, ...]


def fuse(
    scores: npt.NDArray[np.int32],
    probe_positions: Sequence[FingerPosition],
    reference_positions: Sequence[FingerPosition],
    *,
    probe_fingers: Sequence[int] | None = None,
    reference_fingers: Sequence[int] | None = None,
) -> Fused:
    """Fuse the scores of all impressions of a probe against all of one person.

    scores               int32 (P, R), milli-nats, P and R at most 20
    probe_positions      P labels; an unknown one pairs with any
    reference_positions  R labels
    probe_fingers        P numbers, equal ones for impressions of one finger, see `fingers_among`; None
                         goes by the labels alone. A finger with two labels is taken for an unknown one
    reference_fingers    R numbers, likewise
    No score that rises ever lowers the strength, and exchanging probe and reference changes nothing.
    Raises ValueError where the shapes disagree or there are too many fingers.
    """
    shape = (len(probe_positions), len(reference_positions))
    if scores.shape != shape or max(shape) > FINGERS_MAX:
        raise ValueError(f"scores are {scores.shape} for {shape} fingers, at most {FINGERS_MAX} a side")
    if 0 in shape:
        return Fused(strength=0, pairs=())
    if rate_nats(int(scores.max())) == 0.0:
        return Fused(strength=0, pairs=_impressions(scores, [_best_cell(scores)]))
    probe = _fingers(probe_positions, probe_fingers)
    return _fuse_fingers(scores, probe, _fingers(reference_positions, reference_fingers))


def expected_false_positives(strength: int, people: int) -> float:
    """How many of `people` others would reach this strength (milli-nats), at most, on average."""
    return people * math.exp(-strength / 1000)


def strength_needed(people: int, target_fpir: float) -> int:
    """The strength, in milli-nats, that a search among `people` needs for a false positive rate.

    target_fpir  share of searches of somebody who is not there that may list anybody, above 0, at most 1
    Raises ValueError for another target or fewer than no people. More than 46000 cannot be reached.
    """
    if people < 0 or not 0 < target_fpir <= 1:
        raise ValueError(f"{people} people at a false positive rate of {target_fpir}")
    return max(0, math.ceil(1000 * math.log(people / target_fpir))) if people else 0


@dataclass(frozen=True, slots=True)
class _Finger:
    """The rows of one finger's impressions, and its label."""

    position: FingerPosition
    rows: list[int]


def _fingers(positions: Sequence[FingerPosition], numbers: Sequence[int] | None) -> list[_Finger]:
    """The fingers that the labels tell apart, or the numbers where there are any."""
    if numbers is None:
        numbers = [positions.index(one) if one else row for row, one in enumerate(positions)]
    rows: dict[int, list[int]] = {}
    for row, number in enumerate(numbers):
        rows.setdefault(number, []).append(row)
    fingers = [_Finger(_label([positions[row] for row in some]), some) for some in rows.values()]
    known = [finger.position for finger in fingers if finger.position]
    if len(set(known)) < len(known):
        raise ValueError("impressions under one label are given as several fingers")
    return fingers


def _label(positions: Sequence[FingerPosition]) -> FingerPosition:
    known = {position for position in positions if position}
    return known.pop() if len(known) == 1 else FingerPosition.UNKNOWN


def _fuse_fingers(
    scores: npt.NDArray[np.int32], probe: Sequence[_Finger], reference: Sequence[_Finger]
) -> Fused:
    best = {}
    every: list[list[int | None]] = []
    for i, finger in enumerate(probe):
        weights: list[int | None] = []
        for j, other in enumerate(reference):
            block = scores[np.ix_(finger.rows, other.rows)]
            row, column = _best_cell(block)
            best[i, j] = (finger.rows[row], other.rows[column])
            weights.append(_weight(together_nats(block.ravel().tolist())))
        every.append(weights)
    labels = [finger.position for finger in probe]
    swapped = [other_hand(position) for position in labels]
    theirs = [finger.position for finger in reference]
    choices = [
        _best_choice(
            _compatible(every, labels, theirs),
            count_pairings(labels, theirs),
            1 - HANDS_SWAPPED_SHARE - LABELS_WRONG_SHARE,
        )
    ]
    if any(labels) and any(theirs):
        # Without labels on either side these were the same choice with a smaller share.
        choices += [
            _best_choice(
                _compatible(every, swapped, theirs), count_pairings(swapped, theirs), HANDS_SWAPPED_SHARE
            ),
            _best_choice(every, count_all_pairings(len(probe), len(reference)), LABELS_WRONG_SHARE),
        ]
    nats, pairing = max(choices, key=lambda choice: choice[0])
    strength = min(max(math.floor(1000 * nats), 0), STRENGTH_MAX)
    return Fused(strength=strength, pairs=_impressions(scores, [best[cell] for cell in pairing]))


def _compatible(
    weights: Sequence[Sequence[int | None]],
    labels: Sequence[FingerPosition],
    theirs: Sequence[FingerPosition],
) -> list[list[int | None]]:
    """The weights of pairs whose labels allow one finger."""
    return [
        [weight if may_be_one(label, other) else None for weight, other in zip(row, theirs, strict=True)]
        for row, label in zip(weights, labels, strict=True)
    ]


def _weight(nats: float) -> int:
    """-ln of a pair of fingers' probability in millionths, whole, so that sums of it are exact."""
    return math.floor(_MILLION * min(max(nats, 0.0), FINGER_NATS_MAX))


def _best_choice(
    weights: Sequence[Sequence[int | None]], counts: Sequence[int], share: float
) -> tuple[float, Pairing]:
    """The pairing with the smallest probability, after its price; minus infinity where there is none."""
    best: tuple[float, Pairing] = (-math.inf, ())
    for m, (total, pairing) in enumerate(best_pairings(weights), 1):
        price = math.log(counts[m - 1]) + math.log(len(counts)) - math.log(share)
        nats = fisher_nats(total / _MILLION, m) - price
        if nats > best[0]:
            best = (nats, pairing)
    return best


def fisher_nats(total: float, m: int) -> float:
    """-ln of the probability that the sum of m independent -ln p reaches `total` (Fisher 1925, 21.1)."""
    term, series = 1.0, 1.0
    for i in range(1, m):
        term *= total / i
        series += term
    return total - math.log(series)


def _best_cell(scores: npt.NDArray[np.int32]) -> tuple[int, int]:
    row, column = divmod(int(scores.argmax()), scores.shape[1])
    return row, column


def _impressions(scores: npt.NDArray[np.int32], cells: Sequence[tuple[int, int]]) -> tuple[FingerPair, ...]:
    return tuple(
        FingerPair(probe=row, reference=column, score=int(scores[row, column]))
        for row, column in sorted(cells)
    )
