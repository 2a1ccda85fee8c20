"""`musterpoint import`: take in what another registry has exported."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, say
from musterpoint.cli.progress import Progress


@click.command(name="import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
@data_option
@seat_options
def import_(folder: Path, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Take in a folder that was written by: musterpoint export --all FOLDER

    Everything is checked before anything is taken in. What is here already stays as it is; who was
    erased here does not come back. Run it again to go on after an interruption.

    \b
    Example:
      musterpoint import registry-2027
    """
    from musterpoint.workflows.importing import import_all

    station = seat.open(data)
    with Progress("encounters") as progress:
        done = import_all(station, folder, advance=progress.reach)
    if as_json:
        print_json(done)
        return
    for what, count in done.added.items():
        click.echo(f"{what}: {count} added")
    if not done.added:
        click.echo("Nothing was new.")
    click.echo(f"{counted(done.there + done.kept, 'record was', 'records were')} here already.")
    if done.erased:
        click.echo(f"{counted(done.erased, 'record', 'records')} of erased people left out.")
    if "encounters" in done.added:
        say("Nobody was compared with those who were here before: search them, or enrol a collection.")
