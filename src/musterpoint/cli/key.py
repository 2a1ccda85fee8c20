"""`musterpoint key`: the secret that opens a registry."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from musterpoint.cli.key_telling import advice, key_facts, source_in_words
from musterpoint.cli.options import Command, SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say
from musterpoint.cli.writing import write_new_file
from musterpoint.clock import to_text

if TYPE_CHECKING:
    from musterpoint.storage.vault import KeySource, Vault
    from musterpoint.storage.vault.rotating import Rotation

NEW_FROM_FILE = "MUSTERPOINT_NEW_PASSPHRASE_FILE"
NEW_FROM_ENVIRONMENT = "MUSTERPOINT_NEW_KEY"

SHARES = click.argument(
    "shares", metavar="FILE...", nargs=-1, type=click.Path(path_type=Path, dir_okay=False)
)
NEW_FILE = click.option(
    "--new-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Key file to make. Default: one in the user's configuration.",
)


def to_option(*, required: bool) -> Callable[[Command], Command]:
    """`--to`: where the new secret is kept."""
    return click.option(
        "--to",
        "kind",
        type=click.Choice(["passphrase", "file", "environment"]),
        required=required,
        default=None if required else "file",
        show_default=not required,
        help="Where the new secret comes from.",
    )


@click.group()
def key() -> None:
    """Look after the secret that opens a registry.

    The keys of a registry are wrapped by one secret: a key file, a passphrase, or a variable of the
    environment. A passphrase is asked for without being shown, or read from the file that
    MUSTERPOINT_PASSPHRASE_FILE names; it is never an argument.

    \b
    Examples:
      musterpoint key show
      musterpoint key share -k 2 -n 3 --output shares
      musterpoint key rehearse shares/share-1-of-3.txt shares/share-2-of-3.txt
      musterpoint key rotate
    """


@key.command()
@json_option
@data_option
@seat_options
def show(as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Show what wraps the keys, how many there are, and how safe that is.

    \b
    Example:
      musterpoint key show
    """
    from musterpoint.workflows.keys import show_keys

    station = seat.open(data, must_exist=True)
    found = show_keys(station)
    place = station.database.vault.key_file()
    if as_json:
        print_json(key_facts(found, place))
        return
    click.secho(source_in_words(found, place), bold=True)
    kinds = sorted({*found.live, *found.destroyed})
    rows = [(kind, str(found.live.get(kind, 0)), str(found.destroyed.get(kind, 0))) for kind in kinds]
    print_table(("keys of", "live", "destroyed"), rows)
    print_table(
        ("epoch", "began", "ended"),
        [
            (
                str(one.number),
                to_text(one.began_at),
                to_text(one.destroyed_at) if one.destroyed_at else "live",
            )
            for one in found.epochs
        ],
    )
    for sentence in advice(found):
        click.echo(f"- {sentence}")


@key.command()
@json_option
@data_option
@seat_options
def rotate(as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Wrap all keys anew and destroy what wrapped them before; others go on working meanwhile.

    A rotation that was interrupted is finished by the next call.

    \b
    Example:
      musterpoint key rotate
    """
    from musterpoint.workflows.keys import rotate_keys

    _tell(rotate_keys(seat.open(data, must_exist=True)), as_json)


@key.command()
@to_option(required=True)
@NEW_FILE
@json_option
@data_option
@seat_options
def change(kind: str, new_file: Path | None, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Put the keys under another secret: a passphrase, a key file, or a variable of the environment.

    A new passphrase is asked for twice, or read from the file that MUSTERPOINT_NEW_PASSPHRASE_FILE
    names. A new secret of the environment is read from MUSTERPOINT_NEW_KEY; from then on it belongs
    into MUSTERPOINT_KEY.

    \b
    Examples:
      musterpoint key change --to passphrase
      musterpoint key change --to file --new-file /media/stick/registry.key
    """
    from musterpoint.workflows.keys import change_secret

    station = seat.open(data, must_exist=True)
    _tell(change_secret(station, _new_source(station.database.vault, kind, new_file)), as_json)


def _new_source(vault: Vault, kind: str, new_file: Path | None) -> KeySource:
    from musterpoint.storage.vault import EnvironmentSource, FileSource, PassphraseSource, sources_at_hand

    if new_file is not None and kind != "file":
        raise click.UsageError("--new-file goes with --to file.")
    if kind == "passphrase":
        return PassphraseSource(_new_passphrase)
    if kind == "environment":
        return EnvironmentSource(os.environ, NEW_FROM_ENVIRONMENT)
    store_id = str(vault.store.store_id)
    path = new_file or sources_at_hand().key_path(store_id)
    say(f"The secret will lie in {path}. Keep a copy of it apart from the registry.")
    return FileSource(path, store_id)


def _new_passphrase() -> str:
    from musterpoint.storage.vault.keyfile import read_private

    if named := os.environ.get(NEW_FROM_FILE):
        return read_private(Path(named)).removesuffix("\n")
    text: str = click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return text


def _tell(done: Rotation, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    begun = "An interrupted rotation was finished. " if done.was_resumed else ""
    click.echo(f"{begun}Epoch {done.epoch} wraps all keys; {counted(done.keys, 'key', 'keys')} moved.")
    if done.is_secret_gone:
        click.echo(
            "The old secret is destroyed: backups from before open only with a copy of it, or with shares "
            "of it (restore --share). Make a backup now: musterpoint backup"
        )
    else:
        click.echo("Key backups from before still open with the secret of their time: destroy them in time.")
    say("Shares that were made before no longer open this registry: musterpoint key share")


@key.command()
@click.option("-k", "needed", type=int, default=2, show_default=True, help="Shares that are needed.")
@click.option("-n", "made", type=int, default=3, show_default=True, help="Shares that are made.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for one file a share. Without it, they are shown once.",
)
@data_option
@seat_options
def share(needed: int, made: int, output: Path | None, data: Path | None, seat: SeatChoice) -> None:
    """Make shares of the key, words on paper for several offices; some together open the registry.

    Each share is 33 words (SLIP-39). Fewer than are needed say nothing at all.

    \b
    Example:
      musterpoint key share -k 2 -n 3 --output shares
    """
    from musterpoint.workflows.keys import share_keys

    shares = share_keys(seat.open(data, must_exist=True), needed=needed, made=made)
    for number, words in enumerate(shares, start=1):
        if output is None:
            click.echo(f"Share {number} of {made}:\n{words}\n")
            continue
        path = output / f"share-{number}-of-{made}.txt"
        write_new_file(path, f"{words}\n".encode())
        click.echo(str(path))
    say(
        f"Any {needed} of them open the registry. Bring each to another office, leave none here, "
        "then see whether they work: musterpoint key rehearse"
    )


@key.command()
@SHARES
@data_option
@seat_options
def rehearse(shares: tuple[Path, ...], data: Path | None, seat: SeatChoice) -> None:
    """See whether shares would open the registry; nothing is changed.

    \b
    Example:
      musterpoint key rehearse shares/share-1-of-3.txt shares/share-3-of-3.txt
    """
    from musterpoint.workflows.keys import rehearse_shares

    rehearse_shares(seat.open(data, must_exist=True), _words(shares))
    click.echo("These shares open the registry.")


@key.command()
@SHARES
@to_option(required=False)
@NEW_FILE
@json_option
@data_option
def combine(
    shares: tuple[Path, ...], kind: str, new_file: Path | None, as_json: bool, data: Path | None
) -> None:
    """Open a registry whose secret is lost by enough shares, and give it a new secret.

    \b
    Example:
      musterpoint key combine shares/share-1-of-3.txt shares/share-3-of-3.txt
    """
    from musterpoint.storage.vault import sources_at_hand
    from musterpoint.workflows.keys import combine_shares
    from musterpoint.workflows.station import default_folder

    folder = data or default_folder()
    done = combine_shares(
        folder, _words(shares), sources_at_hand(), lambda vault: _new_source(vault, kind, new_file)
    )
    _tell(done, as_json)


def _words(files: tuple[Path, ...]) -> list[str]:
    """The words in files, or those that are typed where no file is named."""
    from musterpoint.storage.vault.keyfile import read_private

    if files:
        return [read_private(path) for path in files]
    say("Type the words of each share on one line, which is not shown; an empty line ends.")
    typed: list[str] = []
    while text := click.prompt(f"Share {len(typed) + 1}", hide_input=True, default="", show_default=False):
        typed.append(text)
    return typed
