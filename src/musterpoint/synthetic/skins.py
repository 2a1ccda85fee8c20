"""What lies on the ridges of a finger for good: grain, pores, creases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.synthetic.masters import Form, Master
from musterpoint.synthetic.streams import Stream, derive

if TYPE_CHECKING:
    from musterpoint.synthetic import kernels, kernels_skin
else:
    kernels = _compiled.load("musterpoint.synthetic.kernels")
    kernels_skin = _compiled.load("musterpoint.synthetic.kernels_skin")

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_STEP_PX = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What the fingers of one person have in common.

    seed              of the person; decides the condition of the skin on each occasion
    period_offset_px  added to the ridge period of every finger
    dryness           added to the threshold of contact on every occasion
    crease_tendency   factor on the number of creases
    """

    seed: int
    period_offset_px: float = 0.0
    dryness: float = 0.0
    crease_tendency: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skin:
    """Maps on the canvas of the master.

    detail   float32 (544, 416), added to the height of the ridges
    creases  float32 (544, 416), depth of creases, 0 for none
    """

    detail: F32
    creases: F32


def cover(key: int, form: Form, master: Master, crease_tendency: float) -> Skin:
    """Draw the grain, the pores and the creases of a finger."""
    detail = np.zeros_like(master.ridges)
    for lattice_px, deviation in ((3.3, 0.16), (8.0, 0.10), (45.0, 0.10)):
        stream = np.uint64(derive(key, "grain", int(lattice_px)))
        kernels.add_noise(detail, stream, lattice_px, deviation)
    pore_depth = Stream(key, "pore depth").uniform(0.4, 1.3)
    kernels_skin.subtract_pores(master.ridges, np.uint64(derive(key, "pores")), pore_depth, detail)
    creases = np.zeros_like(master.ridges)
    centre = (float(form.values[0]), float(form.values[1]))
    _draw_creases(Stream(key, "creases"), centre, crease_tendency, creases)
    _draw_flexion(Stream(key, "flexion"), centre, creases)
    return Skin(detail=detail, creases=creases)


def _draw_creases(stream: Stream, centre: tuple[float, float], tendency: float, creases: F32) -> None:
    lean = stream.normal(0.0, 0.5)
    has_creases = stream.uniform() >= 0.35
    count = int((1.0 + 7.0 * stream.uniform() ** 2) * tendency + 0.5) if has_creases else 0
    scratches = stream.below(9)
    for number in range(count + scratches):
        is_scratch = number >= count
        low, high = (8.0, 45.0) if is_scratch else (25.0, 190.0)
        length = low * math.exp(stream.uniform() * math.log(high / low))
        angle = stream.normal(lean, 0.55)
        half_width = stream.uniform(0.4, 0.8) if is_scratch else stream.uniform(0.7, 1.7)
        depth = stream.uniform(1.2, 3.0)
        x = centre[0] + stream.uniform(-125.0, 125.0)
        y = centre[1] + 25.0 + stream.uniform(-160.0, 190.0)
        _line(stream, (x, y, angle, length, half_width, 0.10), depth, creases)


def _draw_flexion(stream: Stream, centre: tuple[float, float], creases: F32) -> None:
    if stream.uniform() >= 0.8:
        return
    below = centre[1] + 225.0 + stream.normal(0.0, 8.0)
    for number in range(1 + stream.below(2)):
        length = stream.uniform(260.0, 330.0)
        angle = stream.normal(0.0, 0.06)
        half_width = stream.uniform(1.8, 3.6)
        y = below + number * stream.uniform(9.0, 22.0)
        _line(stream, (centre[0], y, angle, length, half_width, 0.03), 3.0, creases)


def _line(
    stream: Stream, shape: tuple[float, float, float, float, float, float], depth: float, creases: F32
) -> None:
    # A walk whose heading wanders and whose width tapers to .35 at both ends, centred on x, y.
    x, y, angle, length, half_width, wander = shape
    steps = max(2, int(length / _STEP_PX + 0.5))
    points = np.empty((steps + 1, 3))
    px, py = 0.0, 0.0
    for k in range(steps + 1):
        taper = 0.35 + 0.65 * (1.0 - abs(2.0 * k / steps - 1.0) ** 3)
        points[k] = px, py, half_width * taper
        angle += stream.normal(0.0, wander)
        px += length / steps * math.cos(angle)
        py += length / steps * math.sin(angle)
    points[:, 0] += x - 0.5 * points[-1, 0]
    points[:, 1] += y - 0.5 * points[-1, 1]
    kernels_skin.draw_crease(creases, points, depth)
