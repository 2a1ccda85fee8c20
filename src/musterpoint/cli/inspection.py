"""`musterpoint inspect`: a file, without any registry."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.files import finger_name, refuse_overwriting, submissions_of_one_person
from musterpoint.cli.forgiven import told
from musterpoint.cli.options import json_option, picture_option, ppi_option, raw_option
from musterpoint.cli.output import print_json, say
from musterpoint.depiction import CERTAIN_QUALITY
from musterpoint.extraction import SEARCH_FLOOR, Extractor
from musterpoint.workflows.capturing import Capture, capture


@click.command()
@click.argument("file")
@picture_option("Draw the minutiae")
@ppi_option
@raw_option
@json_option
def inspect(
    file: str, picture: Path | None, ppi: float | None, raw: tuple[int, int] | None, as_json: bool
) -> None:
    """Show quality and minutiae of an image or a record.

    \b
    Example:
      musterpoint inspect right-index.png --picture minutiae.png
    """
    refuse_overwriting(picture, (file,))
    captures = capture(Extractor(), submissions_of_one_person((file,), ppi=ppi, raw_size=raw))
    if as_json:
        shown = [_as_json(one) for one in captures]
        print_json(shown[0] if len(shown) == 1 else shown)
    else:
        for one in captures:
            _print(one)
    if picture is None:
        if not as_json:
            say("Add --picture FILE.png to see the minutiae on the image.")
        return
    _draw(captures, picture)
    say(f"Minutiae drawn in {picture}")


def _as_json(one: Capture) -> dict[str, object]:
    template, quality = one.template, one.quality
    columns = template.minutiae
    return {
        "finger": template.position.label,
        "width_px": template.width_px,
        "height_px": template.height_px,
        "source": one.image.source if one.image else None,
        "extractor": template.extractor,
        "quality": template.quality,
        "is_searchable": one.is_trusted,
        "reasons": [
            {"code": reason.value, "words": reason.words, "advice": reason.advice} for reason in one.reasons
        ],
        "measures": dict(quality.measures) if quality else {},
        "deviations": list(one.deviations),
        "minutiae": [
            {
                "x": int(x),
                "y": int(y),
                "direction": int(direction),
                "kind": int(kind),
                "quality": int(certainty),
            }
            for x, y, direction, kind, certainty in zip(
                columns.x, columns.y, columns.direction, columns.kind, columns.quality, strict=True
            )
        ],
    }


def _print(one: Capture) -> None:
    template, quality = one.template, one.quality
    stated = "none stated" if template.quality is None else f"{template.quality} of 100"
    click.secho(f"{finger_name(template.position)}: quality {stated}", bold=True)
    for reason in one.reasons:
        click.echo(f"  {reason.words}: {reason.advice}")
    if not one.is_trusted:
        below = f" (quality below {SEARCH_FLOOR})" if quality else ""
        click.echo(f"  Too poor for a search that finds nobody to mean anything{below}.")
    certain = int((template.minutiae.quality >= CERTAIN_QUALITY).sum())
    click.echo(f"  {len(template.minutiae)} minutiae, {certain} of them certain")
    for deviation in one.deviations:
        click.echo(f"  {told(deviation)}")
    if one.image is not None:
        source = one.image.source
        light = ", light ridges turned dark" if source.inverted else ""
        click.echo(
            f"  {source.format.value}, {source.width_px} x {source.height_px} px at {source.ppi:g} ppi{light}"
        )


def _draw(captures: tuple[Capture, ...], picture: Path) -> None:
    from musterpoint.cli.pictures import write_picture
    from musterpoint.depiction import draw_minutiae

    for number, one in enumerate(captures, start=1):
        path = picture if number == 1 else picture.with_stem(f"{picture.stem}-{number}")
        write_picture(draw_minutiae(one.image, one.template), path)
