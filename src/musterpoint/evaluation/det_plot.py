"""The detection error trade-off as a picture (SVG), with a place for the rate zero on a log scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from musterpoint.evaluation.plot_parts import (
    CHARACTER_PX,
    LINE_PX,
    QUIET,
    SAMPLE_PX,
    legend,
    line,
    stroke,
    text,
)
from musterpoint.evaluation.rates import F64, Det

_LEFT_PX: Final = 84
_TOP_PX: Final = 58
_SIDE_PX: Final = 440
_ZERO_PX: Final = 72
"""Width of the band that stands for the rate zero, which has no place on a logarithmic scale."""
_GAP_PX: Final = 12
"""White between that band and the scale, so that zero is not taken for the scale's end."""
_LEGEND_GAP_PX: Final = 28
_LEGEND_LEFT_PX: Final = _LEFT_PX + _ZERO_PX + _SIDE_PX + _LEGEND_GAP_PX
_BOTTOM_PX: Final = 78

_BAND: Final = "#f1f3f5"

Axes = tuple[str, str]

COMPARISON_AXES: Final[Axes] = ("False match rate (FMR)", "False non-match rate (FNMR)")
SEARCH_AXES: Final[Axes] = (
    "False positive identification rate (FPIR)",
    "False negative identification rate (FNIR)",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """One line of the picture; `is_summary` draws it stronger, in the colour of the text."""

    label: str
    det: Det
    is_summary: bool = False


@dataclass(frozen=True, slots=True)
class _Axis:
    """A rate from 10^low to 10^high on `_SIDE_PX` pixels, with zero in a band below."""

    low: int
    high: int

    def place_px(self, rates: F64, zero_px: float) -> F64:
        """Distance from the end of the band for zero, which lies at -`zero_px`."""
        with np.errstate(divide="ignore"):
            decades = np.log10(rates)
        place = (decades - self.low) / (self.high - self.low) * _SIDE_PX
        return np.where(rates > 0, np.clip(place, 0, _SIDE_PX), -zero_px)


def draw_det(curves: Sequence[Curve], *, title: str, axes: Axes = COMPARISON_AXES) -> str:
    """An SVG picture of 1 to any number of curves, false positives to the right, false negatives upwards.

    axes  what stands at both scales

    Both scales are logarithmic and begin at one comparison of the largest class; a grey band before
    them stands for the rate zero, where each curve has a line of its own. A point of a curve is the
    lowest FNMR at no more than that FMR, so the line is a staircase.
    """
    x, y = _axes([curve.det for curve in curves])
    legend_px = max(_SIDE_PX + _ZERO_PX, LINE_PX * (len(curves) + 4))
    label_px = CHARACTER_PX * max(len(curve.label) for curve in curves)
    width_px = _LEGEND_LEFT_PX + SAMPLE_PX + max(round(label_px), 240)
    height_px = _TOP_PX + legend_px + _BOTTOM_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_px} {height_px}" '
        f'width="{width_px}" height="{height_px}" role="img" aria-labelledby="title description" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(_description(curves, axes))}</desc>',
        f'<rect width="{width_px}" height="{height_px}" fill="#ffffff"/>',
        text(_LEFT_PX, 32, title, size=17),
        *_frame(x, y, axes),
        *(_path(curve, index, len(curves), (x, y)) for index, curve in enumerate(curves)),
        *_legend(curves),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axes(dets: Sequence[Det]) -> tuple[_Axis, _Axis]:
    without_false_match = [float(det.fnmr[np.argmax(det.fmr == 0)]) for det in dets]
    fewest_false_nonmatches = [float(det.fmr[det.fnmr == det.fnmr[0]].min()) for det in dets]
    return (
        _axis([det.fmr for det in dets], max(fewest_false_nonmatches)),
        _axis([det.fnmr for det in dets], max(without_false_match)),
    )


def _axis(rates: Sequence[F64], largest: float) -> _Axis:
    # The curves go on to 1 in both directions, along the band for zero: nothing is seen there.
    smallest = min(float(each[each > 0].min(initial=1.0)) for each in rates)
    low = min(math.floor(math.log10(smallest)), -2)
    high = math.ceil(math.log10(largest)) if largest > 0 else low + 1
    return _Axis(low, min(max(high, low + 1, -1), 0))


def _frame(x: _Axis, y: _Axis, axes: Axes) -> list[str]:
    left, bottom = _LEFT_PX + _ZERO_PX, _TOP_PX + _SIDE_PX
    length, band = _SIDE_PX + _ZERO_PX, _ZERO_PX - _GAP_PX
    parts = [
        f'<rect x="{_LEFT_PX}" y="{_TOP_PX}" width="{band}" height="{length}" fill="{_BAND}"/>',
        f'<rect x="{_LEFT_PX}" y="{bottom + _GAP_PX}" width="{length}" height="{band}" fill="{_BAND}"/>',
    ]
    for decade in range(x.low, x.high + 1):
        place = left + float(x.place_px(np.array([10.0**decade]), 0)[0])
        parts.append(line(place, _TOP_PX, place, bottom + _ZERO_PX))
        parts.append(text(place, bottom + _ZERO_PX + 20, _percent(decade), anchor="middle"))
    for decade in range(y.low, y.high + 1):
        place = bottom - float(y.place_px(np.array([10.0**decade]), 0)[0])
        parts.append(line(_LEFT_PX, place, left + _SIDE_PX, place))
        parts.append(text(_LEFT_PX - 8, place + 4, _percent(decade), anchor="end"))
    parts.append(text(_LEFT_PX + band / 2, bottom + _ZERO_PX + 20, "0", anchor="middle"))
    parts.append(text(_LEFT_PX - 8, bottom + _GAP_PX + band / 2 + 4, "0", anchor="end"))
    parts.append(text(left + _SIDE_PX / 2, bottom + _ZERO_PX + 46, axes[0], anchor="middle", size=14))
    parts.append(
        f'<g transform="translate(24 {_TOP_PX + _SIDE_PX / 2}) rotate(-90)">'
        f"{text(0, 0, axes[1], anchor='middle', size=14)}</g>"
    )
    return [*parts, *_equal_rates(x, y, axes)]


def _equal_rates(x: _Axis, y: _Axis, axes: Axes) -> list[str]:
    low, high = 10.0 ** max(x.low, y.low), 10.0 ** min(x.high, y.high)
    if low >= high:
        return []
    ends = np.array([low, high])
    across = _LEFT_PX + _ZERO_PX + x.place_px(ends, 0)
    down = _TOP_PX + _SIDE_PX - y.place_px(ends, 0)
    words = f"{_short(axes[0])} = {_short(axes[1])}"
    return [
        f'<path d="M{across[0]:.1f} {down[0]:.1f}L{across[1]:.1f} {down[1]:.1f}" '
        f'stroke="{QUIET}" stroke-dasharray="1 4" fill="none"/>',
        text(
            across[1] - 6,
            down[1] + 18,
            words,
            anchor="end",
            size=11,
            fill=QUIET,
        ),
    ]


def _short(rate: str) -> str:
    return rate.partition("(")[2].rstrip(")")


def _path(curve: Curve, index: int, count: int, axes: tuple[_Axis, _Axis]) -> str:
    zero_px = _GAP_PX + (_ZERO_PX - _GAP_PX) * (index + 1) / (count + 1)
    across = _LEFT_PX + _ZERO_PX + axes[0].place_px(curve.det.fmr, zero_px)
    down = _TOP_PX + _SIDE_PX - axes[1].place_px(curve.det.fnmr, zero_px)
    points = [f"M{across[0]:.1f} {down[0]:.1f}"]
    for step in range(1, len(across)):
        # First up, then left: between two thresholds only the higher FNMR keeps the FMR.
        if abs(down[step] - down[step - 1]) > 0:
            points.append(f"V{down[step]:.1f}")
        if abs(across[step] - across[step - 1]) > 0:
            points.append(f"H{across[step]:.1f}")
    return f'<path d="{"".join(_thinned(points))}" {stroke(index, is_summary=curve.is_summary)} fill="none"/>'


def _thinned(points: Sequence[str]) -> list[str]:
    # Of moves in one direction only the last counts, and thousands fall onto one tenth of a pixel.
    kept: list[str] = []
    for point in points:
        if kept and kept[-1][0] == point[0]:
            kept[-1] = point
        else:
            kept.append(point)
    return kept


def _legend(curves: Sequence[Curve]) -> list[str]:
    notes = ("Grey bands: the rate is zero;", "each curve has its own line there.")
    lines = [(curve.label, curve.is_summary) for curve in curves]
    return legend(lines, notes, _LEGEND_LEFT_PX, _TOP_PX)


def _percent(decade: int) -> str:
    return f"{10.0 ** (decade + 2):.{max(0, -decade - 2)}f} %"


def _description(curves: Sequence[Curve], axes: Axes) -> str:
    return f"{axes[1]} over {axes[0]} of: " + "; ".join(curve.label for curve in curves)
