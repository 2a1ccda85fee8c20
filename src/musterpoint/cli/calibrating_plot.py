"""What chance was measured to reach, beside what searches go by before and after, as a picture (SVG)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from musterpoint.comparison.chance import ChanceMap
from musterpoint.comparison.measuring import Comparisons
from musterpoint.evaluation.plot_parts import INK, QUIET, line, stroke, text

_LEFT_PX: Final = 76
_TOP_PX: Final = 74
_WIDE_PX: Final = 380
_HIGH_PX: Final = 340
_BETWEEN_PX: Final = 76
_BOTTOM_PX: Final = 96
_RIGHT_PX: Final = 36
_TOP_STRENGTH: Final = 20_000
_DECADES: Final = 9
_STEP: Final = 250

Point = tuple[int, float]


def draw_calibration(seen: Comparisons, before: ChanceMap, after: ChanceMap, *, title: str) -> str:
    """Two panels: what was measured beside the map before, and beside the map that was made of it.

    Strengths go to the right; the share of comparisons that reach them downwards, each line a tenth. The grey
    band is the interval of 95 % by the tail model, and what is below the dashed line is extrapolated.
    """
    width = 2 * (_LEFT_PX + _WIDE_PX) + _BETWEEN_PX + _RIGHT_PX
    height = _TOP_PX + _HIGH_PX + _BOTTOM_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="title description" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<title id="title">{escape(title)}</title>',
        '<desc id="description">The share of comparisons of different people that reach a strength, as '
        "measured and as searches take it to be, before and after calibration.</desc>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(_LEFT_PX, 30, title, size=17),
    ]
    for number, (name, chance) in enumerate((("Before", before), ("After", after))):
        parts += _panel(number * (_LEFT_PX + _WIDE_PX + _BETWEEN_PX), name, seen, chance)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(shift: int, name: str, seen: Comparisons, chance: ChanceMap) -> list[str]:
    left, right, bottom = shift + _LEFT_PX, shift + _LEFT_PX + _WIDE_PX, _TOP_PX + _HIGH_PX
    parts = [text(left, _TOP_PX - 14, name, size=14)]
    for decade in range(_DECADES + 1):
        y = _TOP_PX + _HIGH_PX * decade / _DECADES
        parts.append(line(left, y, right, y))
        parts.append(text(left - 8, y + 4, f"1e-{decade}" if decade else "1", anchor="end"))
    for strength in range(0, _TOP_STRENGTH + 1, 4000):
        x = left + _WIDE_PX * strength / _TOP_STRENGTH
        parts.append(line(x, _TOP_PX, x, bottom))
        parts.append(text(x, bottom + 20, f"{strength:,}", anchor="middle"))
    parts.append(text(left + _WIDE_PX / 2, bottom + 44, "strength", anchor="middle", size=14))
    parts.append(
        f'<g transform="translate({left - 54} {(_TOP_PX + bottom) / 2}) rotate(-90)">'
        f"{text(0, 0, 'share of comparisons that reach it', anchor='middle', size=14)}</g>"
    )
    steps = range(0, _TOP_STRENGTH + 1, _STEP)
    intervals = [(one, chance.interval_of(one)) for one in steps if one <= chance.knots[-1].strength]
    around = [(one, high / 1000) for one, (_, high) in intervals]
    around += [(one, low / 1000) for one, (low, _) in reversed(intervals)]
    parts.append(f'<path d="{_path(around, left)}Z" fill="#e3e7eb" stroke="none"/>')
    supported = [(one, chance.nats_of(one) / 1000) for one in steps if chance.nats_of(one) < chance.limit]
    parts.append(f'<path d="{_path(supported, left)}" {stroke(1)} fill="none"/>')
    parts.append(f'<path d="{_path(_measured(seen), left)}" fill="none" {stroke(0, is_summary=True)}/>')
    y = _y(chance.measured_to / 1000)
    parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="{QUIET}" stroke-dasharray="3 4"/>')
    parts.append(text(right - 4, y - 5, "extrapolated below", anchor="end", size=12, fill=QUIET))
    return [*parts, *_legend(left, bottom + 72)]


def _legend(left: int, down: int) -> list[str]:
    parts = []
    for shift, words, style in (
        (0, "measured", stroke(0, is_summary=True)),
        (118, "searches go by", stroke(1)),
    ):
        parts.append(f'<path d="M{left + shift} {down - 4}h30" {style} fill="none"/>')
        parts.append(text(left + shift + 38, down, words, fill=INK))
    parts.append(f'<rect x="{left + 270}" y="{down - 12}" width="30" height="14" fill="#e3e7eb"/>')
    parts.append(text(left + 308, down, "95 %"))
    return parts


def _measured(seen: Comparisons) -> list[Point]:
    steps = range(0, _TOP_STRENGTH + 1, _STEP)
    counts = seen.reaching(steps)
    return [
        (one, -math.log(count / len(seen)))
        for one, count in zip(steps, counts.tolist(), strict=True)
        if count
    ]


def _path(points: Sequence[Point], left: int) -> str:
    places = [f"{left + _WIDE_PX * one / _TOP_STRENGTH:.1f} {_y(nats):.1f}" for one, nats in points]
    return "M" + "L".join(places) if places else ""


def _y(nats: float) -> float:
    return _TOP_PX + _HIGH_PX * min(nats / math.log(10) / _DECADES, 1.0)
