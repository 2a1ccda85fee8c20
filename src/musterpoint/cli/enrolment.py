"""`musterpoint enrol`: load an existing collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from musterpoint.cli import exits
from musterpoint.cli.batches import ROWS_PRINTED_MAX, record_everybody
from musterpoint.cli.files import list_everybody, refuse_overwriting
from musterpoint.cli.forgiven import forgiven_as_json
from musterpoint.cli.options import (
    SeatChoice,
    data_option,
    json_option,
    ppi_option,
    raw_option,
    seat_options,
)
from musterpoint.cli.output import counted, in_words, print_json, print_table, say
from musterpoint.cli.texts import OutputFile, ShortText
from musterpoint.cli.writing import write_csv
from musterpoint.errors import UnusableInput
from musterpoint.identifiers import RequestId, uuid_of
from musterpoint.workflows.batch import BatchItem
from musterpoint.workflows.capturing import Capture, capture, digest
from musterpoint.workflows.enrolment import (
    EnrolmentOutcome,
    EnrolmentRequest,
    PossibleDuplicate,
    find_enrolled,
    require_enrolment,
)
from musterpoint.workflows.enrolment import enrol as enrol_record
from musterpoint.workflows.listing import ListedPerson
from musterpoint.workflows.station import Station

Forgiven = dict[str, list[dict[str, object]]]
"""By record, what was forgiven in its files."""


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--gallery", type=ShortText(), required=True, help="Gallery to load into; made if there is none."
)
@click.option(
    "--duplicates",
    type=OutputFile(),
    help="Write the possible duplicates to this CSV file.",
)
@ppi_option
@raw_option
@json_option
@data_option
@seat_options
def enrol(
    paths: tuple[str, ...],
    gallery: str,
    duplicates: Path | None,
    ppi: float | None,
    raw: tuple[int, int] | None,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> int:
    """Load an existing collection into a gallery.

    PATHS are folders, files, globs or CSV manifests (columns record, file, finger, ppi). Files are
    images, ISO/IEC 19794-2 or INCITS 378 records, named PERSON/FINGER.png or PERSON_FINGER.png,
    as in 4711_right-index.png. Stopped and started again, it goes on where it was. Outside of
    practice the agreement needs a grant of the purpose "enrolment" for the gallery and the seat.

    \b
    Examples:
      musterpoint enrol --gallery registry-2025 collection/
      musterpoint enrol --gallery registry-2025 collection.csv --duplicates duplicates.csv
    """
    refuse_overwriting(duplicates, paths)
    people = list_everybody(paths, ppi)
    station = seat.open(data)
    require_enrolment(station, gallery)
    forgiven: Forgiven = {}
    ahead = _capture_ahead(station, gallery, raw, forgiven)
    items = record_everybody("records enrolled", people, ahead, lambda pair: enrol_record(station, *pair))
    if duplicates is not None:
        _write_duplicates(duplicates, items)
    if as_json:
        print_json(_as_json(gallery, items) | {"deviations": dict(sorted(forgiven.items()))})
    else:
        _print(items)
        _print_forgiven(forgiven)
    return exits.SOME_FAILED if any(item.error for item in items) else 0


def _capture_ahead(
    station: Station, gallery: str, raw_size: tuple[int, int] | None, forgiven: Forgiven
) -> Callable[[ListedPerson], tuple[EnrolmentRequest, tuple[Capture, ...] | None]]:
    def ahead(person: ListedPerson) -> tuple[EnrolmentRequest, tuple[Capture, ...] | None]:
        if not person.files:
            raise UnusableInput(
                expected="at least one image or record",
                found="none",
                hint="Only people with fingers can be loaded into a gallery",
                where=person.record,
            )
        submissions = tuple(file.read(raw_size) for file in person.files)
        known_by = digest(submissions, "collection", gallery, person.record)
        request = EnrolmentRequest(
            request_id=RequestId(uuid_of(known_by)),
            submissions=submissions,
            gallery=gallery,
            source_record=person.record,
        )
        if find_enrolled(station, request) is not None:
            return request, None
        captures = capture(station.extractor, submissions)
        if told := forgiven_as_json(submissions):
            forgiven[person.record] = told
        return request, captures

    return ahead


def _found(items: Sequence[BatchItem[EnrolmentOutcome]]) -> list[tuple[EnrolmentOutcome, PossibleDuplicate]]:
    return [
        (item.result, found) for item in items if item.result for found in item.result.possible_duplicates
    ]


def _as_json(gallery: str, items: Sequence[BatchItem[EnrolmentOutcome]]) -> dict[str, object]:
    return {
        "gallery": gallery,
        "enrolled": sum(item.result is not None and not item.result.is_repeated for item in items),
        "enrolled_before": sum(item.result is not None and item.result.is_repeated for item in items),
        "failed": [
            {"record": item.record, "code": item.error.code, "message": str(item.error)}
            for item in items
            if item.error
        ],
        "records": [item.result for item in items if item.result],
        "possible_duplicates": [
            {
                "record": outcome.source_record,
                "encounter": outcome.encounter,
                "of_record": found.source_record,
                "of_gallery": found.gallery,
                "of_encounter": found.encounter,
                "expected_false_positives": found.expected_false_positives,
            }
            for outcome, found in _found(items)
        ],
    }


def _print(items: Sequence[BatchItem[EnrolmentOutcome]]) -> None:
    failed = [item for item in items if item.error]
    if failed:
        rows = [(item.record, str(item.error)) for item in failed[:ROWS_PRINTED_MAX]]
        print_table(("record", "not enrolled because"), rows)
    found = _found(items)
    if found:
        rows2 = [
            (outcome.source_record, item.source_record, item.gallery, in_words(item.expected_false_positives))
            for outcome, item in found[:ROWS_PRINTED_MAX]
        ]
        print_table(
            ("record", "may be the same as", "in gallery", "by chance"), rows2, title="Possible duplicates"
        )
    doubtful = [
        (item.record, "; ".join(item.result.doubts)) for item in items if item.result and item.result.doubts
    ]
    if doubtful:
        print_table(
            ("record", "enrolled as named, but"), doubtful[:ROWS_PRINTED_MAX], title="Check the fingers of"
        )
    if max(len(failed), len(found), len(doubtful)) > ROWS_PRINTED_MAX:
        say("Not everything is shown; --json and --duplicates list all.")
    enrolled = [item.result for item in items if item.result]
    before = sum(outcome.is_repeated for outcome in enrolled)
    click.echo(
        f"{counted(len(enrolled) - before, 'record', 'records')} enrolled, {before} enrolled before, "
        f"{len(failed)} failed, {counted(len(found), 'possible duplicate', 'possible duplicates')}"
    )


def _print_forgiven(forgiven: Forgiven) -> None:
    if forgiven:
        count = sum(map(len, forgiven.values()))
        of = counted(len(forgiven), "record", "records")
        say(f"{counted(count, 'deviation', 'deviations')} forgiven in the files of {of}; --json lists them.")


def _write_duplicates(path: Path, items: Sequence[BatchItem[EnrolmentOutcome]]) -> None:
    columns = ("record", "encounter", "of_record", "of_gallery", "of_encounter", "expected_false_positives")
    rows = [
        (
            outcome.source_record,
            outcome.encounter,
            item.source_record,
            item.gallery,
            item.encounter,
            f"{item.expected_false_positives:.3g}",
        )
        for outcome, item in _found(items)
    ]
    write_csv(path, columns, rows, hint="Everything is enrolled; run again with another --duplicates")
