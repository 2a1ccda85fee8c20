"""`musterpoint erase`: delete a person."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli import exits
from musterpoint.cli.options import data_option, json_option
from musterpoint.cli.output import counted, print_json, say
from musterpoint.storage import Database
from musterpoint.workflows.erasure import erase as erase_person
from musterpoint.workflows.erasure import find_erasable
from musterpoint.workflows.station import default_folder


@click.command()
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@data_option
def erase(person: str, yes: bool, as_json: bool, data: Path | None) -> int:
    """Delete a person: every encounter, template and image.

    PERSON is the identifier of a subject, or of an encounter that belongs to nobody yet; at
    least 8 digits of its end will do. What remains is a journal line that says that somebody was
    erased. Backups made before still hold the person.
    """
    database = Database.open(data or default_folder(), must_exist=True)
    with database.read() as snapshot:
        found = find_erasable(snapshot, person)
    if not yes:
        what = f"subject {found.subject_id}" if found.subject_id else f"encounter {found.encounters[0]}"
        count = counted(len(found.encounters), "encounter", "encounters")
        if not click.confirm(f"Erase {what} ({count}) for good?", err=True):
            say("Nothing was erased.")
            return exits.NO
    erasure = erase_person(database, found)
    if as_json:
        print_json(erasure)
        return 0
    count = counted(erasure.encounters, "encounter", "encounters")
    click.echo(f"Erased: {count}. Journal line {erasure.position} says so.")
    for case in erasure.cases_empty:
        click.echo(f"Case {case} has no candidate left: musterpoint adjudicate {case} --different")
    return 0
