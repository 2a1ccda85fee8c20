"""`musterpoint identify` (1:N) and `musterpoint verify` (1:1)."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli import exits
from musterpoint.cli.files import submissions_of_one_person
from musterpoint.cli.forgiven import forgiven_as_json, tell_forgiven
from musterpoint.cli.options import (
    SeatChoice,
    data_option,
    gallery_option,
    json_option,
    ppi_option,
    raw_option,
    seat_options,
)
from musterpoint.cli.output import counted, in_words, print_json, print_table, short
from musterpoint.cli.texts import Rate, ShortText
from musterpoint.workflows.capturing import capture
from musterpoint.workflows.identification import identify as identify_person
from musterpoint.workflows.identification import person_of
from musterpoint.workflows.identification import verify as verify_person
from musterpoint.workflows.searching import FoundCandidate


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--purpose", type=ShortText(), default="identification", show_default=True, help="Why; it is journalled."
)
@gallery_option
@ppi_option
@raw_option
@json_option
@data_option
@seat_options
def identify(
    files: tuple[str, ...],
    purpose: str,
    searched: tuple[str, ...],
    ppi: float | None,
    raw: tuple[int, int] | None,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Search a person (1:N) without enrolling. Only a journal line is kept.

    FILES are the fingers of one person, as for musterpoint screen.

    \b
    Example:
      musterpoint identify right-index.png left-index.png --json
    """
    station = seat.open(data, must_exist=True)
    submissions = submissions_of_one_person(files, ppi=ppi, raw_size=raw)
    captures = capture(station.extractor, submissions)
    tell_forgiven(submissions)
    found = identify_person(
        station, captures, purpose=purpose, galleries=frozenset(searched) if searched else None
    )
    is_trusted = any(one.is_trusted for one in captures)
    if as_json:
        print_json(
            {
                "candidates": [_candidate_as_json(one) for one in found.candidates],
                "people": found.people,
                "people_comparable": found.people_comparable,
                "references": found.references,
                "position": found.position,
                "is_quality_sufficient": is_trusted,
                "deviations": forgiven_as_json(submissions),
            }
        )
        return
    if found.candidates:
        rows = [
            (
                short(candidate.subject_id) or "undecided",
                short(candidate.encounter_id),
                in_words(candidate.expected_false_positives),
            )
            for candidate in found.candidates
        ]
        print_table(("subject", "encounter", "as similar by chance"), rows)
    else:
        click.echo(
            "No candidate." if is_trusted else "No candidate, but what was captured is too poor to tell."
        )
    people = counted(found.people, "person", "people")
    click.echo(f"{people} searched, {found.people_comparable} of them with a finger in common")


def _candidate_as_json(one: FoundCandidate) -> dict[str, object]:
    return {
        "subject": one.subject_id,
        "encounter": one.encounter_id,
        "strength_millinats": one.strength,
        "expected_false_positives": one.expected_false_positives,
    }


@click.command()
@click.argument("subject")
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--purpose", type=ShortText(), default="verification", show_default=True, help="Why; it is journalled."
)
@click.option(
    "--fmr",
    type=Rate(1e-9, 0.5),
    default=1e-4,
    show_default=True,
    help="How often somebody else may be taken for the subject.",
)
@ppi_option
@raw_option
@json_option
@data_option
@seat_options
def verify(
    subject: str,
    files: tuple[str, ...],
    purpose: str,
    fmr: float,
    ppi: float | None,
    raw: tuple[int, int] | None,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> int:
    """Compare a person with one subject (1:1). Exits with 1 where they are not similar enough.

    SUBJECT is the identifier of a subject, or of one of their encounters as it stands on a receipt;
    at least 8 digits of its end will do.

    \b
    Example:
      musterpoint verify 0d3a91c2f7b4 right-index.png
    """
    station = seat.open(data, must_exist=True)
    subject_id = person_of(station, subject, purpose=purpose)
    submissions = submissions_of_one_person(files, ppi=ppi, raw_size=raw)
    captures = capture(station.extractor, submissions)
    tell_forgiven(submissions)
    result = verify_person(station, captures, subject_id, purpose=purpose, target_fmr=fmr)
    is_trusted = any(one.is_trusted for one in captures)
    if as_json:
        print_json(
            {
                "subject": result.subject,
                "is_similar": result.is_similar,
                "is_quality_sufficient": is_trusted,
                "strength_millinats": result.strength,
                "false_match_rate": result.false_match_rate,
                "extrapolated": result.is_extrapolated,
                "calibration": result.calibration,
                "fingers_compared": result.fingers_compared,
                "deviations": forgiven_as_json(submissions),
            }
        )
    else:
        unsure = "" if is_trusted else ", but what was captured is too poor to tell"
        click.secho("similar enough" if result.is_similar else f"not similar enough{unsure}", bold=True)
        compared = f"{counted(result.fingers_compared, 'finger', 'fingers')} compared"
        if result.false_match_rate is None:
            click.echo(f"{compared}.")
        else:
            rate = in_words(result.false_match_rate)
            sure = ", extrapolated" if result.is_extrapolated else ""
            click.echo(f"{compared}; somebody else would be this similar in {rate} cases{sure}")
    return 0 if result.is_similar else exits.NO
