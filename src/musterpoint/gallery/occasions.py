"""How many occasions chance has in a search: as many as there are people, or as a list is long.

Behind a filter only those who are compared in full can become candidates. They are not anybody: the filter
and the sketch chose them because they look alike, and the more there are to choose from, the more alike they
are. What one of them counts for was measured with searches of people who are not there
(`benchmarks/false_positives.py`, docs/explanation/calibration.md): 1.0 to 1.4 people met at random among
10,000, 1.9 to 2.4 among 100,000. Here it is taken to be 1.9 and 3, and to go on growing as it did.
"""

from __future__ import annotations

from typing import Final

from musterpoint.gallery.plan import Plan

MEASURED_PEOPLE: Final = 100_000
"""People: the largest gallery that was measured."""

LISTED_COUNT_FOR: Final = 3.0
"""People met at random that one of a list counts for among `MEASURED_PEOPLE`."""

GROWTH: Final = 0.2
"""The power of the number of people with which that grows."""


def occasions(plan: Plan, people: int) -> float:
    """How many people met at random a search is worth; never more than there are.

    people  in the gallery, 0 or more
    """
    if plan.is_whole or not people:
        return float(people)
    each: float = max(1.0, LISTED_COUNT_FOR * (people / MEASURED_PEOPLE) ** GROWTH)
    return min(float(people), each * plan.refined)
