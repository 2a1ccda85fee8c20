"""`musterpoint erase`: delete a person."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import data_option, json_option
from musterpoint.cli.output import print_json
from musterpoint.storage import Database
from musterpoint.workflows.erasure import erase as erase_subject
from musterpoint.workflows.station import default_folder


@click.command()
@click.argument("subject")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@data_option
def erase(subject: str, yes: bool, as_json: bool, data: Path | None) -> None:
    """Delete a person: every encounter, template and image.

    SUBJECT is an identifier, or enough of its end to be the only one. What remains is a journal
    line that says that somebody was erased. Backups made before still hold the person.
    """
    database = Database.open(data or default_folder(), must_exist=True)
    with database.read() as snapshot:
        subject_id = snapshot.find_subject(subject)
        count = len(snapshot.subject(subject_id).encounters)
    if not yes:
        click.confirm(f"Erase subject {subject_id} with {count} encounters for good?", abort=True, err=True)
    position = erase_subject(database, subject_id)
    if as_json:
        print_json({"subject": subject_id, "encounters": count, "position": position})
        return
    click.echo(f"Erased: {count} encounters. Journal line {position} says so.")
