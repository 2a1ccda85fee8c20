"""`musterpoint log`: the journal as a log that others can verify."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from musterpoint.cli.log_reading import read_bounded, read_keys
from musterpoint.cli.log_witness import witness
from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, say
from musterpoint.cli.texts import OutputFile
from musterpoint.cli.writing import write_file
from musterpoint.transparency.event_kinds import EventClass

REQUEST = Path("request.tlog")
"""What a request is called if nobody says otherwise."""


@click.group()
def log() -> None:
    """Publish the journal as a log that others can verify, and verify such a log.

    \b
    Examples:
      musterpoint log checkpoint
      musterpoint log export published
      musterpoint log verify published --signatures
      musterpoint log proof 12 --output receipt.tlog-proof
      musterpoint log request --output request.tlog
      musterpoint log add-cosignature cosignatures.txt --witness witness.keys
    """


log.add_command(witness)


@log.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--open",
    "opened",
    multiple=True,
    type=click.Choice([one.value for one in EventClass]),
    help="Open the pseudonymous payloads of this class; may be given several times.",
)
@click.option("--cosigned", is_flag=True, help="Up to the newest checkpoint with a cosignature.")
@seat_options
@data_option
@json_option
def export(
    folder: Path, opened: tuple[str, ...], cosigned: bool, seat: SeatChoice, data: Path | None, as_json: bool
) -> None:
    """Write the log into a folder, for observers, a web server or a stick.

    \b
    Example:
      musterpoint log export published --open setup --cosigned
    """
    from musterpoint.workflows.log_export import export_log

    station = seat.open(data, must_exist=True)
    classes = frozenset(EventClass(one) for one in opened)
    made = export_log(station, folder, opened=classes, is_cosigned=cosigned)
    if as_json:
        print_json(made)
        return
    click.echo(f"{counted(made.size, 'entry', 'entries')} in {folder}")
    by = f"cosigned by {', '.join(made.witnesses)}" if made.witnesses else "no witness has cosigned"
    say(f"{by}; {counted(made.openings, 'payload', 'payloads')} opened, {made.erased} erased before.")


@log.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify(arguments: tuple[str, ...]) -> None:
    """Verify an exported log, or proofs from it; the same program stands alone as verifier.py.

    \b
    Examples:
      musterpoint log verify published --signatures
      musterpoint log verify --policy mine --proof receipt.tlog-proof
    """
    from musterpoint.transparency import verifier

    sys.exit(verifier.main(arguments))


@log.command()
@click.option("--origin", metavar="NAME", help="Give the log a name of its own, before anything is signed.")
@click.option("--output", type=OutputFile(), help="Write it here, not to the terminal.")
@seat_options
@data_option
def checkpoint(origin: str | None, output: Path | None, seat: SeatChoice, data: Path | None) -> None:
    """Sign the present state of the log: its size and its root."""
    from musterpoint.workflows import transparency

    station = seat.open(data, must_exist=True)
    if origin:
        transparency.name_log(station, origin)
    _hand_out(transparency.checkpoint(station).to_bytes(), output)


@log.command()
@click.option("--output", type=OutputFile(), help="Write them here, not to the terminal.")
@data_option
def keys(output: Path | None, data: Path | None) -> None:
    """Show the keys by which others know this log, for their policies and witnesses."""
    from musterpoint.workflows import transparency
    from musterpoint.workflows.station import open_station

    station = open_station(data, must_exist=True)
    click.get_current_context().call_on_close(station.close)
    found = transparency.log_keys(station)
    _hand_out("".join([f"{one.vkey}\n" for one in found]).encode(), output)


@log.command()
@click.argument("entry", metavar="POSITION|EVENT")
@click.option("--output", type=OutputFile(), help="Write it here, not to the terminal.")
@seat_options
@data_option
def proof(entry: str, output: Path | None, seat: SeatChoice, data: Path | None) -> None:
    """Prove that a line of the journal is in the log.

    It is named by its position, or by the identifier of its event or the beginning of that.
    """
    from musterpoint.workflows import transparency

    station = seat.open(data, must_exist=True)
    made = transparency.proof_of(station, transparency.position_of(station, entry))
    _hand_out(made.to_bytes(), output)


@log.command()
@click.option("--output", type=OutputFile(), help=f"File to write. Default: {REQUEST}.")
@click.option("--old", type=click.IntRange(0), metavar="N", help="Size that the witness cosigned last.")
@click.option("--to", metavar="ADDRESS", help="Ask this witness over HTTP instead of writing a file.")
@click.option("--witness", metavar="KEY|FILE", help="Keys of the witness, with --to.")
@seat_options
@data_option
def request(
    output: Path | None,
    old: int | None,
    to: str | None,
    witness: str | None,
    seat: SeatChoice,
    data: Path | None,
) -> None:
    """Ask a witness to cosign the present state: with a file, or over HTTP.

    \b
    Examples:
      musterpoint log request --output request.tlog
      musterpoint log request --to http://127.0.0.1:8765 --witness witness.keys
    """
    from musterpoint.workflows import transparency
    from musterpoint.workflows.witness_client import ask_for_cosignatures

    if (to is None) != (witness is None):
        raise click.UsageError("--to and --witness go together.")
    if to is not None and (old is not None or output is not None):
        raise click.UsageError("With --to nothing is written, and the witness says what it has cosigned.")
    station = seat.open(data, must_exist=True)
    if to is not None and witness is not None:
        known = read_keys(witness)
        size = transparency.add_cosignatures(station, ask_for_cosignatures(station, to), known)
        say(f"{counted(size, 'entry', 'entries')} cosigned by {known[0].name}")
        return
    path = output or REQUEST
    write_file(path, transparency.make_request(station, old).to_bytes())
    say(f"Request: {path}. Bring back what the witness answers: musterpoint log add-cosignature")


@log.command("add-cosignature")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--witness", required=True, metavar="KEY|FILE", help="Keys of the witness.")
@seat_options
@data_option
def add_cosignature(file: Path, witness: str, seat: SeatChoice, data: Path | None) -> None:
    """Take in what a witness has answered to a request."""
    from musterpoint.workflows import transparency

    known = read_keys(witness)
    station = seat.open(data, must_exist=True)
    size = transparency.add_cosignatures(station, read_bounded(file), known)
    say(f"{counted(size, 'entry', 'entries')} cosigned by {known[0].name}")


def _hand_out(content: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    write_file(output, content)
    say(f"Written: {output}")
