"""Whom something waits for: how many people of which role, and why those who are here do not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from musterpoint.registry.seats import Role


class WhyNot(StrEnum):
    """Why somebody of the role may not be the one. The value stands behind a number, as in "2 judged …"."""

    HAS_JUDGED = "judged these two before"
    HAS_CAPTURED = "recorded one of the two"
    HAS_DECIDED = "had a part in the decision"
    OTHER_PARTY = "of a party that the agreement does not name"
    NOT_LIVE = "revoked or expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Whom a case or an appeal waits for.

    wanted   seats of the role that still have to do something
    able     seats of the role that may
    why_not  how many others of the role there are, by what keeps them from it
    advice   what to do about it; empty where nobody is missing
    """

    role: Role
    wanted: int
    able: int
    why_not: Mapping[WhyNot, int]
    advice: str = ""

    @property
    def missing(self) -> int:
        """How many more seats it takes; 0 where it goes on as soon as those who are here do their part."""
        return max(0, self.wanted - self.able)

    def in_words(self) -> str:
        """Who is needed, who is there, why others do not count, and what to do, in sentences."""
        noun = self.role.value if self.wanted == 1 else f"{self.role.value}s"
        if not self.missing:
            return f"It waits for {self.wanted} {noun}; {self.able} may do it."
        there = "nobody may do it" if not self.able else f"only {self.able} may do it"
        kept = ", ".join(f"{count} {one.value}" for one, count in self.why_not.items())
        others = f" (of the others, {kept})" if kept else ""
        return f"It waits for {self.wanted} {noun}, and {there}{others}. {self.advice}"
