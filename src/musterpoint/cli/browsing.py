"""`musterpoint subjects`, `encounters`, `journal`, `status`: look around in the registry."""

from __future__ import annotations

import json
from pathlib import Path

import click

from musterpoint.cli.options import data_option, json_option
from musterpoint.cli.output import print_json, print_table, say, short
from musterpoint.clock import to_text
from musterpoint.registry import Encounter, EncounterKind, Reference
from musterpoint.storage import Database, Snapshot
from musterpoint.workflows.station import default_folder

limit_option = click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="Show at most this many."
)


def _open(data: Path | None) -> Database:
    return Database.open(data or default_folder(), must_exist=True)


@click.command()
@click.argument("subject", required=False)
@limit_option
@json_option
@data_option
def subjects(subject: str | None, limit: int, as_json: bool, data: Path | None) -> None:
    """List subjects, or show one with its encounters.

    SUBJECT is an identifier, or at least 8 digits of its end.
    """
    with _open(data).read() as snapshot:
        if subject is not None:
            found = snapshot.subject(snapshot.find_subject(subject))
            encounters = [snapshot.encounter(one) for one in found.encounters]
            if as_json:
                shown = [_encounter_as_json(snapshot, one) for one in encounters]
                print_json({"subject": found.subject_id, "encounters": shown})
            else:
                click.secho(f"Subject {found.subject_id}", bold=True)
                _print_encounters(snapshot, encounters)
            return
        listed = snapshot.subjects(limit=limit)
    if as_json:
        print_json([{"subject": one.subject_id, "encounters": list(one.encounters)} for one in listed])
        return
    print_table(
        ("subject", "encounters"), [(str(one.subject_id), str(len(one.encounters))) for one in listed]
    )
    if len(listed) == limit:
        say(f"The newest {limit}; --limit shows more.")


@click.command()
@click.argument("encounter", required=False)
@click.option("--purpose", help="Only those of this purpose.")
@click.option("--site", help="Only those of this site.")
@limit_option
@json_option
@data_option
def encounters(
    encounter: str | None, purpose: str | None, site: str | None, limit: int, as_json: bool, data: Path | None
) -> None:
    """List encounters, or show one.

    ENCOUNTER is an identifier, or at least 8 digits of its end.
    """
    with _open(data).read() as snapshot:
        if encounter is not None:
            found = snapshot.encounter(snapshot.find_encounter(encounter))
            if as_json:
                print_json(_encounter_as_json(snapshot, found))
            else:
                _print_encounters(snapshot, [found])
            return
        listed = snapshot.encounters(purpose=purpose, site=site, limit=limit)
        if as_json:
            print_json([_encounter_as_json(snapshot, one) for one in listed])
            return
        _print_encounters(snapshot, listed)
    if len(listed) == limit:
        say(f"The newest {limit}; --limit shows more.")


def _encounter_as_json(snapshot: Snapshot, one: Encounter) -> dict[str, object]:
    case = snapshot.case_of(one.encounter_id)
    return {
        "encounter": one.encounter_id,
        "subject": one.subject_id,
        "kind": one.kind,
        "gallery": one.gallery,
        "purpose": one.purpose,
        "site": one.site,
        "occurred_at": to_text(one.occurred_at),
        "outcome": one.outcome,
        "answer": one.answer,
        "case": case.number if case else None,
        "record": one.source_record,
        "fingers": [_reference_as_json(reference) for reference in snapshot.references(one.encounter_id)],
        "not_captured": [{"finger": item.position.label, "reason": item.reason} for item in one.not_captured],
    }


def _reference_as_json(reference: Reference) -> dict[str, object]:
    return {
        "finger": reference.position.label,
        "quality": reference.quality,
        "has_image": reference.image is not None,
    }


def _print_encounters(snapshot: Snapshot, listed: list[Encounter] | tuple[Encounter, ...]) -> None:
    rows = [
        (
            short(one.encounter_id),
            to_text(one.occurred_at)[:16].replace("T", " "),
            one.purpose or f"gallery {one.gallery}",
            one.site,
            _what_came_of_it(snapshot, one),
            short(one.subject_id),
        )
        for one in listed
    ]
    print_table(("encounter", "time (UTC)", "purpose", "site", "what came of it", "subject"), rows)


def _what_came_of_it(snapshot: Snapshot, one: Encounter) -> str:
    if one.kind is EncounterKind.IMPORT:
        return "enrolled"
    case = snapshot.case_of(one.encounter_id)
    answer = one.answer.value if one.answer else one.outcome.value
    return f"{answer} (case {case.number})" if case else answer


@click.command()
@click.option("--since", type=click.IntRange(0), default=0, help="Only lines after this position.")
@limit_option
@json_option
@data_option
def journal(since: int, limit: int, as_json: bool, data: Path | None) -> None:
    """List every search and change, oldest first."""
    with _open(data).read() as snapshot:
        lines = snapshot.journal(since=since, limit=limit)
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
        say(f"{limit} lines; --since {lines[-1].position} shows those that follow.")


def _facts(body: dict[str, object]) -> str:
    """A journal line's facts as people read them; those that are empty are left out."""
    texts = {name: ", ".join(value) if isinstance(value, list) else value for name, value in body.items()}
    return "; ".join(f"{name} {text}" for name, text in texts.items() if text != "")


@click.command()
@json_option
@data_option
def status(as_json: bool, data: Path | None) -> None:
    """Count what the registry holds."""
    with _open(data).read() as snapshot:
        counts = dict(snapshot.counts())
        galleries = snapshot.galleries()
    if as_json:
        print_json({"counts": counts, "galleries": galleries})
        return
    rows = [(name.replace("_", " ").replace(":", ": "), str(count)) for name, count in counts.items()]
    print_table(("what", "count"), rows)
    click.echo(f"Galleries: {', '.join(galleries) or 'none'}")
