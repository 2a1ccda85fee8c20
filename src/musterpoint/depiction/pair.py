"""What an adjudicator sees of a pair: the fingers of two encounters, left and right, one under another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from musterpoint.depiction.canvas import Canvas, Stroke
from musterpoint.depiction.impressions import (
    ImpressionView,
    Panel,
    Tone,
    lay_impression,
    mark_radius_px,
    scale_bar_px,
)
from musterpoint.depiction.legend import (
    LegendBar,
    LegendItem,
    arrange,
    draw_samples,
    kind_items,
    write_words,
)
from musterpoint.depiction.lettering import width_of, write, write_label
from musterpoint.depiction.minutiae import mark_minutiae
from musterpoint.depiction.palette import PAIRS, PAPER, QUIET_INK
from musterpoint.depiction.side_by_side import (
    MARGIN_PX,
    WIDTH_MAX_PX,
    PairedPanels,
    Shown,
    common_scale,
    place_side_by_side,
)
from musterpoint.limits import FINGERS_MAX
from musterpoint.templates import FingerPosition, MinutiaKind

_TITLE_PX: Final = 34
_ROW_TITLE_PX: Final = 30
_IMPRESSION_MAX_PX: Final = 640
_INNER_MIN_PX: Final = 480
_TICK_EVERY_PX: Final = 50
_TICK_PX: Final = 5
_MARK_COLOUR: Final = PAIRS[0]

Place = tuple[int, int]
"""x and y of a mark, in pixels at 500 ppi from the upper left corner of the impression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerPairView:
    """The same finger of two encounters, and what somebody pointed at in each."""

    position: FingerPosition
    left: ImpressionView
    right: ImpressionView
    left_marks: tuple[Place, ...] = ()
    right_marks: tuple[Place, ...] = ()


def draw_pair(fingers: Sequence[FingerPairView], *, title: str = "Pair") -> Image.Image:
    """Draw all fingers of a pair, left and right.

    The impressions are shown whole, at one scale and with their contrast stretched, without score, rank
    or minutiae, so that what the engine thinks does not lead the eye; an impression of which no image is
    kept shows its minutiae instead. Ticks at the edges, every 50 pixels at 500 ppi, tell where a mark is.

    returns  RGB, at most 1366 px wide; as high as the fingers need
    Raises ValueError for no finger or more than `FINGERS_MAX`.
    """
    if not 0 < len(fingers) <= FINGERS_MAX:
        raise ValueError(f"{len(fingers)} finger pairs, expected 1..{FINGERS_MAX}")
    scale = common_scale(
        [_shown(finger) for finger in fingers], WIDTH_MAX_PX - 2 * MARGIN_PX, _IMPRESSION_MAX_PX
    )
    rows = _rows(fingers, scale)
    inner_px = max(_INNER_MIN_PX, *(MARGIN_PX + sum(p.size_px[0] for p in row.panels) for row in rows))
    legend = arrange(_items(rows, scale), inner_px)
    legend_top_px = rows[-1].probe.top_px + rows[-1].height_px + 10
    canvas = Canvas(inner_px + 2 * MARGIN_PX, legend_top_px + legend.height_px + MARGIN_PX)
    for finger, row in zip(fingers, rows, strict=True):
        _lay_row(canvas, finger, row)
    draw_samples(canvas, legend, MARGIN_PX, legend_top_px)

    picture = canvas.picture()
    draw = ImageDraw.Draw(picture)
    write(draw, (MARGIN_PX, MARGIN_PX + _TITLE_PX / 2 - 4), title, 22)
    for number, (finger, row) in enumerate(zip(fingers, rows, strict=True), start=1):
        _write_row_titles(draw, number, finger, row)
        _number_marks(draw, finger, row)
    write_words(draw, legend, MARGIN_PX, legend_top_px)
    return picture


def _shown(finger: FingerPairView) -> tuple[Shown, Shown]:
    # The whole of both: what lies outside of the ridges may matter to who decides.
    left, right = finger.left, finger.right
    return Shown(view=left, frame=left.whole), Shown(view=right, frame=right.whole)


def _rows(fingers: Sequence[FingerPairView], scale: float) -> list[PairedPanels]:
    rows: list[PairedPanels] = []
    top_px = MARGIN_PX + _TITLE_PX
    for finger in fingers:
        top_px += _ROW_TITLE_PX
        row = place_side_by_side(*_shown(finger), np.empty((0, 2), np.int32), top_px, scale)
        rows.append(row)
        top_px += row.height_px + MARGIN_PX
    return rows


def _lay_row(canvas: Canvas, finger: FingerPairView, row: PairedPanels) -> None:
    for panel in row.panels:
        lay_impression(canvas, panel, Tone.FULL)
        _lay_ticks(canvas, panel)
        if panel.view.image is None:
            mark_minutiae(canvas, panel)
    rim = Stroke(colour=PAPER, width_px=4.0)
    ring = Stroke(colour=_MARK_COLOUR, width_px=2.0)
    for panel, (x, y), _ in _marks(finger, row):
        for stroke in (rim, ring):
            canvas.circle(panel.place(x, y), 2 * mark_radius_px(panel.scale), stroke)


def _lay_ticks(canvas: Canvas, panel: Panel) -> None:
    width_px, height_px = panel.size_px
    stroke = Stroke(colour=QUIET_INK, width_px=1)
    step = _TICK_EVERY_PX * panel.scale
    for number in range(1, int(width_px / step) + 1):
        x = panel.left_px + number * step
        canvas.segment((x, panel.top_px - _TICK_PX), (x, panel.top_px), stroke)
    for number in range(1, int(height_px / step) + 1):
        y = panel.top_px + number * step
        canvas.segment((panel.left_px - _TICK_PX, y), (panel.left_px, y), stroke)


def _marks(finger: FingerPairView, row: PairedPanels) -> Iterator[tuple[Panel, Place, int]]:
    for panel, places in zip(row.panels, (finger.left_marks, finger.right_marks), strict=True):
        for number, place in enumerate(places, start=1):
            yield panel, place, number


def _number_marks(draw: ImageDraw.ImageDraw, finger: FingerPairView, row: PairedPanels) -> None:
    for panel, (x, y), number in _marks(finger, row):
        across, down = panel.place(x, y)
        reach = 2 * mark_radius_px(panel.scale) + 8
        write_label(draw, (across + reach, down - reach), str(number), _MARK_COLOUR)


def _items(rows: Sequence[PairedPanels], scale: float) -> list[LegendItem]:
    bar = LegendBar(length_px=scale_bar_px(scale), words="5 mm")
    if any(panel.view.image is None for row in rows for panel in row.panels):
        return [bar, *kind_items((MinutiaKind.ENDING, MinutiaKind.BIFURCATION))]
    return [bar]


def _write_row_titles(
    draw: ImageDraw.ImageDraw, number: int, finger: FingerPairView, row: PairedPanels
) -> None:
    position = finger.position
    is_named = position is not FingerPosition.UNKNOWN
    words = position.label.replace("-", " ").capitalize() if is_named else "Finger not stated"
    name = f"{number}  {words}"
    for panel, side in zip(row.panels, ("left", "right"), strict=True):
        middle_px = panel.top_px - _ROW_TITLE_PX / 2
        write(draw, (panel.left_px, middle_px), name, 17)
        note = side if panel.view.image is not None else f"{side}; no image is kept, its minutiae only"
        write(draw, (panel.left_px + width_of(name, 17) + 10, middle_px + 1), note, 15, QUIET_INK)
