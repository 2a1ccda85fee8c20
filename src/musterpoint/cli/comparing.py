"""`musterpoint compare`: two files, without any registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from musterpoint.cli import exits
from musterpoint.cli.files import refuse_overwriting, submissions_of_one_person
from musterpoint.cli.forgiven import forgiven_as_json, tell_forgiven
from musterpoint.cli.options import json_option, picture_option, ppi_option, raw_option
from musterpoint.cli.output import print_json, say
from musterpoint.cli.texts import Rate
from musterpoint.errors import UnusableInput
from musterpoint.extraction import Extractor
from musterpoint.workflows.capturing import Capture, capture

if TYPE_CHECKING:
    from musterpoint.comparison import Explanation


@click.command()
@click.argument("probe")
@click.argument("reference")
@picture_option("Draw the comparison")
@click.option("--explain", is_flag=True, help="Say what the score rests on, stage by stage.")
@click.option(
    "--fmr",
    type=Rate(1e-9, 0.5),
    help="Exit with 1 where different fingers are this similar more often than this.",
)
@ppi_option
@raw_option
@json_option
def compare(
    probe: str,
    reference: str,
    picture: Path | None,
    explain: bool,
    fmr: float | None,
    ppi: float | None,
    raw: tuple[int, int] | None,
    as_json: bool,
) -> int:
    """Compare two files, each an image or a record of one finger.

    With --explain it says what the score rests on: the pairs of minutiae, the area that both show, what
    speaks for one finger and what against it, and how often different fingers score as high.

    \b
    Examples:
      musterpoint compare monday.png tuesday.png --picture comparison.png
      musterpoint compare monday.png tuesday.png --explain --picture why.png
    """
    from musterpoint.comparison import explain as explain_prepared
    from musterpoint.comparison import false_match_rate, insist_on_comparable, prepare

    refuse_overwriting(picture, (probe, reference))
    extractor = Extractor()
    names = (probe, reference)
    submissions = [submissions_of_one_person((name,), ppi=ppi, raw_size=raw) for name in names]
    first, second = (
        _one(capture(extractor, given), name) for given, name in zip(submissions, names, strict=True)
    )
    given = [one for some in submissions for one in some]
    tell_forgiven(given)
    prepared = [prepare(one.template) for one in (first, second)]
    for one, name in zip(prepared, names, strict=True):
        insist_on_comparable([one], where=name)
    found = explain_prepared(*prepared)
    if as_json:
        told = _as_json(found, first, second) | {"deviations": forgiven_as_json(given)}
        print_json(told | ({"explanation": _told(found)} if explain else {}))
    else:
        _print(found, is_explained=explain)
    if picture is not None:
        _draw(found, first, second, picture, is_explained=explain)
        say(f"Comparison drawn in {picture}")
    rate = false_match_rate(found.comparison.score)
    return exits.NO if fmr is not None and rate > fmr else 0


def _as_json(found: Explanation, first: Capture, second: Capture) -> dict[str, object]:
    from musterpoint.comparison import COMPARATOR_VERSION, false_match_rate, is_extrapolated

    score = found.comparison.score
    return {
        "score_millinats": score,
        "false_match_rate": false_match_rate(score),
        "is_extrapolated": is_extrapolated(score),
        "pairs": found.comparison.pairs.tolist(),
        "quality": [first.template.quality, second.template.quality],
        "comparator": COMPARATOR_VERSION,
    }


def _told(found: Explanation) -> dict[str, object]:
    evidence = found.comparison.evidence
    return {
        "stages": {stage.name: {"words": stage.words, **stage.facts} for stage in found.stages},
        "shares_millinats": {share.name: share.millinats for share in found.shares},
        "inputs_millinats": evidence.contributions if evidence else {},
        "alone": [list(some) for some in found.alone],
        "overlap": [[[round(x, 1), round(y, 1)] for x, y in area] for area in found.overlap],
    }


def _print(found: Explanation, *, is_explained: bool) -> None:
    from musterpoint.comparison import false_match_rate
    from musterpoint.depiction import describe_comparison

    score = found.comparison.score
    click.secho(f"score {score / 1000:.1f}", bold=True)
    if not is_explained:
        click.echo("\n".join(describe_comparison(len(found.comparison.pairs), false_match_rate(score))))
        return
    for stage in found.stages:
        click.echo(f"  {stage.name:<10}{stage.words}")
    if found.shares:
        click.echo("The score in nats: what speaks for one finger (+), and what against it (-)")
    for share in found.shares:
        click.echo(f"  {share.millinats / 1000:+6.1f}  {share.words}")


def _draw(found: Explanation, first: Capture, second: Capture, picture: Path, *, is_explained: bool) -> None:
    from musterpoint.cli.pictures import write_picture
    from musterpoint.comparison import false_match_rate
    from musterpoint.depiction import (
        Grounds,
        ImpressionView,
        describe_comparison,
        draw_comparison,
        draw_explanation,
    )

    pairs = found.comparison.pairs
    if not is_explained:
        words = describe_comparison(len(pairs), false_match_rate(found.comparison.score))
        drawn = draw_comparison(
            first.image, first.template, second.image, second.template, pairs, caption=words
        )
        write_picture(drawn, picture)
        return
    grounds = Grounds(
        alone=found.alone,
        area=found.overlap,
        shares=[(share.words, share.millinats / 1000) for share in found.shares],
        sentences=[stage.words for stage in found.stages],
    )
    probe, reference = (ImpressionView(image=one.image, template=one.template) for one in (first, second))
    write_picture(draw_explanation(probe, reference, pairs, grounds), picture)


def _one(captures: tuple[Capture, ...], name: str) -> Capture:
    if len(captures) != 1:
        raise UnusableInput(
            expected="a file with one finger",
            found=f"{len(captures)} fingers",
            hint="Export the finger that is meant as a record of its own",
            where=name,
        )
    return captures[0]
