"""`musterpoint consent`: somebody withdraws what they consented to."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json
from musterpoint.cli.texts import ShortText


@click.group()
def consent() -> None:
    """Consent is recorded with `screen --consent`; here it is withdrawn.

    \b
    Examples:
      musterpoint consent withdraw 0195a3b4c5d6
      musterpoint consent withdraw 0195a3b4c5d6 --purpose departure --stop --seat practice-supervisor
    """


@consent.command()
@click.argument("person")
@click.option("--purpose", type=ShortText(), help="Of this purpose only. Default: of every purpose.")
@click.option(
    "--stop", "stops", is_flag=True, help="Keep the record, and let no search find it; a supervisor does it."
)
@json_option
@data_option
@seat_options
def withdraw(
    person: str, purpose: str | None, stops: bool, as_json: bool, data: Path | None, seat: SeatChoice
) -> None:
    """Record that a person withdraws their consent, and ask for their erasure.

    PERSON is the identifier of an encounter, as it stands on the receipt, or of a subject. A supervisor
    answers the request with `erase` or `erase refuse`.
    """
    from musterpoint.workflows.consent import withdraw as withdraw_consent

    station = seat.open(data, must_exist=True)
    done = withdraw_consent(station, person, purpose=purpose or "", stops=stops)
    if as_json:
        print_json(done)
        return
    click.echo(f"Withdrawn for: {', '.join(done.purposes)}.")
    if stops:
        visits = counted(done.encounters, "encounter", "encounters")
        click.echo(f"No search finds {visits} any more; the record is {done.state.value}.")
    else:
        click.echo(f"The record is {done.state.value}. A supervisor answers with: musterpoint erase")
