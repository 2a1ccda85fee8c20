"""`musterpoint backup`, `musterpoint restore` and `musterpoint check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from musterpoint.cli import exits
from musterpoint.cli.options import SeatChoice, ask_passphrase, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say
from musterpoint.cli.texts import Folder
from musterpoint.clock import to_text

if TYPE_CHECKING:
    from musterpoint.storage.checking import Report
    from musterpoint.workflows.restoring import Restored

FOLDER = click.argument("folder", metavar="DIR", type=Folder(path_type=Path, file_okay=False))
KEYS = click.option(
    "--keys",
    type=Folder(path_type=Path, file_okay=False),
    help="Folder of the keys, which belongs on another medium. Default: DIR/keys.",
)
DAYS = click.IntRange(1, 3650)


@click.command()
@FOLDER
@KEYS
@click.option(
    "--keep-keys", "keys_days", type=DAYS, default=30, show_default=True, help="Days to keep the keys."
)
@click.option(
    "--keep-data", "data_days", type=DAYS, default=365, show_default=True, help="Days to keep the data."
)
@json_option
@data_option
@seat_options
def backup(
    folder: Path,
    keys: Path | None,
    keys_days: int,
    data_days: int,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Copy the registry into DIR/data and its keys into DIR/keys, while others go on working.

    Whoever has both, and the secret, can read everything: bring the keys to another place. Until the
    copy of the keys expires, it opens people who are erased meanwhile; their receipts say so.

    \b
    Example:
      musterpoint backup /media/disk/monday --keys /media/stick/monday
    """
    from musterpoint.workflows.backup import back_up

    station = seat.open(data, must_exist=True)
    made = back_up(
        station, folder / "data", keys or folder / "keys", keys_days=keys_days, data_days=data_days
    )
    if as_json:
        print_json(made)
        return
    click.echo(f"Data: {made.data}, to be destroyed by {to_text(made.data_expires_at)[:10]}")
    click.echo(f"Keys: {made.keys}, to be destroyed by {to_text(made.keys_expire_at)[:10]}")
    megabytes = made.size / 1e6
    click.echo(f"{made.position} journal lines, {megabytes:.1f} MB")
    say(f"Bring {made.keys} to another place, then see whether the backup works: musterpoint restore --drill")


@click.command()
@FOLDER
@KEYS
@click.option(
    "--data",
    "to",
    type=Folder(path_type=Path, file_okay=False),
    help="Folder of the restored registry, which must not exist yet.",
)
@click.option("--drill", is_flag=True, help="Restore, check, and leave nothing behind.")
@click.option(
    "--erasures-from",
    "newer",
    type=Folder(path_type=Path, file_okay=False),
    multiple=True,
    help="Folder of a newer copy of the registry, which says who was erased; no key is needed.",
)
@click.option("--nothing-newer", is_flag=True, help="Say that there is no newer copy anywhere.")
@click.option(
    "--share",
    "shares",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="File with a share of the key, where the secret is lost; give as many as are needed.",
)
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False), help="The registry's key file.")
@json_option
@seat_options
def restore(
    folder: Path,
    keys: Path | None,
    to: Path | None,
    drill: bool,
    newer: tuple[Path, ...],
    nothing_newer: bool,
    shares: tuple[Path, ...],
    key_file: Path | None,
    as_json: bool,
    seat: SeatChoice,
) -> int:
    """Put the backup in DIR back into a new folder, under a new secret and a new station's name.

    Who was erased after the backup is erased again: for that the newest copy of the registry is asked
    that is known, which is the one in the user's data folder unless --erasures-from names others.

    \b
    Examples:
      musterpoint restore /media/disk/monday --keys /media/stick/monday --drill
      musterpoint restore /media/disk/monday --data registry --erasures-from old-registry
    """
    from musterpoint.storage.vault import sources_at_hand
    from musterpoint.storage.vault.keyfile import read_private
    from musterpoint.workflows.restoring import RestoreRequest
    from musterpoint.workflows.restoring import restore as put_back
    from musterpoint.workflows.station import Front, default_folder

    if drill == (to is not None):
        raise click.UsageError("Give either --data with a new folder, or --drill.")
    known = default_folder()
    if not newer and not nothing_newer and not drill and (known / "registry.db").exists():
        newer = (known,)
    request = RestoreRequest(
        data=folder / "data",
        keys=keys or folder / "keys",
        to=to,
        newer=newer,
        # A drill is read by nobody, so nobody has to be kept from coming back.
        nothing_newer=nothing_newer or drill,
        shares=tuple(read_private(path) for path in shares),
        seat=seat.seat,
        second=seat.second,
        front=Front(passphrase=ask_passphrase, notice=say),
    )
    done = put_back(request, sources_at_hand(key_file, notice=_say_nothing))
    if as_json:
        print_json(_restored_as_json(done))
    else:
        _tell_restored(done)
    return 0 if done.report.is_sound else exits.NO


def _say_nothing(_path: Path) -> None:
    return None


def _restored_as_json(done: Restored) -> dict[str, object]:
    return {
        "folder": str(done.folder) if done.folder else None,
        "made_at": to_text(done.made_at),
        "lines": done.position,
        "station": done.station_id.hex,
        "erased_again": done.erased,
        "key_file": str(done.key_file) if done.key_file else None,
        "check": _report_as_json(done.report),
    }


def _tell_restored(done: Restored) -> None:
    click.echo(f"The backup of {to_text(done.made_at)} has {done.position} journal lines.")
    if done.folder is not None:
        click.echo(f"Restored into {done.folder}.")
        click.echo(f"Erased after the backup, and erased again: {counted(done.erased, 'person', 'people')}.")
        click.echo(f"The station goes on as {done.station_id.hex}.")
    if done.key_file is not None:
        click.echo(f"Its secret is the new key file {done.key_file}.")
    _tell_report(done.report)
    if done.folder is None and done.report.is_sound:
        click.echo("The backup can be restored. Nothing of the drill was left behind.")


@click.command()
@click.option("--no-signatures", is_flag=True, help="Leave out the signature of each journal line.")
@json_option
@data_option
@seat_options
def check(no_signatures: bool, as_json: bool, data: Path | None, seat: SeatChoice) -> int:
    """Look for damage: files, keys, sealed records, references, and the log with its signatures.

    Nothing is changed. Ends with 1 where something is wrong, and says what it affects and what to do.

    \b
    Example:
      musterpoint check
    """
    from musterpoint.workflows.checking import check as look

    report = look(seat.open(data, must_exist=True), signatures=not no_signatures)
    if as_json:
        print_json(_report_as_json(report))
    else:
        _tell_report(report)
    return 0 if report.is_sound else exits.NO


def _report_as_json(report: Report) -> dict[str, object]:
    return {"sound": report.is_sound, "counts": report.counts, "findings": report.findings}


def _tell_report(report: Report) -> None:
    print_table(("looked at", "number"), [(what, str(count)) for what, count in report.counts.items()])
    if report.is_sound:
        click.echo("Nothing is wrong.")
        return
    for found in report.findings:
        times = f" ({found.count} times)" if found.count > 1 else ""
        click.secho(f"{found.what}{times}", bold=True)
        if found.places:
            click.echo(f"  where: {', '.join(found.places)}")
        click.echo(f"  affected: {found.affected}")
        click.echo(f"  to do: {found.remedy}")
