"""Shows whether the quality score predicts which comparisons fail, beside NFIQ 2.

    python -m benchmarks.quality DIR... [--keep TEMPLATES.npz] [--plot FILE.svg]

The threshold is set so that 5 % of the mated comparisons of all sets together fail. Then the worst are
discarded by quality, and the share of failures among the rest is printed (error versus discard).

- By pairs: a pair's quality is the lower of its two images'; that share of the pairs goes.
- By images: that share of the images goes, and each pair that has one of them.
- Ties at the border go in part: every order of equal ones counts alike.
- An image on which NFIQ 2 fails counts as its worst, so that it goes first; the other reading, that it counts
  as its best, is printed too.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmarks import nfiq2_process
from benchmarks.comparison_templates import PreparedSet, read_sets

from musterpoint.comparison import Pack, score_all
from musterpoint.evaluation import DataSet
from musterpoint.extraction import quality
from musterpoint.imaging import load_image

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

FNMR_BEFORE = 0.05
DISCARDED = (0.05, 0.10, 0.20)
BANDS = (0, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 101)
SCALES = (8.0, 10.0, 12.0, 15.0, 20.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mated:
    """All mated comparisons.

    first, second  int64 (n,), images, counted over all sets
    set_index      int64 (n,)
    scores         int64 (n,), milli-nats
    """

    first: I64
    second: I64
    set_index: I64
    scores: I64


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    arguments.add_argument("--keep", type=Path, metavar="FILE", help="keep the templates for the next time")
    arguments.add_argument("--plot", type=Path, metavar="FILE", help="where to draw the plot (SVG)")
    options = arguments.parse_args()
    sets = read_sets(options.folders, options.keep)
    mated, non_mated = _compare(sets)
    ours = np.array([template.quality for data_set in sets for template in data_set.templates], np.float64)
    nfiq2 = _nfiq2(options.folders)
    is_failure = mated.scores < np.sort(mated.scores)[round(FNMR_BEFORE * len(mated.scores))]
    curves = {
        "Musterpoint": ours,
        "NFIQ 2": np.where(np.isnan(nfiq2), -1.0, nfiq2),
        "NFIQ 2, failures as best": np.where(np.isnan(nfiq2), 101.0, nfiq2),
    }
    print(f"{int(is_failure.sum())} of {len(is_failure)} mated comparisons fail before anything is discarded")
    _print_discards(curves, mated, is_failure)
    _print_held_out(sets, curves, mated, is_failure)
    _print_bands(ours, mated, non_mated, is_failure)
    if options.plot is not None:
        _draw(options.plot, curves, mated, is_failure)


def _compare(sets: Sequence[PreparedSet]) -> tuple[Mated, I64]:
    rows: list[tuple[int, int, int, int]] = []
    non_mated: list[int] = []
    begin = 0
    for number, data_set in enumerate(sets):
        pack = Pack.of(data_set.prepared)
        count = len(data_set.prepared)
        for i, probe in enumerate(data_set.prepared):
            for j, score in enumerate(score_all(probe, pack, i + 1, count), i + 1):
                if data_set.finger[i] == data_set.finger[j]:
                    rows.append((begin + i, begin + j, number, int(score)))
                else:
                    non_mated.append(int(score))
        begin += count
    first, second, set_index, scores_ = np.array(rows, np.int64).T
    mated = Mated(first=first, second=second, set_index=set_index, scores=scores_)
    return mated, np.sort(np.array(non_mated, np.int64))[::-1]


def _nfiq2(folders: Sequence[Path]) -> F64:
    """NFIQ 2 of every image, NaN where it failed."""
    data_sets = [DataSet.read(folder) for folder in folders]
    images = (
        load_image(data_set.path(sample), ppi=data_set.ppi)
        for data_set in data_sets
        for sample in data_set.samples
    )
    found = nfiq2_process.scores(images)
    print(f"NFIQ 2 failed on {found.count(None)} of {len(found)} images")
    return np.array([np.nan if score is None else score for score in found])


def _kept(values: F64, share: float) -> F64:
    """Weight of each value when the lowest `share` is discarded; ties at the border in part."""
    count = share * len(values)
    border = np.sort(values)[min(int(count), len(values) - 1)]
    weights: F64 = (values > border).astype(np.float64)
    tied = values == border
    weights[tied] = (len(values) - count - weights.sum()) / tied.sum()
    return weights


def _fnmr(values: F64, mated: Mated, is_failure: npt.NDArray[np.bool_], share: float, by: str) -> float:
    """FNMR in percent of what is left."""
    if by == "pairs":
        weights = _kept(np.minimum(values[mated.first], values[mated.second]), share)
    else:
        of_image = _kept(values, share)
        weights = of_image[mated.first] * of_image[mated.second]
    return float(100 * (weights * is_failure).sum() / weights.sum())


def _print_discards(curves: dict[str, F64], mated: Mated, is_failure: npt.NDArray[np.bool_]) -> None:
    header = "".join(f"{share:>8.0%}" for share in DISCARDED)
    for by in ("pairs", "images"):
        print(f"\nFNMR in % after discarding by {by}:{'':10s}{header}")
        for name, values in curves.items():
            row = "".join(f"{_fnmr(values, mated, is_failure, share, by):8.2f}" for share in DISCARDED)
            print(f"  {name:40s}{row}")


def _print_held_out(
    sets: Sequence[PreparedSet], curves: dict[str, F64], mated: Mated, is_failure: npt.NDArray[np.bool_]
) -> None:
    """Each set with the score's only constant chosen on the other four."""
    by_scale = {scale: _scores_at(sets, scale) for scale in SCALES}
    print("\nFNMR in % by pairs of one set, before and after discarding 5 %, 10 %, 20 % of its pairs,")
    print("with the scale of the score chosen on the other sets; NFIQ 2 in brackets:")
    for number, data_set in enumerate(sets):
        inside, outside = _part(mated, number, True), _part(mated, number, False)
        failures = is_failure[mated.set_index == number]
        others = is_failure[mated.set_index != number]
        totals = {
            scale: sum(_fnmr(values, outside, others, share, "pairs") for share in DISCARDED)
            for scale, values in by_scale.items()
        }
        scale = min(totals, key=lambda one: totals[one])
        figures = "".join(
            f"  {_fnmr(by_scale[scale], inside, failures, share, 'pairs'):6.2f}"
            f" ({_fnmr(curves['NFIQ 2'], inside, failures, share, 'pairs'):.2f})"
            for share in (0.0, *DISCARDED)
        )
        print(f"  {data_set.name:16s} scale {scale:4.0f}{figures}")


def _part(mated: Mated, number: int, is_inside: bool) -> Mated:
    chosen = (mated.set_index == number) == is_inside
    return Mated(
        first=mated.first[chosen],
        second=mated.second[chosen],
        set_index=mated.set_index[chosen],
        scores=mated.scores[chosen],
    )


def _scores_at(sets: Sequence[PreparedSet], scale: float) -> F64:
    rules = replace(quality.RULES, certainty_scale=scale)
    return np.array(
        [quality.score(template.minutiae, rules) for data_set in sets for template in data_set.templates],
        np.float64,
    )


def _print_bands(values: F64, mated: Mated, non_mated: I64, is_failure: npt.NDArray[np.bool_]) -> None:
    """What a floor for searches rests on: how often a probe of this quality misses its reference."""
    probes = np.concatenate([values[mated.first], values[mated.second]])
    strict = np.concatenate([is_failure, is_failure])
    at_ten_thousand = mated.scores <= non_mated[len(non_mated) // 10_000]
    usual = np.concatenate([at_ten_thousand, at_ten_thousand])
    print("\nProbes by quality: images, comparisons, FNMR in % at the threshold above and at FMR 1/10,000:")
    for low, high in pairwise(BANDS):
        chosen = (probes >= low) & (probes < high)
        images = int(((values >= low) & (values < high)).sum())
        if not chosen.any():
            continue
        print(
            f"  {low:3d}..{high - 1:<3d} {images:4d} {int(chosen.sum()):5d}"
            f" {100 * strict[chosen].mean():7.1f} {100 * usual[chosen].mean():7.2f}"
        )


def _draw(path: Path, curves: dict[str, F64], mated: Mated, is_failure: npt.NDArray[np.bool_]) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "musterpoint"
    mpl.rcParams["svg.fonttype"] = "none"  # text, not the outlines of somebody's font
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.0))
    shares = np.linspace(0, 0.4, 81)
    styles = {"Musterpoint": ("#0b5d8a", "-"), "NFIQ 2": ("#b5520b", "--")}
    for name, (colour, line) in styles.items():
        points = [_fnmr(curves[name], mated, is_failure, float(share), "pairs") for share in shares]
        axes.plot(100 * shares, points, color=colour, linestyle=line, label=name)
    ideal = 100 * np.maximum(FNMR_BEFORE - shares, 0) / (1 - shares)
    axes.plot(100 * shares, ideal, color="#777777", linestyle=":", label="if only failures were discarded")
    axes.set_xlabel("pairs discarded, worst quality first (%)")
    axes.set_ylabel("false non-match rate of the rest (%)")
    axes.set_xlim(0, 40)
    axes.set_ylim(0, None)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
