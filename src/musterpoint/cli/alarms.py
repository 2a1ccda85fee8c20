"""`musterpoint alarms`: rates of each site, and items for those that are more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import print_json, print_table
from musterpoint.clock import to_text
from musterpoint.registry.alarms import Judged, Level
from musterpoint.storage.decisions import Alarm


@click.command()
@click.option("--close", "number", type=click.IntRange(1), help="Close this alarm, having looked into it.")
@json_option
@data_option
@seat_options
def alarms(number: int | None, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Show the rates of each site over its latest 200 arrivals, and the open alarms.

    Beside each site stand its officers, where there are several, and the reasons for missing fingers.

    A rate stands out where chance would make so many or more less than once in a hundred times (a
    warning) or in a thousand (an alarm). Rates of fewer than 10 arrivals are not shown.

    \b
    Examples:
      musterpoint alarms
      musterpoint alarms --close 1
    """
    from musterpoint.workflows.alarms import close, open_alarms, rates

    station = seat.open(data, must_exist=True)
    if number is not None:
        closed = close(station, number)
        if as_json:
            print_json(alarm_as_json(closed))
        else:
            click.secho(f"Closed alarm {closed.number}: {closed.rate.value} at {closed.site}.", bold=True)
        return
    judged, waiting = rates(station), open_alarms(station)
    if as_json:
        print_json(
            {
                "rates": [rate_as_json(one) for one in judged],
                "alarms": [alarm_as_json(one) for one in waiting],
            }
        )
        return
    print_rates(judged)
    print_alarms(waiting)


def print_rates(judged: Sequence[Judged]) -> None:
    """A table of the rates that may be shown."""
    rows = [_row(one) for one in judged if one.level is not Level.SUPPRESSED and one.cell.attempts]
    if rows:
        print_table(("site", "of", "rate", "happened", "share (95 %)", "usual", "says"), rows)
    else:
        click.echo("No site has had enough arrivals for its rates to be shown.")


def _row(one: Judged) -> tuple[str, ...]:
    cell = one.cell
    where = f"{cell.interval.low:.1%} to {cell.interval.high:.1%}"
    happened = f"{cell.count} of {cell.attempts} {cell.rate.denominator}"
    part = f"{cell.group.kind} {cell.group.name}" if cell.group else "all"
    return (
        cell.site,
        part,
        cell.rate.value,
        happened,
        where,
        f"{cell.baseline_ppm / 10_000:g} %",
        one.level.value,
    )


def print_alarms(waiting: Sequence[Alarm]) -> None:
    """One line for each alarm that is open."""
    for one in waiting:
        click.secho(
            f"Alarm {one.number}: {one.rate.value} at {one.site}{_part(one)}, "
            f"{one.happened} of {one.attempts}, since {to_text(one.opened_at)}. A supervisor looks into it: "
            f"musterpoint alarms --close {one.number}",
            bold=True,
        )


def _part(one: Alarm) -> str:
    return f" ({one.group.kind} {one.group.name})" if one.group else ""


def rate_as_json(one: Judged) -> dict[str, object]:
    """A rate; without numbers where they are suppressed."""
    cell, is_shown = one.cell, one.level is not Level.SUPPRESSED
    return {
        "site": cell.site,
        "group": cell.group,
        "rate": cell.rate,
        "level": one.level,
        "happened": cell.count if is_shown else None,
        "attempts": cell.attempts if is_shown else None,
        "usual_ppm": cell.baseline_ppm,
        "tail": one.tail,
    }


def alarm_as_json(one: Alarm) -> dict[str, object]:
    """An alarm."""
    return {
        "alarm": one.number,
        "site": one.site,
        "group": one.group,
        "rate": one.rate,
        "happened": one.happened,
        "attempts": one.attempts,
        "opened_at": to_text(one.opened_at),
    }
