"""Pictures (SVG) of how searching grows with the gallery, and of how decoys score beside real fingers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.scale_results import CHIMERAS, REAL, SYNTHETIC, Distribution, Gallery, Results, Searches

from musterpoint.evaluation.plot_parts import CHARACTER_PX, QUIET, SAMPLE_PX, legend, line, stroke, text

WIDE_PX: Final = 330
HIGH_PX: Final = 230
LEFT_PX: Final = 78
TOP_PX: Final = 92
BETWEEN_PX: Final = 92
BELOW_PX: Final = 96
LEGEND_GAP_PX: Final = 34
LEGEND_PX_MIN: Final = 220

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis: from where to where, whether by powers of ten, and what is written along it.

    ticks  places and their words
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    is_log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0..1."""
        low, high = (math.log(self.low), math.log(self.high)) if self.is_log else (self.low, self.high)
        placed = math.log(max(value, self.low)) if self.is_log else value
        return min(max((placed - low) / (high - low), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a panel; `style` is the number of its stroke, dots are where something was measured."""

    points: tuple[Point, ...]
    style: int
    has_dots: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A small picture with its title and the words under it."""

    title: str
    across: Scale
    up: Scale
    curves: tuple[Curve, ...]
    under: str


def draw(title: str, told: str, panels: Sequence[Panel], labels: Sequence[str], notes: Sequence[str]) -> str:
    """Panels in two columns, and beside them what their lines are.

    labels  of the strokes 0, 1, 2, …
    """
    rows = -(-len(panels) // 2)
    beside = LEFT_PX + 2 * WIDE_PX + BETWEEN_PX + LEGEND_GAP_PX
    words_px = CHARACTER_PX * max((len(label) for label in labels), default=0)
    width = round(beside + max(LEGEND_PX_MIN, SAMPLE_PX + words_px))
    height = TOP_PX + rows * HIGH_PX + (rows - 1) * BELOW_PX + 66
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="title description" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(told)}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(LEFT_PX, 34, title, size=17),
    ]
    for number, panel in enumerate(panels):
        left = LEFT_PX + (number % 2) * (WIDE_PX + BETWEEN_PX)
        parts += _panel(panel, left, TOP_PX + number // 2 * (HIGH_PX + BELOW_PX))
    curves = [(label, False) for label in labels]
    parts += legend(curves, notes, beside, TOP_PX)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, left: float, top: float) -> list[str]:
    bottom, right = top + HIGH_PX, left + WIDE_PX
    parts = [text(left, top - 16, panel.title, size=14)]
    for value, words in panel.up.ticks:
        down = bottom - HIGH_PX * panel.up.share(value)
        parts += [line(left, down, right, down), text(left - 8, down + 4, words, anchor="end", size=12)]
    for value, words in panel.across.ticks:
        x = left + WIDE_PX * panel.across.share(value)
        parts += [line(x, top, x, bottom), text(x, bottom + 19, words, anchor="middle", size=12)]
    parts.append(text(left + WIDE_PX / 2, bottom + 40, panel.under, anchor="middle", fill=QUIET))
    for curve in panel.curves:
        places = [
            (left + WIDE_PX * panel.across.share(x), bottom - HIGH_PX * panel.up.share(y))
            for x, y in curve.points
        ]
        if not places:
            continue
        drawn = stroke(curve.style)
        parts.append(f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}" {drawn} fill="none"/>')
        if curve.has_dots:
            colour = drawn.split('"')[1]
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}"/>' for x, y in places]
    return parts


KINDS: Final = ((CHIMERAS, REAL), (CHIMERAS, SYNTHETIC), (SYNTHETIC, REAL), (SYNTHETIC, SYNTHETIC))
"""Decoys and probes, in the order of their strokes."""

LABELS: Final = (
    "real probes, chimeras",
    "synthetic probes, chimeras",
    "real probes, synthetic decoys",
    "synthetic probes, synthetic decoys",
)
SIZE_TICKS: Final = ((1e4, "10,000"), (1e5, "100,000"), (1e6, "1,000,000"))


def draw_growth(results: Results) -> str:
    """Hits, misses, times, memory and loading, from the smallest gallery to the largest."""
    kinds = [(number, *kind) for number, kind in enumerate(KINDS) if _of(results, *kind)]
    across = Scale(9_000, 1_100_000, SIZE_TICKS, is_log=True)

    def curves(of: Callable[[Gallery, Searches], float], *, decoys_only: bool = False) -> tuple[Curve, ...]:
        return tuple(
            Curve(
                tuple((one.size, of(one, each)) for one, each in _of(results, decoys, probes)), number, True
            )
            for number, decoys, probes in kinds
            if probes == REAL or not decoys_only
        )

    every = [one for _, decoys, probes in kinds for one in _of(results, decoys, probes)]
    lost = max((1 - each.first for _, each in every), default=0.0)
    memory = max((one.filter_bytes + one.other_bytes for one, _ in every), default=0.0)
    panels = (
        Panel("Mates that the filter does not list", across, _shares(lost), curves(_unlisted), "people"),
        Panel("Mates that are not first in the end", across, _shares(lost), curves(_not_first), "people"),
        Panel("Filter, milliseconds", across, _powers(every, _filter), curves(_filter), "people"),
        Panel("Whole search, milliseconds", across, _powers(every, _whole), curves(_whole), "people"),
        Panel(
            "Memory, bytes a finger",
            across,
            _linear(memory),
            curves(lambda one, _: one.filter_bytes + one.other_bytes, decoys_only=True),
            "people",
        ),
        Panel(
            "From the snapshot to the first answer, s",
            across,
            _powers(every, _load),
            curves(_load, decoys_only=True),
            "people",
        ),
    )
    labels = [LABELS[number] for number, *_ in kinds]
    told = "; ".join(f"{one.size:,} people: a search {each.whole_ms:.0f} ms" for one, each in every)
    notes = ("One finger a person. Times are", "processor time of one core, loading", "is time of the clock.")
    return draw("Searching, from 10,000 to 1,000,000 people", told, panels, labels, notes)


def _of(results: Results, decoys: str, probes: str) -> list[tuple[Gallery, Searches]]:
    return [(one, each) for one in results.of_kind(decoys) for each in one.searches if each.probes == probes]


def _unlisted(_: Gallery, one: Searches) -> float:
    return 1 - one.listed


def _not_first(_: Gallery, one: Searches) -> float:
    return 1 - one.first


def _filter(_: Gallery, one: Searches) -> float:
    return one.filter_ms


def _whole(_: Gallery, one: Searches) -> float:
    return one.whole_ms


def _load(one: Gallery, _: Searches) -> float:
    return one.load_s


def _shares(highest: float) -> Scale:
    step = next((one for one in (0.0025, 0.005, 0.01, 0.02, 0.05) if highest / one <= 5), 0.2)
    count = max(2, math.ceil(highest / step))
    ticks = tuple((k * step, f"{100 * k * step:.4g} %") for k in range(count + 1))
    return Scale(0.0, count * step, ticks)


def _linear(highest: float) -> Scale:
    count = max(1, math.ceil(highest / 1000))
    return Scale(0.0, count * 1000, tuple((1000 * k, f"{1000 * k:,}") for k in range(count + 1)))


def _powers(every: Sequence[tuple[Gallery, Searches]], of: Callable[[Gallery, Searches], float]) -> Scale:
    """An axis of powers of ten around what was measured."""
    values = [of(*one) for one in every] or [1.0]
    low = math.floor(math.log10(max(min(values), 1e-3)))
    high = max(low + 1, math.ceil(math.log10(max(*values, 1e-3))))
    ticks = tuple((10.0**k, f"{10.0**k:,g}") for k in range(low, high + 1))
    return Scale(10.0**low, 10.0**high, ticks, is_log=True)


def draw_scores(results: Results) -> str:
    """How often pairs of different fingers reach a score, and how often mates stay below it."""
    apart = [one for one in results.scores if not one.mated]
    mates = [one for one in results.scores if one.mated]
    low = Scale(-8.0, 6.0, tuple((float(k), f"{k}") for k in range(-8, 7, 2)))
    wide = Scale(-4.0, 20.0, tuple((float(k), f"{k}") for k in range(-4, 21, 4)))
    shares = Scale(1e-5, 1.0, tuple((10.0**-k, f"1e-{k}" if k else "1") for k in range(6)), is_log=True)
    panels = (
        Panel(
            "Different fingers: share that reach a score",
            low,
            shares,
            tuple(Curve(_reaching(one), number) for number, one in enumerate(apart)),
            "score, nats",
        ),
        Panel(
            "Mates: share that stay below a score",
            wide,
            shares,
            tuple(Curve(_below(one), number) for number, one in enumerate(mates, len(apart))),
            "score, nats",
        ),
    )
    labels = [f"{one.name}, {one.pairs:,}" for one in (*apart, *mates)]
    told = "The share of pairs that reach a score or stay below it: " + "; ".join(labels)
    return draw(
        "Scores of decoys beside those of real fingers", told, panels, labels, ("Pairs of each kind.",)
    )


def _reaching(one: Distribution) -> tuple[Point, ...]:
    return tuple((x, count / one.pairs) for x, count in zip(one.nats, one.reached, strict=True) if count)


def _below(one: Distribution) -> tuple[Point, ...]:
    return tuple(
        (x, 1 - count / one.pairs)
        for x, count in zip(one.nats, one.reached, strict=True)
        if count < one.pairs
    )
