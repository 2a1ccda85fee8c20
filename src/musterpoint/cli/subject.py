"""`musterpoint subject`: merge, split and move, see the history, take any of it back."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say, short
from musterpoint.clock import to_text
from musterpoint.storage.subjects import RecordedChange
from musterpoint.workflows import subjects


@click.group()
def subject() -> None:
    """Correct whose encounters are whose: by two supervisors, with a way back from each change.

    \b
    Examples:
      musterpoint subject merge 0195a3b4c5d6 0195a3b4ffff --second practice-supervisor-2
      musterpoint subject split 0195a3b4c5d6 0195a3c0aaaa --second practice-supervisor-2
      musterpoint subject move 0195a3c0aaaa --to 0195a3b4ffff --second practice-supervisor-2
      musterpoint subject history
      musterpoint subject undo 1 --second practice-supervisor-2
    """


@subject.command()
@click.argument("kept")
@click.argument("merged")
@json_option
@seat_options
@data_option
def merge(kept: str, merged: str, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """All encounters of MERGED become those of KEPT; MERGED is inactive from then on."""
    _print(subjects.merge(seat.open(data, must_exist=True), kept, merged), as_json)


@subject.command()
@click.argument("subject_id", metavar="SUBJECT")
@click.argument("encounters", nargs=-1, required=True)
@json_option
@seat_options
@data_option
def split(
    subject_id: str, encounters: tuple[str, ...], as_json: bool, seat: SeatChoice, data: Path | None
) -> None:
    """ENCOUNTERS of SUBJECT become those of a new subject."""
    _print(subjects.split(seat.open(data, must_exist=True), subject_id, encounters), as_json)


@subject.command()
@click.argument("encounter")
@click.option("--to", required=True, metavar="SUBJECT", help="Whose it is from now on.")
@json_option
@seat_options
@data_option
def move(encounter: str, to: str, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """ENCOUNTER becomes another subject's."""
    _print(subjects.move(seat.open(data, must_exist=True), encounter, to), as_json)


@subject.command()
@click.argument("change", type=int)
@json_option
@seat_options
@data_option
def undo(change: int, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """Take a change back; later changes of the same encounters have to be taken back before."""
    _print(subjects.undo(seat.open(data, must_exist=True), change), as_json)


@subject.command()
@click.argument("subject_id", metavar="SUBJECT", required=False)
@json_option
@seat_options
@data_option
def history(subject_id: str | None, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """List all changes, or those that touched SUBJECT."""
    found = subjects.history(seat.open(data, must_exist=True), subject_id)
    if as_json:
        print_json([_as_json(one) for one in found])
    elif found:
        print_table(("change", "when", "what", "encounters", "by", "undone by"), [_row(one) for one in found])
    else:
        say("No subject was ever changed.")


def _row(made: RecordedChange) -> tuple[str, ...]:
    undoes = f" change {made.change.undoes}" if made.change.undoes else ""
    return (
        str(made.number),
        to_text(made.changed_at),
        made.change.kind.value + undoes,
        ", ".join(short(one.encounter_id) for one in made.change.moved),
        " and ".join(name for name in (made.seat, made.second) if name),
        str(made.undone_by or ""),
    )


def _as_json(made: RecordedChange) -> dict[str, object]:
    return {
        "change": made.number,
        "kind": made.change.kind,
        "encounters": [
            {"encounter": one.encounter_id, "before": one.before, "after": one.after}
            for one in made.change.moved
        ],
        "undoes": made.change.undoes,
        "undone_by": made.undone_by,
        "seat": made.seat,
        "second": made.second,
        "changed_at": to_text(made.changed_at),
    }


def _print(made: RecordedChange, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(made))
        return
    what = counted(len(made.change.moved), "encounter", "encounters")
    click.secho(f"Change {made.number}, {made.change.kind.value}: {what}.", bold=True)
    for after in sorted({one.after for one in made.change.moved}):
        click.echo(f"Now of subject {after}.")
    click.echo(f"To take it back: musterpoint subject undo {made.number}")
