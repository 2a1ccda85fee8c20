"""The picture of a comparison: two impressions side by side, their paired minutiae joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from musterpoint.depiction.canvas import Canvas
from musterpoint.depiction.impressions import ImpressionView, Tone, lay_impression, scale_bar_px
from musterpoint.depiction.legend import (
    ROW_PX,
    LegendBar,
    arrange,
    draw_samples,
    pair_items,
    write_words,
)
from musterpoint.depiction.lettering import wrapped, write
from musterpoint.depiction.side_by_side import (
    HEIGHT_MAX_PX,
    MARGIN_PX,
    TITLED_TOP_PX,
    WIDTH_MAX_PX,
    Pairs,
    Shown,
    common_scale,
    draw_pairs,
    number_pairs,
    place_side_by_side,
    write_titles,
)
from musterpoint.imaging import FingerImage
from musterpoint.templates import Template

_LEGEND_GAP_PX: Final = 10
_CAPTION_TEXT_PX: Final = 17
_CAPTION_PX: Final = 24
_CAPTION_GAP_PX: Final = 8
_COLUMN_PX: Final = 300
_COLUMN_GAP_PX: Final = 24
_INNER_MIN_PX: Final = 560
_IMPRESSION_MIN_PX: Final = 200
_WORTHWHILE: Final = 1.08
"""How much larger the impressions must become for the caption to move beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the caption goes, and how large that leaves the impressions.

    caption_left_px  None where the caption stands below
    """

    scale: float
    inner_px: int
    lines: tuple[str, ...]
    caption_left_px: int | None = None


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

    Of each impression the part with ridges or minutiae is shown.

    pairs    int (k, 2), indices into the minutiae of probe and reference
    caption  sentences written below, or beside where that leaves more room
    returns  RGB, at most 1366 px wide, and 768 px high unless the caption is very long
    Raises ValueError where image and template differ in size, or pairs name what is not there.
    """
    views = (
        ImpressionView(image=probe_image, template=probe),
        ImpressionView(image=reference_image, template=reference),
    )
    shown = Shown(view=views[0], frame=views[0].content), Shown(view=views[1], frame=views[1].content)
    layout = _layout(shown, caption)
    panels = place_side_by_side(*shown, np.asarray(pairs), TITLED_TOP_PX, layout.scale)
    legend = arrange(
        [LegendBar(length_px=scale_bar_px(layout.scale), words="5 mm"), *pair_items(len(pairs))],
        layout.inner_px,
    )
    legend_top_px = TITLED_TOP_PX + panels.height_px + _LEGEND_GAP_PX
    caption_top_px = legend_top_px + legend.height_px + _CAPTION_GAP_PX
    bottom_px = legend_top_px + legend.height_px
    if layout.caption_left_px is None and layout.lines:
        bottom_px = caption_top_px + len(layout.lines) * _CAPTION_PX
    canvas = Canvas(layout.inner_px + 2 * MARGIN_PX, bottom_px + MARGIN_PX)
    for panel in panels.panels:
        lay_impression(canvas, panel, Tone.LIGHT)
    draw_pairs(canvas, panels)
    draw_samples(canvas, legend, MARGIN_PX, legend_top_px)

    picture = canvas.picture()
    draw = ImageDraw.Draw(picture)
    write_titles(draw, panels)
    number_pairs(draw, panels)
    write_words(draw, legend, MARGIN_PX, legend_top_px)
    if layout.caption_left_px is None:
        _write_caption(draw, layout.lines, MARGIN_PX, caption_top_px)
    else:
        _write_caption(draw, layout.lines, layout.caption_left_px, TITLED_TOP_PX)
    return picture


def _write_caption(draw: ImageDraw.ImageDraw, lines: Sequence[str], left_px: int, top_px: int) -> None:
    for row, line in enumerate(lines):
        write(draw, (left_px, top_px + (row + 0.5) * _CAPTION_PX), line, _CAPTION_TEXT_PX)


def _layout(shown: tuple[Shown, Shown], caption: Sequence[str]) -> _Layout:
    below = _with_caption_below(shown, caption)
    beside = _with_caption_beside(shown, caption)
    if beside is not None and beside.scale > _WORTHWHILE * below.scale:
        return beside
    return below


def _with_caption_below(shown: tuple[Shown, Shown], caption: Sequence[str]) -> _Layout:
    lines: tuple[str, ...] = ()
    # A smaller scale makes the picture narrower, and a narrower picture needs more lines.
    for _ in range(3):
        caption_px = _CAPTION_GAP_PX + len(lines) * _CAPTION_PX if lines else 0
        scale = common_scale(
            [shown], WIDTH_MAX_PX - 2 * MARGIN_PX, max(_height_px(caption_px), _IMPRESSION_MIN_PX)
        )
        inner_px = max(_INNER_MIN_PX, _panels_px(shown, scale))
        lines = wrapped(caption, _CAPTION_TEXT_PX, inner_px)
    return _Layout(scale=scale, inner_px=inner_px, lines=lines)


def _with_caption_beside(shown: tuple[Shown, Shown], caption: Sequence[str]) -> _Layout | None:
    beside_px = _COLUMN_GAP_PX + _COLUMN_PX
    scale = common_scale([shown], WIDTH_MAX_PX - 2 * MARGIN_PX - beside_px, _height_px(0))
    panels_px = _panels_px(shown, scale)
    lines: list[str] = []
    for sentence in caption:
        lines += [*wrapped([sentence], _CAPTION_TEXT_PX, _COLUMN_PX), ""]
    higher_px = scale * max(one.frame.size_px[1] for one in shown)
    if not caption or len(lines) * _CAPTION_PX > higher_px:
        return None
    return _Layout(
        scale=scale,
        inner_px=panels_px + beside_px,
        lines=tuple(lines),
        caption_left_px=MARGIN_PX + panels_px + _COLUMN_GAP_PX,
    )


def _height_px(caption_px: int) -> int:
    """What is left for the impressions."""
    return HEIGHT_MAX_PX - TITLED_TOP_PX - _LEGEND_GAP_PX - ROW_PX - caption_px - MARGIN_PX


def _panels_px(shown: tuple[Shown, Shown], scale: float) -> int:
    return MARGIN_PX + sum(max(1, round(one.frame.size_px[0] * scale)) for one in shown)
