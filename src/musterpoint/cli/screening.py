"""`musterpoint screen`: one person, or a batch."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from musterpoint.cli import exits
from musterpoint.cli.batches import ROWS_PRINTED_MAX, record_everybody
from musterpoint.cli.files import list_everybody, refuse_overwriting, submissions_of_one_person
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
from musterpoint.cli.texts import ShortText
from musterpoint.cli.writing import write_csv
from musterpoint.identifiers import RequestId, new_uuid, uuid_of
from musterpoint.registry import NotCaptured
from musterpoint.workflows.batch import BatchItem
from musterpoint.workflows.capturing import Capture, capture, digest
from musterpoint.workflows.listing import ListedPerson, parse_not_captured
from musterpoint.workflows.screening import (
    ScreeningOutcome,
    ScreeningRequest,
    find_screened,
)
from musterpoint.workflows.screening import (
    screen as screen_person,
)
from musterpoint.workflows.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What is the same for everybody who is screened by one command."""

    purpose: str
    site: str
    gallery: str
    searched: frozenset[str] | None


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
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the batch's results to this CSV file.",
)
@click.option(
    "--request",
    "request_id",
    type=click.UUID,
    help="Identifier of this request; sent again, it is answered once.",
)
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
    ppi: float | None,
    raw: tuple[int, int] | None,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> int:
    """Screen a person: search, then record the answer.

    FILES are the fingers of one person, images or records. The finger comes from the name, as in
    right-index.png, or is said before it, as in right-index=scan.png; it may be unknown.

    The answer is 'known', 'not known' (and the person is enrolled), 'cannot tell', or 'being
    decided' with the number of a case: see musterpoint adjudicate.

    \b
    Examples:
      musterpoint screen right-index.png left-index.png --purpose departure --site "Gate 1"
      musterpoint screen --not-captured bandaged --purpose departure --site "Gate 1"
      musterpoint screen arrivals/ --batch --purpose departure --site "Gate 1"
    """
    occasion = Occasion(
        purpose=purpose, site=site, gallery=gallery or "", searched=frozenset(searched) if searched else None
    )
    reasons = tuple(parse_not_captured(text, "--not-captured") for text in not_captured)
    if batch:
        if reasons or request_id:
            raise click.UsageError(
                "--not-captured and --request are for one person; a batch takes reasons from its manifest."
            )
        refuse_overwriting(report, files)
        people = list_everybody(files, ppi)
        station = seat.open(data)
        return _screen_batch(station, occasion, people, raw, report, as_json)
    request = ScreeningRequest(
        request_id=RequestId(request_id or new_uuid()),
        submissions=submissions_of_one_person(files, ppi=ppi, raw_size=raw),
        purpose=purpose,
        site=site,
        not_captured=reasons,
        gallery=occasion.gallery,
        search_galleries=occasion.searched,
    )
    outcome = screen_person(seat.open(data), request)
    if as_json:
        print_json(outcome)
    else:
        _print_outcome(outcome)
    return 0


def _print_outcome(outcome: ScreeningOutcome) -> None:
    click.secho(headline(outcome), bold=True)
    click.echo(explanation(outcome))
    for finger in outcome.fingers:
        quality = "no quality stated" if finger.quality is None else f"quality {finger.quality} of 100"
        reasons = f" ({', '.join(finger.reasons)})" if finger.reasons else ""
        click.echo(f"  {finger.finger}: {quality}{reasons}")
        for advice in finger.advice:
            click.echo(f"    {advice}")
    click.echo(f"Encounter {outcome.encounter}")
    if outcome.is_repeated:
        say("This request was answered before; nothing was changed now.")


def headline(outcome: ScreeningOutcome) -> str:
    """The answer, or the outcome where there was no search."""
    if outcome.case is not None:
        return f"{outcome.answer}: case {outcome.case}"
    return outcome.answer or outcome.outcome


def explanation(outcome: ScreeningOutcome) -> str:
    """What the answer rests on, in one or two sentences."""
    if outcome.answer is None:
        return "Recorded without a search, because no finger was captured."
    searched = f"{counted(outcome.people, 'person was', 'people were')} searched"
    left_out = outcome.people - outcome.people_comparable
    if left_out:
        searched += f"; {left_out} of them with other fingers on record only"
    if outcome.answer == "being decided":
        decide = f"musterpoint adjudicate {outcome.case}"
        return f"Somebody decides whether this person was here before: {decide}. {searched}."
    if outcome.answer == "cannot tell":
        why = "The quality is too low for a search that finds nobody to mean anything. Capture again."
        return f"{why} {searched}."
    return f"Enrolled as subject {outcome.subject}. {searched}."


def _screen_batch(
    station: Station,
    occasion: Occasion,
    people: Sequence[ListedPerson],
    raw_size: tuple[int, int] | None,
    report: Path | None,
    as_json: bool,
) -> int:
    ahead = _capture_ahead(station, occasion, raw_size)
    items = record_everybody("people screened", people, ahead, lambda pair: screen_person(station, *pair))
    if report is not None:
        _write_report(report, items)
    if as_json:
        print_json([_item_as_json(item) for item in items])
    else:
        _print_batch(items)
    return exits.SOME_FAILED if any(item.error for item in items) else 0


def _capture_ahead(
    station: Station, occasion: Occasion, raw_size: tuple[int, int] | None
) -> Callable[[ListedPerson], tuple[ScreeningRequest, tuple[Capture, ...] | None]]:
    def ahead(person: ListedPerson) -> tuple[ScreeningRequest, tuple[Capture, ...] | None]:
        request = _request(occasion, person, raw_size)
        if not request.submissions or find_screened(station, request) is not None:
            return request, None
        return request, capture(station.extractor, request.submissions)

    return ahead


def _request(occasion: Occasion, person: ListedPerson, raw_size: tuple[int, int] | None) -> ScreeningRequest:
    submissions = tuple(file.read(raw_size) for file in person.files)
    # The request is known by what it is, so that a batch that was stopped goes on where it was.
    known_by = digest(
        submissions,
        "batch",
        occasion.purpose,
        occasion.site,
        occasion.gallery,
        person.record,
        _reasons(person.not_captured),
    )
    return ScreeningRequest(
        request_id=RequestId(uuid_of(known_by)),
        submissions=submissions,
        purpose=occasion.purpose,
        site=occasion.site,
        not_captured=person.not_captured,
        gallery=occasion.gallery,
        search_galleries=occasion.searched,
        source_record=person.record,
    )


def _reasons(not_captured: Sequence[NotCaptured]) -> str:
    return ",".join(f"{int(item.position)}={item.reason}" for item in not_captured)


def _item_as_json(item: BatchItem[ScreeningOutcome]) -> dict[str, object]:
    if item.error is not None:
        return {"record": item.record, "error": {"code": item.error.code, "message": str(item.error)}}
    return {"record": item.record, "screening": item.result}


def _row(item: BatchItem[ScreeningOutcome]) -> tuple[str, str, str]:
    if item.result is None:
        return item.record, "failed", str(item.error)
    note = "recorded in an earlier run" if item.result.is_repeated else ""
    reasons = [reason for finger in item.result.fingers for reason in finger.reasons]
    return (
        item.record,
        headline(item.result),
        "; ".join(filter(None, [note, ", ".join(dict.fromkeys(reasons))])),
    )


def _print_batch(items: Sequence[BatchItem[ScreeningOutcome]]) -> None:
    rows = [_row(item) for item in items]
    shown = rows if len(rows) <= ROWS_PRINTED_MAX else [row for row in rows if row[1] not in {"not known"}]
    print_table(("person", "answer", "note"), shown[:ROWS_PRINTED_MAX])
    if len(shown) > ROWS_PRINTED_MAX or len(shown) < len(rows):
        say(f"Not everybody is shown; --report or --json lists all {len(rows)}.")
    counts: dict[str, int] = {}
    for item in items:
        name = "failed" if item.result is None else item.result.answer or item.result.outcome
        counts[name] = counts.get(name, 0) + 1
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))


def _write_report(path: Path, items: Sequence[BatchItem[ScreeningOutcome]]) -> None:
    columns = ("record", "outcome", "answer", "case", "encounter", "subject", "error", "message")
    hint = "Everybody is recorded; run again with another --report"
    write_csv(path, columns, [_report_row(item) for item in items], hint=hint)


def _report_row(item: BatchItem[ScreeningOutcome]) -> list[str]:
    found, error = item.result, item.error
    if found is None:
        return [item.record, "", "", "", "", "", error.code if error else "", str(error or "")]
    case = "" if found.case is None else str(found.case)
    return [
        item.record,
        found.outcome,
        found.answer or "",
        case,
        found.encounter,
        found.subject or "",
        "",
        "",
    ]
