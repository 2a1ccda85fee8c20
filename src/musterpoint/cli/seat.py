"""`musterpoint seat`: grant seats, list them, revoke them, break the glass."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, new_passphrase, seat_options
from musterpoint.cli.output import print_json, print_table, say
from musterpoint.cli.texts import ShortText
from musterpoint.clock import Instant, to_text

if TYPE_CHECKING:
    from musterpoint.registry.rights import Act
    from musterpoint.registry.seats import Role, Seat
    from musterpoint.workflows.seats import SeatRequest

ROLES = "capture-officer, adjudicator, supervisor, observer, integrator, administrator, transporter"


@click.group()
def seat() -> None:
    """Say who acts in which role, each with a key of their own.

    The first call on a new installation makes its first seats, an administrator among them. From
    then on administrators grant seats. Nobody's key can hold two of administrator, supervisor and
    adjudicator.

    \b
    Examples:
      musterpoint seat add ada=administrator sam=supervisor cleo=capture-officer --party "Relief agency"
      musterpoint seat list
    """


@seat.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME[=ROLE]...")
@click.option("--role", help=f"Role of those without one of their own: {ROLES}.")
@click.option("--party", type=ShortText(), required=True, help="Whose seats they are, as agreements name it.")
@click.option("--public-key", metavar="KEY", help="Public key of one seat, made elsewhere by seat key.")
@click.option("--until", metavar="DATE", help="Last day (UTC) on which the seats may act.")
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase to seal the keys with.")
@json_option
@data_option
@seat_options
def add(
    names: tuple[str, ...],
    role: str | None,
    party: str,
    public_key: str | None,
    until: str | None,
    passphrase: bool,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Grant seats. Their keys are made here, in the folder of seats' keys.

    \b
    Examples:
      musterpoint seat add ada=administrator sam=supervisor --party "Relief agency"
      musterpoint seat add ben --role adjudicator --party "City council" --public-key KEY
    """
    from musterpoint.workflows.seats import SeatRequest, grant_seats

    if public_key is not None and len(names) > 1:
        raise click.UsageError("--public-key is the key of one seat.")
    requests: list[SeatRequest] = []
    for text in names:
        name, separator, own = text.partition("=")
        requests.append(
            SeatRequest(
                name=name,
                role=_role(own if separator else role),
                party=party,
                public_key=None if public_key is None else _public_key(public_key),
                valid_until=None if until is None else _end_of_day(until),
            )
        )
    secret = new_passphrase() if passphrase else None
    granted = grant_seats(seat.open(data), requests, passphrase=secret)
    if as_json:
        print_json(
            [
                _as_json(one.seat) | {"key_file": str(one.key_file) if one.key_file else None}
                for one in granted
            ]
        )
        return
    for one in granted:
        click.echo(f"{one.seat.name}: {one.seat.role} of {one.seat.party}")
        if one.key_file is not None:
            say(f"  The key lies in {one.key_file}. Give it to whoever takes the seat, and to nobody else.")


def _role(text: str | None) -> Role:
    from musterpoint.registry.seats import Role

    if text is None:
        raise click.UsageError("Give a role: NAME=ROLE, or --role.")
    try:
        return Role(text.strip().lower().replace("-", " "))
    except ValueError:
        raise click.BadParameter(f"expected one of {ROLES}, found {text!r}") from None


def _public_key(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise click.BadParameter("expected 64 hexadecimal digits as musterpoint seat key prints them")
    return found


def _end_of_day(text: str) -> Instant:
    try:
        day = datetime.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=datetime.UTC)
    except ValueError:
        raise click.BadParameter(f"expected a day such as 2027-03-31, found {text!r}") from None
    return Instant(int((day + datetime.timedelta(days=1)).timestamp()) * 1_000_000)


@seat.command()
@click.argument("name", type=ShortText())
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase to seal the key with.")
@json_option
def key(name: str, passphrase: bool, as_json: bool) -> None:
    """Make the key of a seat on the machine of whoever takes it, and show its public part.

    \b
    Example:
      musterpoint seat key ben
    """
    from musterpoint.storage import keyfiles

    made = keyfiles.SigningKey.generate()
    path = keyfiles.write(keyfiles.key_folder(), name, made, new_passphrase() if passphrase else None)
    if as_json:
        print_json({"seat": name, "key": made.public_key.hex(), "file": str(path)})
        return
    click.echo(made.public_key.hex())
    say(f"The private part lies in {path}.")


@seat.command(name="list")
@json_option
@data_option
@seat_options
def list_command(as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """List seats, and glass that was broken. Administrators and observers see it.

    \b
    Example:
      musterpoint seat list
    """
    from musterpoint.workflows.seats import list_broken_glass, list_seats

    station = seat.open(data, must_exist=True)
    found, broken = list_seats(station), list_broken_glass(station)
    if as_json:
        print_json({"seats": [_as_json(one) for one in found], "broken_glass": broken})
        return
    rows = [(one.name, one.role.value, one.party, _standing(one), one.public_key.hex()[:16]) for one in found]
    print_table(("seat", "role", "party", "standing", "key"), rows)
    if broken:
        print_table(
            ("seat", "with", "may", "because", "until"),
            [(one.seat, one.second, one.act, one.reason, to_text(one.valid_until)) for one in broken],
            title="Broken glass",
        )


@seat.command()
@click.argument("name")
@json_option
@data_option
@seat_options
def show(name: str, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Show one seat and all that its role may do.

    \b
    Example:
      musterpoint seat show sam
    """
    from musterpoint.errors import NotFound
    from musterpoint.registry.rights import Act, extent, may, needs_two
    from musterpoint.workflows.seats import list_seats

    found = next((one for one in list_seats(seat.open(data, must_exist=True)) if one.name == name), None)
    if found is None:
        raise NotFound(
            expected="the name of a seat",
            found="a name that no seat has",
            hint="List them with: musterpoint seat list",
            where="seat",
        )
    acts = [act for act in Act if may(found.role, act)]
    if as_json:
        print_json(_as_json(found) | {"may": {act.value: extent(found.role, act).value for act in acts}})
        return
    click.secho(f"{found.name}: {found.role} of {found.party}, {_standing(found)}", bold=True)
    click.echo(f"Key {found.public_key.hex()}")
    rows = [(act.value, extent(found.role, act).value, "two" if needs_two(act) else "one") for act in acts]
    print_table(("may", "how far", "persons"), rows)


@seat.command()
@click.argument("name")
@data_option
@seat_options
def revoke(name: str, data: Path | None, seat: SeatChoice) -> None:
    """Let nobody act in a seat any more. What it did keeps its name.

    \b
    Example:
      musterpoint seat revoke ben
    """
    from musterpoint.workflows.seats import revoke_seat

    position = revoke_seat(seat.open(data, must_exist=True), name)
    click.echo(f"Nobody acts as {name} any more; journal line {position} says so.")


@seat.command(name="break-glass")
@click.option("--act", "act_text", required=True, help="What has to be done, as seat show calls it.")
@click.option("--reason", type=ShortText(), required=True, help="Why it cannot wait.")
@data_option
@seat_options
def break_glass_command(act_text: str, reason: str, data: Path | None, seat: SeatChoice) -> None:
    """Do for half an hour what the role may not; two persons, one of them a supervisor.

    \b
    Example:
      musterpoint seat break-glass --act "list subjects" --reason "Fire in the hall" --second sam
    """
    from musterpoint.workflows.seats import break_glass

    made = break_glass(seat.open(data, must_exist=True), _act(act_text), reason)
    click.echo(f"{made.seat} may {made.act} until {to_text(made.valid_until)}. Every observer can see it.")


def _act(text: str) -> Act:
    from musterpoint.registry.rights import UNDER_BROKEN_GLASS, Act

    try:
        return Act(text.strip().lower())
    except ValueError:
        known = "; ".join(sorted(UNDER_BROKEN_GLASS))
        raise click.BadParameter(f"expected one of: {known}", param_hint="--act") from None


def _standing(seat: Seat) -> str:
    words = "practice, " if seat.is_practice else ""
    if seat.revoked_at is not None:
        return f"{words}revoked"
    return f"{words}until {to_text(seat.valid_until)}" if seat.valid_until else f"{words}live"


def _as_json(seat: Seat) -> dict[str, object]:
    return {
        "seat": seat.name,
        "role": seat.role,
        "party": seat.party,
        "key": seat.public_key.hex(),
        "practice": seat.is_practice,
        "valid_until": to_text(seat.valid_until) if seat.valid_until else None,
        "revoked_at": to_text(seat.revoked_at) if seat.revoked_at else None,
    }
