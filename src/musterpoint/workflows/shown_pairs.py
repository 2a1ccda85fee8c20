"""What an adjudicator sees of a pair: fingers of two encounters side by side, and nothing else.

Every finger that both gave is shown, whatever the search made of it: a finger that is another one speaks as
loudly as one that is the same. A known-answer pair is shown as the pair in whose place it stands: as many
fingers, under the same names, with images only where that one has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from musterpoint import templates
from musterpoint.comparison import compare, fuse, prepare
from musterpoint.registry.known_answers import Impression, KnownAnswer, Likeness
from musterpoint.templates import FingerPosition

Sides = tuple[Impression, Impression]
"""One finger, as the encounter that was searched gave it, and as the candidate did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFinger:
    """One finger of both encounters, side by side."""

    position: FingerPosition
    left: Impression
    right: Impression


def laid_out(fingers: Sequence[Sides], *, is_turned: bool) -> tuple[ShownFinger, ...]:
    """Fingers as they are shown; turned, the candidate is on the left."""
    found = [(one[::-1] if is_turned else one, _name_of(one)) for one in fingers]
    return tuple(ShownFinger(position=name, left=left, right=right) for (left, right), name in found)


def in_common(probe: Sequence[Impression], candidate: Sequence[Impression]) -> tuple[Sides, ...]:
    """The fingers that two encounters have in common, in the order of the first: it says nothing of scores.

    They are paired as the search pairs them, so that swapped hands lie finger by finger, and then by name.
    Of several impressions of a finger the two that are most alike are shown. Without a finger in common there
    is still something to look at.
    """
    if not probe or not candidate:
        return ()
    scores = _scores(probe, candidate)
    fused = fuse(scores, [one.position for one in probe], [one.position for one in candidate])
    paired = [(int(one.probe), int(one.reference)) for one in fused.pairs]
    paired += _of_one_name(probe, candidate, paired, scores)
    found = sorted(paired) or list(zip(range(len(probe)), range(len(candidate)), strict=False))
    return tuple((probe[one], candidate[other]) for one, other in found)


def likeness_of(fingers: Sequence[Sides]) -> Likeness:
    """What a known-answer pair has to look like, to be taken for a pair of these fingers."""
    searched, candidates = (
        bool(fingers) and all(one[side].image is not None for one in fingers) for side in (0, 1)
    )
    return Likeness(positions=tuple(_name_of(one) for one in fingers), has_images=(searched, candidates))


def in_likeness(known: KnownAnswer, likeness: Likeness | None) -> tuple[Sides, ...]:
    """The fingers of a known answer, made to look like another pair; None leaves them as they are."""
    rest = list(zip(known.probe, known.candidate, strict=True))
    if likeness is None:
        return tuple(rest)
    found = []
    for position in likeness.positions[: len(rest)]:
        chosen = next((one for one in rest if _name_of(one) is position), rest[0])
        rest.remove(chosen)
        one, other = (
            replace(side, position=position, image=side.image if has_image else None)
            for side, has_image in zip(chosen, likeness.has_images, strict=True)
        )
        found.append((one, other))
    return tuple(found)


def _name_of(sides: Sides) -> FingerPosition:
    one, other = sides
    return one.position if one.position is not FingerPosition.UNKNOWN else other.position


def _scores(probe: Sequence[Impression], candidate: Sequence[Impression]) -> npt.NDArray[np.int32]:
    probes = [prepare(templates.decode(one.template)) for one in probe]
    others = [prepare(templates.decode(one.template)) for one in candidate]
    return np.array([[compare(a, b).score for b in others] for a in probes], np.int32)


def _of_one_name(
    probe: Sequence[Impression],
    candidate: Sequence[Impression],
    paired: Sequence[tuple[int, int]],
    scores: npt.NDArray[np.int32],
) -> Iterator[tuple[int, int]]:
    """Pairs of fingers that both gave under the same name, and that are in no pair yet."""
    taken = {probe[one].position for one, _ in paired} | {candidate[other].position for _, other in paired}
    names = {one.position for one in probe} & {one.position for one in candidate}
    for name in names - taken - {FingerPosition.UNKNOWN}:
        mine = [k for k, one in enumerate(probe) if one.position is name]
        theirs = [k for k, one in enumerate(candidate) if one.position is name]
        yield max(((one, other) for one in mine for other in theirs), key=lambda both: scores[both])
