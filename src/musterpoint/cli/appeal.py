"""`musterpoint appeal`: what was decided about somebody is looked at again, by other people."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say, short
from musterpoint.clock import to_text
from musterpoint.registry.appeals import AppealedBy, AppealOutcome, Consumer
from musterpoint.workflows.appeals import (
    AppealView,
    decide_appeal,
    list_appeals,
    needed_for,
    open_appeal,
    view_appeal,
)

OUTCOMES = {outcome.value.replace(" ", "-"): outcome for outcome in AppealOutcome}
BY = {"person": AppealedBy.PERSON, "on-behalf": AppealedBy.ON_BEHALF}


@click.group()
def appeal() -> None:
    """Have other people look again at what was decided about somebody.

    Whoever judged before is not asked. While it is open, what follows from the decision rests, where
    the agreement says so.

    \b
    Examples:
      musterpoint appeal open 0195a3b4c5d6 --by person --reason "was never here"
      musterpoint appeal list --seat practice-supervisor
      musterpoint appeal decide 1 --seat practice-supervisor
    """


@appeal.command(name="open")
@click.argument("encounter")
@click.option("--by", type=click.Choice(list(BY)), required=True, help="Who appeals.")
@click.option("--reason", default="", help="Why, in their words; sealed.")
@json_option
@seat_options
@data_option
def open_command(
    encounter: str, by: str, reason: str, as_json: bool, seat: SeatChoice, data: Path | None
) -> None:
    """Open an appeal about an encounter: its identifier, or at least 8 digits of the end."""
    station = seat.open(data, must_exist=True)
    made = open_appeal(station, encounter, BY[by], reason=reason)
    needed = needed_for(station, made.number)
    if as_json:
        print_json(
            {"appeal": made.number, "encounter": made.encounter_id, "stays": made.stays, "needed": needed}
        )
        return
    click.secho(f"Appeal {made.number} is open.", bold=True)
    if needed is not None:
        click.echo(needed.in_words())
    if made.stays:
        click.echo("Until it is decided, what follows from the earlier decision rests.")


@appeal.command(name="list")
@json_option
@seat_options
@data_option
def list_command(as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """List all appeals."""
    found = list_appeals(seat.open(data, must_exist=True))
    if as_json:
        print_json([_as_json(one) for one in found])
    elif found:
        rows = [
            (
                str(one.appeal.number),
                to_text(one.appeal.opened_at),
                short(one.appeal.encounter_id),
                one.appeal.appealed_by.value,
                _state(one),
            )
            for one in found
        ]
        print_table(("appeal", "opened", "encounter", "by", "state"), rows)
        for one in found:
            if one.needed is not None and one.needed.missing:
                click.echo(f"Appeal {one.appeal.number}: {one.needed.in_words()}")
    else:
        say("Nobody has appealed.")


def _state(view: AppealView) -> str:
    if view.appeal.outcome is not None:
        return view.appeal.outcome.value
    return "ready to be decided" if view.is_ready else "being judged"


def _as_json(view: AppealView) -> dict[str, object]:
    appealed = view.appeal
    return {
        "appeal": appealed.number,
        "encounter": appealed.encounter_id,
        "by": appealed.appealed_by,
        "opened_at": to_text(appealed.opened_at),
        "stays": appealed.stays,
        "pairs": view.pairs,
        "is_ready": view.is_ready,
        "needed": view.needed,
        "outcome": appealed.outcome,
        "consumers": [_consumer(one) for one in view.consumers],
    }


def _consumer(one: Consumer) -> dict[str, object]:
    return {
        "position": one.position,
        "kind": one.kind,
        "author": one.author,
        "occurred_at": to_text(one.occurred_at),
    }


@appeal.command()
@click.argument("number", type=int)
@json_option
@seat_options
@data_option
def show(number: int, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """Show how far an appeal has come, and who relied on the decision."""
    found = view_appeal(seat.open(data, must_exist=True), number)
    if as_json:
        print_json(_as_json(found))
        return
    click.secho(f"Appeal {number}, {_state(found)}", bold=True)
    click.echo(f"Encounter {found.appeal.encounter_id}")
    if found.appeal.reason:
        click.echo(f"Reason: {found.appeal.reason}")
    if found.pairs:
        click.echo(f"{counted(found.pairs, 'pair is', 'pairs are')} judged anew.")
    if found.needed is not None:
        click.echo(found.needed.in_words())
    _print_consumers(found.consumers)


def _print_consumers(consumers: tuple[Consumer, ...]) -> None:
    if consumers:
        click.echo("Relied on the earlier decision:")
        rows = [
            (str(one.position), to_text(one.occurred_at), one.kind, one.author or "this installation")
            for one in consumers
        ]
        print_table(("line", "when", "what", "seat"), rows)


@appeal.command()
@click.argument("number", type=int)
@click.option(
    "--outcome",
    type=click.Choice(list(OUTCOMES)),
    help="Only where no adjudicator judges: else it follows from what they say.",
)
@json_option
@seat_options
@data_option
def decide(number: int, outcome: str | None, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """Close an appeal; where it is reversed, say who relied on the earlier decision."""
    given = OUTCOMES[outcome] if outcome else None
    closed, consumers = decide_appeal(seat.open(data, must_exist=True), number, given)
    if as_json:
        listed = [_consumer(one) for one in consumers]
        print_json({"appeal": number, "outcome": closed.outcome, "consumers": listed})
        return
    assert closed.outcome is not None
    click.secho(f"Appeal {number}: {closed.outcome.value}.", bold=True)
    _print_consumers(consumers)
