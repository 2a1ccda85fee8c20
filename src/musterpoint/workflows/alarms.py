"""Rates of a site as people see them, and items for those that are more than chance.

Rates are shown to whoever may see the status, never of a person, and never where few people stand behind
them. What searches came to is for those who may see all of the status: an officer who reads how many had
candidates before and after a screening would know of that person. An alarm is an item for a supervisor; it
changes no threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from musterpoint.errors import NotFound, Unavailable
from musterpoint.registry import CannotTellReason, NotCapturedReason, Outcome, Verdict
from musterpoint.registry.agreements import ANY, Baseline
from musterpoint.registry.alarms import (
    BASELINES_PPM,
    RATES_OF_OFFICER,
    RATES_OF_SITE,
    Cell,
    Group,
    GroupKind,
    Judged,
    Level,
    Rate,
    judge,
)
from musterpoint.registry.rights import Act, Extent
from musterpoint.storage import Snapshot, decisions
from musterpoint.storage.decisions import Alarm, Attempt
from musterpoint.workflows.authorising import Permission, authorise
from musterpoint.workflows.station import Station

WINDOW: Final = 200
"""Latest presentations of a site that its rates are made of."""

REASONS: Final = frozenset(
    one.value
    for one in NotCapturedReason
    if one not in {NotCapturedReason.REFUSED, NotCapturedReason.LEFT, NotCapturedReason.EXEMPT}
)
"""Reasons that are watched; who refuses, leaves or is exempt has an outcome of that name, and its rate."""

WATCHED_EVERY: Final = 10
"""Encounters after which the gate looks at its own rates."""


def rates(station: Station) -> tuple[Judged, ...]:
    """The rates of every site that the seat may see, and then those of officers and reasons there.

    Raises what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_STATUS)
        return _rates(snapshot, permission.screening.baselines, permission)


def open_alarms(station: Station) -> tuple[Alarm, ...]:
    """Alarms that wait for a supervisor, of rates that the seat may see. Raises what `authorise` raises."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_STATUS)
        found = decisions.alarms(snapshot, is_open=True)
    return tuple(one for one in found if _may_see(permission, one.rate))


def _may_see(permission: Permission, rate: Rate) -> bool:
    return permission.extent is Extent.FULL or not rate.is_of_searches


def close(station: Station, number: int) -> Alarm:
    """Close an alarm as the supervisor who has looked into it. Raises NotFound, Refused."""
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.CLOSE_ALARM)
        found = [one for one in decisions.alarms(work, is_open=True) if one.number == number]
        if not found:
            raise NotFound(
                expected="the number of an open alarm",
                found=f"{number}, which no open alarm has",
                hint="List them with: musterpoint alarms",
                where="alarm",
            )
        closed_by = permission.actor.seat.name
        decisions.close_alarm(work, number, closed_by=closed_by, closed_at=work.now())
        work.append_journal("alarm.closed", _facts(number, found[0]) | {"seat": closed_by})
        work.commit()
    return found[0]


def watch(station: Station, baselines: Sequence[Baseline] = ()) -> tuple[Alarm, ...]:
    """Open an alarm for each cell that stands out and has none open; returns those.

    The gate calls it after every tenth encounter. Where others write for too long, the next call does it.
    """
    with suppress(Unavailable):
        with station.database.read() as snapshot:
            if not _new_alarms(station, snapshot, baselines):
                return ()
        with station.unit_of_work() as work:
            opened = []
            for one in _new_alarms(station, work, baselines):
                number = decisions.open_alarm(work, one)
                opened.append(replace(one, number=number))
                counts: dict[str, str | int] = {"happened": one.happened, "attempts": one.attempts}
                work.append_journal("alarm.opened", _facts(number, one) | counts)
            if opened:
                work.commit()
        return tuple(opened)
    return ()


def _facts(number: int, one: Alarm) -> dict[str, str | int]:
    part = {one.group.kind.value: one.group.name} if one.group else {}
    return {"alarm": number, "site": one.site, "rate": one.rate.value, **part}


def is_time_to_watch(snapshot: Snapshot) -> bool:
    """Whether the gate looks at its rates now."""
    return decisions.encounters_so_far(snapshot) % WATCHED_EVERY == 0


def _new_alarms(station: Station, snapshot: Snapshot, baselines: Sequence[Baseline]) -> list[Alarm]:
    has_one = {(one.site, one.rate, one.group) for one in decisions.alarms(snapshot, is_open=True)}
    return [
        Alarm(
            number=0,
            site=one.cell.site,
            rate=one.cell.rate,
            level=one.level,
            happened=one.cell.count,
            attempts=one.cell.attempts,
            opened_at=station.clock.now(),
            group=one.cell.group,
        )
        for one in _rates(snapshot, baselines)
        if one.level is Level.ALARM and (one.cell.site, one.cell.rate, one.cell.group) not in has_one
    ]


def _rates(
    snapshot: Snapshot, baselines: Sequence[Baseline], reader: Permission | None = None
) -> tuple[Judged, ...]:
    """All rates, or those that a reader may see, judged among themselves: none shows in another's level."""
    cells: list[Cell] = []
    parts: list[Cell] = []
    for site in decisions.sites(snapshot):
        attempts = decisions.attempts(snapshot, site, WINDOW)
        cells.extend(_cell(rate, site, attempts, baselines) for rate in RATES_OF_SITE)
        parts.extend(_parts(site, attempts, baselines))
    seen = [[one for one in some if reader is None or _may_see(reader, one.rate)] for some in (cells, parts)]
    return tuple(one for family in seen for one in judge(family))


def _parts(site: str, attempts: Sequence[Attempt], baselines: Sequence[Baseline]) -> Iterator[Cell]:
    """What one officer recorded, where there are several, and how often one reason was given."""
    officers = sorted({one.officer for one in attempts})
    for name in officers if len(officers) > 1 else ():
        theirs = [one for one in attempts if one.officer == name]
        for rate in RATES_OF_OFFICER:
            yield replace(_cell(rate, site, theirs, baselines), group=Group(GroupKind.OFFICER, name))
    for reason in sorted({reason for one in attempts for reason in one.reasons} & REASONS):
        yield Cell(
            site=site,
            rate=Rate.NOT_CAPTURED,
            count=sum(reason in one.reasons for one in attempts),
            attempts=len(attempts),
            baseline_ppm=_baseline(Rate.NOT_CAPTURED, site, baselines),
            group=Group(GroupKind.REASON, reason),
        )


def _cell(rate: Rate, site: str, attempts: Iterable[Attempt], baselines: Sequence[Baseline]) -> Cell:
    counted = [_happened(rate, one) for one in attempts]
    known = [one for one in counted if one is not None]
    return Cell(
        site=site,
        rate=rate,
        count=sum(known),
        attempts=len(known),
        baseline_ppm=_baseline(rate, site, baselines),
    )


def _happened(rate: Rate, one: Attempt) -> bool | None:
    """Whether it happened in an attempt; None where the attempt is not one of those that are counted."""
    is_searched = one.outcome is Outcome.SCREENED
    counted = {
        Rate.FAILED_CAPTURE: one.outcome is Outcome.FAILED_CAPTURE,
        Rate.EXCEPTION: one.is_exception,
        Rate.REFUSAL: one.outcome is Outcome.REFUSED,
        Rate.POOR_QUALITY: one.reason is CannotTellReason.QUALITY if is_searched else None,
        Rate.CANDIDATE: one.has_case if is_searched else None,
        Rate.CONFIRMED: one.verdict == Verdict.SAME.value if one.verdict else None,
        Rate.OVERTURNED: one.is_overturned if one.verdict else None,
        Rate.NOT_CAPTURED: bool(one.reasons),
    }
    return counted[rate]


def _baseline(rate: Rate, site: str, baselines: Sequence[Baseline]) -> int:
    """The agreement's word for this site, else for all sites, else ours."""
    for where in (site, ANY):
        for one in baselines:
            if one.rate == rate.value and one.site == where:
                return one.usual_ppm
    return BASELINES_PPM[rate]
