"""How one finger is pressed on a sensor: placement, plastic skin, contact and grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.synthetic.masters import Form, Master
from musterpoint.synthetic.skins import Skin
from musterpoint.synthetic.streams import Stream, derive

if TYPE_CHECKING:
    from musterpoint.synthetic import kernels, kernels_skin
else:
    kernels = _compiled.load("musterpoint.synthetic.kernels")
    kernels_skin = _compiled.load("musterpoint.synthetic.kernels_skin")

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

Grade = Literal["good", "fair", "poor"]
"""How carefully a finger is placed, and how clean its contact is."""

Sensor = Literal["optical", "capacitive"]
"""Optical: dark ridges on white; capacitive: grey, noisy by column."""

Condition = Literal["normal", "dry", "wet"]
"""Of the skin: dry ridges break into dots, wet valleys fill."""

OPTICAL_SIZE_PX: Final = (400, 500)
"""Width and height of a plain live-scan of fingerprint acquisition profile 30: 20.3 x 25.4 mm at 500 ppi."""

CAPACITIVE_SIZE_PX: Final = (300, 300)
"""Width and height of a common silicon sensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """How carefully a finger is placed; deviations unless said otherwise."""

    rotation_degrees: float
    shift_px: float
    twist_degrees: float
    slide_x_px: float
    slide_y_px: float
    pressure: float
    coarse_factor: float
    middle_factor: float
    fine_factor: float
    speckle_factor: float
    hole_level: float


CARE: Final[dict[Grade, Care]] = {
    "good": Care(
        rotation_degrees=7,
        shift_px=14,
        twist_degrees=2,
        slide_x_px=3,
        slide_y_px=4,
        pressure=0.06,
        coarse_factor=1.0,
        middle_factor=1.0,
        fine_factor=1.0,
        speckle_factor=1.0,
        hole_level=3.2,
    ),
    "fair": Care(
        rotation_degrees=10,
        shift_px=22,
        twist_degrees=3.5,
        slide_x_px=5,
        slide_y_px=6.5,
        pressure=0.09,
        coarse_factor=1.2,
        middle_factor=1.5,
        fine_factor=1.4,
        speckle_factor=1.3,
        hole_level=2.7,
    ),
    "poor": Care(
        rotation_degrees=13,
        shift_px=34,
        twist_degrees=5,
        slide_x_px=8,
        slide_y_px=10,
        pressure=0.13,
        coarse_factor=1.4,
        middle_factor=2.1,
        fine_factor=2.0,
        speckle_factor=1.7,
        hole_level=2.1,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One placing of a finger.

    key      of the streams of this placing
    dryness  added to the threshold of contact
    slips    the finger turns and slides while it is captured
    """

    key: int
    grade: Grade
    sensor: Sensor
    condition: Condition
    size_px: tuple[int, int]
    dryness: float = 0.0
    slips: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pressed:
    """The picture of one placing, and where the points of the skin lie in it.

    pixels   uint8 (H, W)
    x, y     float64 (n,), px
    angle    float64 (n,), radians, y down
    visible  bool (n,)
    """

    pixels: U8
    x: F64
    y: F64
    angle: F64
    visible: npt.NDArray[np.bool_]


def press(form: Form, master: Master, skin: Skin, placing: Press) -> Pressed:
    """Press a finger on a sensor and take the picture."""
    care = CARE[placing.grade]
    warp = _warp(form, care, placing)
    contact, rim = _touch(form, master, skin, warp, placing)
    points = np.column_stack((master.x, master.y))
    ahead = points + 3.0 * np.column_stack((np.cos(master.angle), np.sin(master.angle)))
    kernels_skin.place(warp, points)
    kernels_skin.place(warp, ahead)
    visible = np.zeros(len(points), np.bool_)
    kernels_skin.judge_visible(points, contact, rim, visible)
    steps = ahead - points
    angle = np.array([math.atan2(dy, dx) for dx, dy in steps.tolist()])
    if placing.slips:
        contact = _slipped(contact)
        visible[:] = False
    return Pressed(
        pixels=_expose(contact, placing), x=points[:, 0], y=points[:, 1], angle=angle, visible=visible
    )


def placing_care(care: Care) -> F64:
    """The deviations that `kernels_skin.draw_warp` and `kernels_population.observe` draw with."""
    return np.array(
        [
            math.radians(care.rotation_degrees),
            care.shift_px,
            math.radians(care.twist_degrees),
            care.slide_x_px,
            care.slide_y_px,
            care.pressure,
        ]
    )


def _warp(form: Form, care: Care, placing: Press) -> F64:
    width_px, height_px = placing.size_px
    warp = np.empty(16)
    kernels_skin.draw_warp(
        np.uint64(derive(placing.key, "placing")),
        placing_care(care),
        float(width_px),
        float(height_px),
        float(form.values[0]),
        float(form.values[1]) + 25.0,
        warp,
    )
    return warp


def _touch(form: Form, master: Master, skin: Skin, warp: F64, placing: Press) -> tuple[F32, F32]:
    care = CARE[placing.grade]
    shape = (placing.size_px[1], placing.size_px[0])
    threshold, noise = _threshold(care, placing, shape)
    stream = Stream(placing.key, "outline")
    pressure = min(1.2, max(0.68, stream.normal(1.0, care.pressure)))
    shape_values = np.array(
        [
            float(form.values[0]) + stream.normal(0.0, 8.0),
            float(form.values[1]) + 25.0 + stream.normal(-5.0, 10.0),
            stream.normal(117.0, 9.0) * pressure,
            stream.normal(174.0, 10.0) * pressure,
            stream.normal(192.0, 24.0) * pressure,
            threshold,
            stream.uniform(0.6, 1.2),
            stream.uniform(0.8, 1.3),
            stream.uniform(0.06, 0.16),
            stream.uniform(0.40, 0.65),
        ]
    )
    outline = np.zeros(shape, np.float32)
    _add_noise(outline, placing, "outline", 75.0, 0.018)
    contact, rim = np.empty(shape, np.float32), np.empty(shape, np.float32)
    kernels_skin.touch(
        warp, shape_values, master.ridges, skin.detail, skin.creases, noise, outline, contact, rim
    )
    return contact, rim


def _threshold(care: Care, placing: Press, shape: tuple[int, int]) -> tuple[float, F32]:
    stream = Stream(placing.key, "threshold")
    dry = placing.condition == "dry"
    level = {"normal": 0.10, "dry": 0.46, "wet": -0.42}[placing.condition]
    level += stream.normal(0.0, 0.10) + placing.dryness
    coarse = stream.uniform(0.08, 0.18) * care.coarse_factor
    middle = stream.uniform(0.04, 0.10) * care.middle_factor
    fine = stream.uniform(*((0.14, 0.28) if dry else (0.08, 0.20))) * care.fine_factor
    speckle = stream.uniform(*((0.14, 0.28) if dry else (0.08, 0.20))) * care.speckle_factor
    noise = np.zeros(shape, np.float32)
    _add_noise(noise, placing, "holes", 38.0, 1.0)
    noise -= np.float32(care.hole_level)
    np.maximum(noise, np.float32(0.0), out=noise)
    noise *= np.float32(3.0)
    _add_noise(noise, placing, "coarse", 62.0, coarse)
    _add_noise(noise, placing, "middle", 13.0, middle)
    _add_noise(noise, placing, "fine", 2.6, fine)
    _add_noise(noise, placing, "speckle", 5.0, speckle)
    return level, noise


def _expose(contact: F32, placing: Press) -> U8:
    stream = Stream(placing.key, "tone")
    width_px = placing.size_px[0]
    wet = placing.condition == "wet"
    if placing.sensor == "optical":
        empty = stream.uniform(246.0, 255.0)
        ridge = empty - stream.uniform(*((195.0, 238.0) if wet else (165.0, 232.0)))
        valley = empty - stream.uniform(4.0, 26.0) - (18.0 if wet else 0.0)
        levels = np.array([stream.uniform(1.0, 3.5), 0.35])
        columns = np.zeros(width_px)
    else:
        empty = stream.uniform(95.0, 150.0)
        valley = empty + stream.uniform(-10.0, 10.0)
        ridge = stream.uniform(28.0, 66.0)
        levels = np.array([stream.uniform(3.0, 7.0), 1.0])
        noise = Stream(placing.key, "columns")
        columns = np.array([noise.normal(0.0, 2.0) for _ in range(width_px)])
    presence = _blurred(contact, _even_weights(9), axes=(True, False, True, False))
    grey = np.zeros(contact.shape, np.float32)
    _add_noise(grey, placing, "blotches", 30.0, 1.0)
    kernels_skin.ink(np.array([empty, valley, ridge, 0.07, 2.2]), contact, presence, grey)
    sharpness = (0.5, 0.75) if placing.sensor == "optical" else (0.3, 0.5)
    grey = _blurred(grey, _bell_weights(stream.uniform(*sharpness)), axes=(True, False))
    if placing.sensor == "capacitive":
        _add_noise(grey, placing, "shading", 110.0, 6.0)
    else:
        _add_dust(grey, Stream(placing.key, "dust"))
    pixels = np.empty(contact.shape, np.uint8)
    kernels_skin.expose(
        levels, np.uint64(derive(placing.key, "sensor noise")), grey, presence, columns, pixels
    )
    return pixels


def _slipped(contact: F32) -> F32:
    # The skin slides everywhere but around a point that the finger turns about.
    streaks = _blurred(contact, _even_weights(37), axes=(True,))
    streaks = _blurred(streaks, _even_weights(9), axes=(False,))
    rows, columns = np.nonzero(contact > 0.5)
    if len(rows) == 0:
        return streaks
    y, x = np.ogrid[: contact.shape[0], : contact.shape[1]]
    dx, dy = x - columns.mean(), y - rows.mean() + 30.0
    share = np.clip((np.sqrt(dx * dx + dy * dy) - 22.0) / 22.0, 0.0, 1.0).astype(np.float32)
    slipped: F32 = contact + share * (streaks - contact)
    return slipped


def _add_noise(field: F32, placing: Press, purpose: str, lattice_px: float, deviation: float) -> None:
    kernels.add_noise(field, np.uint64(derive(placing.key, purpose)), lattice_px, deviation)


def _even_weights(width_px: int) -> F32:
    reach = width_px // 2
    return np.full(reach + 1, 1.0 / (2 * reach + 1), np.float32)


def _bell_weights(deviation_px: float) -> F32:
    bell = [math.exp(-0.5 * (k / deviation_px) ** 2) for k in range(4)]
    return np.array(bell, np.float32) / np.float32(bell[0] + 2.0 * sum(bell[1:]))


def _blurred(field: F32, weights: F32, axes: Sequence[bool]) -> F32:
    for along_rows in axes:
        out = np.empty_like(field)
        kernels_skin.blur(field, out, weights, along_rows)
        field = out
    return field


def _add_dust(grey: F32, stream: Stream) -> None:
    height, width = grey.shape
    y, x = np.mgrid[-3:4, -3:4]
    for _ in range(stream.below(6)):
        column, row = 4 + stream.below(width - 8), 4 + stream.below(height - 8)
        radius = stream.uniform(0.6, 1.8)
        dot = np.clip(radius + 0.5 - np.sqrt(x * x + y * y), 0.0, 1.0) * stream.uniform(40.0, 150.0)
        grey[row - 3 : row + 4, column - 3 : column + 4] -= dot.astype(np.float32)
