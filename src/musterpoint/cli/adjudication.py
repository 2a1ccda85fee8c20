"""`musterpoint adjudicate`: judge pairs blindly, see how cases stand, measure who judges."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.evaluation_files import output_option
from musterpoint.cli.files import list_everybody
from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import counted, print_json, print_table, say
from musterpoint.cli.pictures import draw_task
from musterpoint.cli.progress import Progress
from musterpoint.clock import to_text
from musterpoint.errors import UnusableInput
from musterpoint.registry import Verdict
from musterpoint.registry.adjudication import Mark, Side
from musterpoint.registry.known_answers import SEEDS_MIN, Rate
from musterpoint.workflows import known_answers
from musterpoint.workflows.adjudication import give_opinion, next_task
from musterpoint.workflows.cases import CaseState, list_cases, require_case, view_case
from musterpoint.workflows.known_answers import AdjudicatorReport

VERDICTS = {verdict.value.replace(" ", "-"): verdict for verdict in Verdict}


@click.group()
def adjudicate() -> None:
    """Judge pairs of people, each without knowing what others say.

    One pair is shown at a time: the fingers of both, and nothing else. Two who say the same decide;
    else an arbiter is asked. Some pairs have a known answer, and look like any other.

    \b
    Examples:
      musterpoint adjudicate next
      musterpoint adjudicate judge 4f0c92ab77d1 --opinion same
      musterpoint adjudicate list --seat practice-supervisor
      musterpoint adjudicate report --seat practice-supervisor
    """


@adjudicate.command(name="next")
@output_option(
    "output",
    ".png",
    tells="The picture, as .png. Default: pair-IDENTIFIER.png here, deleted when the pair is judged.",
)
@json_option
@seat_options
@data_option
def next_command(output_file: Path | None, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """Draw the pair that is yours to judge; the same one until it is judged."""
    task = next_task(seat.open(data, must_exist=True))
    if task is None:
        if as_json:
            print_json(None)
        say("Nothing waits for you.")
        return
    name = _short(str(task.pair_id))
    path = output_file or _picture_of(name)
    is_drawn = draw_task(task, path)
    if as_json:
        print_json(
            {
                "pair": task.pair_id,
                "is_arbiter": task.is_arbiter,
                "fingers": [finger.position.label for finger in task.fingers],
                "marks": task.marks,
                "picture": str(path) if is_drawn else None,
            }
        )
        return
    click.secho(f"Pair {name}{', as arbiter' if task.is_arbiter else ''}", bold=True)
    click.echo(f"  {path}" if is_drawn else "  No finger is kept of one of the two.")
    click.echo(f"Judge: musterpoint adjudicate judge {name} --opinion same, different or cannot-tell")


def _short(identifier: str) -> str:
    return identifier[-12:]


def _picture_of(name: str) -> Path:
    return Path(f"pair-{name}.png")


@adjudicate.command()
@click.argument("pair")
@click.option("--opinion", type=click.Choice(list(VERDICTS)), required=True, help="What you think.")
@click.option("--reason", default="", help="Why, in your words; sealed.")
@click.option(
    "--mark",
    "marks",
    multiple=True,
    metavar="SIDE:FINGER:X,Y",
    help="A place that you point at, as in left:1:120,88; ticks at the edges are 50 apart.",
)
@json_option
@seat_options
@data_option
def judge(
    pair: str,
    opinion: str,
    reason: str,
    marks: tuple[str, ...],
    as_json: bool,
    seat: SeatChoice,
    data: Path | None,
) -> None:
    """Say what you think of the pair that you were shown. It stands.

    \b
    Examples:
      musterpoint adjudicate judge 4f0c92ab77d1 --opinion same
      musterpoint adjudicate judge 4f0c92ab77d1 --opinion different --mark left:1:120,88
    """
    pointed = [_mark(text) for text in marks]
    station = seat.open(data, must_exist=True)
    pair_id = give_opinion(station, pair, VERDICTS[opinion], reason=reason, marks=pointed)
    _picture_of(_short(str(pair_id))).unlink(missing_ok=True)
    if as_json:
        print_json({"pair": pair_id, "opinion": VERDICTS[opinion]})
        return
    click.echo(f"Kept: {VERDICTS[opinion].value}. For the next one: musterpoint adjudicate next")


def _mark(text: str) -> Mark:
    side, _, rest = text.partition(":")
    finger, _, place = rest.partition(":")
    x, _, y = place.partition(",")
    numbers = (finger, x, y)
    is_sound = side in {one.value for one in Side} and all(
        one.isascii() and one.isdigit() and len(one) < 6 for one in numbers
    )
    if not is_sound:
        raise UnusableInput(
            expected="SIDE:FINGER:X,Y such as left:1:120,88",
            found=repr(text),
            hint="Read the place off the ticks at the edges of the picture",
            where="--mark",
        )
    return Mark(side=Side(side), finger=int(finger), x=int(x), y=int(y))


@adjudicate.command(name="list")
@click.option("--all", "is_all", is_flag=True, help="Settled cases too.")
@json_option
@seat_options
@data_option
def list_command(is_all: bool, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """List open cases, and settled ones that are asked again.

    An adjudicator learns only whether something waits.
    """
    found = list_cases(seat.open(data, must_exist=True), is_open=None if is_all else True)
    if as_json:
        print_json({"is_waiting": found.is_waiting, "cases": found.cases})
    elif found.cases is None:
        say("A pair waits for you." if found.is_waiting else "Nothing waits for you.")
    elif found.cases:
        columns = ("case", "opened", "state", "pairs", "decided", "waits for")
        print_table(columns, [_row(one) for one in found.cases])
        for one in found.cases:
            if one.needed is not None and one.needed.missing:
                click.echo(f"Case {one.number}: {one.needed.in_words()}")
    else:
        say("No case is open.")


def _row(case: CaseState) -> tuple[str, ...]:
    last = max((pair.round for pair in case.pairs), default=0)
    pairs = [pair for pair in case.pairs if pair.round == last]
    return (
        str(case.number),
        to_text(case.opened_at),
        _state(case),
        str(len(pairs)),
        str(sum(pair.verdict is not None for pair in pairs)),
        counted(case.needed.wanted, case.needed.role, f"{case.needed.role}s") if case.needed else "",
    )


def _state(case: CaseState) -> str:
    if case.verdict is None:
        return "open"
    again = ", and asked again" if case.needed else ""
    return f"settled: {case.verdict.value}{again}"


@adjudicate.command()
@click.argument("case")
@json_option
@seat_options
@data_option
def show(case: str, as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """Show how far a case has come: its pairs, without images, scores or opinions."""
    found = view_case(seat.open(data, must_exist=True), require_case(case))
    if as_json:
        print_json(found)
        return
    click.secho(f"Case {found.number}, {_state(found)}", bold=True)
    if found.encounter:
        click.echo(f"Encounter {found.encounter}")
    rows = [
        (_short(one.pair), str(one.round), one.standing.value, one.verdict.value if one.verdict else "")
        for one in found.pairs
    ]
    print_table(("pair", "round", "standing", "verdict"), rows)
    if found.needed is not None:
        click.echo(found.needed.in_words())


@adjudicate.command()
@click.argument("paths", nargs=-1)
@click.option("--synthetic", type=int, metavar="PEOPLE", help="Draw so many synthetic people.")
@click.option("--source", default="consenting people", show_default=True, help="What the files are.")
@json_option
@seat_options
@data_option
def seed(
    paths: tuple[str, ...],
    synthetic: int | None,
    source: str,
    as_json: bool,
    seat: SeatChoice,
    data: Path | None,
) -> None:
    """Add pairs whose answer is known: a mated and a non-mated one for each person.

    PATHS are folders or files with two impressions of the same finger of people who consented,
    as NAME_right-index.png and NAME_right-index-2.png.

    \b
    Examples:
      musterpoint adjudicate seed --synthetic 60 --seat practice-supervisor
      musterpoint adjudicate seed staff/ --seat practice-supervisor
    """
    if bool(paths) == (synthetic is not None):
        raise click.UsageError("Give files, or --synthetic with a number of people.")
    station = seat.open(data, must_exist=True)
    with Progress("people", synthetic) as progress:
        if synthetic is not None:
            added = known_answers.add_synthetic(station, synthetic, progress.reach)
        else:
            people = list_everybody(paths, None)
            added = known_answers.add_people(station, people, source, progress.reach)
    if as_json:
        print_json(added)
        return
    click.echo(f"Added {counted(added.mated, 'mated pair', 'mated pairs')} and {added.nonmated} non-mated.")


@adjudicate.command()
@json_option
@seat_options
@data_option
def report(as_json: bool, seat: SeatChoice, data: Path | None) -> None:
    """Show how adjudicators do, with exact 95 % intervals; nothing below 30 known answers."""
    found = known_answers.report(seat.open(data, must_exist=True))
    if as_json:
        print_json(found)
        return
    if not found:
        say("Nobody has judged anything yet.")
    for one in found:
        _print_report(one)


def _print_report(one: AdjudicatorReport) -> None:
    click.secho(one.seat or "All adjudicators together", bold=True)
    skill = one.proficiency
    if skill is None:
        click.echo(f"  Known answers: fewer than {SEEDS_MIN}, so nothing is said of errors.")
    else:
        rows = (
            ("same, of non-mated pairs", skill.false_positives),
            ("  of those with a definite opinion", skill.false_positives_definite),
            ("different, of mated pairs", skill.false_negatives),
            ("  of those with a definite opinion", skill.false_negatives_definite),
            ("cannot tell, of all known answers", skill.cannot_tell),
        )
        for words, rate in rows:
            click.echo(f"  {words}: {_in_percent(rate)}")
    click.echo(f"  Opinions of real pairs: {one.opinions}")
    click.echo(f"  The other said the same: {_in_percent(one.agreement)}")
    click.echo(f"  An arbiter said the opposite: {_in_percent(one.overturned)}")
    if one.median_seconds is not None:
        click.echo(f"  Median time: {one.median_seconds:.0f} s")


def _in_percent(rate: Rate | None) -> str:
    if rate is None:
        return "not said: too few"
    low, high = 100 * rate.interval.low, 100 * rate.interval.high
    return f"{rate.count} of {rate.trials}, {low:.2g} to {high:.2g} %"
