"""`musterpoint erase`: delete a person, with a receipt that can be checked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from musterpoint.cli import exits
from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, say
from musterpoint.cli.texts import OutputFile
from musterpoint.cli.writing import write_file, write_new_file
from musterpoint.clock import to_text
from musterpoint.errors import AlreadyErased, Conflict, MusterpointError, NotFound, UnusableInput
from musterpoint.registry.erasure import LIMITS, Erasure, RefusalReason, backups_expire_at, new_salt
from musterpoint.registry.rights import Act
from musterpoint.transparency.proof_files import parse_proof_file
from musterpoint.workflows import erasure, erasure_receipts
from musterpoint.workflows.erasure import Erasable
from musterpoint.workflows.erasure_receipts import Receipt
from musterpoint.workflows.station import Station


class _ErasureGroup(click.Group):
    """`erase PERSON` beside `erase confirm ID`: what is no subcommand is a person or an option."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand, or the one that erases."""
        if args and args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "person", self.commands["person"], args

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options before a person belong to it, not to the group."""
        known = args[:1] and (args[0] in self.commands or args[0] in {"-h", "--help"})
        return super().parse_args(ctx, args if known or not args else ["person", *args])


@click.group(cls=_ErasureGroup, context_settings={"ignore_unknown_options": True})
def erase() -> None:
    """Delete a person: every encounter, template and image, and the keys that open them.

    \b
    Examples:
      musterpoint erase 0195a3b4c5d6 --receipt receipt.json
      musterpoint erase --status 7d1f00aa
      musterpoint erase confirm 7d1f00aa --store "station Gate 2"
      musterpoint erase check receipt.json
    """


@erase.command(name="person", hidden=True)
@click.argument("person", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--receipt",
    type=OutputFile(),
    help="Write what the person keeps: the only copy of the salt that ties them to the log.",
)
@click.option("--status", metavar="ID", help="Show how far an erasure has come; renews its --receipt.")
@json_option
@data_option
@seat_options
def person_command(
    person: str | None,
    yes: bool,
    receipt: Path | None,
    status: str | None,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> int:
    """Delete a person for good.

    PERSON is the identifier of a subject, or of an encounter that belongs to nobody yet; at
    least 8 digits of its end will do. The journal keeps two lines that say that somebody was
    erased, and not who. The receipt stays pending until every copy has answered.
    """
    if (person is None) == (status is None):
        raise click.UsageError("Name a person, or give --status ID.")
    station = seat.open(data, must_exist=True)
    if status is not None:
        return _show_status(station, status, receipt, as_json)
    found = erasure.find(station, person or "")
    if not yes and not _is_meant(found):
        say("Nothing was erased.")
        return exits.NO
    # Before the erasure, or a crash could lose the salt.
    proof = _begin_receipt(receipt, found.record_id)
    try:
        done = erasure.erase(station, found, salt=proof.salt)
    except AlreadyErased:
        if receipt is not None:
            _give_up_receipt(station, receipt, proof)
        raise
    if receipt is not None:
        _write_receipt(station, receipt, proof, done.erasure)
    if as_json:
        print_json(_plain(done.erasure) | {"encounters": done.encounters, "cases_empty": done.cases_empty})
        return 0
    click.echo(f"Erased: {counted(done.encounters, 'encounter', 'encounters')}.")
    _print_status(done.erasure)
    for case in done.cases_empty:
        click.echo(f"Case {case} had no candidate left and is settled.")
    if receipt is None:
        say("No receipt was written, so nobody can tie the line in the log to the person.")
    return 0


def _begin_receipt(path: Path | None, record_id: UUID) -> Receipt:
    """The receipt with its salt, in its file before anything is erased.

    Where two erase the same person into the same file, both have the same receipt. Raises Conflict where
    the file holds anything else: another receipt may be the only copy of its salt.
    """
    proof = Receipt(record_id=record_id, salt=new_salt())
    if path is None:
        return proof
    try:
        write_new_file(
            path, erasure_receipts.intended(proof).encode(), hint="Name another file with --receipt"
        )
    except Conflict:
        with suppress(MusterpointError):
            there, content = _read_receipt(path)
            if there.record_id == record_id and not erasure_receipts.is_begun(content):
                return there
        raise
    return proof


def _give_up_receipt(station: Station, path: Path, proof: Receipt) -> None:
    """Somebody else was quicker: leave no receipt of an erasure that there is not."""
    made = erasure.committed(station, proof.commitment)
    if made is not None:
        _write_receipt(station, path, proof, made)
        return
    there, content = _read_receipt(path)
    if there == proof and not erasure_receipts.is_begun(content):
        path.unlink()


def _is_meant(found: Erasable) -> bool:
    what = f"subject {found.subject_id}" if found.subject_id else f"encounter {found.encounters[0]}"
    count = counted(len(found.encounters), "encounter", "encounters")
    if not sys.stdin.isatty():
        raise UnusableInput(
            expected="an answer to whether they are to be erased for good",
            found="nobody to ask: this is no terminal",
            hint="Give --yes where it was decided before",
        )
    return click.confirm(f"Erase {what} ({count}) for good?", err=True)


def _show_status(station: Station, text: str, receipt: Path | None, as_json: bool) -> int:
    made = erasure.look_up(station, text)
    if receipt is not None:
        proof, _ = _read_receipt(receipt)
        _write_receipt(station, receipt, proof, made)
    if as_json:
        print_json(_plain(made))
    else:
        _print_status(made)
    return exits.NO if made.outstanding else 0


def _print_status(made: Erasure) -> None:
    click.echo(f"Erasure {made.erasure_id}: {made.state.value}, journal line {made.begun}.")
    for store in made.stores:
        expiry = f", expires on {to_text(store.expires_at)[:10]}" if store.expires_at else ""
        answer = f"answered {to_text(store.answered_at)}" if store.answered_at else "outstanding"
        click.echo(f"  {store.name}: {answer}{expiry}")
    if (expires := backups_expire_at(made.stores)) is not None:
        click.echo(f"Backups expire on {to_text(expires)[:10]}.")
    click.echo("What no erasure reaches:")
    for limit in LIMITS:
        click.echo(f"  {limit}")


def _plain(made: Erasure) -> dict[str, Any]:
    return {
        "erasure": str(made.erasure_id),
        "state": made.state.value,
        "commitment": made.commitment,
        "begun": made.begun,
        "complete": made.complete,
        "outstanding": [store.name for store in made.outstanding],
        "stores": [store.name for store in made.stores],
    }


def _write_receipt(station: Station, path: Path, proof: Receipt, made: Erasure) -> None:
    files = erasure_receipts.proof_of(station, made)
    write_file(path, erasure_receipts.written(proof, made, files.leaf).encode())
    write_file(_proof_path(path), files.proof.to_bytes())
    say(f"Receipt: {path} and {_proof_path(path).name}")


def _proof_path(receipt: Path) -> Path:
    return receipt.with_suffix(".tlog-proof")


def _read_receipt(path: Path) -> tuple[Receipt, dict[str, Any]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFound(
            expected="the receipt of an erasure",
            found=(error.strerror or "an error").lower(),
            hint="Name the file that was written with --receipt",
            where=str(path),
        ) from error
    return erasure_receipts.read(data, where=str(path))


@erase.command()
@click.argument("person")
@data_option
@seat_options
def request(person: str, data: Path | None, seat: SeatChoice) -> None:
    """Record that a person asks to be erased.

    PERSON is the identifier of an encounter, as it stands on the receipt, or of a subject.
    """
    station = seat.open(data, must_exist=True)
    state = erasure.request(station, erasure.find(station, person, Act.REQUEST_ERASURE))
    click.echo(f"Recorded; the record is {state.value}.")


@erase.command()
@click.argument("person")
@click.option("--reason", type=click.Choice([one.value for one in RefusalReason]), required=True)
@data_option
@seat_options
def refuse(person: str, reason: str, data: Path | None, seat: SeatChoice) -> None:
    """Refuse a request, with the reason."""
    station = seat.open(data, must_exist=True)
    state = erasure.refuse(station, erasure.find(station, person), RefusalReason(reason))
    click.echo(f"Refused; the record is {state.value}.")


@erase.command()
@click.argument("identifier", metavar="ID")
@click.option("--store", "stores", multiple=True, required=True, help="Who has forgotten; see --status.")
@json_option
@data_option
@seat_options
def confirm(
    identifier: str, stores: Sequence[str], as_json: bool, data: Path | None, seat: SeatChoice
) -> int:
    """Record that a station, an export or a backup has forgotten the person."""
    station = seat.open(data, must_exist=True)
    made = erasure.look_up(station, identifier, Act.CONFIRM_ERASURE)
    for store in stores:
        made = erasure.confirm(station, made.erasure_id, store)
    if as_json:
        print_json(_plain(made))
    else:
        _print_status(made)
    return 0


@erase.command()
@click.argument("receipt", type=click.Path(path_type=Path, dir_okay=False))
@data_option
@seat_options
def check(receipt: Path, data: Path | None, seat: SeatChoice) -> int:
    """Check a receipt: its commitment, and that the registry's log has its line."""
    proof, content = _read_receipt(receipt)
    station = seat.open(data, must_exist=True)
    made = erasure_receipts.committed(station, proof.commitment)
    click.echo("The commitment follows from the identifier and the salt.")
    erasure_receipts.insist_on_record(proof, content, made)
    if _proof_path(receipt).is_file():
        read = parse_proof_file(_proof_path(receipt).read_bytes())
        line = erasure_receipts.check_proof(station, proof, content, read)
        click.echo(f"The proof shows line {line} in the log that this registry has signed.")
    click.echo(f"Line {made.begun} of the log says that the record was erased: {made.state.value}.")
    if made.outstanding:
        click.echo("Outstanding: " + ", ".join(store.name for store in made.outstanding))
    if content.get("erasure") not in {None, str(made.erasure_id)}:
        raise NotFound(
            expected="the receipt of this erasure",
            found="the identifier of another erasure in it",
            hint="Take the receipt as it was written",
            where=str(receipt),
        )
    return 0
