"""How many people a search looks at more closely, by the size of the gallery and the fingers at hand.

Figures: `docs/explanation/search.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WHOLE_UP_TO: Final = 4096
"""References times probe fingers: 0.3 s on one core. So many are compared whole, and nobody is missed because
a list was cut."""

FILTERED_FROM: Final = 1024
"""References: smaller galleries are compared whole with any number of fingers."""


MANY: Final = 100_000
"""People: the largest gallery that the share of a list was measured on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a search does.

    is_whole  compare with everybody
    listed    people that the filter lists, for a sketch
    refined   people of that list who are compared in full
    """

    is_whole: bool
    listed: int = 0
    refined: int = 0


def plan_for(*, people: int, references: int, fingers: int, held: int | None = None) -> Plan:
    """The plan for a probe of so many fingers.

    held  fingers that people have on record, each counted once however many impressions there are of it;
          None takes every reference for a finger

    One finger says less than two, so it needs a long list: 6 % of 100,000 people, for a loss of half a
    percent, and 5 % of those beyond, where a sketch of everybody listed would take too long.
    Where people have fewer fingers on record than the probe has, only so many can be in common.
    """
    if references < FILTERED_FROM or references * fingers <= WHOLE_UP_TO:
        return Plan(is_whole=True)
    in_common = min(fingers, (references if held is None else held) // people)
    if in_common <= 1:
        listed = 6 * min(people, MANY) // 100 + 5 * max(people - MANY, 0) // 100
        return Plan(is_whole=False, listed=max(2048, listed), refined=256)
    return Plan(is_whole=False, listed=max(128, people // 500), refined=48)
