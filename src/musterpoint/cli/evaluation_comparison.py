"""`musterpoint evaluate-compare`: two runs on the same trials, figure by figure and pair by pair."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from musterpoint.cli.evaluation import UNITS
from musterpoint.cli.evaluation_files import STANDARD_OUTPUT, output_option
from musterpoint.cli.evaluation_table import percent
from musterpoint.cli.output import counted, print_json, print_table, say
from musterpoint.cli.progress import Stages
from musterpoint.cli.writing import write_file
from musterpoint.errors import ListingError
from musterpoint.evaluation import DataSet, Run, read_run
from musterpoint.evaluation.card import NAMES
from musterpoint.evaluation.comparing_runs import Change, RunComparison, Sides, compare_runs
from musterpoint.evaluation.rates import FALSE_MATCH_ODDS, FALSE_POSITIVE_ODDS
from musterpoint.evaluation.run_report import is_in_repository, render_runs, worst_pictures

_LISTED: Final = 10


@click.command("evaluate-compare")
@click.argument("before", metavar="A", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", metavar="B", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument(
    "folders",
    metavar="[DIR...]",
    nargs=-1,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--protocol",
    metavar="NAME",
    help="The protocol to compare, as the files call it. Default: the first that both have.",
)
@click.option(
    "--at",
    type=click.Choice([*FALSE_MATCH_ODDS, *FALSE_POSITIVE_ODDS]),
    help="The figure whose threshold says what an error is. Default: fmr1000, for searches fnir100.",
)
@output_option(
    "json",
    tells="Write everything as JSON; - prints it instead of the tables.",
)
@output_option(
    "report",
    ".html",
    tells="Write a page, with pictures of the worst pairs of B if the data sets are given as DIR. It shows "
    "fingerprints of people, so it is refused inside of a repository.",
)
@click.option(
    "--pictures",
    type=click.IntRange(0, 200),
    default=12,
    show_default=True,
    metavar="N",
    help="Pairs that are shown in the page at most.",
)
def evaluate_compare(
    before: Path,
    after: Path,
    folders: tuple[Path, ...],
    protocol: str | None,
    at: str | None,
    json_file: Path | None,
    report_file: Path | None,
    pictures: int,
) -> None:
    """Compare two runs on the same trials: B against A.

    A and B are scores that `musterpoint evaluate --scores FILE` wrote as .npz or .parquet, of one protocol
    and the same sets. Each figure has the interval of its difference, from a bootstrap that draws the same
    fingers or people for both. Scores may be on different scales.

    \b
    Examples:
      musterpoint evaluate-compare before.npz after.npz
      musterpoint evaluate-compare before.npz after.npz sets/* --report /tmp/differences.html
    """
    if report_file and is_in_repository(report_file):
        raise click.UsageError(
            f"{report_file} lies in a repository, where fingerprints of people do not belong; name a file "
            "elsewhere."
        )
    runs = read_run(before), read_run(after)
    data_sets = [DataSet.read(folder) for folder in folders]
    name = protocol or _shared(runs)
    for run, path in zip(runs, (before, after), strict=True):
        if name not in run.trials:
            raise _not_in(run, name, path)
    with Stages() as stages:
        try:
            found = compare_runs(
                runs[0].trials[name],
                runs[1].trials[name],
                Sides(protocol=name, before=runs[0].name, after=runs[1].name),
                at=at,
                progress=lambda stage, done, total: stages.reach(UNITS[stage], done, total),
            )
        except ValueError as error:
            raise click.UsageError(f"--at: {error}") from error
    if json_file == STANDARD_OUTPUT:
        print_json(_json(found))
    else:
        _print(found)
    if json_file is not None and json_file != STANDARD_OUTPUT:
        write_file(json_file, (json.dumps(_json(found), indent=2) + "\n").encode())
    if report_file:
        write_file(report_file, render_runs(found, worst_pictures(found, data_sets, pictures)).encode())


def _shared(runs: tuple[Run, Run]) -> str:
    shared = [name for name in runs[0].trials if name in runs[1].trials]
    return shared[0] if shared else next(iter(runs[0].trials))


def _not_in(run: Run, name: str, path: Path) -> ListingError:
    return ListingError(
        expected=f"scores of {', '.join(run.trials)}",
        found=f"{name!r} asked for",
        hint="Name a protocol that both files hold",
        where=str(path),
    )


def _print(found: RunComparison) -> None:
    say(f"A: {found.before}\nB: {found.after}")
    rows = [
        [
            each.name if place == 0 else "",
            NAMES[one.name],
            percent(one.before),
            percent(one.after),
            _signed(one.difference),
            "-" if one.interval is None else f"{_signed(one.interval.low)} to {_signed(one.interval.high)}",
            "yes" if one.is_certain else "",
        ]
        for each in found.sets
        for place, one in enumerate(each.figures)
    ]
    columns = ["set", "figure", "A %", "B %", "B - A", "95 % interval", "certain"]
    left = f", {found.left_out:,} in one run only" if found.left_out else ""
    print_table(columns, rows, title=f"{found.protocol}: {found.trials:,} trials in common{left}")
    _print_changes(f"worse in B at its threshold for {found.at}", found.worse)
    _print_changes(f"better in B at its threshold for {found.at}", found.better)


def _print_changes(title: str, changes: Sequence[Change]) -> None:
    rows = [
        [
            one.set,
            one.probe,
            one.reference,
            "mated" if one.is_mated else "non-mated",
            f"{one.before:.6g}",
            f"{one.after:.6g}",
        ]
        for one in changes[:_LISTED]
    ]
    heading = f"{counted(len(changes), 'trial', 'trials')} {title}"
    if not rows:
        say(heading)
        return
    print_table(["set", "probe", "reference", "trial", "score in A", "score in B"], rows, title=heading)


def _signed(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:+.3f}"


def _json(found: RunComparison) -> dict[str, object]:
    shown = dataclasses.asdict(found)
    for one in shown["changes"]:
        # JSON knows no infinity: a failure has no score.
        for side in ("before", "after"):
            one[side] = one[side] if one[side] > float("-inf") else None
    return shown
