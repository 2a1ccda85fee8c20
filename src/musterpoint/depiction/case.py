"""What an adjudicator sees of a case: the finger pairs of two encounters, one under another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from musterpoint.depiction.canvas import Canvas
from musterpoint.depiction.impressions import ImpressionView, Tone, lay_impression, scale_bar_px
from musterpoint.depiction.legend import (
    LegendBar,
    LegendItem,
    arrange,
    draw_samples,
    kind_items,
    pair_items,
    write_words,
)
from musterpoint.depiction.lettering import width_of, write
from musterpoint.depiction.minutiae import mark_minutiae
from musterpoint.depiction.palette import QUIET_INK
from musterpoint.depiction.side_by_side import (
    MARGIN_PX,
    WIDTH_MAX_PX,
    PairedPanels,
    Pairs,
    Shown,
    common_scale,
    draw_pairs,
    number_pairs,
    place_side_by_side,
)
from musterpoint.limits import FINGERS_MAX
from musterpoint.templates import FingerPosition, MinutiaKind

_TITLE_PX: Final = 34
_ROW_TITLE_PX: Final = 30
_IMPRESSION_MAX_PX: Final = 640
_INNER_MIN_PX: Final = 480


def _no_pairs() -> Pairs:
    return np.empty((0, 2), np.int32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FingerPairView:
    """The same finger of two encounters.

    pairs  int (k, 2), indices into the minutiae of both templates; drawn only on request
    """

    position: FingerPosition
    probe: ImpressionView
    candidate: ImpressionView
    pairs: Pairs = field(default_factory=_no_pairs)


def draw_case(
    fingers: Sequence[FingerPairView], *, title: str = "Candidate", with_pairs: bool = False
) -> Image.Image:
    """Draw all finger pairs of one candidate: the probe left, the candidate right.

    The impressions are shown whole, at one scale and with their contrast stretched, without score,
    rank or mark, so that what the engine thinks does not lead the eye; an impression of which no
    image is kept shows its minutiae instead. With `with_pairs` the paired minutiae are joined.

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
    legend = arrange(_items(rows, scale, with_pairs=with_pairs), inner_px)
    legend_top_px = rows[-1].probe.top_px + rows[-1].height_px + 10
    canvas = Canvas(inner_px + 2 * MARGIN_PX, legend_top_px + legend.height_px + MARGIN_PX)
    for row in rows:
        _lay_row(canvas, row, with_pairs=with_pairs)
    draw_samples(canvas, legend, MARGIN_PX, legend_top_px)

    picture = canvas.picture()
    draw = ImageDraw.Draw(picture)
    write(draw, (MARGIN_PX, MARGIN_PX + _TITLE_PX / 2 - 4), title, 22)
    for finger, row in zip(fingers, rows, strict=True):
        _write_row_titles(draw, finger, row)
        if with_pairs:
            number_pairs(draw, row)
    write_words(draw, legend, MARGIN_PX, legend_top_px)
    return picture


def _shown(finger: FingerPairView) -> tuple[Shown, Shown]:
    # The whole of both: what lies outside of the ridges may matter to who decides.
    probe, candidate = finger.probe, finger.candidate
    return Shown(view=probe, frame=probe.whole), Shown(view=candidate, frame=candidate.whole)


def _rows(fingers: Sequence[FingerPairView], scale: float) -> list[PairedPanels]:
    rows: list[PairedPanels] = []
    top_px = MARGIN_PX + _TITLE_PX
    for finger in fingers:
        top_px += _ROW_TITLE_PX
        row = place_side_by_side(*_shown(finger), np.asarray(finger.pairs), top_px, scale)
        rows.append(row)
        top_px += row.height_px + MARGIN_PX
    return rows


def _lay_row(canvas: Canvas, row: PairedPanels, *, with_pairs: bool) -> None:
    for panel in row.panels:
        lay_impression(canvas, panel, Tone.LIGHT if with_pairs else Tone.FULL)
    if with_pairs:
        draw_pairs(canvas, row)
        return
    for panel in row.panels:
        if panel.view.image is None:
            mark_minutiae(canvas, panel)


def _items(rows: Sequence[PairedPanels], scale: float, *, with_pairs: bool) -> list[LegendItem]:
    bar = LegendBar(length_px=scale_bar_px(scale), words="5 mm")
    if with_pairs:
        return [bar, *pair_items(sum(len(row.pairs) for row in rows))]
    if any(panel.view.image is None for row in rows for panel in row.panels):
        return [bar, *kind_items((MinutiaKind.ENDING, MinutiaKind.BIFURCATION))]
    return [bar]


def _write_row_titles(draw: ImageDraw.ImageDraw, finger: FingerPairView, row: PairedPanels) -> None:
    position = finger.position
    is_named = position is not FingerPosition.UNKNOWN
    name = position.label.replace("-", " ").capitalize() if is_named else "Finger not stated"
    for panel, side in zip(row.panels, ("probe", "candidate"), strict=True):
        middle_px = panel.top_px - _ROW_TITLE_PX / 2
        write(draw, (panel.left_px, middle_px), name, 17)
        note = side if panel.view.image is not None else f"{side}; no image is kept, its minutiae only"
        write(draw, (panel.left_px + width_of(name, 17) + 10, middle_px + 1), note, 15, QUIET_INK)
