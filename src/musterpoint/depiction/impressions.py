"""One impression at its place in a picture: its ground, its minutiae, and where they come to lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from musterpoint.depiction.canvas import Canvas, Point, Stroke
from musterpoint.depiction.palette import BIFURCATION, ENDING, FRAME, OTHER_KIND, PAPER, Colour
from musterpoint.imaging import FingerImage
from musterpoint.limits import PPI
from musterpoint.templates import MinutiaKind, Template

U8Image = npt.NDArray[np.uint8]

CERTAIN_QUALITY: Final = 153
"""From here on, in 1/255, a minutia is drawn in full: the quality at which extraction is tested."""

_FAINTEST: Final = 0.25
_LIGHTENED_BLACK: Final = 118
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Where an impression lies in a picture.

    scale  pixels of the picture for one pixel at 500 ppi
    """

    view: ImpressionView
    left_px: int
    top_px: int
    scale: float

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in the picture."""
        width_px, height_px = self.view.size_px
        return max(1, round(width_px * self.scale)), max(1, round(height_px * self.scale))

    def place(self, x: float, y: float) -> Point:
        """Where the middle of the impression's pixel (x, y) lies in the picture."""
        return self.left_px + (x + 0.5) * self.scale, self.top_px + (y + 0.5) * self.scale


def lay_impression(canvas: Canvas, panel: Panel, *, is_lightened: bool) -> None:
    """Draw the image, or a blank ground where there is none, within a thin frame.

    A lightened image has its contrast stretched and its ridges in middle grey, so that marks stand
    out; otherwise it is shown as it was captured.
    """
    width_px, height_px = panel.size_px
    if panel.view.image is None:
        ground: U8Image = np.full((height_px, width_px), PAPER[0], np.uint8)
    else:
        pixels = panel.view.image.pixels
        shown = _lightened(pixels) if is_lightened else pixels
        resized = Image.fromarray(shown).resize((width_px, height_px), Image.Resampling.BICUBIC)
        ground = np.asarray(resized)
    canvas.lay(ground, panel.left_px, panel.top_px)
    left, top = panel.left_px - 0.5, panel.top_px - 0.5
    right, bottom = left + width_px + 1, top + height_px + 1
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    frame = Stroke(colour=FRAME, width_px=1)
    for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
        canvas.segment(start, end, frame)


def _lightened(pixels: U8Image) -> U8Image:
    dark, light = np.percentile(pixels, (1, 99))
    if light - dark < 8:
        # Stretching an almost even image would only show its noise.
        dark, light = 0.0, 255.0
    share = np.clip((pixels.astype(np.float32) - dark) / (light - dark), 0, 1)
    lightened: U8Image = np.rint(_LIGHTENED_BLACK + share * (255 - _LIGHTENED_BLACK)).astype(np.uint8)
    return lightened


def opacity_of(quality: int) -> float:
    """How strongly a minutia of this quality is drawn; one without a reported quality in full."""
    if quality == 0 or quality >= CERTAIN_QUALITY:
        return 1.0
    return _FAINTEST + (1 - _FAINTEST) * 0.6 * quality / CERTAIN_QUALITY


def mark_radius_px(scale: float) -> float:
    """Radius of a mark: about half a ridge, within what can be seen and what hides little."""
    return min(5.0, max(3.5, 2.3 * scale))


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
        tip = mark.radius_px * 3.2
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
