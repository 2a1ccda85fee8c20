"""Writes `docs/accuracy.md` with its plots: every protocol, leave-one-set-out weights, other engines.

    python -m benchmarks.accuracy DIR... --beside DIR... --work FOLDER [--peers] [--write]

Each DIR holds a `dataset.json`; sets given --beside are trained with when a set is left out, and are not
measured: those of `tools/make_synthetic_sets.py`, as for the shipped weights. FOLDER keeps templates and
scores, which are personal data. With --peers other engines are measured too (`benchmarks.peers`). Without
--write only the rows are printed that stand beside the figures asked for. The sentences of the page are in
`benchmarks/accuracy_page.txt`.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Final

from benchmarks.peers import compare_with_peers, table

from musterpoint.comparison import score_for
from musterpoint.evaluation import (
    DataSet,
    Evaluation,
    Interval,
    Protocol,
    Settings,
    Weights,
    evaluate_all,
    to_json,
)
from musterpoint.evaluation.card import EXPLANATIONS, section
from musterpoint.evaluation.comparing_runs import RunComparison
from musterpoint.evaluation.plotting import cmc_of, det_of

PAGE: Final = Path(__file__).with_name("accuracy_page.txt")
DOCS: Final = Path(__file__).parent.parent / "docs"
DECOYS: Final = 1000
ENROLLED: Final = 1
STATED_RATE: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """All that is measured on some sets.

    left_out  verification and two impressions, each set under weights trained without it
    shipped   every protocol under the shipped weights
    is_helped  other sets were trained with, beside those that are measured
    peers     ours against other engines, where they were asked for
    """

    left_out: tuple[Evaluation, ...]
    shipped: tuple[Evaluation, ...]
    is_helped: bool
    peers: tuple[RunComparison, ...] = ()

    def of(self, protocol: Protocol) -> list[Evaluation]:
        """The evaluations of a protocol under the shipped weights."""
        return [one for one in self.shipped if one.protocol == protocol]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of the table that recognition is held to, as fractions."""

    name: str
    asked: float | None
    found: float | None
    interval: Interval | None


def measure(
    data_sets: Sequence[DataSet], beside: Sequence[DataSet], work: Path, *, has_peers: bool = False
) -> Accuracy:
    """Measure everything; what `work` holds of an earlier run is not measured again."""
    compared = (Protocol.VERIFICATION, Protocol.TWO_IMPRESSIONS)
    left_out = Settings(
        protocols=compared, weights=Weights.LEAVE_ONE_SET_OUT, beside=tuple(beside), cache=work
    )
    shipped = Settings(protocols=tuple(Protocol), decoys=DECOYS, enrolled=ENROLLED, cache=work)
    return Accuracy(
        left_out=evaluate_all(data_sets, left_out),
        shipped=evaluate_all(data_sets, shipped),
        is_helped=bool(beside),
        peers=tuple(compare_with_peers(data_sets, work)) if has_peers else (),
    )


def rows(found: Accuracy) -> list[Row]:
    """The figures that were asked for, beside ours."""
    left_out, two = found.left_out
    made = [
        _row("mean EER, each set left out", 0.0019, left_out, "mean", "eer"),
        _row("mean FMR1000, each set left out", 0.0045, left_out, "mean", "fmr1000"),
        _row("one threshold, FNMR at FMR 1e-3, each set left out", 0.003, left_out, "all", "fmr1000"),
        _row("one threshold, FNMR at FMR 1e-4, each set left out", 0.008, left_out, "all", "fmr10000"),
        _row("the same, two impressions enrolled", 0.0021, two, "all", "fmr10000"),
        _row("mean EER, shipped weights", None, found.of(Protocol.VERIFICATION)[0], "mean", "eer"),
    ]
    made += [
        _row(f"{one.fingers} fingers (chimeric), FNMR at FMR 1e-3", None, one, "all", "fmr1000")
        for one in found.of(Protocol.FUSED)
    ]
    [searched] = found.of(Protocol.IDENTIFICATION)
    gallery = f"among {searched.gallery_people:,} people, of them {searched.decoys:,} synthetic"
    made.append(_row(f"first of the list, {gallery}", None, searched, "all", "rank1"))
    made.append(_row(f"FNIR at FPIR 1 %, {gallery}", None, searched, "all", "fnir100"))
    return made


def _row(name: str, asked: float | None, evaluation: Evaluation, part: str, figure: str) -> Row:
    whole = evaluation.mean if part == "mean" else evaluation.pooled
    return Row(name=name, asked=asked, found=whole.values[figure], interval=whole.intervals[figure])


def as_markdown(figures: Sequence[Row]) -> str:
    """The rows as a table, in per cent."""
    lines = ["| figure | asked for | found | 95 % interval |", "| --- | ---: | ---: | ---: |"]
    for row in figures:
        span = row.interval
        shown = f"{100 * span.low:.2f} to {100 * span.high:.2f} %" if span and span.high else "-"
        asked = f"≤ {100 * row.asked:.2f} %" if row.asked is not None else ""
        found = "-" if row.found is None else f"{100 * row.found:.3f} %"
        lines.append(f"| {row.name} | {asked} | {found} | {shown} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the rows, and write the page if asked to."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folders", type=Path, nargs="+")
    options.add_argument("--beside", type=Path, nargs="+", default=[])
    options.add_argument("--work", type=Path, required=True)
    options.add_argument("--peers", action="store_true")
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    data_sets, beside = ([DataSet.read(one) for one in part] for part in (chosen.folders, chosen.beside))
    found = measure(data_sets, beside, chosen.work, has_peers=chosen.peers)
    print(as_markdown(rows(found)))
    if chosen.write:
        write(found, data_sets)


def write(found: Accuracy, data_sets: Sequence[DataSet]) -> None:
    """The page and its plots."""
    left_out = found.left_out[0]
    [searched] = found.of(Protocol.IDENTIFICATION)
    images = DOCS / "images"
    (images / "accuracy-det.svg").write_text(det_of(left_out), encoding="utf-8")
    (images / "accuracy-identification.svg").write_text(det_of(searched), encoding="utf-8")
    (images / "accuracy-cmc.svg").write_text(cmc_of(searched), encoding="utf-8")
    (DOCS / "accuracy.md").write_text(page(found, data_sets), encoding="utf-8")


def page(found: Accuracy, data_sets: Sequence[DataSet]) -> str:
    """The text of `docs/accuracy.md`: that of the page beside this file, its places filled."""
    [searched] = found.of(Protocol.IDENTIFICATION)
    fused = [
        part for one in found.of(Protocol.FUSED) for part in (f"### {one.fingers} fingers", *section(one))
    ]
    places = {
        "measured": _what_was_measured(found, data_sets),
        "rows": as_markdown(rows(found)),
        "verification_left_out": _joined(section(found.left_out[0])),
        "sensors": _sensors(found.left_out[0]),
        "verification": _joined(section(found.of(Protocol.VERIFICATION)[0])),
        "two_impressions": _joined(section(found.left_out[1])),
        "fused": _joined(fused),
        "identification": _joined(section(searched)),
        "peers": table(found.peers) if found.peers else "Not measured this time.",
        "explanations": _joined(EXPLANATIONS),
    }
    text = PAGE.read_text(encoding="utf-8")
    for name, filling in places.items():
        if f"{{{{{name}}}}}" not in text:
            raise ValueError(f"{PAGE.name} has no place for {name!r}")
        text = text.replace(f"{{{{{name}}}}}", filling)
    return text


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(parts)


def _what_was_measured(found: Accuracy, data_sets: Sequence[DataSet]) -> str:
    evaluation = found.left_out[0]
    options = ("--beside SYNTHETIC/* " if found.is_helped else "") + ("--peers " if found.peers else "")
    images = sum(len(one.samples) for one in data_sets)
    fingers = sum(len({sample.finger for sample in one.samples}) for one in data_sets)
    names = ", ".join(f"`{one.name}`" for one in data_sets)
    return (
        "| | |\n| --- | --- |\n"
        f"| measured | {datetime.now(UTC):%d %B %Y}, extractor `{evaluation.extractor}`, comparator "
        f"`{evaluation.comparator}` |\n"
        f"| command | `./run python -m benchmarks.accuracy SETS/* {options}--work FOLDER --write` |\n"
        f"| data | {names}: {images} images of {fingers} fingers |\n"
        f"| failures to extract | {len(evaluation.failures)} |\n"
        f"| machine | {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; no "
        "figure depends on it |"
    )


def _sensors(evaluation: Evaluation) -> str:
    pooled = to_json([evaluation])["pooled"]
    assert isinstance(pooled, dict), "of all sets"
    threshold = pooled["thresholds"]["fmr1000"]
    stated = stated_rates(evaluation)
    head = f"| set | FNMR % | false matches | FMR at the score stated for {STATED_RATE:g} |"
    lines = [head, "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {one['name']} | {100 * one['fnmr']:.3f} | {one['false_matches']} | {stated[one['name']]:.1e} |"
        for one in threshold["sets"]
    ]
    lines.append(f"| mean | | | {mean(stated.values()):.1e} |")
    return "\n".join(lines)


def stated_rates(evaluation: Evaluation) -> dict[str, float]:
    """The false match rate of each set at the score that is stated for `STATED_RATE`."""
    bound = score_for(STATED_RATE)
    return {one.name: float((one.trials.nonmated >= bound).mean()) for one in evaluation.sets}


if __name__ == "__main__":
    main()
