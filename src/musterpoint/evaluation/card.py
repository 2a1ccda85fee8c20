"""A performance card: what was measured, on what, with what outcome, as Markdown with its plots beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from musterpoint.evaluation.data_set import DataSet
from musterpoint.evaluation.intervals import RUNS, Interval, Intervals
from musterpoint.evaluation.plotting import plots, slug_of
from musterpoint.evaluation.protocol import Protocol
from musterpoint.evaluation.values import Evaluation, SetEvaluation, Values

NAMES: Final = {
    "eer": "EER",
    "fmr100": "FMR100",
    "fmr1000": "FMR1000",
    "fmr10000": "FMR10000",
    "zero_fmr": "zero FMR",
    "rank1": "rank 1",
    "rank5": "rank 5",
    "rank10": "rank 10",
    "fnir10": "FNIR at FPIR 10 %",
    "fnir100": "FNIR at FPIR 1 %",
    "fnir1000": "FNIR at FPIR 0.1 %",
}


def card(
    evaluations: Sequence[Evaluation], data_sets: Sequence[DataSet], path: Path
) -> Iterator[tuple[Path, str]]:
    """Name and text of the card and of each of its plots."""
    parts = ["# Performance card", *_head(evaluations[0], data_sets)]
    stem = path.with_suffix(".svg")
    for evaluation in evaluations:
        parts.append(f"## {evaluation.title[0].upper()}{evaluation.title[1:]}")
        parts += section(evaluation)
        for file, picture in plots([evaluation], stem.with_stem(f"{stem.stem}-{slug_of(evaluation)}")):
            parts.append(f"![{_caption(file, evaluation)}]({file.name})")
            yield file, picture
    parts += ["## What the figures are", *EXPLANATIONS]
    yield path, "\n\n".join(parts) + "\n"


def _caption(file: Path, evaluation: Evaluation) -> str:
    kind = "Cumulative match characteristic" if file.stem.endswith("-cmc") else "Detection error trade-off"
    return f"{kind}, {evaluation.title}"


def _head(evaluation: Evaluation, data_sets: Sequence[DataSet]) -> list[str]:
    sets = "\n".join(
        f"| {_code(one.name)} | {_text(one.sensor or 'not stated')} | {one.ppi:g} | {len(one.samples)} | "
        f"{len({sample.finger for sample in one.samples})} |"
        for one in data_sets
    )
    failures = len(evaluation.failures)
    return [
        f"Extractor `{evaluation.extractor}`, comparator `{evaluation.comparator}`, {evaluation.weights} "
        f"weights. Failures to extract: {failures} of {sum(len(one.samples) for one in data_sets)} images; "
        "each counts as an error.",
        f"| set | sensor | ppi | images | fingers |\n| --- | --- | ---: | ---: | ---: |\n{sets}",
    ]


def _text(words: str) -> str:
    """Words that others chose as they stand in one cell of a table, and nothing but words."""
    line = " ".join(words.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*|\[\]])", r"\\\1", line)


def _code(name: str) -> str:
    """A name as code, where it has nothing that ends code or a cell."""
    return f"`{name}`" if re.fullmatch(r"[\w .+-]+", name) and name.isprintable() else _text(name)


def section(evaluation: Evaluation) -> list[str]:
    """The table of an evaluation, and what has to be known of it."""
    names = evaluation.measures.names
    rows = [_row(_text(each.name), each.values, each.intervals, _counts(each)) for each in evaluation.sets]
    if len(evaluation.sets) > 1:
        mean, pooled = evaluation.mean, evaluation.pooled
        rows.append(_row("**mean**", mean.values, mean.intervals, ""))
        counts = f"{len(pooled.trials.mated):,} / {len(pooled.trials.nonmated):,}"
        rows.append(_row("**all, one threshold**", pooled.values, pooled.intervals, counts))
    head = " | ".join(NAMES[name] for name in names)
    table = [f"| set | {head} | mated / non-mated |", "| --- |" + " ---: |" * (len(names) + 1), *rows]
    return [*_notes(evaluation), "\n".join(table)]


def _notes(evaluation: Evaluation) -> list[str]:
    drawn = "people" if evaluation.unit == "person" else "fingers"
    notes = [
        f"Per cent; in brackets the 95 % interval of a bootstrap over {drawn} ({RUNS:,} runs), which says "
        "nothing where no error was seen and is left out there; a dash is undefined."
    ]
    if any(each.is_chimeric for each in evaluation.sets):
        notes.append(
            "**The people are chimeric**: made of fingers of different people. Real fingers of one person "
            "resemble each other in quality, so real people are missed more often than these figures say."
        )
    if evaluation.protocol == Protocol.IDENTIFICATION:
        decoys = f", of them {evaluation.decoys:,} synthetic" if evaluation.decoys else ""
        notes.append(
            f"{evaluation.gallery_people:,} people are enrolled at a time{decoys}. Rates of a larger gallery "
            "are higher."
        )
    return notes


def _row(name: str, values: Values, intervals: Intervals, counts: str) -> str:
    cells = [_cell(value, intervals.get(figure), figure) for figure, value in values.items()]
    return f"| {name} | {' | '.join(cells)} | {counts} |"


def _counts(each: SetEvaluation) -> str:
    return f"{len(each.trials.mated):,} / {len(each.trials.nonmated):,}"


def _cell(value: float | None, interval: Interval | None, figure: str) -> str:
    if value is None:
        return "-"
    shown = f"{100 * value:.3f}"
    perfect = 1.0 if figure.startswith("rank") else 0.0
    if interval is None or interval.low == interval.high == perfect:
        return shown
    return f"{shown} ({100 * interval.low:.2f} to {100 * interval.high:.2f})"


EXPLANATIONS: Final = (
    "After ISO/IEC 19795-1. At a threshold t a comparison is a match if its score is at least t.",
    "| figure | |\n"
    "| --- | --- |\n"
    "| FMR, FNMR | share of the non-mated comparisons that match; of the mated ones that do not |\n"
    "| FMR100, FMR1000, FMR10000 | the lowest FNMR at an FMR of at most 1 in 100, 1,000, 10,000: of N "
    "non-mated scores the ⌊N/k⌋ largest may be false matches; what is not above the next one is no match. "
    "Undefined if N < k |\n"
    "| zero FMR | the lowest FNMR without any false match |\n"
    "| EER | where FMR and FNMR cross over the ascending distinct scores, both interpolated |\n"
    "| FPIR | share of the searches of somebody who is not enrolled that list anybody |\n"
    "| FNIR | share of the searches of somebody who is enrolled that do not list them; at an FPIR it is the "
    "lowest, by the same rule as FMR100 |\n"
    "| rank r | share of the searches of somebody who is enrolled whose list has them among its first r; of "
    "several who are equally strong they are the last |\n"
    "| mean | of the sets' figures; undefined if one of them is |\n"
    "| all, one threshold | the scores of all sets together, unchanged |\n"
    "| interval | in each run the fingers or people of every set are drawn with replacement; a mated trial "
    "counts as often as whom it concerns was drawn, a non-mated comparison as often as the product of both. "
    "Undefined if the figure was undefined in any run |",
)
