"""What the standard calibration says beside what the development sets show, and how far it carries over.

    python -m benchmarks.calibration SET_FOLDER... --templates kept.npz [--plot calibration.svg]

Every print is compared with every print of another finger, inside of sets and across them: a finger stands
for a person. The interval is a bootstrap over fingers. Then each set is left out: what do the others say, and
what does the one that was left out show?
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from benchmarks.comparison import all_scores
from benchmarks.comparison_templates import read_sets

from musterpoint.cli.calibrating_plot import draw_calibration
from musterpoint.comparison import COMPARATOR_VERSION, STANDARD, likelihood_ratio, score_for
from musterpoint.comparison.calibration import rate_nats
from musterpoint.comparison.measuring import Comparisons, measure

STRENGTHS: Final = (2000, 4000, 6000, 8000, 10_000, 12_000, 14_000, 16_500)
STATED: Final = 1e-3
SCORES: Final = np.arange(-5.0, 1.6, 0.25)
FITTED: Final = (1e-4, 3e-2)
BINS: Final = ((-2, 0), (0, 2), (2, 4), (4, 6), (6, 8), (8, 10))

F64 = npt.NDArray[np.float64]


def main() -> None:
    """Print all tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folders", type=Path, nargs="+")
    options.add_argument("--templates", type=Path, help="file that keeps the templates")
    options.add_argument("--plot", type=Path, help="file for a picture, SVG")
    chosen = options.parse_args()
    sets = read_sets(chosen.folders, chosen.templates)
    scores = all_scores(sets) / 1000
    set_of = np.concatenate([np.full(len(one.templates), k) for k, one in enumerate(sets)])
    numbers = np.concatenate([one.finger + 1000 * k for k, one in enumerate(sets)])
    finger = np.unique(numbers, return_inverse=True)[1]
    i, j = np.triu_indices(len(finger), 1)
    other = finger[i] != finger[j]
    print(f"comparator {COMPARATOR_VERSION}: {np.count_nonzero(other):,} non-mated pairs")
    tell_strengths(scores[i, j][other], (finger[i][other], finger[j][other]), chosen.plot)
    tell_likelihood(scores[i, j][~other])
    print(f"\nFMR at the score stated for {STATED:g}, standard map and map of the other sets")
    for k, one in enumerate(sets):
        has = (set_of[i] == k) | (set_of[j] == k)
        theirs, rest = scores[i, j][other & has], scores[i, j][other & ~has]
        bounds = score_for(STATED) / 1000, left_out(rest)
        rates = [float((theirs >= bound).mean()) for bound in bounds]
        print(f"{one.name:<16}{rates[0]:>10.1e}{rates[1]:>10.1e}  of {len(theirs):,}")


def tell_strengths(nats: F64, fingers: tuple[npt.NDArray[np.int64], ...], plot: Path | None) -> None:
    """What strengths promise, what was seen, and the interval of the tail model."""
    strength = np.array([math.floor(1000 * rate_nats(round(1000 * one))) for one in nats], np.int32)
    seen = Comparisons(
        strength=strength,
        first=fingers[0].astype(np.int64),
        second=fingers[1].astype(np.int64),
        people=int(max(one.max() for one in fingers)) + 1,
    )
    found = measure(seen, people_min=2)
    print(f"tail model: {found.tail}; shape 95 %: {found.shape_range[0]:.2f} to {found.shape_range[1]:.2f}")
    print(f"{'strength':>9}{'stated':>10}{'reached':>9}{'measured':>10}{'95 %':>22}")
    for one, reached in zip(STRENGTHS, seen.reaching(STRENGTHS).tolist(), strict=True):
        low, high = found.chance.interval_of(one)
        interval = f"{math.exp(-high / 1000):.1e} to {math.exp(-low / 1000):.1e}"
        stated = math.exp(-one / 1000)
        print(f"{one:>9}{stated:>10.1e}{reached:>9}{reached / len(seen):>10.1e}{interval:>22}  {low} {high}")
    if plot:
        title = f"{len(seen):,} comparisons of different fingers, five sets"
        plot.write_text(draw_calibration(seen, STANDARD.one, found.chance, title=title), encoding="utf-8")


def tell_likelihood(mated: F64) -> None:
    """The likelihood ratio that is stated beside what the mated pairs and the stated rate give."""
    print(f"\nlikelihood ratio, nats; {len(mated):,} mated pairs")
    for low, high in BINS:
        share = float(((mated >= low) & (mated < high)).mean()) / (high - low)
        middle = 500 * (low + high)
        chance = math.exp(-rate_nats(middle - 500)) - math.exp(-rate_nats(middle + 500))
        by_pairs = math.log(share / chance) if share else -math.inf
        print(f"score {low:>3}..{high:<3} stated {likelihood_ratio(middle).nats:6.1f}  seen {by_pairs:6.1f}")


def left_out(nats: F64) -> float:
    """The score that a map of these comparisons states for the rate, in nats."""
    rates = np.array([(nats >= one).mean() for one in SCORES])
    usable = (rates > FITTED[0]) & (rates < FITTED[1])
    slope, at_zero = np.polyfit(SCORES[usable], np.log10(rates[usable]), 1, w=np.sqrt(rates[usable]))
    return float((math.log10(STATED) - at_zero) / slope)


if __name__ == "__main__":
    main()
