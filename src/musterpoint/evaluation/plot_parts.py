"""What plots have in common: strokes, lines, words and the legend, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

SAMPLE_PX: Final = 44
"""Width of a line's sample in the legend, with the space after it."""
CHARACTER_PX: Final = 7.6
"""More than the mean width of a character, since the font is the reader's own."""
LINE_PX: Final = 22

INK: Final = "#1f242a"
QUIET: Final = "#5f666e"
GRID: Final = "#dde1e5"

# After Okabe and Ito, "Color universal design" (2008), darkened where too light for a thin line on
# white; the dashes tell the curves apart without colour.
_STYLES: Final = (
    ("#005ca0", ""),
    ("#c44a00", "7 3"),
    ("#00785a", "2 3"),
    ("#a33c7c", "9 3 2 3"),
    ("#8a6d00", "4 2"),
    ("#2a8fbd", "12 4"),
    ("#7a2e2e", "1 3"),
    ("#4b4b9b", "6 2 1 2 1 2"),
)


def stroke(index: int, *, is_summary: bool = False) -> str:
    """How the curve of that number is drawn; a summary is stronger, in the colour of the text."""
    if is_summary:
        return f'stroke="{INK}" stroke-width="2.6"'
    colour, dashes = _STYLES[index % len(_STYLES)]
    return f'stroke="{colour}" stroke-width="1.8"' + (f' stroke-dasharray="{dashes}"' if dashes else "")


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    """A line of the grid."""
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{GRID}"/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, fill: str = INK) -> str:
    """Words at a place."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">'
        f"{escape(words)}</text>"
    )


def legend(
    curves: Sequence[tuple[str, bool]], notes: Sequence[str], left_px: float, top_px: float
) -> list[str]:
    """The samples of curves with their labels, one under another, and notes below.

    curves  the label of each, and whether it is a summary
    """
    parts = []
    for index, (label, is_summary) in enumerate(curves):
        down = top_px + 14 + LINE_PX * index
        drawn = stroke(index, is_summary=is_summary)
        parts.append(f'<path d="M{left_px} {down - 4}h34" {drawn} fill="none"/>')
        parts.append(text(left_px + SAMPLE_PX, down, label))
    down = top_px + 14 + LINE_PX * len(curves) + 10
    parts += [text(left_px, down + 17 * row, note, size=12, fill=QUIET) for row, note in enumerate(notes)]
    return parts
