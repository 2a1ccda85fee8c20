"""`musterpoint evaluate`: error rates on data sets, as a table, JSON, single scores, pictures and a card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from musterpoint import evaluation
from musterpoint.cli import exits
from musterpoint.cli.evaluation_files import STANDARD_OUTPUT, output_option
from musterpoint.cli.evaluation_table import print_evaluation
from musterpoint.cli.output import print_json, say
from musterpoint.cli.progress import Stages
from musterpoint.cli.writing import write_file
from musterpoint.evaluation import DataSet, Evaluation, Protocol, Settings, Stage, Weights

UNITS: Final = {
    Stage.EXTRACTION: "templates",
    Stage.TRAINING: "rounds of training",
    Stage.COMPARISON: "comparisons",
    Stage.FUSION: "people compared",
    Stage.SEARCH: "searches",
    Stage.INTERVALS: "resamplings",
}
_OF_PEOPLE: Final = (Protocol.FUSED, Protocol.IDENTIFICATION)


@click.command()
@click.argument(
    "folders",
    metavar="DIR...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    type=click.Choice([str(each) for each in Protocol]),
    default=[str(Protocol.VERIFICATION)],
    show_default=True,
    help="What is compared with what; may be given several times.",
)
@click.option(
    "--fingers",
    multiple=True,
    type=click.IntRange(1, 10),
    metavar="K",
    help="Fingers of a person, for fused and identification; may be given several times. Default: 2, 4 and "
    "10 for fused as far as the sets suffice, 1 for identification.",
)
@click.option(
    "--decoys",
    type=click.IntRange(0, 1_000_000),
    default=0,
    show_default=True,
    metavar="N",
    help="Synthetic people in the gallery of identification, besides those of the sets.",
)
@click.option(
    "--enrol",
    "enrolled",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    metavar="N",
    help="Impressions that take turns in being enrolled for identification.",
)
@click.option(
    "--weights",
    type=click.Choice([str(each) for each in Weights]),
    default=str(Weights.SHIPPED),
    show_default=True,
    help="Weights of the comparison score. Left out one at a time, each set is compared under weights "
    "that were trained on the others; for verification and two-impressions.",
)
@click.option(
    "--beside",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A data set that such weights are trained with besides, and that is not measured; may be given "
    "several times.",
)
@output_option(
    "json",
    tells="Write the figures as JSON; - prints it instead of the table.",
)
@output_option(
    "scores",
    ".npz",
    ".csv",
    ".parquet",
    tells="Write every score, as .npz, .csv, or .parquet where the extra parquet is installed. Those of .npz "
    "and .parquet are what evaluate-compare reads.",
)
@output_option(
    "plot",
    ".svg",
    tells="Draw both error rates against each other (DET), and for identification the ranks (CMC) beside it, "
    "as .svg. With several protocols each adds its name to that of the file.",
)
@output_option(
    "card",
    ".md",
    tells="Write a performance card with its plots beside it, as .md.",
)
@click.option(
    "--work",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep templates and scores in this folder, so that an interrupted run can go on. Templates are "
    "personal data: delete the folder afterwards. Default: keep nothing.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes and threads. Default: one for each processor. No figure depends on it.",
)
def evaluate(
    folders: tuple[Path, ...],
    protocols: tuple[str, ...],
    fingers: tuple[int, ...],
    decoys: int,
    enrolled: int,
    weights: str,
    beside: tuple[Path, ...],
    json_file: Path | None,
    scores_file: Path | None,
    plot_file: Path | None,
    card_file: Path | None,
    work: Path | None,
    workers: int | None,
) -> None:
    """Measure accuracy on data sets of fingerprint images.

    Each DIR holds images and a dataset.json that says which finger each image shows (see
    docs/accuracy.md). The protocols:

    \b
      verification     each pair of images of a set once
      two-impressions  each image against two of a finger, scored as one finger
      fused            people with several fingers: those of the set, or chimeric ones
      identification   people searched in a gallery of half of them, closed and open set

    The error rates are those of ISO/IEC 19795-1, with failures to extract counted as errors.

    Ends with exit code 11 if some files could not be used as images; they count as failures.

    \b
    Examples:
      musterpoint evaluate fvc2002_db1_b fvc2004_db1_b
      musterpoint evaluate sets/* --scores scores.npz --plot det.svg --work templates
      musterpoint evaluate sets/* --protocol identification --decoys 1000 --enrol 3
    """
    settings = Settings(
        protocols=tuple(dict.fromkeys(Protocol(each) for each in protocols)),
        fingers=tuple(dict.fromkeys(fingers)) or None,
        decoys=decoys,
        enrolled=enrolled,
        weights=Weights(weights),
        beside=tuple(DataSet.read(folder) for folder in beside),
        workers=workers,
        cache=work,
    )
    _refuse_what_cannot_work(settings, scores_file)
    data_sets = [DataSet.read(folder) for folder in folders]
    with Stages() as stages:
        results = evaluation.evaluate_all(
            data_sets,
            settings,
            progress=lambda stage, done, total: stages.reach(UNITS[stage], done, total),
        )
    _print(results, is_json=json_file == STANDARD_OUTPUT)
    for path, data in _files(results, data_sets, (json_file, scores_file, plot_file, card_file)):
        write_file(path, data)
    _name_failures(results[0])
    if any(failure.is_defective for _, failure in results[0].failures):
        click.get_current_context().exit(exits.SOME_FAILED)


def _print(results: Sequence[Evaluation], *, is_json: bool) -> None:
    if is_json:
        print_json(evaluation.to_json(results))
        return
    for result in results:
        print_evaluation(result)


def _refuse_what_cannot_work(settings: Settings, scores_file: Path | None) -> None:
    if scores_file and scores_file.suffix == ".parquet":
        evaluation.insist_on_parquet()
    of_people = [each for each in _OF_PEOPLE if each in settings.protocols]
    if settings.weights != Weights.SHIPPED and of_people:
        raise click.UsageError(
            f"--weights {settings.weights} is for verification and two-impressions, not for {of_people[0]}."
        )
    if settings.beside and settings.weights == Weights.SHIPPED:
        raise click.UsageError(f"--beside is for --weights {Weights.LEAVE_ONE_SET_OUT}.")
    if settings.fingers and not of_people:
        raise click.UsageError("--fingers is for the protocols fused and identification.")
    is_searched = Protocol.IDENTIFICATION in settings.protocols
    if (settings.decoys or settings.enrolled > 1) and not is_searched:
        raise click.UsageError("--decoys and --enrol are for the protocol identification.")


def _files(
    results: Sequence[Evaluation],
    data_sets: Sequence[DataSet],
    asked: tuple[Path | None, Path | None, Path | None, Path | None],
) -> Iterator[tuple[Path, bytes]]:
    json_file, score_file, plot_file, card_file = asked
    if json_file is not None and json_file != STANDARD_OUTPUT:
        yield json_file, (json.dumps(evaluation.to_json(results), indent=2) + "\n").encode()
    if score_file:
        yield score_file, _scores(results, score_file.suffix)
    if plot_file:
        yield from ((path, text.encode()) for path, text in evaluation.plots(results, plot_file))
    if card_file:
        yield from ((path, text.encode()) for path, text in evaluation.card(results, data_sets, card_file))


def _scores(results: Sequence[Evaluation], suffix: str) -> bytes:
    if suffix == ".csv":
        return evaluation.to_csv(results)
    return evaluation.to_npz(results) if suffix == ".npz" else evaluation.to_parquet(results)


def _name_failures(result: Evaluation) -> None:
    for name, failure in result.failures:
        kind = "not a usable image" if failure.is_defective else "no template"
        say(f"{name}/{failure.file}: {kind}. {failure.reason}")
