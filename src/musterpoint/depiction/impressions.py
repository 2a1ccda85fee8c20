"""One impression at its place in a picture: its ground, its minutiae, and where they come to lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from musterpoint.depiction.canvas import Canvas, Point, Stroke
from musterpoint.depiction.framing import Frame, frame_of_content
from musterpoint.depiction.palette import BIFURCATION, ENDING, OTHER_KIND, OUTLINE, PAPER, Colour
from musterpoint.imaging import FingerImage
from musterpoint.limits import PPI
from musterpoint.templates import Minutiae, MinutiaKind, Template

U8Image = npt.NDArray[np.uint8]

CERTAIN_QUALITY: Final = 153
"""From here on, in 1/255, a minutia is drawn in full: the quality at which extraction is tested."""

TICK: Final = 3.1
"""How far a tick reaches from the middle of its mark, in radii."""

_FAINTEST: Final = 0.25
_CONTRAST_MIN: Final = 8
"""Stretching an image of less contrast would only show its noise."""

KIND_COLOURS: Final[dict[int, Colour]] = {
    MinutiaKind.ENDING: ENDING,
    MinutiaKind.BIFURCATION: BIFURCATION,
    MinutiaKind.OTHER: OTHER_KIND,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpressionView:
    """An impression as it is to be shown; at least one of image and template is there.

    Raises ValueError where there is neither, or where their sizes differ.
    """

    image: FingerImage | None = None
    template: Template | None = None

    def __post_init__(self) -> None:
        if self.image is None and self.template is None:
            raise ValueError("neither an image nor a template to show")
        if self.image is None or self.template is None:
            return
        height_px, width_px = self.image.pixels.shape
        if (width_px, height_px) != (self.template.width_px, self.template.height_px):
            raise ValueError(
                f"the image has {width_px} x {height_px} px, "
                f"its template {self.template.width_px} x {self.template.height_px} px"
            )

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height at 500 ppi."""
        if self.template is not None:
            return self.template.width_px, self.template.height_px
        assert self.image is not None
        height_px, width_px = self.image.pixels.shape
        return width_px, height_px

    @property
    def content(self) -> Frame:
        """The part with ridges or minutiae."""
        minutiae = Minutiae.empty() if self.template is None else self.template.minutiae
        pixels = None if self.image is None else self.image.pixels
        return frame_of_content(self.size_px, pixels, minutiae.x, minutiae.y)

    @property
    def whole(self) -> Frame:
        """All of it."""
        return Frame.whole(*self.size_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Where an impression lies in a picture.

    frame  the part of the impression that is shown
    scale  pixels of the picture for one pixel at 500 ppi
    """

    view: ImpressionView
    frame: Frame
    left_px: int
    top_px: int
    scale: float

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in the picture."""
        width_px, height_px = self.frame.size_px
        return max(1, round(width_px * self.scale)), max(1, round(height_px * self.scale))

    def place(self, x: float, y: float) -> Point:
        """Where the middle of the impression's pixel (x, y) lies in the picture."""
        across, down = x - self.frame.left + 0.5, y - self.frame.top + 0.5
        return self.left_px + across * self.scale, self.top_px + down * self.scale


class Tone(Enum):
    """How dark the pixels of an image come out; contrast is always stretched, all over alike."""

    FULL = 0
    LIGHT = 118  # ridges in middle grey, so that marks stand out on them


def lay_impression(canvas: Canvas, panel: Panel, tone: Tone) -> None:
    """Draw the image, or a blank ground where there is none, within a thin outline."""
    width_px, height_px = panel.size_px
    if panel.view.image is None:
        ground: U8Image = np.full((height_px, width_px), PAPER[0], np.uint8)
    else:
        frame = panel.frame
        toned = Image.fromarray(_toned(panel.view.image.pixels, tone))
        box = (frame.left, frame.top, frame.right, frame.bottom)
        resized = toned.resize((width_px, height_px), Image.Resampling.BICUBIC, box=box)
        ground = np.asarray(resized)
    canvas.lay(ground, panel.left_px, panel.top_px)
    left, top = panel.left_px - 0.5, panel.top_px - 0.5
    right, bottom = left + width_px + 1, top + height_px + 1
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    outline = Stroke(colour=OUTLINE, width_px=1)
    for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
        canvas.segment(start, end, outline)


def _toned(pixels: U8Image, tone: Tone) -> U8Image:
    dark, light = np.percentile(pixels, (0.5, 99.5))
    if light - dark < _CONTRAST_MIN:
        dark, light = 0.0, 255.0
    share = np.clip((pixels.astype(np.float32) - dark) / (light - dark), 0, 1)
    toned: U8Image = np.rint(tone.value + share * (255 - tone.value)).astype(np.uint8)
    return toned


def opacity_of(quality: int) -> float:
    """How strongly a minutia of this quality is drawn; one without a reported quality in full."""
    if quality == 0 or quality >= CERTAIN_QUALITY:
        return 1.0
    return _FAINTEST + (1 - _FAINTEST) * 0.6 * quality / CERTAIN_QUALITY


def mark_radius_px(scale: float) -> float:
    """Radius of a mark: about half a ridge, within what can be seen and what hides little."""
    return min(5.4, max(3.6, 2.7 * scale))


def direction_of(template: Template, index: int) -> Point:
    """Unit vector of a minutia's direction in the picture, where y points down."""
    angle = int(template.minutiae.direction[index]) * math.tau / 65536
    return math.cos(angle), -math.sin(angle)


def mark_minutia(canvas: Canvas, panel: Panel, index: int, colour: Colour, opacity: float) -> None:
    """Draw one minutia: a circle (ending), square (bifurcation) or triangle (other) with a tick."""
    template = panel.view.template
    assert template is not None
    minutiae = template.minutiae
    centre = panel.place(int(minutiae.x[index]), int(minutiae.y[index]))
    direction = direction_of(template, index)
    draw_mark(canvas, centre, direction, int(minutiae.kind[index]), mark_stroke(panel.scale, colour, opacity))


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkStroke:
    """How a mark is drawn: its line, and how far it reaches."""

    line: Stroke
    radius_px: float


def mark_stroke(scale: float, colour: Colour, opacity: float) -> MarkStroke:
    """The stroke for marks on an impression at this scale."""
    line = Stroke(colour=colour, width_px=1.8, opacity=opacity)
    return MarkStroke(line=line, radius_px=mark_radius_px(scale))


def draw_mark(canvas: Canvas, centre: Point, direction: Point, kind: int, mark: MarkStroke) -> None:
    """Draw one mark at `centre`, with a light rim below so that it stands out on ridges."""
    rim = Stroke(colour=PAPER, width_px=mark.line.width_px + 2.2, opacity=0.75 * mark.line.opacity)
    for stroke in (rim, mark.line):
        _outline(canvas, centre, kind, mark.radius_px, stroke)
        (x, y), (dx, dy) = centre, direction
        reach = _reach(kind, direction, mark.radius_px)
        start = (x + dx * reach, y + dy * reach)
        tip = mark.radius_px * TICK
        canvas.segment(start, (x + dx * tip, y + dy * tip), stroke)


def _outline(canvas: Canvas, centre: Point, kind: int, radius_px: float, stroke: Stroke) -> None:
    if kind == MinutiaKind.ENDING:
        canvas.circle(centre, radius_px, stroke)
        return
    x, y = centre
    if kind == MinutiaKind.BIFURCATION:
        half = radius_px * 0.95
        corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    else:
        side = radius_px * 1.25
        corners = [(x, y - side), (x + side * 0.87, y + side / 2), (x - side * 0.87, y + side / 2)]
    canvas.polygon(corners, stroke)


def _reach(kind: int, direction: Point, radius_px: float) -> float:
    """Distance from the centre of a mark to its outline in a direction, where the tick begins."""
    if kind == MinutiaKind.BIFURCATION:
        return radius_px * 0.95 / max(abs(direction[0]), abs(direction[1]))
    return radius_px


def scale_bar_px(scale: float) -> float:
    """Length of 5 mm in the picture, in pixels."""
    return 5 / 25.4 * PPI * scale
