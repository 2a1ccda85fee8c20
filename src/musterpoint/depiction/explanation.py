"""The picture of a comparison with what speaks for and against it: pairs, the area that both show, shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from musterpoint.depiction.canvas import Canvas, Point, Stroke
from musterpoint.depiction.impressions import (
    ImpressionView,
    Panel,
    Tone,
    lay_impression,
    mark_minutia,
    scale_bar_px,
)
from musterpoint.depiction.legend import (
    Legend,
    LegendBar,
    LegendLine,
    LegendMark,
    arrange,
    draw_samples,
    pair_items,
    write_words,
)
from musterpoint.depiction.lettering import width_of, wrapped, write
from musterpoint.depiction.palette import BIFURCATION, ENDING, OUTLINE, QUIET_INK
from musterpoint.depiction.side_by_side import (
    MARGIN_PX,
    TITLED_TOP_PX,
    WIDTH_MAX_PX,
    PairedPanels,
    Pairs,
    Shown,
    common_scale,
    draw_pairs,
    number_pairs,
    place_side_by_side,
    write_titles,
)
from musterpoint.templates import MinutiaKind

FOR: Final = BIFURCATION
AGAINST: Final = ENDING

_IMPRESSION_PX: Final = 440
_INNER_MIN_PX: Final = 900
_GAP_PX: Final = 12
_TEXT_PX: Final = 16
_LINE_PX: Final = 22
_BARS_PX: Final = 470
_NAME_PX: Final = 215
_COLUMN_MIN_PX: Final = 290
_NUMBER_PX: Final = 46
_BAR_PX: Final = 10
_OUTLINE_PX: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What speaks for and against two impressions being of one finger.

    alone      minutiae of probe and reference that the other should show and does not, as indices
    area       corners of the area that both show, in pixels of the probe, and of the reference
    shares     words and nats of each kind of evidence; above 0 speaks for one finger
    sentences  what is known of the comparison, stage by stage
    """

    alone: tuple[Sequence[int], Sequence[int]] = ((), ())
    area: tuple[Sequence[Point], Sequence[Point]] = ((), ())
    shares: Sequence[tuple[str, float]] = ()
    sentences: Sequence[str] = ()


def draw_explanation(
    probe: ImpressionView, reference: ImpressionView, pairs: Pairs, grounds: Grounds
) -> Image.Image:
    """Draw two impressions with their pairs, and below what speaks for and against, in bars and in words.

    pairs    int (k, 2), indices into the minutiae of probe and reference
    returns  RGB, at most 1366 px wide
    Raises ValueError where pairs name what is not there.
    """
    shown = Shown(view=probe, frame=probe.content), Shown(view=reference, frame=reference.content)
    scale = common_scale([shown], WIDTH_MAX_PX - 2 * MARGIN_PX, _IMPRESSION_PX)
    panels = place_side_by_side(*shown, np.asarray(pairs), TITLED_TOP_PX, scale)
    right_px = panels.reference.left_px + panels.reference.size_px[0]
    inner_px = max(_INNER_MIN_PX, right_px - MARGIN_PX)
    legend = _legend(scale, len(pairs), grounds, inner_px)
    legend_px = TITLED_TOP_PX + panels.height_px + _GAP_PX
    below_px = legend_px + legend.height_px + _GAP_PX
    words = _Words.placed(grounds, panels, inner_px, below_px)
    bars_px = (len(grounds.shares) + 1) * _LINE_PX if grounds.shares else 0
    canvas = Canvas(inner_px + 2 * MARGIN_PX, max(below_px + bars_px, words.bottom_px) + MARGIN_PX)
    _draw_impressions(canvas, panels, grounds)
    draw_samples(canvas, legend, MARGIN_PX, legend_px)
    bars = _Bars.of(grounds.shares, below_px + _LINE_PX)
    bars.draw(canvas)

    picture = canvas.picture()
    draw = ImageDraw.Draw(picture)
    write_titles(draw, panels)
    number_pairs(draw, panels)
    write_words(draw, legend, MARGIN_PX, legend_px)
    bars.write(draw)
    words.write(draw)
    return picture


def _draw_impressions(canvas: Canvas, panels: PairedPanels, grounds: Grounds) -> None:
    for panel, area in zip(panels.panels, grounds.area, strict=True):
        lay_impression(canvas, panel, Tone.LIGHT)
        _outline(canvas, panel, area)
    draw_pairs(canvas, panels)
    for panel, alone in zip(panels.panels, grounds.alone, strict=True):
        for index in alone:
            mark_minutia(canvas, panel, index, AGAINST, 1.0)


def _outline(canvas: Canvas, panel: Panel, area: Sequence[Point]) -> None:
    """The outline of the part of a convex area that lies in the panel, closed along the panel's edge."""
    stroke = Stroke(colour=FOR, width_px=_OUTLINE_PX)
    corners = [panel.place(x, y) for x, y in area]
    half = _OUTLINE_PX / 2
    for axis, first_px in enumerate((panel.left_px, panel.top_px)):
        corners = _beyond(corners, axis, first_px + half, 1)
        corners = _beyond(corners, axis, first_px + panel.size_px[axis] - half, -1)
    for start, end in zip(corners, (*corners[1:], *corners[:1]), strict=True):
        canvas.segment(start, end, stroke)


def _beyond(corners: Sequence[Point], axis: int, bound: float, side: int) -> list[Point]:
    """The part of a convex area on one side of a line (Sutherland and Hodgman 1974).

    axis  0: the line stands at x = bound, 1: it lies at y = bound
    side  1: what is above the bound stays, -1: what is below it
    """
    kept: list[Point] = []
    for start, end in zip(corners, (*corners[1:], *corners[:1]), strict=True):
        before, after = side * (start[axis] - bound), side * (end[axis] - bound)
        if before >= 0:
            kept.append(start)
        if (before < 0) != (after < 0):
            share = before / (before - after)
            kept.append((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
    return kept


def _legend(scale: float, count: int, grounds: Grounds, width_px: int) -> Legend:
    against = LegendMark(
        kind=MinutiaKind.ENDING, colour=AGAINST, words="clear, but the other shows none like it"
    )
    items = [LegendBar(length_px=scale_bar_px(scale), words="5 mm"), *pair_items(count)]
    if any(grounds.alone):
        items.append(against)
    if any(grounds.area):
        items.append(LegendLine(colour=FOR, words="shown by both"))
    return arrange(items, width_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The sentences: beside the impressions where there is room, else beside the bars."""

    lines: tuple[str, ...]
    left_px: int
    top_px: int

    @classmethod
    def placed(cls, grounds: Grounds, panels: PairedPanels, inner_px: int, below_px: int) -> _Words:
        right_px = MARGIN_PX + inner_px
        beside_px = panels.reference.left_px + panels.reference.size_px[0] + 2 * _GAP_PX
        for is_spaced in (True, False):
            lines = _lines(grounds, right_px - beside_px, is_spaced=is_spaced)
            if right_px - beside_px >= _COLUMN_MIN_PX and len(lines) * _LINE_PX <= below_px - TITLED_TOP_PX:
                return cls(lines=lines, left_px=beside_px, top_px=TITLED_TOP_PX)
        left_px = MARGIN_PX + (_BARS_PX + 2 * _GAP_PX if grounds.shares else 0)
        lines = _lines(grounds, right_px - left_px, is_spaced=False)
        return cls(lines=lines, left_px=left_px, top_px=below_px)

    @property
    def bottom_px(self) -> int:
        return self.top_px + len(self.lines) * _LINE_PX

    def write(self, draw: ImageDraw.ImageDraw) -> None:
        """All lines."""
        for row, line in enumerate(self.lines):
            write(draw, (self.left_px, self.top_px + (row + 0.5) * _LINE_PX), line, _TEXT_PX)


def _lines(grounds: Grounds, width_px: int, *, is_spaced: bool) -> tuple[str, ...]:
    lines: list[str] = []
    for sentence in grounds.sentences:
        if lines and is_spaced:
            lines.append("")
        lines += wrapped([sentence], _TEXT_PX, max(width_px, _TEXT_PX))
    return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bars:
    """Shares as bars from a common zero: to the right what speaks for, to the left what speaks against."""

    shares: Sequence[tuple[str, float]]
    top_px: int
    zero_px: float
    px_a_nat: float

    @classmethod
    def of(cls, shares: Sequence[tuple[str, float]], top_px: int) -> _Bars:
        least = min([0.0, *(nats for _, nats in shares)])
        most = max([0.0, *(nats for _, nats in shares)])
        room_px = _BARS_PX - _NAME_PX - 2 * _NUMBER_PX
        px_a_nat = room_px / max(most - least, 1.0)
        zero_px = MARGIN_PX + _NAME_PX + _NUMBER_PX - least * px_a_nat
        return cls(shares=shares, top_px=top_px, zero_px=zero_px, px_a_nat=px_a_nat)

    def _ends(self, row: int) -> tuple[Point, Point]:
        y = self.top_px + (row + 0.5) * _LINE_PX
        return (self.zero_px, y), (self.zero_px + self.shares[row][1] * self.px_a_nat, y)

    def draw(self, canvas: Canvas) -> None:
        """The bars and their zero."""
        if not self.shares:
            return
        for row, (_, nats) in enumerate(self.shares):
            start, end = self._ends(row)
            for k in range(-_BAR_PX // 2, _BAR_PX // 2 + 1):
                line = Stroke(colour=FOR if nats > 0 else AGAINST, width_px=2)
                canvas.segment((start[0], start[1] + k), (end[0], end[1] + k), line)
        bottom_px = self.top_px + len(self.shares) * _LINE_PX
        canvas.segment(
            (self.zero_px, self.top_px), (self.zero_px, bottom_px), Stroke(colour=OUTLINE, width_px=1.5)
        )

    def write(self, draw: ImageDraw.ImageDraw) -> None:
        """Names, numbers and a title."""
        if not self.shares:
            return
        total = sum(nats for _, nats in self.shares)
        title = f"Score {total:.1f} nats: for one finger (right), against it (left)"
        for row, line in enumerate(wrapped([title], _TEXT_PX, _BARS_PX)[:1]):
            write(draw, (MARGIN_PX, self.top_px - _LINE_PX * (0.5 - row)), line, _TEXT_PX)
        for row, (words, nats) in enumerate(self.shares):
            _, (x, y) = self._ends(row)
            write(draw, (MARGIN_PX, y), words, _TEXT_PX, QUIET_INK)
            number = f"{nats:+.1f}"
            left = x + 8 if nats >= 0 else x - 8 - width_of(number, _TEXT_PX)
            write(draw, (left, y), number, _TEXT_PX, QUIET_INK)
