"""The picture of one impression with its minutiae."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from musterpoint.depiction.canvas import Canvas
from musterpoint.depiction.impressions import (
    CERTAIN_QUALITY,
    KIND_COLOURS,
    ImpressionView,
    Panel,
    Tone,
    lay_impression,
    mark_minutia,
    opacity_of,
    scale_bar_px,
)
from musterpoint.depiction.legend import (
    LegendBar,
    LegendItem,
    LegendMark,
    arrange,
    draw_samples,
    kind_items,
    write_words,
)
from musterpoint.depiction.lettering import write
from musterpoint.depiction.palette import OTHER_KIND
from musterpoint.imaging import FingerImage
from musterpoint.templates import FingerPosition, MinutiaKind, Template

QUALITY_MIN: Final = 64
"""Minutiae of lower quality (in 1/255) are left out of pictures: most of them are chance."""

_MARGIN_PX: Final = 16
_TITLE_PX: Final = 28
_SCALE: Final = 2.0
_SIDE_MAX_PX: Final = 2400
_WIDTH_MIN_PX: Final = 420
_IMPRESSION_MIN_PX: Final = 320


def draw_minutiae(
    image: FingerImage | None, template: Template, *, quality_min: int = QUALITY_MIN
) -> Image.Image:
    """Draw an impression with its minutiae, a legend and a scale bar.

    Each minutia is a circle (ending), a square (bifurcation) or a triangle (other) with a tick in its
    direction; the lower its quality, the fainter. Those whose quality is reported and below
    `quality_min` (in 1/255) are left out.

    image        None for an imported record: the minutiae come on a blank ground
    returns      RGB; the impression at twice its size, less if it is large, more if it is tiny
    Raises ValueError where image and template differ in size.
    """
    view = ImpressionView(image=image, template=template)
    panel = Panel(
        view=view,
        frame=view.whole,
        left_px=_MARGIN_PX,
        top_px=_MARGIN_PX + _TITLE_PX,
        scale=_fitting_scale(view),
    )
    width_px, height_px = panel.size_px
    text_width_px = max(width_px, _WIDTH_MIN_PX)
    shown = _shown(template, quality_min)
    legend = arrange(_items(template, shown, panel.scale), text_width_px)
    legend_top_px = panel.top_px + height_px + 10
    canvas = Canvas(text_width_px + 2 * _MARGIN_PX, legend_top_px + legend.height_px + _MARGIN_PX - 6)

    lay_impression(canvas, panel, Tone.LIGHT)
    mark_minutiae(canvas, panel, quality_min)
    draw_samples(canvas, legend, panel.left_px, legend_top_px)

    picture = canvas.picture()
    draw = ImageDraw.Draw(picture)
    write(draw, (_MARGIN_PX, _MARGIN_PX + _TITLE_PX / 2 - 4), _title(template, len(shown)), 17)
    write_words(draw, legend, panel.left_px, legend_top_px)
    return picture


def mark_minutiae(canvas: Canvas, panel: Panel, quality_min: int = QUALITY_MIN) -> None:
    """Mark all minutiae of a panel's template, those of higher quality above the others."""
    template = panel.view.template
    assert template is not None
    minutiae = template.minutiae
    shown = _shown(template, quality_min)
    for index in shown[np.argsort(minutiae.quality[shown], kind="stable")]:
        colour = KIND_COLOURS[int(minutiae.kind[index])]
        mark_minutia(canvas, panel, int(index), colour, opacity_of(int(minutiae.quality[index])))


def _fitting_scale(view: ImpressionView) -> float:
    longer = max(view.size_px)
    return min(max(_SCALE, _IMPRESSION_MIN_PX / longer), _SIDE_MAX_PX / longer)


def _shown(template: Template, quality_min: int) -> npt.NDArray[np.intp]:
    quality = template.minutiae.quality
    return np.flatnonzero((quality == 0) | (quality >= quality_min))


def _title(template: Template, count: int) -> str:
    is_named = template.position is not FingerPosition.UNKNOWN
    finger = template.position.label.replace("-", " ").capitalize() if is_named else "Finger not stated"
    total = len(template.minutiae)
    noun = "minutia" if total == 1 else "minutiae"
    shown = f"{count}" if count == total else f"{count} of {total}"
    quality = "" if template.quality is None else f" · quality {template.quality} of 100"
    return f"{finger} · {shown} {noun}{quality}"


def _items(template: Template, shown: npt.NDArray[np.intp], scale: float) -> list[LegendItem]:
    minutiae = template.minutiae
    named = (MinutiaKind.ENDING, MinutiaKind.BIFURCATION)
    others = (MinutiaKind.OTHER,) if MinutiaKind.OTHER in minutiae.kind[shown] else ()
    items: list[LegendItem] = [*kind_items((*named, *others))]
    qualities = minutiae.quality[shown]
    if np.any((qualities > 0) & (qualities < CERTAIN_QUALITY)):
        items.append(
            LegendMark(kind=MinutiaKind.ENDING, colour=OTHER_KIND, words="faint: less certain", opacity=0.4)
        )
    items.append(LegendBar(length_px=scale_bar_px(scale), words="5 mm"))
    return items
