"""`musterpoint retention`: what is kept for how long, and its deletion on time."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say
from musterpoint.cli.progress import Progress
from musterpoint.clock import Instant, to_text
from musterpoint.registry.retention import HoldReason
from musterpoint.registry.rights import Act
from musterpoint.workflows import erasure
from musterpoint.workflows import retention as retaining


class Day(click.ParamType[Instant]):
    """A day such as 2027-03-31 in UTC, as the instant at which it begins."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Instant:
        """The instant. Fails for everything that is no day."""
        try:
            day = datetime.datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=datetime.UTC)
        except ValueError:
            self.fail(f"expected a day such as 2027-03-31, found {value!r}", param, ctx)
        return Instant(int(day.timestamp()) * 1_000_000)


@click.group()
def retention() -> None:
    """Show what is due, delete it, hold it or release it.

    \b
    Examples:
      musterpoint retention show
      musterpoint retention run --dry-run --until 2027-03-31
      musterpoint retention run
      musterpoint retention hold 0195a3b4c5d6 --reason appeal --until 2027-06-30
      musterpoint retention copy "station Gate 2"
    """


@retention.command()
@click.option("--until", type=Day(), metavar="DATE", help="As it will be on this day.")
@json_option
@data_option
@seat_options
def show(until: Instant | None, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Show how much is in which state, and what is due."""
    shown = retaining.show(seat.open(data, must_exist=True), until)
    if as_json:
        print_json(shown)
        return
    _tell_clock(shown.went_back_s, shown.at)
    print_table(("state", "records"), [(state, str(count)) for state, count in shown.states.items()])
    click.echo(f"Due: {_what(len(shown.due.encounters), len(shown.due.images), len(shown.due.agreements))}.")
    if shown.next is not None:
        click.echo(f"Next date: {to_text(shown.next)}")
    for encounter_id, end in shown.held:
        click.echo(f"Held until {to_text(end)[:10]}: {encounter_id}")
    for encounter_id in shown.requested:
        click.echo(f"Erasure asked for: {encounter_id}")
    for name in shown.holders:
        click.echo(f"Has a copy: {name}")
    for erasure_id in shown.unfinished:
        click.echo(f"Not complete: musterpoint erase --status {erasure_id}")


@retention.command()
@click.option("--until", type=Day(), metavar="DATE", help="Only what was due by this day.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Change nothing; DATE may lie ahead.")
@click.option("--accept-clock", "accepts_clock", is_flag=True, help="So much time has really passed.")
@json_option
@data_option
@seat_options
def run(
    until: Instant | None,
    is_dry: bool,
    accepts_clock: bool,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Delete what is due. Let the machine's scheduler call it once a day."""
    station = seat.open(data, must_exist=True)
    with Progress("erased") as progress:
        done = retaining.run(
            station, until=until, is_dry=is_dry, accepts_clock=accepts_clock, advance=progress.reach
        )
    if as_json:
        print_json(done)
        return
    _tell_clock(done.went_back_s, done.at)
    verb = "Would be erased" if is_dry else "Erased"
    click.echo(f"{verb}: {_what(done.erased, done.images, done.agreements)}.")
    if done.held:
        click.echo(f"Held: {counted(done.held, 'encounter', 'encounters')}.")


def _what(encounters: int, images: int, agreements: int) -> str:
    parts = [
        counted(encounters, "encounter", "encounters"),
        f"images of {counted(images, 'encounter', 'encounters')}",
        f"facts of {counted(agreements, 'agreement', 'agreements')}",
    ]
    return ", ".join(parts)


def _tell_clock(went_back_s: int, at: Instant) -> None:
    if went_back_s:
        behind = counted(went_back_s, "second", "seconds")
        say(f"The clock lies {behind} behind what was seen before; {to_text(at)} counts instead.")


@retention.command()
@click.argument("person")
@click.option("--reason", type=click.Choice([one.value for one in HoldReason]), required=True)
@click.option("--until", type=Day(), metavar="DATE", required=True, help="The day on which the hold ends.")
@data_option
@seat_options
def hold(person: str, reason: str, until: Instant, data: Path | None, seat: SeatChoice) -> None:
    """Keep a person past their date, until a day."""
    station = seat.open(data, must_exist=True)
    found = erasure.find(station, person, Act.HOLD)
    retaining.hold(station, found, HoldReason(reason), until)
    click.echo(f"Held until {to_text(until)[:10]}: {reason}.")


@retention.command()
@click.argument("person")
@data_option
@seat_options
def release(person: str, data: Path | None, seat: SeatChoice) -> None:
    """End the holds of a person."""
    station = seat.open(data, must_exist=True)
    found = erasure.find(station, person, Act.HOLD)
    state = retaining.release(station, found)
    click.echo(f"Released; the record is {state.value}.")


@retention.command()
@click.argument("name")
@click.option("--until", type=Day(), metavar="DATE", help="The day from which it cannot be opened any more.")
@click.option("--gone", "is_gone", is_flag=True, help="The copy is no more: it has forgotten everybody.")
@data_option
@seat_options
def copy(name: str, until: Instant | None, is_gone: bool, data: Path | None, seat: SeatChoice) -> None:
    """Say who has a copy of the registry, or has it no more.

    Every erasure from now on waits for whoever has a copy. Exports and backups enter the list by
    themselves.
    """
    station = seat.open(data, must_exist=True)
    if not is_gone:
        erasure.has_copy(station, name, until)
        click.echo(f"Erasures from now on wait for: {name}")
        return
    answered = erasure.copy_gone(station, name)
    click.echo(f"{name} has no copy any more; {counted(answered, 'erasure', 'erasures')} waited for it.")
