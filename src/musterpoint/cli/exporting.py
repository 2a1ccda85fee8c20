"""`musterpoint export`: templates as standard records."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.files import refuse_overwriting, submissions_of_one_person
from musterpoint.cli.options import ppi_option, raw_option
from musterpoint.cli.output import counted, say
from musterpoint.cli.writing import write_file
from musterpoint.extraction import Extractor
from musterpoint.interchange import iso19794_2
from musterpoint.workflows.capturing import capture
from musterpoint.workflows.listing import IMAGE_SUFFIXES


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The record to write, as in finger.fmr.",
)
@ppi_option
@raw_option
def export(files: tuple[str, ...], output: Path, ppi: float | None, raw: tuple[int, int] | None) -> None:
    """Write the templates of images or records as one ISO/IEC 19794-2:2005 record.

    \b
    Example:
      musterpoint export right-index.png left-index.png --output person.fmr
    """
    refuse_overwriting(output, files)
    if output.suffix.lower() in IMAGE_SUFFIXES:
        raise click.UsageError(f"{output} has the name of an image; a record is named as in finger.fmr.")
    captures = capture(Extractor(), submissions_of_one_person(files, ppi=ppi, raw_size=raw))
    data = iso19794_2.write([one.template for one in captures])
    write_file(output, data)
    say(f"{counted(len(captures), 'finger', 'fingers')} written to {output}, {len(data)} bytes")
