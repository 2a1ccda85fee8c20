"""`musterpoint screen`: one person, or a batch."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from musterpoint.cli import exits
from musterpoint.cli.batches import ROWS_PRINTED_MAX, record_everybody
from musterpoint.cli.files import list_everybody, refuse_overwriting, submissions_of_one_person
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
from musterpoint.cli.output import counted, print_json, print_table, say
from musterpoint.cli.screening_batch import Batch, Occasion
from musterpoint.cli.telling import Telling, telling_options
from musterpoint.cli.texts import OutputFile, ShortText
from musterpoint.cli.writing import write_csv
from musterpoint.identifiers import RequestId, new_uuid
from musterpoint.registry import CannotTellReason, NotCaptured
from musterpoint.workflows.batch import BatchItem
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.listing import ListedPerson, parse_not_captured
from musterpoint.workflows.screening import ScreeningRequest, nothing_given
from musterpoint.workflows.screening import screen as screen_person
from musterpoint.workflows.screening_outcome import ScreeningOutcome, ScreeningShown
from musterpoint.workflows.station import Station


class Arrival(NamedTuple):
    """One person, as the command line says."""

    request_id: uuid.UUID | None
    submissions: tuple[Submission, ...]
    not_captured: tuple[NotCaptured, ...]
    telling: Telling
    exception: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said of a finger, nor of an age that would explain it."""
        has_age = self.telling.age is not None or bool(self.telling.born)
        return not (self.submissions or self.not_captured or has_age)


@click.command()
@click.argument("files", nargs=-1)
@click.option("--purpose", type=ShortText(), required=True, help="Why people are screened.")
@click.option("--site", type=ShortText(), required=True, help="Where they are screened.")
@click.option(
    "--not-captured",
    multiple=True,
    metavar="[FINGER=]REASON",
    help="A finger, or all fingers, that could not be captured: missing, amputated, bandaged, damaged, "
    "device, exempt, refused, left.",
)
@click.option(
    "--gallery",
    type=ShortText(),
    help="Where people not known are enrolled. Default: as agreed.",
)
@gallery_option
@click.option("--batch", is_flag=True, help="FILES are folders or CSV manifests of many people.")
@click.option(
    "--report",
    type=OutputFile(),
    help="Write the batch's results to this CSV file.",
)
@click.option(
    "--request",
    "request_id",
    type=click.UUID,
    help="Identifier of this request; sent again, it is answered once.",
)
@telling_options
@click.option(
    "--exception",
    type=ShortText(),
    help="Reason for clearing somebody without a finger; a supervisor acts with --seat or --second.",
)
@click.option("--stay-open", "stays_open", is_flag=True, help="Clear nobody with this command.")
@ppi_option
@raw_option
@json_option
@data_option
@seat_options
def screen(
    files: tuple[str, ...],
    purpose: str,
    site: str,
    not_captured: tuple[str, ...],
    gallery: str | None,
    searched: tuple[str, ...],
    batch: bool,
    report: Path | None,
    request_id: uuid.UUID | None,
    telling: Telling,
    exception: str | None,
    stays_open: bool,
    ppi: float | None,
    raw: tuple[int, int] | None,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> int:
    """Screen a person: search, then record the outcome and a decision.

    FILES are the fingers of one person, images or records. The finger comes from the name, as in
    right-index.png, or is said before it, as in right-index=scan.png; it may be unknown.

    The answer is 'known', 'not known' (the person is enrolled and cleared), 'being decided' (people
    look at it), or 'cannot tell'. Whatever it is, the next step is said with it.

    \b
    Examples:
      musterpoint screen right-index.png left-index.png --purpose departure --site "Gate 1"
      musterpoint screen --not-captured bandaged --purpose departure --site "Gate 1"
      musterpoint screen --not-captured bandaged --exception "seen by the medic" \
        --second practice-supervisor --purpose departure --site "Gate 1"
      musterpoint screen --age 3 --carer 1b2c3d4e5f60 --purpose departure --site "Gate 1"
      musterpoint screen arrivals/ --batch --purpose departure --site "Gate 1"
    """
    occasion = Occasion(
        purpose=purpose,
        site=site,
        gallery=gallery or "",
        searched=frozenset(searched) if searched else None,
        stays_open=stays_open,
    )
    reasons = tuple(parse_not_captured(text, "--not-captured") for text in not_captured)
    if batch:
        _refuse_what_is_of_one(bool(reasons or request_id or exception or not telling.is_empty))
        refuse_overwriting(report, files)
        people = list_everybody(files, ppi, at_gate=True)
        return _screen_batch(seat.open(data), occasion, people, raw, report, as_json)
    submissions = submissions_of_one_person(files, ppi=ppi, raw_size=raw)
    arrival = Arrival(request_id, submissions, reasons, telling, exception or "")
    shown = _screen_one(seat, data, occasion, arrival)
    tell_forgiven(submissions)
    if as_json:
        print_json(_as_json(shown, forgiven_as_json(submissions)))
    else:
        _print_shown(shown)
    return 0


def _refuse_what_is_of_one(is_given: bool) -> None:
    if is_given:
        raise click.UsageError(
            "--not-captured, --request, --exception and what a person told are for one person; "
            "a manifest of a batch has columns not_captured, age, carer and exception."
        )


def _screen_one(seat: SeatChoice, data: Path | None, occasion: Occasion, arrival: Arrival) -> ScreeningShown:
    if arrival.is_empty:
        # Before a registry comes to be by a command that does nothing.
        raise nothing_given()
    station = seat.open(data)
    request = ScreeningRequest(
        request_id=RequestId(arrival.request_id or new_uuid()),
        submissions=arrival.submissions,
        purpose=occasion.purpose,
        site=occasion.site,
        not_captured=arrival.not_captured,
        gallery=occasion.gallery,
        search_galleries=occasion.searched,
        told=arrival.telling.told(station),
        exception=arrival.exception,
        stays_open=occasion.stays_open,
    )
    return screen_person(station, request).shown()


def _as_json(shown: ScreeningShown, deviations: list[dict[str, object]]) -> dict[str, object]:
    values = {field.name: getattr(shown, field.name) for field in dataclasses.fields(shown)}
    return values | {"deviations": deviations}


def _print_shown(shown: ScreeningShown) -> None:
    click.secho(headline(shown), bold=True)
    click.echo(explanation(shown))
    for finger in shown.fingers:
        quality = "no quality stated" if finger.quality is None else f"quality {finger.quality} of 100"
        reasons = f" ({', '.join(finger.reasons)})" if finger.reasons else ""
        click.echo(f"  {finger.finger}: {quality}{reasons}")
        for advice in finger.advice:
            click.echo(f"    {advice}")
    if shown.fingers_missing:
        click.echo(
            f"Asked, but neither captured nor explained: {', '.join(shown.fingers_missing)}. "
            "Capture more, or say why not with --not-captured."
        )
    by_exception = f", an exception ({shown.exception_of})" if shown.exception_of else ""
    click.echo(f"Decision: {shown.decision}{by_exception}. {shown.next_step}")
    click.echo(f"Encounter {shown.encounter}")
    if shown.is_repeated:
        say("This request was answered before; nothing was changed now.")


def headline(shown: ScreeningShown) -> str:
    """The answer, or the outcome where there was no search."""
    return shown.answer or shown.outcome


def explanation(shown: ScreeningShown) -> str:
    """What the answer rests on, in one or two sentences."""
    if shown.answer is None:
        return "Recorded without a search, because no finger was captured."
    searched = f"{counted(shown.people, 'person was', 'people were')} searched"
    left_out = shown.people - shown.people_comparable
    if left_out:
        searched += f"; {left_out} of them with other fingers on record only"
    if shown.galleries_not_searched:
        searched += f". Not searched: {', '.join(shown.galleries_not_searched)}"
    if shown.reason == CannotTellReason.QUALITY.value:
        poor = "What was captured is too poor for a search that finds nobody to mean anything"
        return f"{poor}. {searched}."
    if shown.reason == CannotTellReason.GALLERY.value:
        return f"Nobody was found, but not all galleries could be searched. {searched}."
    if shown.reason == CannotTellReason.FINGERS.value:
        return f"Nobody on record has these fingers, so nobody could be found. {searched}."
    if shown.is_enrolled:
        return f"Enrolled as somebody new. {searched}."
    return f"{searched}."


def _screen_batch(
    station: Station,
    occasion: Occasion,
    people: Sequence[ListedPerson],
    raw_size: tuple[int, int] | None,
    report: Path | None,
    as_json: bool,
) -> int:
    batch = Batch(station, occasion, people, raw_size)
    items = record_everybody("people screened", people, batch.capture, batch.record)
    if report is not None:
        _write_report(report, items)
    if as_json:
        print_json([_item_as_json(item, batch.forgiven.get(item.record, [])) for item in items])
    else:
        _print_batch(items, batch.forgiven)
    return exits.SOME_FAILED if any(item.error for item in items) else 0


def _item_as_json(
    item: BatchItem[ScreeningOutcome], deviations: list[dict[str, object]]
) -> dict[str, object]:
    if item.error is not None:
        return {"record": item.record, "error": {"code": item.error.code, "message": str(item.error)}}
    shown = _as_json(item.result.shown(), deviations) if item.result else None
    return {"record": item.record, "screening": shown}


def _row(item: BatchItem[ScreeningOutcome], forgiven: int) -> tuple[str, str, str, str]:
    if item.result is None:
        return item.record, "failed", "", str(item.error)
    shown = item.result.shown()
    note = "recorded in an earlier run" if shown.is_repeated else ""
    mended = f"{counted(forgiven, 'deviation', 'deviations')} forgiven in its records" if forgiven else ""
    reasons = [reason for finger in shown.fingers for reason in finger.reasons]
    return (
        item.record,
        headline(shown),
        shown.decision,
        "; ".join(filter(None, [note, ", ".join(dict.fromkeys(reasons)), mended])),
    )


def _print_batch(
    items: Sequence[BatchItem[ScreeningOutcome]], forgiven: Mapping[str, Sequence[object]]
) -> None:
    rows = [_row(item, len(forgiven.get(item.record, ()))) for item in items]
    shown = rows if len(rows) <= ROWS_PRINTED_MAX else [row for row in rows if row[1] not in {"not known"}]
    print_table(("person", "answer", "decision", "note"), shown[:ROWS_PRINTED_MAX])
    if len(shown) > ROWS_PRINTED_MAX or len(shown) < len(rows):
        say(f"Not everybody is shown; --report or --json lists all {len(rows)}.")
    counts: dict[str, int] = {}
    for item in items:
        name = "failed" if item.result is None else headline(item.result.shown())
        counts[name] = counts.get(name, 0) + 1
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))


REPORT_COLUMNS = ("record", "outcome", "answer", "decision", "encounter", "enrolled", "error", "message")


def _write_report(path: Path, items: Sequence[BatchItem[ScreeningOutcome]]) -> None:
    hint = "Everybody is recorded; run again with another --report"
    write_csv(path, REPORT_COLUMNS, [_report_row(item) for item in items], hint=hint)


def _report_row(item: BatchItem[ScreeningOutcome]) -> list[str]:
    if item.result is None:
        return [item.record, "", "", "", "", "", item.error.code if item.error else "", str(item.error or "")]
    shown = item.result.shown()
    return [
        item.record,
        shown.outcome,
        shown.answer or "",
        shown.decision,
        shown.encounter,
        "yes" if shown.is_enrolled else "no",
        "",
        "",
    ]
