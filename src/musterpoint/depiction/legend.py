"""The line below a picture that says what its marks mean, with a scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import ImageDraw

from musterpoint.depiction.canvas import Canvas, Stroke
from musterpoint.depiction.impressions import KIND_COLOURS, MarkStroke, draw_mark
from musterpoint.depiction.lettering import width_of, write
from musterpoint.depiction.palette import INK, PAIRS, QUIET_INK, UNPAIRED, Colour
from musterpoint.templates import MinutiaKind

TEXT_PX = 15
ROW_PX = 26
_SAMPLE_PX = 26
_GAP_PX = 22
_KIND_WORDS = {
    MinutiaKind.ENDING: "ridge ending",
    MinutiaKind.BIFURCATION: "bifurcation",
    MinutiaKind.OTHER: "other minutia",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendMark:
    """A sample of a mark and what it stands for."""

    kind: int
    colour: Colour
    words: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendLine:
    """A sample of a joining line and what it stands for."""

    colour: Colour
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendBar:
    """A bar of a known length."""

    length_px: float
    words: str


LegendItem = LegendMark | LegendLine | LegendBar


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """Items with their places, broken into rows no wider than the picture."""

    items: tuple[tuple[LegendItem, float, int], ...] = field(default=())
    rows: int = 0

    @property
    def height_px(self) -> int:
        """Height of all rows."""
        return self.rows * ROW_PX


def kind_items(kinds: Sequence[MinutiaKind]) -> list[LegendItem]:
    """What the shapes and colours of minutiae mean."""
    return [LegendMark(kind=kind, colour=KIND_COLOURS[kind], words=_KIND_WORDS[kind]) for kind in kinds]


def pair_items(count: int) -> list[LegendItem]:
    """How many minutiae are joined, and what the grey ones are."""
    alone = LegendMark(kind=MinutiaKind.ENDING, colour=UNPAIRED, words="not paired", opacity=0.6)
    if count == 0:
        return [alone]
    noun = "pair" if count == 1 else "pairs"
    return [LegendLine(colour=PAIRS[0], words=f"{count} {noun} of minutiae"), alone]


def arrange(items: Sequence[LegendItem], width_px: int) -> Legend:
    """Set the items one after another, beginning a new row where one would not fit."""
    placed: list[tuple[LegendItem, float, int]] = []
    x, row = 0.0, 0
    for item in items:
        item_width = _sample_width(item) + width_of(item.words, TEXT_PX)
        if x > 0 and x + item_width > width_px:
            x, row = 0.0, row + 1
        placed.append((item, x, row))
        x += item_width + _GAP_PX
    return Legend(items=tuple(placed), rows=row + 1 if placed else 0)


def _sample_width(item: LegendItem) -> float:
    return item.length_px + 10 if isinstance(item, LegendBar) else _SAMPLE_PX + 6


def draw_samples(canvas: Canvas, legend: Legend, left_px: int, top_px: int) -> None:
    """Draw the samples of marks, lines and bars."""
    for item, x, row in legend.items:
        left, middle = left_px + x, top_px + row * ROW_PX + ROW_PX / 2
        if isinstance(item, LegendMark):
            line = Stroke(colour=item.colour, width_px=1.8, opacity=item.opacity)
            draw_mark(canvas, (left + 6, middle), (1, 0), item.kind, MarkStroke(line=line, radius_px=4.6))
        elif isinstance(item, LegendLine):
            line = Stroke(colour=item.colour, width_px=1.6, opacity=0.8)
            canvas.segment((left + 1, middle), (left + _SAMPLE_PX - 1, middle), line)
        else:
            _draw_bar(canvas, left + 1, middle, item.length_px)


def _draw_bar(canvas: Canvas, left: float, middle: float, length_px: float) -> None:
    stroke = Stroke(colour=INK, width_px=2)
    canvas.segment((left, middle), (left + length_px, middle), stroke)
    for x in (left, left + length_px):
        canvas.segment((x, middle - 4), (x, middle + 4), stroke)


def write_words(draw: ImageDraw.ImageDraw, legend: Legend, left_px: int, top_px: int) -> None:
    """Write the words of all items."""
    for item, x, row in legend.items:
        left, middle = left_px + x + _sample_width(item), top_px + row * ROW_PX + ROW_PX / 2
        write(draw, (left, middle), item.words, TEXT_PX, QUIET_INK)
