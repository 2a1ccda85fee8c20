"""`musterpoint reindex`: extract templates again, compare, and switch."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli import exits
from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say
from musterpoint.cli.progress import Progress


@click.command()
@click.option("--switch", "switches", is_flag=True, help="Have the new templates take their places.")
@click.option("--accept", "accepts", is_flag=True, help="Switch although fewer agree than should.")
@json_option
@data_option
@seat_options
def reindex(switches: bool, accepts: bool, as_json: bool, data: Path | None, seat: SeatChoice) -> int:
    """Extract templates of other versions again, where images are kept.

    Nothing is replaced before it was compared: run it, read the report, then run it with --switch.
    After an interruption it goes on where it stopped. What has no image stays as it is.

    \b
    Examples:
      musterpoint reindex
      musterpoint reindex --switch
    """
    from musterpoint.workflows.reindexing import reindex as reindex_registry

    station = seat.open(data, must_exist=True)
    with Progress("extracted again") as progress:
        done = reindex_registry(station, switches=switches, accepts=accepts, advance=progress.reach)
    if as_json:
        print_json(done)
        return 0
    rows = [
        (f"templates of {done.extractor}", str(done.current)),
        ("new ones that wait", str(done.waiting)),
        ("of the same finger as the old one, without doubt", str(done.agreeing)),
        ("switched now", str(done.switched)),
        ("kept: nothing could be extracted", str(done.failed)),
        ("kept: no image", str(done.without_image)),
        ("minutiae, median before and after", f"{_said(done.minutiae.old)}, {_said(done.minutiae.new)}"),
        ("quality, median before and after", f"{_said(done.quality.old)}, {_said(done.quality.new)}"),
    ]
    rows += [(f"origin {name}", str(count)) for name, count in done.origins.items()]
    print_table(("what", "references"), rows, title=f"Comparator {done.comparator}")
    if done.incomparable:
        say(
            f"{counted(done.incomparable, 'reference', 'references')} of a version that cannot be compared:"
            " galleries that hold one are not searched. Take the encounters out of the gallery."
        )
    return exits.NO if done.incomparable else 0


def _said(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
