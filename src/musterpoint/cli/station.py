"""`musterpoint station`: who has signed events of this registry, and who is trusted no more."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import print_json, print_table
from musterpoint.clock import to_text
from musterpoint.storage.stations import KnownStation


@click.group()
def station() -> None:
    """Stations: installations with a key of their own that have signed events of this registry.

    \b
    Examples:
      musterpoint station list
      musterpoint station revoke 5f0c0a5258c7 --reason "stolen on the road"
    """


@station.command(name="list")
@json_option
@data_option
@seat_options
def list_command(as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """List all stations; an administrator or an observer may."""
    from musterpoint.workflows.stations import list_stations

    here, found = list_stations(seat.open(data, must_exist=True))
    if as_json:
        print_json([_as_json(one) | {"is_here": one.station_id == here.hex} for one in found])
        return
    rows = [
        (one.station_id, one.public_key.hex()[:16], str(one.provisioned or ""), _state(one, here.hex))
        for one in found
    ]
    print_table(("station", "key begins", "since line", "state"), rows)


def _state(one: KnownStation, here: str) -> str:
    if one.revoked is None:
        return "writes here" if one.station_id == here else "trusted"
    at = to_text(one.revoked_at)[:10] if one.revoked_at is not None else ""
    return f"revoked on {at}, line {one.revoked}: {one.reason}"


def _as_json(one: KnownStation) -> dict[str, object]:
    return {
        "station": one.station_id,
        "public_key": one.public_key.hex(),
        "provisioned": one.provisioned,
        "revoked": one.revoked,
        "revoked_at": to_text(one.revoked_at) if one.revoked_at is not None else None,
        "revoked_by": one.revoked_by,
        "reason": one.reason,
    }


@station.command()
@click.argument("identifier", metavar="STATION")
@click.option("--reason", required=True, help="Why; it stands in clear in the registry and names no person.")
@json_option
@data_option
@seat_options
def revoke(identifier: str, reason: str, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Trust a station no more: it writes nothing from now on. An administrator does it.

    What it signed before stands. Tell the parties, who may hold a log of it, its key and the line.
    """
    from musterpoint.workflows.stations import revoke_station

    done = revoke_station(seat.open(data, must_exist=True), identifier, reason)
    if as_json:
        print_json(_as_json(done))
        return
    click.echo(f"Station {done.station_id} is revoked; journal line {done.revoked} says so.")
    click.echo(f"Tell the parties its key: {done.public_key.hex()}")
