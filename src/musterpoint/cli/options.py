"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from musterpoint.cli.texts import Folder, Rate

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


def fpir_option(command: Command) -> Command:
    """`--fpir`: candidates that chance may produce."""
    return click.option(
        "--fpir",
        type=Rate(1e-9, 1.0),
        default=0.01,
        show_default=True,
        help="Candidates that chance may produce in a search, on average.",
    )(command)


def keep_images_option(command: Command) -> Command:
    """`--keep-images`: whether impressions are kept beside their templates."""
    return click.option(
        "--keep-images/--no-images",
        default=True,
        show_default=True,
        help="Keep impressions, so that people can decide cases by looking.",
    )(command)


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
        type=click.Path(path_type=Path, dir_okay=False),
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
