"""The cumulative match characteristic as a picture (SVG): who is how far up in the list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from musterpoint.evaluation.plot_parts import CHARACTER_PX, LINE_PX, SAMPLE_PX, legend, line, stroke, text
from musterpoint.evaluation.rates import F64

_LEFT_PX: Final = 84
_TOP_PX: Final = 58
_WIDTH_PX: Final = 480
_HEIGHT_PX: Final = 360
_BOTTOM_PX: Final = 66
_GAP_PX: Final = 28
_STEPS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25)
_LINES_MAX: Final = 8


def draw_cmc(curves: Sequence[tuple[str, F64, bool]], *, title: str) -> str:
    """An SVG picture of the share of mated searches whose mate is among the first r of the list.

    curves  label, float64 (r,) of ranks 1, 2, …, and whether it is a summary; all of one length. The scale
            of the shares begins where the lowest curve does.
    """
    longest = len(curves[0][1])
    lowest = min(float(shares[0]) for _, shares, _ in curves)
    step = next((one for one in _STEPS if (1 - lowest) / one <= _LINES_MAX), 0.25)
    low = max(0.0, min(math.floor(lowest / step) * step, 1 - 2 * step))
    lines = [(label, is_summary) for label, _, is_summary in curves]
    left = _LEFT_PX + _WIDTH_PX + _GAP_PX
    label_px = CHARACTER_PX * max(len(label) for label, _, _ in curves)
    width_px = left + SAMPLE_PX + max(round(label_px), 220)
    height_px = _TOP_PX + max(_HEIGHT_PX, LINE_PX * (len(curves) + 3)) + _BOTTOM_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_px} {height_px}" '
        f'width="{width_px}" height="{height_px}" role="img" aria-labelledby="title description" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(_description(curves))}</desc>',
        f'<rect width="{width_px}" height="{height_px}" fill="#ffffff"/>',
        text(_LEFT_PX, 32, title, size=17),
        *_frame(longest, low, step),
        *(_path(shares, index, low, is_summary) for index, (_, shares, is_summary) in enumerate(curves)),
        *legend(lines, ("A point: the mate is among", "so many of the list."), left, _TOP_PX),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _frame(longest: int, low: float, step: float) -> list[str]:
    bottom = _TOP_PX + _HEIGHT_PX
    parts = []
    for number in range(round((1 - low) / step) + 1):
        share = low + number * step
        down = _down(share, low)
        parts.append(line(_LEFT_PX, down, _LEFT_PX + _WIDTH_PX, down))
        parts.append(text(_LEFT_PX - 8, down + 4, f"{100 * share:.4g} %", anchor="end"))
    for rank in sorted({1, *range(5, longest + 1, 5)}):
        across = _across(rank, longest)
        parts.append(line(across, _TOP_PX, across, bottom))
        parts.append(text(across, bottom + 20, f"{rank}", anchor="middle"))
    middle = _LEFT_PX + _WIDTH_PX / 2
    parts.append(text(middle, bottom + 46, "Rank", anchor="middle", size=14))
    parts.append(
        f'<g transform="translate(24 {_TOP_PX + _HEIGHT_PX / 2}) rotate(-90)">'
        f"{text(0, 0, 'Share of mated searches (closed set)', anchor='middle', size=14)}</g>"
    )
    return parts


def _path(shares: F64, index: int, low: float, is_summary: bool) -> str:
    points = [
        f"{_across(rank, len(shares)):.1f} {_down(share, low):.1f}"
        for rank, share in enumerate(shares.tolist(), 1)
    ]
    return f'<path d="M{"L".join(points)}" {stroke(index, is_summary=is_summary)} fill="none"/>'


def _across(rank: int, longest: int) -> float:
    return _LEFT_PX + 12 + (_WIDTH_PX - 24) * (rank - 1) / max(longest - 1, 1)


def _down(share: float, low: float) -> float:
    return _TOP_PX + _HEIGHT_PX * (1 - (share - low) / (1 - low))


def _description(curves: Sequence[tuple[str, F64, bool]]) -> str:
    ends = (f"{label} {100 * shares[0]:.2f} % at rank 1" for label, shares, _ in curves)
    return "Share of mated searches whose mate is among the first of the list, of: " + "; ".join(ends)
