"""`musterpoint gallery`: whose galleries are, what for, and which agreements reach them."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.agreement_pages import print_thresholds, purpose_as_json
from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import print_json, print_table
from musterpoint.cli.texts import ShortText


@click.group()
def gallery() -> None:
    """Say whose galleries are and what for, and which agreements reach them.

    An agreement makes the galleries that it names; adding one by hand is for those that were there
    before, or that belong to another party.

    \b
    Examples:
      musterpoint gallery list
      musterpoint gallery add camp --owner "City council" --purpose registration
      musterpoint gallery detach camp --agreement departure
    """


@gallery.command()
@click.argument("name", type=ShortText())
@click.option("--owner", type=ShortText(), help="The party whose it is. Not for practice.")
@click.option("--purpose", type=ShortText(), required=True, help="What the people in it are there for.")
@click.option("--no-list", is_flag=True, help="Officers learn known, not known or cannot tell, and no more.")
@click.option("--practice", is_flag=True, help="It holds synthetic people only.")
@data_option
@seat_options
def add(
    name: str,
    owner: str | None,
    purpose: str,
    no_list: bool,
    practice: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Add a gallery, or say whose one is that nobody has claimed.

    \b
    Examples:
      musterpoint gallery add camp --owner "City council" --purpose registration
      musterpoint gallery add training --purpose practice --practice
    """
    from musterpoint.storage.galleries import GalleryTerms
    from musterpoint.workflows.galleries import add_gallery

    if (owner is None) != practice:
        raise click.UsageError("Give --owner, or --practice; a gallery for practice belongs to nobody.")
    terms = GalleryTerms(
        name=name, owner=owner or "practice", purpose=purpose, is_practice=practice, no_list=no_list
    )
    add_gallery(seat.open(data), terms)
    reached = "the practice agreement" if practice else "no agreement yet"
    click.echo(f"{name} is reached by {reached}.")


@gallery.command(name="list")
@json_option
@data_option
@seat_options
def list_command(as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """List galleries with their owners, purposes and agreements, and what searches of them come to.

    A threshold belongs to a search of all galleries of a purpose: it follows from how many people they
    hold at this moment, from the target that was agreed on, and from the calibration.

    \b
    Example:
      musterpoint gallery list
    """
    from musterpoint.workflows.galleries import list_galleries

    found = list_galleries(seat.open(data, must_exist=True))
    if as_json:
        print_json(
            [
                {
                    "gallery": one.name,
                    "owner": one.terms.owner if one.terms else None,
                    "purpose": one.terms.purpose if one.terms else None,
                    "practice": bool(one.terms and one.terms.is_practice),
                    "no_list": bool(one.terms and one.terms.no_list),
                    "agreements": sorted(map(str, one.terms.agreements)) if one.terms else [],
                    "people": one.people,
                    "purposes": [purpose_as_json(purpose) for purpose in one.purposes],
                }
                for one in found
            ]
        )
        return
    rows = [
        (
            one.name,
            one.terms.owner if one.terms else "nobody yet",
            one.terms.purpose if one.terms else "",
            "PRACTICE" if one.terms and one.terms.is_practice else "",
            str(len(one.terms.agreements)) if one.terms else "0",
            "" if one.people is None else str(one.people),
        )
        for one in found
    ]
    print_table(("gallery", "owner", "purpose", "", "agreements", "people"), rows)
    searched = [(one.name, purpose) for one in found for purpose in one.purposes]
    if searched:
        print_thresholds(searched)


@gallery.command()
@click.argument("name")
@data_option
@seat_options
def attach(name: str, data: Path | None, seat: SeatChoice) -> None:
    """Let an agreement that names a gallery reach it again. --agreement says which.

    \b
    Example:
      musterpoint gallery attach camp --agreement departure
    """
    from musterpoint.workflows.galleries import attach_gallery

    attach_gallery(seat.open(data, must_exist=True), name, seat.agreement)
    click.echo(f"{name} is attached.")


@gallery.command()
@click.argument("name")
@data_option
@seat_options
def detach(name: str, data: Path | None, seat: SeatChoice) -> None:
    """Withdraw a gallery from an agreement; nobody can search it under it from then on.

    \b
    Example:
      musterpoint gallery detach camp --agreement departure
    """
    from musterpoint.workflows.galleries import attach_gallery

    attach_gallery(seat.open(data, must_exist=True), name, seat.agreement, is_attached=False)
    click.echo(f"{name} is detached.")
