"""`musterpoint demo`: the main job, on synthetic people."""

from __future__ import annotations

import tempfile
import time
import webbrowser
from pathlib import Path

import click

from musterpoint.cli.options import json_option
from musterpoint.cli.output import print_json, print_table, say
from musterpoint.cli.pictures import write_picture
from musterpoint.cli.progress import Stages
from musterpoint.cli.writing import write_file

DEFAULT_OUTPUT = "musterpoint-demo"


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_OUTPUT,
    show_default=True,
    help="Folder for the report, a picture, a receipt, the log and some prints.",
)
@click.option("--open", "opens", is_flag=True, help="Open the report in the browser.")
@json_option
def demo(output: Path, opens: bool, as_json: bool) -> None:
    """See the main job done with synthetic people.

    Makes people with synthetic fingerprint images in a temporary folder. An officer screens them as
    they arrive, two adjudicators judge, a supervisor decides; then the log of it all is verified.
    Writes a report with pictures, a receipt, the log, and prints to try commands with. Nothing else is
    kept.
    """
    began = time.monotonic()
    # Imported here, so that the first word of progress comes before the slow imports.
    say("Preparing; the first time takes longer, because code is compiled.")
    with Stages() as progress:
        from musterpoint.workflows.demonstration import demonstrate, prints_to_try

        with tempfile.TemporaryDirectory(prefix="musterpoint-demo-") as folder:
            result = demonstrate(Path(folder), output / "log", progress.reach)
    from musterpoint.cli.demonstration_report import COLUMNS, comparison_picture, report_page, table_rows

    picture, page, receipt = output / "comparison.png", output / "report.html", output / "receipt.html"
    write_picture(comparison_picture(result), picture)
    write_file(page, report_page(result).encode())
    write_file(receipt, result.receipt.html.encode())
    for name, content in prints_to_try().items():
        write_file(output / "prints" / name, content)
    rows = table_rows(result)
    if as_json:
        names = ("person", "shown", "answer", "decision", "why")
        print_json(
            {
                "people": [dict(zip(names, row, strict=True)) for row in rows],
                "picture": str(picture),
                "report": str(page),
                "receipt": str(receipt),
                "log": str(output / "log"),
                "prints": str(output / "prints"),
                "entries_verified": result.entries,
                "seconds": round(time.monotonic() - began, 1),
            }
        )
    else:
        print_table(COLUMNS, rows)
        click.echo(f"One comparison as a picture: {picture}")
        click.echo(f"A receipt for a person: {receipt}")
        click.echo(f"The log, {result.entries} entries, verified: {output / 'log'}")
        click.echo(f"Prints of one synthetic finger, to try commands with: {output / 'prints'}")
        click.echo(f"The report with all pictures: {page}")
        say(f"This command took {time.monotonic() - began:.0f} s; a set-up before it is not counted.")
    if opens:
        webbrowser.open(page.resolve().as_uri())
