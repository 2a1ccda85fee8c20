"""`musterpoint evaluate`: error rates on data sets, as a table, JSON, single scores and a picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from musterpoint import evaluation
from musterpoint.cli import exits
from musterpoint.cli.output import print_json, print_table, say
from musterpoint.cli.progress import Stages
from musterpoint.cli.writing import write_file
from musterpoint.evaluation import Curve, DataSet, Evaluation, Figures, Interval, Stage

_UNITS: Final = {
    Stage.EXTRACTION: "templates",
    Stage.COMPARISON: "comparisons",
    Stage.INTERVALS: "resamplings",
}
_STANDARD_OUTPUT: Final = Path("-")
DATA_SET_FILE = "dataset.json"


def _output(*suffixes: str) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    # Checked before the work begins: an hour later is too late to hear of a mistyped folder.
    def check(_ctx: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
        if path is None or path == _STANDARD_OUTPUT:
            return path
        if suffixes and path.suffix not in suffixes:
            raise click.BadParameter(
                f"expected a name that ends in {' or '.join(suffixes)}, found {path.name!r}"
            )
        if not path.parent.is_dir():
            raise click.BadParameter(f"there is no folder {str(path.parent)!r}")
        return path

    return check


@click.command()
@click.argument(
    "folders",
    metavar="DIR...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
    callback=_output(),
    help="Write the figures as JSON; - prints it instead of the table.",
)
@click.option(
    "--scores",
    "score_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=_output(".csv", ".npz"),
    help="Write the score of every pair, as .csv or .npz.",
)
@click.option(
    "--plot",
    "plot_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=_output(".svg"),
    help="Draw the two error rates against each other (DET), as .svg.",
)
@click.option(
    "--work",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep templates in this folder, so that an interrupted run can go on. Templates are personal "
    "data: delete the folder afterwards. Default: keep nothing.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes and threads. Default: one for each processor. No figure depends on it.",
)
def evaluate(
    folders: tuple[Path, ...],
    json_file: Path | None,
    score_file: Path | None,
    plot_file: Path | None,
    work: Path | None,
    workers: int | None,
) -> None:
    """Measure accuracy on data sets of fingerprint images.

    Each DIR holds images and a dataset.json that says which finger each image shows (see
    docs/accuracy.md). Every pair of images of a set is compared once; the error rates are those of
    ISO/IEC 19795-1, with failures to extract counted as errors.

    Ends with exit code 11 if some files could not be used as images; they count as failures.

    \b
    Examples:
      musterpoint evaluate fvc2002_db1_b fvc2004_db1_b
      musterpoint evaluate sets/* --json figures.json --plot det.svg --work templates
    """
    for output in (json_file, score_file, plot_file):
        if output is not None and output.name == DATA_SET_FILE:
            raise click.UsageError(f"{output} has the name of a data set's description; name another file.")
    data_sets = [DataSet.read(folder) for folder in folders]
    with Stages() as stages:
        result = evaluation.evaluate(
            data_sets,
            workers=workers,
            cache=work,
            progress=lambda stage, done, total: stages.reach(_UNITS[stage], done, total),
        )
    if json_file == _STANDARD_OUTPUT:
        print_json(evaluation.to_json(result))
    else:
        _print_figures(result)
    if json_file not in (None, _STANDARD_OUTPUT):
        write_file(json_file, (json.dumps(evaluation.to_json(result), indent=2) + "\n").encode())
    if score_file:
        write_file(score_file, _scores(result, score_file))
    if plot_file:
        write_file(plot_file, _plot(result).encode())
    _name_failures(result)
    if any(failure.is_defective for each in result.sets for failure in each.failures):
        click.get_current_context().exit(exits.SOME_FAILED)


def _print_figures(result: Evaluation) -> None:
    rows = [
        _row(each.data_set.name, each.figures, each.intervals["eer"], len(each.failures))
        for each in result.sets
    ]
    mean, pooled = result.mean, result.pooled
    if len(rows) > 1:
        values = [_percent(mean.values[name]) for name in evaluation.FIGURE_NAMES]
        rows.append(
            [
                "mean",
                values[0],
                _range(mean.intervals["eer"]),
                *values[1:],
                *_counts(mean.mated, mean.nonmated, mean.failures_to_extract),
            ]
        )
        failures = sum(len(each.failures) for each in result.sets)
        rows.append(_row("all, one threshold", pooled.figures, pooled.intervals["eer"], failures))
    columns = [
        "set",
        "EER %",
        "95 % interval",
        "FMR100 %",
        "FMR1000 %",
        "FMR10000 %",
        "zero FMR %",
        "mated",
        "non-mated",
        "failed",
    ]
    print_table(columns, rows, title=_title(result))


def _title(result: Evaluation) -> str:
    return f"extractor {result.extractor}, comparator {result.comparator}"


def _row(name: str, figures: Figures, interval: Interval | None, failures: int) -> list[str]:
    values = [_percent(getattr(figures, each)) for each in evaluation.FIGURE_NAMES]
    return [
        name,
        values[0],
        _range(interval),
        *values[1:],
        *_counts(figures.mated, figures.nonmated, failures),
    ]


def _counts(mated: float, nonmated: float, failures: float) -> list[str]:
    return [f"{mated:>6.10g}", f"{nonmated:>9.10g}", f"{failures:>6.10g}"]


def _percent(rate: float | None) -> str:
    return f"{100 * rate:8.3f}" if rate is not None else f"{'-':>8}"


def _range(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    # Resampling cannot see errors that never happened; zero to zero would claim that there are none.
    return f"{100 * interval.low:.2f} to {100 * interval.high:.2f}" if interval.high else "no error seen"


def _name_failures(result: Evaluation) -> None:
    for each in result.sets:
        for failure in each.failures:
            kind = "not a usable image" if failure.is_defective else "no template"
            say(f"{each.data_set.name}/{failure.file}: {kind}. {failure.reason}")


def _scores(result: Evaluation, path: Path) -> bytes:
    return evaluation.to_csv(result) if path.suffix == ".csv" else evaluation.to_npz(result)


def _plot(result: Evaluation) -> str:
    curves = [
        Curve(
            label=f"{each.data_set.name}: EER {_percent(each.figures.eer).strip()} %",
            det=evaluation.det(each.mated, each.nonmated),
        )
        for each in result.sets
    ]
    if len(curves) > 1:
        label = f"all, one threshold: EER {_percent(result.pooled.figures.eer).strip()} %"
        det = evaluation.det(result.mated, result.nonmated)
        curves.append(Curve(label=label, det=det, is_summary=True))
    return evaluation.draw_det(curves, title=f"Detection error trade-off: {_title(result)}")
