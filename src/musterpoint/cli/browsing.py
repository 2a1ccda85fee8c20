"""`musterpoint subjects`, `encounters`, `journal`, `status`: look around in the registry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from musterpoint.cli.agreement_pages import print_purposes, purpose_as_json
from musterpoint.cli.alarms import alarm_as_json, print_alarms, print_rates, rate_as_json
from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say, short
from musterpoint.clock import to_text
from musterpoint.registry import EncounterKind, Reference, Subject
from musterpoint.workflows.alarms import open_alarms, rates
from musterpoint.workflows.browsing import (
    EncounterView,
    list_encounters,
    list_subjects,
    read_journal,
    read_status,
    view_encounter,
    view_subject,
)

limit_option = click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="Show at most this many."
)


@click.command()
@click.argument("subject", required=False)
@limit_option
@json_option
@data_option
@seat_options
def subjects(subject: str | None, limit: int, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """List subjects, or show one with its encounters.

    SUBJECT is an identifier, or at least 8 digits of its end.
    """
    station = seat.open(data, must_exist=True)
    if subject is not None:
        found, views = view_subject(station, subject)
        if as_json:
            shown = [_encounter_as_json(one) for one in views]
            print_json(_subject_as_json(found) | {"encounters": shown})
            return
        click.secho(f"Subject {found.subject_id}", bold=True)
        if not found.is_active:
            went = f"subject {found.merged_into}" if found.merged_into else "others"
            click.echo(f"Inactive: its encounters went to {went}. Since when: musterpoint subject history")
        if views:
            _print_encounters(views)
        return
    listed = list_subjects(station, limit=limit)
    if as_json:
        print_json([_subject_as_json(one) | {"encounters": list(one.encounters)} for one in listed])
        return
    print_table(
        ("subject", "encounters"), [(str(one.subject_id), str(len(one.encounters))) for one in listed]
    )
    if len(listed) == limit:
        say(f"The newest {limit}; --limit shows more.")


def _subject_as_json(one: Subject) -> dict[str, object]:
    return {
        "subject": one.subject_id,
        "status": "active" if one.is_active else "inactive",
        "merged_into": one.merged_into,
    }


@click.command()
@click.argument("encounter", required=False)
@click.option("--purpose", help="Only those of this purpose.")
@click.option("--site", help="Only those of this site.")
@limit_option
@json_option
@data_option
@seat_options
def encounters(
    encounter: str | None,
    purpose: str | None,
    site: str | None,
    limit: int,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """List encounters, or show one.

    ENCOUNTER is an identifier, or at least 8 digits of its end.
    """
    station = seat.open(data, must_exist=True)
    if encounter is not None:
        found = view_encounter(station, encounter)
        if as_json:
            print_json(_encounter_as_json(found))
        else:
            _print_encounters([found])
        return
    listed = list_encounters(station, purpose=purpose, site=site, limit=limit)
    if as_json:
        print_json([_encounter_as_json(one) for one in listed])
        return
    _print_encounters(listed)
    if len(listed) == limit:
        say(f"The newest {limit}; --limit shows more.")


def _encounter_as_json(view: EncounterView) -> dict[str, object]:
    one = view.encounter
    shown: dict[str, object] = {
        "encounter": one.encounter_id,
        "kind": one.kind,
        "gallery": one.gallery,
        "purpose": one.purpose,
        "site": one.site,
        "occurred_at": to_text(one.occurred_at),
        "outcome": one.outcome,
        "answer": view.answer,
    }
    if view.is_limited:
        return shown
    return shown | {
        "subject": one.subject_id,
        "case": view.case,
        "record": one.source_record,
        "fingers": [_reference_as_json(reference) for reference in view.references],
        "not_captured": [{"finger": item.position.label, "reason": item.reason} for item in one.not_captured],
    }


def _reference_as_json(reference: Reference) -> dict[str, object]:
    return {
        "finger": reference.position.label,
        "quality": reference.quality,
        "has_image": reference.image is not None,
    }


def _print_encounters(listed: Sequence[EncounterView]) -> None:
    rows = [
        (
            short(view.encounter.encounter_id),
            to_text(view.encounter.occurred_at)[:16].replace("T", " "),
            view.encounter.purpose or f"gallery {view.encounter.gallery}",
            view.encounter.site,
            _what_came_of_it(view),
            short(view.encounter.subject_id),
        )
        for view in listed
    ]
    print_table(("encounter", "time (UTC)", "purpose", "site", "what came of it", "subject"), rows)


def _what_came_of_it(view: EncounterView) -> str:
    if view.encounter.kind is EncounterKind.IMPORT:
        return "enrolled"
    answer = view.answer.value if view.answer else view.encounter.outcome.value
    return f"{answer} (case {view.case})" if view.case else answer


@click.command()
@click.option("--since", type=click.IntRange(0), default=0, help="Only lines after this number.")
@limit_option
@json_option
@data_option
@seat_options
def journal(since: int, limit: int, as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """List every search and change, oldest first.

    A seat with limited rights sees its own lines at the gate, numbered among themselves.
    """
    lines = read_journal(seat.open(data, must_exist=True), since=since, limit=limit)
    if as_json:
        print_json(
            [
                {
                    "position": line.position,
                    "occurred_at": to_text(line.occurred_at),
                    "kind": line.kind,
                    "body": json.loads(line.body),
                }
                for line in lines
            ]
        )
        return
    rows = [
        (str(line.position), to_text(line.occurred_at), line.kind, _facts(json.loads(line.body)))
        for line in lines
    ]
    print_table(("position", "time", "kind", "facts"), rows)
    if len(lines) == limit:
        say(f"{counted(limit, 'line', 'lines')}; --since {lines[-1].position} shows those that follow.")


def _facts(body: dict[str, object]) -> str:
    """A journal line's facts as people read them; those that are empty are left out."""
    texts = {name: ", ".join(value) if isinstance(value, list) else value for name, value in body.items()}
    return "; ".join(f"{name} {text}" for name, text in texts.items() if text != "")


@click.command()
@json_option
@data_option
@seat_options
def status(as_json: bool, data: Path | None, seat: SeatChoice) -> None:
    """Count what the registry holds, and say what searches and rates come to.

    \b
    Example:
      musterpoint status
    """
    station = seat.open(data, must_exist=True)
    found, judged, waiting = read_status(station), rates(station), open_alarms(station)
    if as_json:
        print_json(
            {
                "rates": [rate_as_json(one) for one in judged],
                "alarms": [alarm_as_json(one) for one in waiting],
                "counts": found.counts,
                "galleries": found.galleries,
                "agreements": [
                    {"name": name, "state": state, "purposes": [purpose_as_json(one) for one in purposes]}
                    for name, state, purposes in found.agreements
                ],
                "broken_glass": found.broken_glass,
            }
        )
        return
    if found.counts:
        counts = [
            (name.replace("_", " ").replace(":", ": "), str(count)) for name, count in found.counts.items()
        ]
        print_table(("what", "count"), counts)
    click.echo(f"Galleries: {', '.join(found.galleries) or 'none'}")
    for name, state, purposes in found.agreements:
        click.echo(f"Agreement {name}: {state}")
        if purposes:
            print_purposes(purposes)
    print_rates(judged)
    print_alarms(waiting)
    for one in found.broken_glass:
        click.secho(f"BROKEN GLASS until {to_text(one.valid_until)}: {one.seat} may {one.act}", bold=True)
