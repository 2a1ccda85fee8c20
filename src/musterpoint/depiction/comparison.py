"""The picture of a comparison: two impressions side by side, their paired minutiae joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from musterpoint.depiction.canvas import Canvas
from musterpoint.depiction.impressions import ImpressionView, lay_impression, scale_bar_px
from musterpoint.depiction.legend import (
    ROW_PX,
    LegendBar,
    LegendItem,
    LegendLine,
    LegendMark,
    arrange,
    draw_samples,
    write_words,
)
from musterpoint.depiction.lettering import wrapped, write
from musterpoint.depiction.palette import PAIRS, UNPAIRED
from musterpoint.depiction.side_by_side import (
    HEIGHT_MAX_PX,
    MARGIN_PX,
    WIDTH_MAX_PX,
    Pairs,
    common_scale,
    draw_pairs,
    number_pairs,
    place_side_by_side,
)
from musterpoint.imaging import FingerImage
from musterpoint.templates import MinutiaKind, Template

_TITLE_PX: Final = 28
_TOP_PX: Final = MARGIN_PX + _TITLE_PX - 4
_CAPTION_TEXT_PX: Final = 17
_CAPTION_PX: Final = 25
_INNER_MIN_PX: Final = 640
_PANEL_MIN_PX: Final = 200


def draw_comparison(
    probe_image: FingerImage | None,
    probe: Template,
    reference_image: FingerImage | None,
    reference: Template,
    pairs: Pairs,
    *,
    caption: Sequence[str] = (),
) -> Image.Image:
    """Draw two impressions side by side at one scale, the paired minutiae numbered and joined.

    pairs    int (k, 2), indices into the minutiae of probe and reference
    caption  sentences written below
    returns  RGB, at most 1366 px wide, and 768 px high unless the caption is very long
    Raises ValueError where image and template differ in size, or pairs name what is not there.
    """
    views = (
        ImpressionView(image=probe_image, template=probe),
        ImpressionView(image=reference_image, template=reference),
    )
    foreseen = wrapped(caption, _CAPTION_TEXT_PX, WIDTH_MAX_PX - 2 * MARGIN_PX)
    below_px = 10 + ROW_PX + 6 + len(foreseen) * _CAPTION_PX + MARGIN_PX
    scale = common_scale([views], max(HEIGHT_MAX_PX - _TOP_PX - below_px, _PANEL_MIN_PX))
    panels = place_side_by_side(*views, np.asarray(pairs), _TOP_PX, scale)

    inner_px = max(_INNER_MIN_PX, MARGIN_PX + sum(panel.size_px[0] for panel in panels.panels))
    legend = arrange(_items(len(pairs), scale), inner_px)
    lines = wrapped(caption, _CAPTION_TEXT_PX, inner_px)
    legend_top_px = _TOP_PX + panels.height_px + 10
    caption_top_px = legend_top_px + legend.height_px + 6
    canvas = Canvas(inner_px + 2 * MARGIN_PX, caption_top_px + len(lines) * _CAPTION_PX + MARGIN_PX)
    for panel in panels.panels:
        lay_impression(canvas, panel, is_lightened=True)
    draw_pairs(canvas, panels)
    draw_samples(canvas, legend, MARGIN_PX, legend_top_px)

    picture = canvas.picture()
    draw = ImageDraw.Draw(picture)
    for panel, title in zip(panels.panels, ("Probe", "Reference"), strict=True):
        write(draw, (panel.left_px, _TOP_PX - _TITLE_PX / 2), title, 18)
    number_pairs(draw, panels)
    write_words(draw, legend, MARGIN_PX, legend_top_px)
    for row, line in enumerate(lines):
        write(draw, (MARGIN_PX, caption_top_px + (row + 0.5) * _CAPTION_PX), line, _CAPTION_TEXT_PX)
    return picture


def _items(pair_count: int, scale: float) -> list[LegendItem]:
    items: list[LegendItem] = [LegendBar(length_px=scale_bar_px(scale), words="5 mm")]
    if pair_count:
        noun = "pair" if pair_count == 1 else "pairs"
        items.append(LegendLine(colour=PAIRS[0], words=f"{pair_count} {noun} of minutiae that lie alike"))
    items.append(LegendMark(kind=MinutiaKind.ENDING, colour=UNPAIRED, words="without a partner", opacity=0.6))
    return items
