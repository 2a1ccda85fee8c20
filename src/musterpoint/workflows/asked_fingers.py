"""What the agreement asks of a person's fingers, and whether what was captured answers it.

A finger that is asked and not captured needs a reason, and so does a second impression where two are asked.
Captures of a finger that nobody named may be any of those asked, so they count for as many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from musterpoint.comparison import Prepared, compare, prepare, score_for
from musterpoint.errors import FingersMissing, ImpressionsDiffer, UnusableInput
from musterpoint.registry import NotCaptured
from musterpoint.registry.agreements import ScreeningRules
from musterpoint.templates import FingerPosition
from musterpoint.workflows.capturing import Capture

UNLIKE_RATE: Final = 0.01
"""Impressions of one finger that are less alike than one in a hundred pairs of different fingers are taken
for different ones. One in a thousand of one finger is as unlike (docs/explanation/comparison.md)."""

SAME_RATE: Final = 1e-6
"""Impressions under two names that are this alike are taken for one finger."""

LIKE_RATE: Final = 1e-4
"""An impression that contradicts its name is said to look like another finger from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What was asked of a finger, not captured, and not explained.

    is_second  one impression was captured, and two are asked
    """

    position: FingerPosition
    is_second: bool = False

    @property
    def words(self) -> str:
        """As people read it: `left index`, or `second impression of the left index`."""
        name = _name(self.position)
        return f"second impression of the {name}" if self.is_second else name


def missing(
    rules: ScreeningRules, captured: Sequence[FingerPosition], not_captured: Sequence[NotCaptured]
) -> tuple[Missing, ...]:
    """What the rules ask, and neither a capture nor a reason answers, in the order in which it is asked.

    captured  the position of each capture

    A reason for a finger of which one impression was captured is the reason why there is no second one.
    """
    explained = {one.position for one in not_captured}
    if FingerPosition.UNKNOWN in explained:
        return ()
    asked = [FingerPosition.from_label(label) for label in rules.fingers_asked]
    open_ = [position for position in asked if position not in explained]
    absent = [Missing(position=position) for position in open_ if position not in captured]
    unnamed = captured.count(FingerPosition.UNKNOWN)
    absent = absent[: max(0, len(absent) - unnamed)] if unnamed else absent
    if rules.impressions_asked == 1:
        return tuple(absent)
    second = [
        Missing(position=position, is_second=True) for position in open_ if captured.count(position) == 1
    ]
    return (*absent, *second)


def check_fingers(
    rules: ScreeningRules, captures: Sequence[Capture], not_captured: Sequence[NotCaptured]
) -> None:
    """Check captures and reasons against what is asked, and captures against the names of their fingers.

    Raises UnusableInput, FingersMissing and ImpressionsDiffer.
    """
    positions = [one.template.position for one in captures]
    refuse_reasons_for_captured(rules, positions, not_captured)
    refuse_missing(rules, missing(rules, positions, not_captured))
    refuse_other_fingers(captures)


def unexplained(
    rules: ScreeningRules, captures: Sequence[Capture], not_captured: Sequence[NotCaptured]
) -> tuple[str, ...]:
    """What was asked and neither captured nor explained, as people read it."""
    positions = [one.template.position for one in captures]
    return tuple(one.words for one in missing(rules, positions, not_captured))


def refuse_missing(rules: ScreeningRules, found: Sequence[Missing]) -> None:
    """Raise FingersMissing where something is missing, and the rules want a reason for it."""
    if not found or not rules.reasons_required:
        return
    first = found[0]
    name = first.position.label
    captured_again = (
        f"Capture it once more and give {name}=FILE twice"
        if first.is_second
        else f"Capture it and give {name}=FILE"
    )
    raise FingersMissing(
        expected="every finger that the agreement asks, or the reason why not",
        found="no " + ", no ".join(one.words for one in found) + ", and no reason",
        hint=f"{captured_again}; or say why not, as in --not-captured {name}=bandaged",
    )


def refuse_reasons_for_captured(
    rules: ScreeningRules, captured: Sequence[FingerPosition], not_captured: Sequence[NotCaptured]
) -> None:
    """Raise UnusableInput where a finger was captured as often as is asked, and has a reason why not."""
    if not captured:
        return
    for one in not_captured:
        if one.position is FingerPosition.UNKNOWN or (
            captured.count(one.position) >= rules.impressions_asked
        ):
            raise UnusableInput(
                expected="fingers that were captured, and reasons for others that were not",
                found="a finger that was captured with a reason why it was not",
                hint="Name the finger of the reason, as in --not-captured left-index=bandaged",
            )


def refuse_other_fingers(captures: Sequence[Capture]) -> None:
    """Raise ImpressionsDiffer where captures contradict the names of their fingers.

    Whether they are alike is asked of those that are good enough for a search; a poor one says nothing about
    whose it is.
    """
    for words, advice in contradictions(captures):
        raise ImpressionsDiffer(
            expected="each finger under its own name", found=words, hint=f"{advice}; nothing was recorded"
        )


def contradictions(captures: Sequence[Capture]) -> tuple[tuple[str, str], ...]:
    """What contradicts the names of the fingers, and what to do about it; empty where nothing does."""
    good = [one for one in captures if one.is_trusted and one.template.position]
    prepared = [prepare(one.template) for one in good]
    positions = [one.template.position for one in good]
    found = list(_handed_in_twice(captures))
    for i, j in combinations(range(len(good)), 2):
        score = compare(prepared[i], prepared[j]).score
        first, second = positions[i], positions[j]
        if first == second and score < score_for(UNLIKE_RATE):
            others = [(p, one) for p, one in zip(positions, prepared, strict=True) if p != first]
            found.append(_unlike(_name(first), _like((prepared[i], prepared[j]), others)))
        if first != second and score >= score_for(SAME_RATE):
            advice = f"Capture the {_name(first)} and the {_name(second)} again"
            found.append((f"one finger as the {_name(first)} and as the {_name(second)}", advice))
    return tuple(dict.fromkeys(found))


def _handed_in_twice(captures: Sequence[Capture]) -> Iterator[tuple[str, str]]:
    """One picture is not two impressions, however good or poor it is."""
    for one, other in combinations([one.template for one in captures], 2):
        if one.position and one.position == other.position and one.minutiae == other.minutiae:
            name = _name(one.position)
            advice = f"Lift the {name} and capture it again, or give the picture once"
            yield f"one picture twice, as two impressions of the {name}", advice


def _unlike(name: str, other: str) -> tuple[str, str]:
    looks = f", of which one looks like the {other}" if other else ""
    advice = f"Capture the {name} again; if it stays so, give only the impression that is certain"
    return f"two impressions of the {name} that look like different fingers{looks}", advice


def _like(some: Sequence[Prepared], others: Sequence[tuple[FingerPosition, Prepared]]) -> str:
    """The finger of another name that one of these looks like; empty where there is none."""
    return next(
        (
            _name(position)
            for position, other in others
            if any(compare(one, other).score >= score_for(LIKE_RATE) for one in some)
        ),
        "",
    )


def _name(position: FingerPosition) -> str:
    return position.label.replace("-", " ")
