"""Thresholds that follow the agreement and the size of the gallery as it is now.

Nobody sets a score. An agreement says how many candidates chance may produce; the strength that a candidate
needs follows from that and from the whole search: the people who are searched, the list that a filter leaves
of them, and what strengths were measured to mean. It moves by itself as people arrive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musterpoint.registry.agreements import PART_PER_MILLION, Grant

if TYPE_CHECKING:
    from musterpoint.comparison import Calibration

DAYS_AVERAGED = 7
"""Days over which searches are averaged: a week has busy and quiet days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What a search among so many people asks of a candidate.

    fingers                    of the probe, one reference each
    occasions                  how many people met at random the search is worth
    strength_millinats         strength that a candidate needs
    bound_millinats            what it would need if everybody were compared: N times the false match rate
    expected_false_per_search  candidates that chance produces in a search, on average, at most
    expected_range             the same at both ends of the interval of 95 %
    expected_false_per_day     the same for the searches of a day
    calibration                by which number of calibration; 0 for the one that comes with the program
    is_extrapolated            nothing that was measured is so rare: a tail model says it
    is_reachable               false where the data cannot support the target; the strictest threshold that
                               they do support stands in its place
    least_target               the strictest target that they support
    """

    people: int
    fingers: int
    occasions: float
    strength_millinats: int
    bound_millinats: int
    expected_false_per_search: float
    expected_range: tuple[float, float]
    expected_false_per_day: float
    calibration: int
    is_extrapolated: bool
    is_reachable: bool
    least_target: float


def threshold(
    people: int,
    target_fpir: float,
    searches_per_day: float,
    *,
    fingers: int = 1,
    calibration: Calibration | None = None,
) -> Threshold:
    """The threshold for so many people who each gave as many fingers as the probe has.

    calibration  None for the one that comes with the program

    Raises ValueError for a target that is none, and for fewer than no people.
    """
    # Comparison compiles its kernels when imported; who lists agreements need not wait for it.
    from musterpoint.comparison import STANDARD, strength_needed
    from musterpoint.gallery.occasions import occasions
    from musterpoint.gallery.plan import plan_for

    bound = strength_needed(people, target_fpir)
    counts = calibration or STANDARD
    plan = plan_for(people=max(people, 1), references=max(people, 1) * fingers, fingers=fingers)
    chances = occasions(plan, people)
    needed = counts.needed(chances, target_fpir, fingers)
    return Threshold(
        people=people,
        fingers=fingers,
        occasions=chances,
        strength_millinats=needed.strength,
        bound_millinats=bound,
        expected_false_per_search=needed.expected,
        expected_range=(needed.at_least, needed.at_most),
        expected_false_per_day=needed.expected * searches_per_day,
        calibration=counts.number,
        is_extrapolated=needed.is_extrapolated,
        is_reachable=needed.is_kept,
        least_target=counts.least_target(chances, fingers),
    )


def target_ppm(grants: Iterable[Grant], set_ppm: int | None) -> int:
    """The target of a search under these grants, in millionths: the strictest, and what two persons set.

    Where a grant limits both the searches and the false candidates of a day, the target is low enough
    for a day of as many searches as are allowed.
    """
    targets = [target_of(one) for one in grants]
    if set_ppm is not None:
        targets.append(set_ppm)
    return max(1, min(targets))


def target_of(grant: Grant) -> int:
    """The target that follows from one grant, in millionths; 0 where its limits allow nothing."""
    if not grant.daily_searches_max or not grant.false_candidates_max_ppm:
        return grant.target_fpir_ppm
    return min(grant.target_fpir_ppm, grant.false_candidates_max_ppm // grant.daily_searches_max)


def as_share(ppm: int) -> float:
    """Parts per million as a share."""
    return ppm / PART_PER_MILLION
