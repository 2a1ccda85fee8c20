"""Two impressions beside each other at one scale, and the lines that join paired minutiae."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import ImageDraw

from musterpoint.depiction.canvas import Canvas, Stroke
from musterpoint.depiction.framing import Frame
from musterpoint.depiction.impressions import (
    ImpressionView,
    Panel,
    direction_of,
    mark_minutia,
    mark_radius_px,
)
from musterpoint.depiction.lettering import write, write_label
from musterpoint.depiction.minutiae import QUALITY_MIN
from musterpoint.depiction.numbering import place_numbers
from musterpoint.depiction.palette import PAIRS, UNPAIRED, Colour

Pairs = npt.NDArray[np.integer]
"""int (k, 2): indices into the minutiae of the probe and of the reference."""

WIDTH_MAX_PX: Final = 1366
HEIGHT_MAX_PX: Final = 768
MARGIN_PX: Final = 16
TITLED_TOP_PX: Final = MARGIN_PX + 26
"""Where panels begin that have a title above them."""

_SCALE_MAX: Final = 4.0
_UNPAIRED_OPACITY: Final = 0.45
_JOIN_OPACITY: Final = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedPanels:
    """The panels of probe and reference, and which of their minutiae are paired.

    Raises ValueError where `pairs` has another shape than (k, 2) or names what is not there.
    """

    probe: Panel
    reference: Panel
    pairs: Pairs

    def __post_init__(self) -> None:
        if self.pairs.ndim != 2 or self.pairs.shape[1] != 2:
            raise ValueError(f"pairs have shape {self.pairs.shape}, expected (k, 2)")
        for indices, panel in zip(self.pairs.T, self.panels, strict=True):
            template = panel.view.template
            count = 0 if template is None else len(template.minutiae)
            if indices.size and not (indices.min() >= 0 and indices.max() < count):
                raise ValueError(f"pairs name minutiae beyond the {count} of the template")

    @property
    def panels(self) -> tuple[Panel, Panel]:
        """Probe and reference, from left to right."""
        return self.probe, self.reference

    @property
    def height_px(self) -> int:
        """Height of the higher panel."""
        return max(panel.size_px[1] for panel in self.panels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An impression and the part of it that is shown."""

    view: ImpressionView
    frame: Frame


def place_side_by_side(
    probe: Shown, reference: Shown, pairs: Pairs, top_px: int, scale: float
) -> PairedPanels:
    """The probe at the left margin, the reference right of it, both hanging from `top_px`."""
    left = Panel(view=probe.view, frame=probe.frame, left_px=MARGIN_PX, top_px=top_px, scale=scale)
    right_px = 2 * MARGIN_PX + left.size_px[0]
    right = Panel(view=reference.view, frame=reference.frame, left_px=right_px, top_px=top_px, scale=scale)
    return PairedPanels(probe=left, reference=right, pairs=pairs)


def common_scale(shown: Iterable[tuple[Shown, Shown]], width_px: int, height_px: int) -> float:
    """The largest scale at which each two impressions fit the width, and each fits the height."""
    scale = _SCALE_MAX
    for pair in shown:
        both_px = sum(one.frame.size_px[0] for one in pair)
        higher_px = max(one.frame.size_px[1] for one in pair)
        scale = min(scale, (width_px - MARGIN_PX) / both_px, height_px / higher_px)
    return scale


def draw_pairs(canvas: Canvas, panels: PairedPanels) -> None:
    """Draw unpaired minutiae faint, join the paired ones, and mark these on top."""
    for panel, paired in zip(panels.panels, panels.pairs.T, strict=True):
        for index in _unpaired(panel, paired):
            mark_minutia(canvas, panel, index, UNPAIRED, _UNPAIRED_OPACITY)
    numbered = _numbered(panels)
    for colour, ends in numbered:
        start, end = (_middle(panel, index) for panel, index in ends)
        canvas.segment(start, end, Stroke(colour=colour, width_px=1.4, opacity=_JOIN_OPACITY))
    for colour, ends in numbered:
        for panel, index in ends:
            mark_minutia(canvas, panel, index, colour, 1.0)


def write_titles(draw: ImageDraw.ImageDraw, panels: PairedPanels) -> None:
    """Write above each panel which side it is; they were placed at `TITLED_TOP_PX`."""
    for panel, title in zip(panels.panels, ("Probe", "Reference"), strict=True):
        write(draw, (panel.left_px, TITLED_TOP_PX - 14), title, 18)


def number_pairs(draw: ImageDraw.ImageDraw, panels: PairedPanels) -> None:
    """Write the number of each pair at both of its ends, from 1 at the top of the probe.

    Where marks stand so close that there is no room at one end, both go without; their colour and
    their line remain.
    """
    numbered = _numbered(panels)
    places = []
    for side, (panel, paired) in enumerate(zip(panels.panels, panels.pairs.T, strict=True)):
        template = panel.view.template
        if template is None:
            return
        indices = [ends[side][1] for _, ends in numbered]
        marks = [(_middle(panel, index), direction_of(template, index)) for index in indices]
        others = [_middle(panel, index) for index in _unpaired(panel, paired)]
        places.append(place_numbers(marks, others, mark_radius_px(panel.scale)))
    for number, ((colour, _), left, right) in enumerate(zip(numbered, *places, strict=True), 1):
        if left is not None and right is not None:
            write_label(draw, left, str(number), colour)
            write_label(draw, right, str(number), colour)


def _numbered(panels: PairedPanels) -> list[tuple[Colour, tuple[tuple[Panel, int], tuple[Panel, int]]]]:
    """Colour and both ends of each pair, from the top of the probe to its bottom."""
    if not len(panels.pairs):
        return []
    template = panels.probe.view.template
    assert template is not None
    minutiae = template.minutiae
    first = panels.pairs[:, 0]
    order = np.lexsort((minutiae.x[first], minutiae.y[first]))
    return [
        (PAIRS[rank % len(PAIRS)], ((panels.probe, int(probe)), (panels.reference, int(reference))))
        for rank, (probe, reference) in enumerate(panels.pairs[order])
    ]


def _unpaired(panel: Panel, paired: Pairs) -> list[int]:
    template = panel.view.template
    if template is None:
        return []
    quality = template.minutiae.quality
    is_shown = (quality == 0) | (quality >= QUALITY_MIN)
    is_shown[paired] = False
    return [int(index) for index in np.flatnonzero(is_shown)]


def _middle(panel: Panel, index: int) -> tuple[float, float]:
    template = panel.view.template
    assert template is not None
    return panel.place(int(template.minutiae.x[index]), int(template.minutiae.y[index]))
