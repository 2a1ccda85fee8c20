"""`musterpoint agreement`: draft, add, sign, acknowledge, refuse, end, list and show agreements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from musterpoint.cli import exits
from musterpoint.cli.agreement_pages import agreement_as_json, as_rows, print_agreement
from musterpoint.cli.options import SeatChoice, data_option, json_option, new_passphrase, seat_options
from musterpoint.cli.output import print_json, print_table, say
from musterpoint.cli.texts import OutputFile, ShortText
from musterpoint.cli.writing import write_file
from musterpoint.clock import SystemClock
from musterpoint.errors import NotFound, UnusableInput
from musterpoint.imaging import read_file
from musterpoint.limits import AGREEMENT_BYTES_MAX, TEXT_CHARACTERS_MAX

if TYPE_CHECKING:
    from musterpoint.registry.agreements import AgreementVersion, AnswerKind, PartyAnswer
    from musterpoint.storage.keyfiles import SigningKey
    from musterpoint.workflows.drafting import DraftParty
    from musterpoint.workflows.station import Station

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def agreement() -> None:
    """Say who may search whom, why and until when, and let each party sign it.

    \b
    Examples:
      musterpoint agreement draft --party "Relief agency" --party "City council" --purpose departure
      musterpoint agreement add agreement.toml
      musterpoint agreement acknowledge --party "Relief agency" --party "City council"
      musterpoint agreement show
    """


@agreement.command()
@click.option(
    "--party",
    "parties",
    multiple=True,
    required=True,
    metavar="NAME[=KEY]",
    help="A party, and its public key where that was made elsewhere; else a key is made here.",
)
@click.option(
    "--purpose",
    "purposes",
    type=ShortText(),
    multiple=True,
    required=True,
    help="Why people are searched; may be given several times.",
)
@click.option("--gallery", type=ShortText(), help="Gallery to search and enrol in. Default: as each purpose.")
@click.option("--name", type=ShortText(), help="What to call the agreement. Default: its purposes.")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="How long it holds."
)
@click.option(
    "--output",
    type=OutputFile(),
    default=Path("agreement.toml"),
    show_default=True,
    help="File to write.",
)
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase to seal the parties' keys with.")
def draft(
    parties: tuple[str, ...],
    purposes: tuple[str, ...],
    gallery: str | None,
    name: str | None,
    days: int,
    output: Path,
    passphrase: bool,
) -> None:
    """Write a draft to change and sign; keys of parties are made where there are none.

    \b
    Example:
      musterpoint agreement draft --party "Relief agency" --party "City council" --purpose departure
    """
    from musterpoint.identifiers import AgreementId, new_uuid
    from musterpoint.workflows.drafting import Draft, draft_toml

    if output.exists():
        raise click.UsageError(f"{output} is there already; name another file with --output.")
    secret = new_passphrase() if passphrase else None
    named = tuple(dict.fromkeys(purposes))
    text = draft_toml(
        Draft(
            agreement_id=AgreementId(new_uuid()),
            name=name or ", ".join(named)[:TEXT_CHARACTERS_MAX],
            purposes=named,
            gallery=gallery or "",
            valid_from=SystemClock().now(),
            days=days,
            parties=[_drafted(one, secret) for one in parties],
        )
    )
    write_file(output, text.encode())
    click.echo(f"{output} was written. Change it together, then run: musterpoint agreement add {output}")


def _drafted(text: str, passphrase: bytes | None) -> DraftParty:
    from musterpoint.storage import keyfiles
    from musterpoint.workflows.drafting import DraftParty

    name, separator, key = text.partition("=")
    if separator:
        try:
            public_key = bytes.fromhex(key)
        except ValueError:
            public_key = b""
        if len(public_key) != 32:
            raise click.BadParameter(f"expected NAME=KEY with 64 hexadecimal digits, found {text!r}")
        return DraftParty(name=name, public_key=public_key)
    title = _key_name(name)
    for file in keyfiles.held(keyfiles.key_folder()).values():
        if file.name == title:
            return DraftParty(name=name, public_key=file.public_key)
    made = keyfiles.SigningKey.generate()
    path = keyfiles.write(keyfiles.key_folder(), title, made, passphrase)
    say(f"The key of {name} was made: {path}. Who holds it signs for the party.")
    return DraftParty(name=name, public_key=made.public_key)


def _key_name(party: str) -> str:
    return f"party {party}"


@agreement.command()
@click.argument("party", type=ShortText())
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase to seal the key with.")
@json_option
def key(party: str, passphrase: bool, as_json: bool) -> None:
    """Make the key of a party on its own machine, and show the public part for the draft.

    \b
    Example:
      musterpoint agreement key "City council"
    """
    from musterpoint.storage import keyfiles

    made = keyfiles.SigningKey.generate()
    path = keyfiles.write(
        keyfiles.key_folder(), _key_name(party), made, new_passphrase() if passphrase else None
    )
    if as_json:
        print_json({"party": party, "key": made.public_key.hex(), "file": str(path)})
        return
    click.echo(f"{party}={made.public_key.hex()}")
    say(f"The private part lies in {path}.")


@agreement.command()
@click.argument("file", type=FILE)
@json_option
@data_option
@seat_options
def add(file: Path, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Add an agreement, or its next version, for the parties to answer. A supervisor does it.

    \b
    Example:
      musterpoint agreement add agreement.toml
    """
    from musterpoint.workflows.agreements import add_version

    added = add_version(seat.open(data), _read(file))
    if as_json:
        print_json(
            {
                "agreement": str(added.version.agreement_id),
                "version": added.version.version,
                "digest": added.digest,
                "position": added.position,
            }
        )
        return
    names = " ".join(f'--party "{one.name}"' for one in added.version.parties if one.must_acknowledge)
    click.echo(f"{added.version.name}, version {added.version.version}, digest {added.digest}")
    click.echo(f"It is not live before each party acknowledges: musterpoint agreement acknowledge {names}")


def _read(file: Path) -> AgreementVersion:
    from musterpoint.registry.agreement_documents import from_document, read_toml

    data = read_file(file, bytes_max=AGREEMENT_BYTES_MAX)
    try:
        text = data.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            return from_document(json.loads(text), str(file))
    except ValueError:
        raise UnusableInput(
            expected="an agreement in TOML, or as musterpoint agreement show --document prints it",
            found="other bytes",
            hint="Copy the file again",
            where=str(file),
        ) from None
    return read_toml(text, str(file))


@agreement.command()
@click.argument("file", type=FILE)
@click.option("--party", type=ShortText(), required=True, help="The party that signs.")
@click.option("--refuse", is_flag=True, help="Refuse to acknowledge, with a statement.")
@click.option("--statement", default="", help="The party's own words.")
@click.option("--output", type=OutputFile(), required=True, help="The answer, to be handed to the station.")
def sign(file: Path, party: str, refuse: bool, statement: str, output: Path) -> None:
    """Sign where a party keeps its key; no registry is needed. The file goes to the station.

    \b
    Example:
      musterpoint agreement sign agreement.json --party "City council" --output answer.json
    """
    from musterpoint.registry.agreement_documents import answer_to_document
    from musterpoint.registry.agreements import AnswerKind
    from musterpoint.workflows.agreements import sign_answer

    version = _read(file)
    kind = AnswerKind.REFUSED if refuse else AnswerKind.ACKNOWLEDGED
    answer = sign_answer(version, party, _party_key(version, party), kind, statement)
    write_file(output, json.dumps(answer_to_document(answer), indent=2, ensure_ascii=False).encode())
    click.echo(f"{output}: hand it in with musterpoint agreement acknowledge --from {output}")


def _party_key(version: AgreementVersion, party: str) -> SigningKey:
    from musterpoint.cli.options import ask_passphrase
    from musterpoint.storage import keyfiles
    from musterpoint.workflows.agreements import party_named

    found = party_named(version, party, where="--party")
    file = keyfiles.held(keyfiles.key_folder()).get(found.public_key)
    if file is None:
        raise NotFound(
            expected="the key of the party on this machine",
            found="none",
            hint="Sign where it is kept, with musterpoint agreement sign, and hand in the file with --from",
            where="--party",
        )
    return keyfiles.load(file, ask_passphrase)


@agreement.command()
@click.argument("name", required=False, default="")
@click.option("--party", "parties", multiple=True, help="A party whose key is on this machine.")
@click.option("--from", "files", type=FILE, multiple=True, help="An answer that was signed elsewhere.")
@click.option("--statement", default="", help="The parties' own words.")
@json_option
@data_option
@seat_options
def acknowledge(
    name: str,
    parties: tuple[str, ...],
    files: tuple[Path, ...],
    statement: str,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Record that parties acknowledge an agreement, each with its own key.

    NAME is the agreement; it may be left out where there is one.

    \b
    Examples:
      musterpoint agreement acknowledge --party "Relief agency" --party "City council"
      musterpoint agreement acknowledge --from answer.json
    """
    from musterpoint.registry.agreements import AnswerKind

    if not parties and not files:
        raise click.UsageError("Name a party with --party, or a signed answer with --from.")
    station = seat.open(data, must_exist=True)
    own = _signed_here(station, name, parties, AnswerKind.ACKNOWLEDGED, statement)
    _record(station, _signed_elsewhere(files) + own, as_json)


@agreement.command()
@click.argument("name", required=False, default="")
@click.option("--party", required=True, help="The party whose key is on this machine.")
@click.option("--statement", required=True, help="Why, in the party's own words.")
@json_option
@data_option
@seat_options
def refuse(name: str, party: str, statement: str, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Record that a party refuses to acknowledge, with its statement; it counts from then on.

    \b
    Example:
      musterpoint agreement refuse --party "City council" --statement "The route was never agreed."
    """
    from musterpoint.registry.agreements import AnswerKind

    station = seat.open(data, must_exist=True)
    _record(station, _signed_here(station, name, (party,), AnswerKind.REFUSED, statement), as_json)


def _signed_here(
    station: Station, name: str, parties: tuple[str, ...], kind: AnswerKind, statement: str
) -> list[PartyAnswer]:
    from musterpoint.workflows.agreements import newest_version, sign_answer

    if not parties:
        return []
    version = newest_version(station, name).version
    return [sign_answer(version, one, _party_key(version, one), kind, statement) for one in parties]


def _signed_elsewhere(files: tuple[Path, ...]) -> list[PartyAnswer]:
    from musterpoint.registry.agreement_documents import answer_from_document

    answers = []
    for file in files:
        try:
            document = json.loads(read_file(file, bytes_max=AGREEMENT_BYTES_MAX))
        except ValueError:
            document = None
        answers.append(answer_from_document(document, str(file)))
    return answers


def _record(station: Station, answers: list[PartyAnswer], as_json: bool) -> None:
    from musterpoint.workflows.agreements import answer_agreement

    states = [(one, answer_agreement(station, one)) for one in answers]
    if as_json:
        print_json([{"party": one.party, "answer": one.answer, "state": state} for one, state in states])
        return
    for one, state in states:
        click.echo(f"{one.party} {one.answer} version {one.version}: the agreement is {_in_words(state)}.")


def _in_words(state: str) -> str:
    if state.startswith("waits"):
        return "still waiting for acknowledgements"
    return "not live, since a party refused it" if state.startswith("refused") else state


@agreement.command()
@click.argument("name")
@click.option("--reason", type=ShortText(), required=True, help="Why it ends.")
@data_option
@seat_options
def end(name: str, reason: str, data: Path | None, seat: SeatChoice) -> None:
    """End an agreement now; what it allowed is refused from then on.

    \b
    Example:
      musterpoint agreement end departure --reason "The movement is over"
    """
    from musterpoint.workflows.agreements import end_agreement

    position = end_agreement(seat.open(data, must_exist=True), name, reason)
    click.echo(f"The agreement has ended; journal line {position} says so.")


@agreement.command()
@click.option("--purpose", required=True, help="The purpose whose target is set.")
@click.option("--target-ppm", type=click.IntRange(1, 1_000_000), required=True, help="In a million searches.")
@data_option
@seat_options
def threshold(purpose: str, target_ppm: int, data: Path | None, seat: SeatChoice) -> None:
    """Set how many candidates chance may produce, within what was agreed. Two supervisors do it.

    \b
    Example:
      musterpoint agreement threshold --purpose departure --target-ppm 1000 --second SEAT
    """
    from musterpoint.workflows.agreements import set_target

    made = set_target(seat.open(data, must_exist=True), purpose, target_ppm)
    click.echo(f"Chance may produce {made.target_fpir_ppm} candidates in a million searches.")


@agreement.command(name="list")
@json_option
@data_option
@seat_options
def list_command(as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """List agreements and where they stand.

    \b
    Example:
      musterpoint agreement list
    """
    from musterpoint.workflows.agreements import view_agreements

    views = view_agreements(seat.open(data, must_exist=True))
    if as_json:
        print_json([agreement_as_json(one) for one in views])
        return
    print_table(("agreement", "version", "state", "until", "purposes"), [as_rows(one) for one in views])


@agreement.command()
@click.argument("name", required=False, default="")
@click.option("--document", is_flag=True, help="Print the newest version as the parties sign it, as JSON.")
@json_option
@data_option
@seat_options
def show(name: str, document: bool, as_json: bool, data: Path | None, seat: SeatChoice) -> int:
    """Show an agreement: parties and their answers, terms, and what each purpose comes to now.

    It ends with 1 where the agreement is not live.

    \b
    Example:
      musterpoint agreement show departure
    """
    from musterpoint.registry.agreement_documents import to_bytes
    from musterpoint.workflows.agreements import newest_version, view_agreement

    station = seat.open(data, must_exist=True)
    if document:
        click.echo(to_bytes(newest_version(station, name).version).decode())
        return 0
    view = view_agreement(station, name)
    if as_json:
        print_json(agreement_as_json(view))
    else:
        print_agreement(view)
    return 0 if view.state == "live" else exits.NO
