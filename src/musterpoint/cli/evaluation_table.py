"""An evaluation as a table for a terminal."""

from __future__ import annotations

from typing import Final

from musterpoint.cli.output import print_table, say
from musterpoint.evaluation import Evaluation, Interval, Values

HEADS: Final = {
    "eer": "EER %",
    "fmr100": "FMR100 %",
    "fmr1000": "FMR1000 %",
    "fmr10000": "FMR10000 %",
    "zero_fmr": "zero FMR %",
    "rank1": "rank 1 %",
    "rank5": "rank 5 %",
    "rank10": "rank 10 %",
    "fnir10": "FNIR at FPIR 10 %",
    "fnir100": "FNIR at FPIR 1 %",
    "fnir1000": "FNIR at FPIR 0.1 %",
}
"""How each figure is called above its column."""


def print_evaluation(result: Evaluation) -> None:
    """The figures of each set, of their mean and of all under one threshold."""
    names = result.measures.names
    lead = names[0]
    rows = [
        _row(
            each.name,
            each.values,
            each.intervals[lead],
            (len(each.trials.mated), len(each.trials.nonmated), len(each.failures)),
        )
        for each in result.sets
    ]
    if len(rows) > 1:
        mean, pooled = result.mean, result.pooled
        rows.append(
            _row(
                "mean",
                mean.values,
                mean.intervals[lead],
                (mean.mated, mean.nonmated, mean.failures_to_extract),
            )
        )
        counts = (len(pooled.trials.mated), len(pooled.trials.nonmated), len(result.failures))
        rows.append(_row("all, one threshold", pooled.values, pooled.intervals[lead], counts))
    first, *others = [HEADS[name] for name in names]
    columns = ["set", first, "95 % interval", *others, "mated", "non-mated", "failed"]
    print_table(columns, rows, title=title_of(result))
    if any(each.is_chimeric for each in result.sets):
        say(
            "The people are chimeric: made of fingers of different people, they are missed less often than "
            "real ones."
        )


def title_of(result: Evaluation) -> str:
    """What was measured, and how."""
    gallery = f", {result.gallery_people} people enrolled" if result.gallery_people else ""
    chimeric = ", chimeric people" if any(each.is_chimeric for each in result.sets) else ""
    engine = f"extractor {result.extractor}, comparator {result.comparator}, {result.weights} weights"
    return f"{result.title}{chimeric}{gallery}: {engine}"


def _row(
    name: str, values: Values, interval: Interval | None, counts: tuple[float, float, float]
) -> list[str]:
    first, *others = [percent(value) for value in values.values()]
    mated, nonmated, failures = counts
    return [
        name,
        first,
        span(interval, values),
        *others,
        f"{mated:>6.10g}",
        f"{nonmated:>9.10g}",
        f"{failures:>6.10g}",
    ]


def percent(rate: float | None) -> str:
    """A fraction as a number of per cent; a dash where it is undefined."""
    return f"{100 * rate:8.3f}" if rate is not None else f"{'-':>8}"


def span(interval: Interval | None, values: Values) -> str:
    """An interval in per cent."""
    if interval is None:
        return "-"
    # Resampling cannot see errors that never happened; zero to zero would claim that there are none.
    is_blank = interval.low == 1 if "rank1" in values else not interval.high
    return "no error seen" if is_blank else f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"
