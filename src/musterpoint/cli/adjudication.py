"""`musterpoint adjudicate`: look at a case, then decide it."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import data_option, json_option
from musterpoint.cli.output import print_json, print_table, say, short
from musterpoint.cli.pictures import draw_candidates
from musterpoint.clock import SystemClock, to_text
from musterpoint.registry import Case, Verdict
from musterpoint.storage import Database
from musterpoint.workflows.adjudication import CaseView, require_case, settle, view_case
from musterpoint.workflows.station import default_folder


@click.command()
@click.argument("case", required=False)
@click.option("--same", metavar="CANDIDATE", help="The person is this candidate: A, B, C …")
@click.option("--different", is_flag=True, help="The person is none of the candidates.")
@click.option("--cannot-tell", is_flag=True, help="It cannot be told.")
@click.option("--by", default="adjudicator", show_default=True, help="Who decides.")
@click.option("--scores", is_flag=True, help="Also show what the engine thinks.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the pictures. Default: musterpoint-case-NUMBER here.",
)
@json_option
@data_option
def adjudicate(
    case: str | None,
    same: str | None,
    different: bool,
    cannot_tell: bool,
    by: str,
    scores: bool,
    output: Path | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Look at a case and decide it.

    Without CASE, the open cases are listed. With CASE alone, a picture is drawn for each candidate,
    the person of the case on the left. Look before the scores do it for you: --scores is for later.

    \b
    Examples:
      musterpoint adjudicate
      musterpoint adjudicate 3
      musterpoint adjudicate 3 --same A
      musterpoint adjudicate 3 --different
    """
    database = Database.open(data or default_folder(), must_exist=True)
    if sum((same is not None, different, cannot_tell)) > 1:
        raise click.UsageError("Only one of --same, --different and --cannot-tell can be true.")
    if case is None and (same is not None or different or cannot_tell):
        raise click.UsageError("A verdict needs the number of its case, as in: adjudicate 3 --different.")
    if case is None:
        _list_open(database, as_json)
        return
    number = require_case(case)
    verdict = _verdict(same, different, cannot_tell)
    if verdict is None:
        _show(view_case(database, number), scores, output, as_json)
        return
    settlement = settle(database, SystemClock(), number, verdict, same_as=same, decided_by=by)
    if as_json:
        print_json(settlement)
        return
    click.secho(f"Case {number} settled: {verdict.value}. The answer is {settlement.answer}.", bold=True)
    if settlement.subject:
        kind = "a new subject" if settlement.is_new_subject else "subject"
        click.echo(f"The encounter belongs to {kind} {settlement.subject}.")


def _verdict(same: str | None, different: bool, cannot_tell: bool) -> Verdict | None:
    if same is not None:
        return Verdict.SAME
    if different:
        return Verdict.DIFFERENT
    return Verdict.CANNOT_TELL if cannot_tell else None


def _list_open(database: Database, as_json: bool) -> None:
    with database.read() as snapshot:
        cases = snapshot.cases(is_open=True)
    if as_json:
        print_json([_case_as_json(case) for case in cases])
    elif cases:
        rows = [
            (str(c.number), to_text(c.opened_at), str(len(c.candidates)), short(c.encounter_id))
            for c in cases
        ]
        print_table(("case", "opened", "candidates", "encounter"), rows)
    else:
        say("No case is open.")


def _case_as_json(case: Case) -> dict[str, object]:
    return {
        "case": case.number,
        "opened_at": to_text(case.opened_at),
        "candidates": len(case.candidates),
        "encounter": case.encounter_id,
        "verdict": case.verdict,
    }


def _show(view: CaseView, scores: bool, output: Path | None, as_json: bool) -> None:
    folder = output or Path(f"musterpoint-case-{view.case.number}")
    files = draw_candidates(view, folder, with_pairs=scores)
    if as_json:
        candidates = [
            {
                "label": candidate.label,
                "encounter": candidate.encounter_id,
                "subject": candidate.subject_id,
                "picture": str(files[candidate.label]),
            }
            | (_engine_view(candidate.strength, candidate.expected_false_positives) if scores else {})
            for candidate in view.candidates
        ]
        print_json(_case_as_json(view.case) | {"candidates": candidates, "people": view.case.people})
        return
    state = f"settled: {view.case.verdict.value}" if view.case.verdict else "open"
    click.secho(f"Case {view.case.number}, {state}", bold=True)
    for candidate in view.candidates:
        click.echo(f"  {candidate.label}: {files[candidate.label]}")
        if scores:
            from musterpoint.depiction import NO_PROBABILITY, describe_strength

            click.echo(f"     {describe_strength(candidate.expected_false_positives, view.case.people)}")
            click.echo(f"     Strength {candidate.strength / 1000:.1f} nats. {NO_PROBABILITY}")
    if view.case.verdict is None:
        number = view.case.number
        same = f"--same {' or '.join(one.label for one in view.candidates)}, " if view.candidates else ""
        click.echo(f"Decide: musterpoint adjudicate {number} {same}--different, or --cannot-tell")


def _engine_view(strength: int, expected: float) -> dict[str, object]:
    return {"strength_millinats": strength, "expected_false_positives": expected}
