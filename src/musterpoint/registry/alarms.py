"""How often things go wrong at a site, and whether that is more than chance.

Beside a site as a whole stand parts of it: what one officer recorded, and how often one reason was given. An
officer who lets nobody pass, or a sensor that hurts, would drown in the rates of a busy gate.

Each cell (site and rate) is tested by its exact binomial tail against the baseline that the agreement
states. A tail of at most 0.01 is a warning, of at most 0.001 an alarm. Many cells are tested at once, so
those that Benjamini and Hochberg's procedure at 5 % does not reject stay quiet; sites and their parts are two
families, so that many officers do not blunt what is said of a site. An alarm opens an item
that somebody owns; it never changes a threshold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from musterpoint.registry.binomial import ExactInterval, clopper_pearson, tail_at_least

WARNING_TAIL: Final = 0.01
ALARM_TAIL: Final = 0.001
FALSE_DISCOVERY_RATE: Final = 0.05
ATTEMPTS_TESTED_MIN: Final = 50
"""Attempts of a cell below which it is not tested."""
PEOPLE_SHOWN_MIN: Final = 10
"""Attempts of a cell below which it is not shown either; an agreement may ask for more, never below 5."""
_MILLION: Final = 1_000_000


class Rate(StrEnum):
    """What is counted, and of what: see `denominator`."""

    FAILED_CAPTURE = "failed capture"
    EXCEPTION = "exception"
    REFUSAL = "refusal"
    POOR_QUALITY = "poor quality"
    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    OVERTURNED = "overturned"
    NOT_CAPTURED = "finger not captured"

    @property
    def denominator(self) -> str:
        """What the rate is a share of."""
        return _DENOMINATORS[self]

    @property
    def is_of_searches(self) -> bool:
        """Whether it tells what searches came to, and not only who came to the gate.

        Exceptions do: one may be of somebody whose candidates were being decided.
        """
        return self.denominator != _PRESENTED or self is Rate.EXCEPTION


_PRESENTED: Final = "presented"
_DENOMINATORS: Final = {
    Rate.FAILED_CAPTURE: _PRESENTED,
    Rate.EXCEPTION: _PRESENTED,
    Rate.REFUSAL: _PRESENTED,
    Rate.POOR_QUALITY: "searched",
    Rate.CANDIDATE: "searched",
    Rate.CONFIRMED: "cases decided",
    Rate.OVERTURNED: "cases decided",
    Rate.NOT_CAPTURED: _PRESENTED,
}

BASELINES_PPM: Final[Mapping[Rate, int]] = {
    Rate.FAILED_CAPTURE: 20_000,
    Rate.EXCEPTION: 20_000,
    Rate.REFUSAL: 20_000,
    Rate.POOR_QUALITY: 50_000,
    Rate.CANDIDATE: 50_000,
    Rate.CONFIRMED: 500_000,
    Rate.OVERTURNED: 20_000,
    Rate.NOT_CAPTURED: 20_000,
}
"""Expected shares in millionths, where an agreement states none. Between 1 and 2 % of a population need an
exception (World Bank); the others are starting points to be replaced by what a site has seen."""


class GroupKind(StrEnum):
    """By what the arrivals of a site are told apart."""

    OFFICER = "officer"
    REASON = "reason"


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """A part of a site's arrivals: those of an officer, or those with a reason for a missing finger."""

    kind: GroupKind
    name: str


RATES_OF_SITE: Final = tuple(one for one in Rate if one is not Rate.NOT_CAPTURED)
RATES_OF_OFFICER: Final = (Rate.FAILED_CAPTURE, Rate.EXCEPTION, Rate.REFUSAL, Rate.POOR_QUALITY)


class Level(StrEnum):
    """What a cell says."""

    QUIET = "quiet"
    WARNING = "warning"
    ALARM = "alarm"
    TOO_FEW = "too few"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One rate of one site over its latest attempts.

    count         how many of the attempts it happened to
    attempts      see `Rate.denominator`
    baseline_ppm  the expected share in millionths
    group         the part of the site; None for all of it
    """

    site: str
    rate: Rate
    count: int
    attempts: int
    baseline_ppm: int
    group: Group | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.attempts or not 0 < self.baseline_ppm < _MILLION:
            raise ValueError("a cell needs 0 <= count <= attempts and a baseline between 0 and 1")

    @property
    def tail(self) -> float:
        """How probable so many or more are by chance, at the baseline."""
        return tail_at_least(self.count, self.attempts, self.baseline_ppm / _MILLION)

    @property
    def interval(self) -> ExactInterval:
        """Where the rate lies, with 95 % confidence; everywhere, without attempts."""
        if not self.attempts:
            return ExactInterval(low=0.0, high=1.0)
        return clopper_pearson(self.count, self.attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A cell with what it says; `tail` is None where it is not tested."""

    cell: Cell
    level: Level
    tail: float | None = None


def rejected(tails: Sequence[float], rate: float = FALSE_DISCOVERY_RATE) -> list[bool]:
    """Which hypotheses Benjamini and Hochberg (1995) reject at a false discovery rate."""
    order = sorted(range(len(tails)), key=lambda i: tails[i])
    last = 0
    for rank, i in enumerate(order, start=1):
        if tails[i] <= rate * rank / len(tails):
            last = rank
    chosen = set(order[:last])
    return [i in chosen for i in range(len(tails))]


def judge(cells: Sequence[Cell], *, people_shown_min: int = PEOPLE_SHOWN_MIN) -> tuple[Judged, ...]:
    """Judge all cells of one report, in their order.

    people_shown_min  attempts below which a cell is suppressed; never below 5
    """
    hidden = _suppressed(cells, max(people_shown_min, 5))
    tested = [
        number
        for number, cell in enumerate(cells)
        if number not in hidden and cell.attempts >= ATTEMPTS_TESTED_MIN
    ]
    tails = [cells[n].tail for n in tested]
    stands_out = dict(zip(tested, rejected(tails), strict=True))
    found = dict(zip(tested, tails, strict=True))
    judged = []
    for number, cell in enumerate(cells):
        if number in hidden:
            judged.append(Judged(cell=replace(cell, count=0, attempts=0), level=Level.SUPPRESSED))
        elif number not in found:
            judged.append(Judged(cell=cell, level=Level.TOO_FEW))
        else:
            level = _level(found[number]) if stands_out[number] else Level.QUIET
            judged.append(Judged(cell=cell, level=level, tail=found[number]))
    return tuple(judged)


def _level(tail: float) -> Level:
    if tail <= ALARM_TAIL:
        return Level.ALARM
    return Level.WARNING if tail <= WARNING_TAIL else Level.QUIET


def _suppressed(cells: Sequence[Cell], fewest: int) -> set[int]:
    """Numbers of cells that are not shown: small ones, and one more where a total would give it away."""
    hidden: set[int] = set()
    by_total: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, cell in enumerate(cells):
        # Parts of a site add up to the site, and sites to all.
        total = (cell.rate, cell.site, cell.group.kind) if cell.group else (cell.rate,)
        by_total[total].append(number)
    for numbers in by_total.values():
        small = [n for n in numbers if 0 < cells[n].attempts < fewest]
        hidden.update(small)
        rest = [n for n in numbers if cells[n].attempts >= fewest]
        if len(small) == 1 and rest:
            hidden.add(min(rest, key=lambda n: cells[n].attempts))
    return hidden
