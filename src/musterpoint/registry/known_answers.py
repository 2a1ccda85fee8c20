"""How well an adjudicator does on pairs whose answer is known, with exact intervals.

Pairs of which everybody knows what they are say nothing about the work at hand unless they look like it,
so they are mixed in unseen. Rates are stated with their denominators: opinions *cannot tell* count as
trials, and the rate without them stands beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from musterpoint.registry.binomial import ExactInterval, clopper_pearson
from musterpoint.registry.values import Verdict
from musterpoint.templates import FingerPosition

SEEDS_MIN: Final = 30
"""Below so many known-answer pairs nothing is shown: who errs on one in ten passes 30 with 4 %."""

SHARE: Final = 0.08
"""Known-answer pairs among all pairs that an adjudicator is shown: 5 to 10 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """One finger as an adjudicator sees it, without whose it is.

    template  bytes of `musterpoint.templates.encode`
    image     canonical PNG, or None where none is kept
    """

    position: FingerPosition
    template: bytes
    image: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """Fingers of two encounters that never were, of one person or of two.

    source  where they come from, such as `synthetic` or the name of a collection
    """

    is_mated: bool
    probe: tuple[Impression, ...]
    candidate: tuple[Impression, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How a known-answer pair is shown, so that nobody tells it from the pair in whose place it stands.

    positions   names of the fingers that are shown, in their order
    has_images  whether there are images on the side that was searched, and on the candidate's
    """

    positions: tuple[FingerPosition, ...]
    has_images: tuple[bool, bool]

    def as_facts(self) -> dict[str, object]:
        """For JSON; `of_facts` reads it."""
        return {"positions": [one.value for one in self.positions], "has_images": list(self.has_images)}

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Likeness:
        """The one that `as_facts` wrote."""
        searched, candidate = facts["has_images"]
        return cls(
            positions=tuple(FingerPosition(one) for one in facts["positions"]),
            has_images=(searched, candidate),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedOpinion:
    """What a seat said of a known-answer pair; `is_mated` is the truth."""

    is_mated: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A count out of trials and the exact 95 % interval of its rate."""

    count: int
    trials: int
    interval: ExactInterval

    @classmethod
    def of(cls, count: int, trials: int) -> Rate | None:
        """The rate, or None without any trial."""
        if trials == 0:
            return None
        return cls(count=count, trials=trials, interval=clopper_pearson(count, trials))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proficiency:
    """What an adjudicator's opinions on known-answer pairs show. Each rate is None without a trial.

    false_positives           SAME, of all non-mated pairs
    false_positives_definite  SAME, of the non-mated pairs on which the opinion was definite
    false_negatives           DIFFERENT, of all mated pairs
    false_negatives_definite  DIFFERENT, of the mated pairs on which the opinion was definite
    cannot_tell               CANNOT_TELL, of all known-answer pairs
    """

    seeds: int
    false_positives: Rate | None
    false_positives_definite: Rate | None
    false_negatives: Rate | None
    false_negatives_definite: Rate | None
    cannot_tell: Rate | None


def proficiency(opinions: Collection[SeedOpinion]) -> Proficiency | None:
    """What the opinions show, or None where there are fewer than `SEEDS_MIN`."""
    if len(opinions) < SEEDS_MIN:
        return None
    on_mated = [one.verdict for one in opinions if one.is_mated]
    on_nonmated = [one.verdict for one in opinions if not one.is_mated]
    unsure = sum(one.verdict is Verdict.CANNOT_TELL for one in opinions)
    return Proficiency(
        seeds=len(opinions),
        false_positives=_rate(on_nonmated, Verdict.SAME, definite_only=False),
        false_positives_definite=_rate(on_nonmated, Verdict.SAME, definite_only=True),
        false_negatives=_rate(on_mated, Verdict.DIFFERENT, definite_only=False),
        false_negatives_definite=_rate(on_mated, Verdict.DIFFERENT, definite_only=True),
        cannot_tell=Rate.of(unsure, len(opinions)),
    )


def _rate(verdicts: Sequence[Verdict], wrong: Verdict, *, definite_only: bool) -> Rate | None:
    trials = [one for one in verdicts if not definite_only or one is not Verdict.CANNOT_TELL]
    return Rate.of(sum(one is wrong for one in trials), len(trials))
