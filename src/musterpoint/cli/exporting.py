"""`musterpoint export`: a record, a person, or the whole registry."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.files import refuse_overwriting, submissions_of_one_person
from musterpoint.cli.forgiven import tell_forgiven
from musterpoint.cli.options import SeatChoice, data_option, json_option, ppi_option, raw_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say
from musterpoint.cli.progress import Progress
from musterpoint.cli.texts import OutputFile
from musterpoint.cli.writing import write_file
from musterpoint.clock import to_text

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("files", nargs=-1)
@click.option(
    "--output",
    type=OutputFile(),
    help="The record to write, as in finger.fmr.",
)
@click.option("--subject", metavar="ID", help="Write everything that is held on one person.")
@click.option("--out", type=FOLDER, help="The folder for --subject.")
@click.option("--all", "everything", type=FOLDER, metavar="DIR", help="Write the whole registry.")
@click.option("--list", "is_list", is_flag=True, help="Show what was exported, when and by whom.")
@click.option("--purpose", default="", help="Why, for --subject and --all; a live agreement covers it.")
@ppi_option
@raw_option
@json_option
@data_option
@seat_options
def export(
    files: tuple[str, ...],
    output: Path | None,
    subject: str | None,
    out: Path | None,
    everything: Path | None,
    is_list: bool,
    purpose: str,
    ppi: float | None,
    raw: tuple[int, int] | None,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Write templates of files as one ISO/IEC 19794-2:2005 record, a person, or the whole registry.

    A person's folder holds a page, JSON, images and templates, all events, who searched, and what was
    decided. A registry's folder holds lines of JSON, ISO/IEC 19794-2 records and PNG images; run the
    command again to go on where it stopped. Both need two seats and a purpose, and are journalled.

    \b
    Examples:
      musterpoint export right-index.png left-index.png --output person.fmr
      musterpoint export --subject 0195a3b4c5d6 --out held --purpose "access request"
      musterpoint export --all registry-2027 --purpose "handing over"
      musterpoint export --list
    """
    if sum((bool(files), subject is not None, everything is not None, is_list)) != 1:
        raise click.UsageError("Name files with --output, or --subject with --out, or --all, or give --list.")
    if files:
        _export_files(files, output, ppi, raw)
    elif is_list:
        _list_exports(seat, data, as_json)
    elif subject is not None:
        if out is None:
            raise click.UsageError("Name the folder with --out.")
        _export_person(seat, data, subject, out, purpose, as_json)
    elif everything is not None:
        _export_all(seat, data, everything, purpose, as_json)


def _export_files(
    files: tuple[str, ...], output: Path | None, ppi: float | None, raw: tuple[int, int] | None
) -> None:
    from musterpoint.extraction import Extractor
    from musterpoint.interchange import iso19794_2
    from musterpoint.workflows.capturing import capture
    from musterpoint.workflows.listing import IMAGE_SUFFIXES

    if output is None:
        raise click.UsageError("Name the record with --output.")
    refuse_overwriting(output, files)
    if output.suffix.lower() in IMAGE_SUFFIXES:
        raise click.UsageError(f"{output} has the name of an image; a record is named as in finger.fmr.")
    submissions = submissions_of_one_person(files, ppi=ppi, raw_size=raw)
    captures = capture(Extractor(), submissions)
    tell_forgiven(submissions)
    data = iso19794_2.write([one.template for one in captures])
    write_file(output, data)
    say(f"{counted(len(captures), 'finger', 'fingers')} written to {output}, {len(data)} bytes")


def _list_exports(seat: SeatChoice, data: Path | None, as_json: bool) -> None:
    from musterpoint.workflows.exports import list_exports

    found = list_exports(seat.open(data, must_exist=True))
    if as_json:
        print_json(found)
        return
    if not found:
        say("Nothing was exported.")
        return
    rows = [
        (
            str(one.position),
            to_text(one.exported_at),
            one.what,
            one.purpose,
            " and ".join(filter(None, (one.seat, one.second))),
            one.copy,
        )
        for one in found
    ]
    print_table(("line", "when (UTC)", "what", "purpose", "by", "copy"), rows)


def _export_person(
    seat: SeatChoice, data: Path | None, subject: str, out: Path, purpose: str, as_json: bool
) -> None:
    from musterpoint.workflows.exporting_person import PAGE, export_person

    done = export_person(seat.open(data, must_exist=True), subject, out, purpose=purpose)
    if as_json:
        print_json(done)
        return
    visits, events = counted(done.encounters, "visit", "visits"), counted(done.events, "event", "events")
    click.echo(f"{visits}, {counted(done.images, 'image', 'images')}, {events}: {out / PAGE}")


def _export_all(seat: SeatChoice, data: Path | None, out: Path, purpose: str, as_json: bool) -> None:
    from musterpoint.workflows.exporting import export_all

    station = seat.open(data, must_exist=True)
    with Progress("encounters") as progress:
        done = export_all(station, out, purpose=purpose, advance=progress.reach)
    if as_json:
        print_json(done)
        return
    visits = counted(done.counts["encounters"], "encounter", "encounters")
    click.echo(f"{visits}, {counted(done.counts['references'], 'finger', 'fingers')}: {out}")
    click.echo(f"Manifest {done.digest}")
    say(f"Every erasure from now on waits for: {done.holder}")
