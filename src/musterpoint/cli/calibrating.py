"""`musterpoint calibrate`: what chance does among the people who are here, and searches that go by it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from musterpoint.cli.evaluation_files import output_option
from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, in_words, print_json, print_table
from musterpoint.cli.progress import Progress
from musterpoint.cli.writing import write_file

if TYPE_CHECKING:
    from musterpoint.comparison.chance import ChanceMap
    from musterpoint.comparison.measuring import Comparisons
    from musterpoint.workflows.calibrating import CalibrationView, Measured
    from musterpoint.workflows.station import Station

SHOWN = (2000, 4000, 6000, 8000, 10_000, 12_000, 14_000)
"""Strengths of the table, milli-nats."""


@click.command()
@click.option("--purpose", required=True, help="The purpose whose galleries are searched.")
@click.option("--measure", "measures", is_flag=True, help="Compare people with one another at random.")
@click.option("--use", "uses", is_flag=True, help="Measure, and have searches go by it. Two persons.")
@click.option("--standard", is_flag=True, help="Have searches go by the standard calibration. Two persons.")
@click.option("--own-cohort", is_flag=True, help="Normalise scores by a cohort drawn from these people.")
@click.option("--comparisons", type=click.IntRange(1000), default=100_000, show_default=True)
@output_option("plot", ".svg", tells="Draw it, as .svg.")
@json_option
@data_option
@seat_options
def calibrate(
    purpose: str,
    measures: bool,
    uses: bool,
    standard: bool,
    own_cohort: bool,
    comparisons: int,
    plot_file: Path | None,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Show by what searches tell people from chance; measure it here, and go by that.

    Without an option it shows the calibration that counts now. --measure compares people of the purpose's
    galleries with one another and shows how often chance reaches which strength, before and after; it
    changes nothing. --use does the same, and keeps it under the next number.

    \b
    Examples:
      musterpoint calibrate --purpose departure
      musterpoint calibrate --purpose departure --measure --plot calibration.svg
      musterpoint calibrate --purpose departure --use --second SEAT
      musterpoint calibrate --purpose departure --use --own-cohort --second SEAT
      musterpoint calibrate --purpose departure --standard --second SEAT
    """
    if standard and (measures or uses):
        raise click.UsageError("--standard measures nothing; give it alone.")
    if (plot_file or own_cohort) and not (measures or uses):
        raise click.UsageError("--plot and --own-cohort go with --measure or --use.")
    station = seat.open(data, must_exist=True)
    if standard:
        _go_by_standard(station, purpose, as_json)
    elif measures or uses:
        asked = _Asked(purpose, comparisons, own_cohort, plot_file)
        _measure(station, asked, uses=uses, as_json=as_json)
    else:
        _show(station, purpose, as_json)


def _go_by_standard(station: Station, purpose: str, as_json: bool) -> None:
    from musterpoint.workflows.calibrating import set_standard

    number = set_standard(station, purpose)
    if as_json:
        print_json({"number": number, "standard": True})
        return
    if number is None:
        click.echo(f"Searches for {purpose} go by the standard calibration already; nothing was changed.")
        return
    click.echo(f"Searches for {purpose} go by the standard calibration; entry {number} says so.")


def _show(station: Station, purpose: str, as_json: bool) -> None:
    from musterpoint.workflows.calibrating import view_calibration

    view = view_calibration(station, purpose)
    if as_json:
        print_json(_view_as_json(view))
        return
    made = view.calibration
    which = f"calibration {made.number}" if made.number else "the standard calibration"
    click.secho(f"Searches for {purpose} go by {which}.", bold=True)
    if view.ended:
        click.echo(f"The last calibration does not count: {view.ended}. Measure again.")
    click.echo(f"Measured on {made.source}. Comparator {made.comparator}, cohort {made.cohort}.")
    held = "" if view.people is None else f", with {counted(view.people, 'person', 'people')}"
    click.echo(f"Galleries: {', '.join(view.galleries) or 'none'}{held}.")
    for fingers, chance in ((1, made.one), (2, made.several)):
        click.echo(
            f"{'One finger' if fingers == 1 else 'Two or more'}: seen down to "
            f"{in_words(math.exp(-chance.measured_to / 1000))} comparisons, extrapolated down to "
            f"{math.exp(-chance.limit / 1000):.0e}; a stricter target is refused."
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    purpose: str
    comparisons: int
    own_cohort: bool
    plot: Path | None


def _measure(station: Station, asked: _Asked, *, uses: bool, as_json: bool) -> None:
    from musterpoint.cli.calibrating_plot import draw_calibration
    from musterpoint.workflows.calibrating import measure_calibration, set_calibration

    with Progress("comparisons") as progress:
        found = measure_calibration(
            station,
            asked.purpose,
            comparisons=asked.comparisons,
            is_own_cohort=asked.own_cohort,
            to_use=uses,
            advance=progress.advance,
        )
    number = set_calibration(station, found) if uses else None
    if asked.plot:
        title = f"Chance among {found.people} people, one finger each"
        drawn = draw_calibration(found.one[0], found.before.one, found.after.one, title=title)
        write_file(asked.plot, drawn.encode())
    if as_json:
        print_json(_measured_as_json(found, number))
        return
    _print_measured(found)
    if number is None:
        click.echo("Nothing was changed; --use has searches go by it.")
    else:
        click.secho(f"Searches for {asked.purpose} go by calibration {number} now.", bold=True)


def _print_measured(found: Measured) -> None:
    click.secho(f"{counted(found.people, 'person', 'people')} of {found.of_people} compared.", bold=True)
    _print_map("One finger", *found.one[:1], found.before.one, found.after.one)
    if found.several[1] is not None:
        _print_map("Two fingers", *found.several[:1], found.before.several, found.after.several)
    else:
        click.echo("Too few people gave two fingers; two are taken to be independent of each other.")
    tail, (low, high) = found.one[1].tail, found.one[1].shape_range
    if tail is not None:
        click.echo(
            f"Tail model of one finger above {tail.begin:,.0f}: shape {tail.shape:.2f} "
            f"(95 %: {low:.2f} to {high:.2f}), scale {tail.scale:,.0f}; strengths promise 0 and 1,000."
        )
    if found.undecided:
        click.echo(
            f"Not compared: {counted(found.undecided, 'pair', 'pairs')} of people of whom it is not decided"
            " whether they are one. Have open cases judged before you go by it."
        )
    if found.suspects:
        click.echo(
            f"Left out: {counted(found.suspects, 'pair', 'pairs')} of people so alike that they may be one."
        )


def _print_map(title: str, seen: Comparisons, before: ChanceMap, after: ChanceMap) -> None:
    rows = []
    for strength, reached in zip(SHOWN, seen.reaching(SHOWN).tolist(), strict=True):
        low, high = after.interval_of(strength)
        nats = after.nats_of(strength)
        rows.append(
            (
                f"{strength:,}",
                str(reached),
                f"{reached / len(seen):.1e}" if reached else "none",
                f"{math.exp(-before.nats_of(strength) / 1000):.1e}",
                f"{math.exp(-nats / 1000):.1e}",
                f"{math.exp(-high / 1000):.1e} to {math.exp(-low / 1000):.1e}",
                "extrapolated" if after.is_extrapolated(nats) else "",
            )
        )
    print_table(
        ("strength", "reached", "measured", "before", "after", "95 %", ""),
        rows,
        title=f"{title}: {len(seen):,} comparisons",
    )


def _view_as_json(view: CalibrationView) -> dict[str, object]:
    made = view.calibration
    return {
        "purpose": view.purpose,
        "galleries": list(view.galleries),
        "people": view.people,
        "number": made.number,
        "source": made.source,
        "comparator": made.comparator,
        "cohort": made.cohort,
        "ended": view.ended,
        "superseded": view.superseded,
        "one": _map_as_json(made.one),
        "several": _map_as_json(made.several),
    }


def _measured_as_json(found: Measured, number: int | None) -> dict[str, object]:
    tail = found.one[1].tail
    return {
        "number": number,
        "purpose": found.purpose,
        "galleries": sorted(found.galleries),
        "people": found.people,
        "of_people": found.of_people,
        "suspects": found.suspects,
        "undecided": found.undecided,
        "before": found.before.number,
        "comparator": found.after.comparator,
        "cohort": found.after.cohort,
        "one": _table_as_json(found.one[0], found.before.one, found.after.one),
        "several": _table_as_json(found.several[0], found.before.several, found.after.several),
        "tail": None
        if tail is None
        else {
            "begin": tail.begin,
            "shape": tail.shape,
            "shape_range": list(found.one[1].shape_range),
            "scale": tail.scale,
        },
    }


def _map_as_json(chance: ChanceMap) -> dict[str, object]:
    return {
        "measured_to": math.exp(-chance.measured_to / 1000),
        "extrapolated_to": math.exp(-chance.limit / 1000),
    }


def _table_as_json(seen: Comparisons, before: ChanceMap, after: ChanceMap) -> dict[str, object]:
    rows = []
    for strength, reached in zip(SHOWN, seen.reaching(SHOWN).tolist(), strict=True):
        low, high = after.interval_of(strength)
        nats = after.nats_of(strength)
        rows.append(
            {
                "strength": strength,
                "reached": reached,
                "before": math.exp(-before.nats_of(strength) / 1000),
                "after": math.exp(-nats / 1000),
                "range": [math.exp(-high / 1000), math.exp(-low / 1000)],
                "extrapolated": after.is_extrapolated(nats),
            }
        )
    return {"comparisons": len(seen), "strengths": rows, **_map_as_json(after)}
