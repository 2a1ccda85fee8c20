"""Thresholds that follow the agreement and the size of the gallery as it is now.

Nobody sets a score. An agreement says how many candidates chance may produce; the strength that a candidate
needs follows from that and from the number of people who are searched, and moves by itself as they arrive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from musterpoint.registry.agreements import PART_PER_MILLION, Grant

DAYS_AVERAGED = 7
"""Days over which searches are averaged: a week has busy and quiet days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What a search among so many people asks of a candidate.

    strength_millinats         strength that a candidate needs
    expected_false_per_search  candidates that chance produces in a search, on average, at most
    expected_false_per_day     the same for the searches of a day
    is_reachable               false where no strength would be enough, so that nobody can become a candidate
    """

    people: int
    strength_millinats: int
    expected_false_per_search: float
    expected_false_per_day: float
    is_reachable: bool


def threshold(people: int, target_fpir: float, searches_per_day: float) -> Threshold:
    """The threshold for so many people. Raises ValueError as `strength_needed` does."""
    # Comparison compiles its kernels when imported; who lists agreements need not wait for it.
    from musterpoint.comparison import STRENGTH_MAX, expected_false_positives, strength_needed

    strength = strength_needed(people, target_fpir)
    per_search = expected_false_positives(strength, people)
    return Threshold(
        people=people,
        strength_millinats=strength,
        expected_false_per_search=per_search,
        expected_false_per_day=per_search * searches_per_day,
        is_reachable=strength <= STRENGTH_MAX,
    )


def target_ppm(grants: Iterable[Grant], set_ppm: int | None) -> int:
    """The target of a search under these grants, in millionths: the strictest, and what two persons set.

    Where a grant limits both the searches and the false candidates of a day, the target is low enough
    for a day of as many searches as are allowed.
    """
    targets = [_of_grant(one) for one in grants]
    if set_ppm is not None:
        targets.append(set_ppm)
    return max(1, min(targets))


def _of_grant(grant: Grant) -> int:
    if not grant.daily_searches_max or not grant.false_candidates_max_ppm:
        return grant.target_fpir_ppm
    return min(grant.target_fpir_ppm, grant.false_candidates_max_ppm // grant.daily_searches_max)


def as_share(ppm: int) -> float:
    """Parts per million as a share."""
    return ppm / PART_PER_MILLION
