"""Options that several commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from musterpoint.cli.texts import Folder, OutputFile

if TYPE_CHECKING:
    from musterpoint.workflows.station import Station

SEALED_BY_VARIABLE = "MUSTERPOINT_SEAT_PASSPHRASE_FILE"
"""Names a file with the passphrase of seats' and parties' keys, for machines without a terminal."""

Command = TypeVar("Command", bound=Callable[..., Any])


def data_option(command: Command) -> Command:
    """`--data`: where the registry lies."""
    return click.option(
        "--data",
        type=Folder(path_type=Path, file_okay=False),
        envvar="MUSTERPOINT_DATA",
        help="Folder of the registry (or MUSTERPOINT_DATA). Default: the user's data folder.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: print JSON instead of a table."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def ppi_option(command: Command) -> Command:
    """`--ppi`: resolution, where files do not state it."""
    return click.option(
        "--ppi",
        type=float,
        metavar="N",
        help="Resolution in pixels per inch, where a file does not state it.",
    )(command)


def raw_option(command: Command) -> Command:
    """`--raw`: files are bare 8-bit grey pixels of this size."""
    return click.option(
        "--raw",
        metavar="WxH",
        callback=_size,
        help="Files are bare 8-bit grey pixels of this width and height; give --ppi too.",
    )(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChoice:
    """Who acts, with whom and under which agreement; empty where the command line does not say."""

    seat: str = ""
    second: str = ""
    agreement: str = ""

    def open(self, data: Path | None, *, must_exist: bool = False) -> Station:
        """The station with the named seats acting, until the command ends. Raises as `open_station` does."""
        from musterpoint.workflows.station import Front, open_station

        station = open_station(
            data,
            seat=self.seat,
            second=self.second,
            agreement=self.agreement,
            must_exist=must_exist,
            front=Front(passphrase=ask_passphrase, notice=lambda text: click.echo(text, err=True)),
        )
        click.get_current_context().call_on_close(station.close)
        return station


def new_passphrase() -> bytes:
    """Ask twice for the passphrase of a new key; a file named in the environment answers instead."""
    if file := os.environ.get(SEALED_BY_VARIABLE):
        return Path(file).read_bytes().rstrip(b"\r\n")
    text: str = click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return text.encode()


def ask_passphrase(name: str) -> bytes:
    """Ask for the passphrase of a key; a file named in the environment answers instead."""
    file = os.environ.get(SEALED_BY_VARIABLE)
    if file:
        return Path(file).read_bytes().rstrip(b"\r\n")
    text: str = click.prompt(f"Passphrase of {name}", hide_input=True, err=True)
    return text.encode()


def seat_options(command: Command) -> Command:
    """`--seat`, `--second` and `--agreement`: who acts, with whom and why; handed on as `seat`."""

    @functools.wraps(command)
    def seated(*arguments: Any, seat: str, second: str, agreement: str, **options: Any) -> Any:
        choice = SeatChoice(seat=seat, second=second, agreement=agreement)
        return command(*arguments, seat=choice, **options)

    decorated: Any = seated
    for name, variable, words in reversed(_SEAT_OPTIONS):
        decorated = click.option(
            f"--{name}", default="", metavar="NAME", envvar=variable, help=words, show_envvar=False
        )(decorated)
    chosen: Command = decorated
    return chosen


_SEAT_OPTIONS = (
    (
        "seat",
        "MUSTERPOINT_SEAT",
        "Seat that acts (or MUSTERPOINT_SEAT). Default: the only one that may.",
    ),
    ("second", "MUSTERPOINT_SECOND", "Seat of a second person, where two have to act together."),
    (
        "agreement",
        "MUSTERPOINT_AGREEMENT",
        "Agreement, by name or identifier, where several are live.",
    ),
)


def gallery_option(command: Command) -> Command:
    """`--search`: galleries to search."""
    return click.option(
        "--search",
        "searched",
        multiple=True,
        metavar="GALLERY",
        help="Search this gallery only; may be given several times. Default: all.",
    )(command)


def picture_option(purpose: str) -> Callable[[Command], Command]:
    """`--picture`: draw into this PNG file."""
    return click.option(
        "--picture",
        type=OutputFile(),
        callback=_png,
        help=f"{purpose} into this PNG file.",
    )


def _png(_ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() != ".png":
        raise click.BadParameter(f"expected a name that ends in .png, found {value.name!r}")
    return value


def _size(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    width, _, height = value.lower().partition("x")
    if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise click.BadParameter(f"expected WIDTHxHEIGHT such as 388x374, found {value!r}")
    return int(width), int(height)
