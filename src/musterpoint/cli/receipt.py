"""`musterpoint receipt`: a page for the person, and the proof that they were counted."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import print_json
from musterpoint.cli.texts import OutputFile
from musterpoint.cli.writing import write_file


@click.command()
@click.argument("encounter")
@click.option(
    "--out",
    type=OutputFile(),
    default=Path("receipt.html"),
    show_default=True,
    help="The page; the proof is written beside it, ending in .tlog-proof.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    default=("en",),
    show_default=True,
    help="en, ar, fr or uk; may be given several times.",
)
@json_option
@data_option
@seat_options
def receipt(
    encounter: str, out: Path, languages: tuple[str, ...], as_json: bool, data: Path | None, seat: SeatChoice
) -> None:
    """Make the receipt of somebody who was at the gate.

    ENCOUNTER is an identifier, or at least 8 digits of its end. The page says what for, until when,
    and to whom to object; not who the person is, nor what was found. Print it on A6, or show it.

    \b
    Examples:
      musterpoint receipt 1b2c3d4e5f60 --out receipt.html
      musterpoint receipt 1b2c3d4e5f60 --language ar --language en
    """
    from musterpoint.workflows.receipts import make_receipt

    made = make_receipt(seat.open(data, must_exist=True), encounter, languages)
    proof = out.with_suffix(".tlog-proof")
    write_file(out, made.html.encode())
    write_file(proof, made.proof.to_bytes())
    if as_json:
        print_json({"code": made.code, "page": str(out), "proof": str(proof), "entry": made.proof.index + 1})
        return
    click.secho(f"Receipt {made.code}", bold=True)
    click.echo(f"  {out}")
    click.echo(f"  {proof}: entry {made.proof.index + 1} of the log")
