"""The skin of one finger: its ridges, its true minutiae, pores and creases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.synthetic.streams import Stream, derive

if TYPE_CHECKING:
    from musterpoint.synthetic import kernels, kernels_flow, kernels_ridges
else:
    kernels = _compiled.load("musterpoint.synthetic.kernels")
    kernels_flow = _compiled.load("musterpoint.synthetic.kernels_flow")
    kernels_ridges = _compiled.load("musterpoint.synthetic.kernels_ridges")

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_HALF = (kernels_flow.HEIGHT_PX // 2, kernels_flow.WIDTH_PX // 2)
_GRID = (kernels_flow.HEIGHT_PX // 8, kernels_flow.WIDTH_PX // 8)
_VORTICES_MAX = 1024
_HEALED_PX = 6.0
_CLOSE_PX = 9.0
_SINGULAR_PX = 20.0


class Pattern(IntEnum):
    """Classes of ridge flow."""

    LEFT_LOOP = 0
    RIGHT_LOOP = 1
    WHORL = 2
    DOUBLE_LOOP = 3
    ARCH = 4
    TENTED_ARCH = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """The flow of a finger's ridges, before any ridge exists.

    values    float64 (6,): centre x, centre y in px, bend in radians, its width in px, 1 for an arch,
              ridge period in px
    singular  float64 (6, 3): x, y in px, charge 1 (core) or -1 (delta), 0 unused
    """

    pattern: Pattern
    values: F64
    singular: F64

    @classmethod
    def draw(cls, key: int, pattern: Pattern | None, period_offset_px: float) -> Form:
        values, singular = np.zeros(6), np.zeros((kernels_flow.SINGULAR_MAX, 3))
        number = kernels_flow.draw_form(
            np.uint64(key), -1 if pattern is None else int(pattern), values, singular
        )
        values[5] = min(10.8, max(7.6, values[5] + period_offset_px))
        return cls(pattern=Pattern(number), values=values, singular=singular)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Master:
    """The ridges of one finger on the canvas of 416 x 544 px at 500 ppi, and its minutiae.

    ridges     float32 (544, 416), -1 (valley) .. 1 (crest), 0 outside of the finger
    even       int32 (544, 416), the filtered pattern that everything is derived from
    x, y       float64 (n,), px
    angle      float64 (n,), radians, y down, to the side with one more ridge
    is_ending  bool (n,)
    certain    bool (n,): neither close to another minutia nor to a core or delta
    """

    ridges: F32
    even: npt.NDArray[np.int32]
    x: F64
    y: F64
    angle: F64
    is_ending: npt.NDArray[np.bool_]
    certain: npt.NDArray[np.bool_]


def grow_master(key: int, form: Form) -> Master:
    """Grow the ridges of a finger from noise along its form, and read its minutiae off."""
    orientation_bin, period_bin = _fields(key, form)
    inside = _region(form)
    pattern = _seed_noise(key, inside)
    kernels_ridges.grow(pattern, orientation_bin, period_bin, _iterations(key, inside), *_growing_bank())
    even = np.zeros((kernels_flow.HEIGHT_PX, kernels_flow.WIDTH_PX), np.int32)
    odd = np.zeros_like(even)
    kernels_ridges.quadrature(pattern, orientation_bin, period_bin, inside, *_quadrature_banks(), even, odd)
    e, o = even.astype(np.float64), odd.astype(np.float64)
    ridges = (e / (np.sqrt(e * e + o * o) + 64.0)).astype(np.float32)
    found = np.empty((_VORTICES_MAX, 4))
    count = kernels_ridges.vortices(even, odd, orientation_bin, period_bin, found)
    x, y, angle, ending = _drop_healed(found[:count]).T
    return Master(
        ridges=ridges,
        even=even,
        x=x,
        y=y,
        angle=angle,
        is_ending=ending > 0.0,
        certain=_certain(x, y, form.singular),
    )


def _noise(key: int, purpose: str, shape: tuple[int, int], lattice_px: float, deviation: float) -> F32:
    field = np.zeros(shape, np.float32)
    kernels.add_noise(field, np.uint64(derive(key, purpose)), lattice_px, deviation)
    return field


def _fields(key: int, form: Form) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    direction, stretched = np.zeros(_HALF), np.zeros(_GRID)
    # Lattices are given in px at 500 ppi; the half grid has every second one.
    kernels_flow.directions(
        form.values,
        form.singular,
        _noise(key, "shift x", _HALF, 55.0, 5.0),
        _noise(key, "shift y", _HALF, 55.0, 5.0),
        _noise(key, "turn", _HALF, 40.0, 0.05),
        direction,
    )
    kernels_flow.stretch(direction, stretched)
    orientation_bin, period_bin = np.zeros(_HALF, np.uint8), np.zeros(_HALF, np.uint8)
    kernels_flow.quantise(
        direction,
        stretched,
        _noise(key, "period", _HALF, 45.0, 0.035),
        form.values[5],
        form.values[1],
        orientation_bin,
        period_bin,
    )
    return orientation_bin, period_bin


def _region(form: Form) -> npt.NDArray[np.bool_]:
    # Cubes by multiplication: a power function may differ between machines.
    x = np.abs(np.arange(_HALF[1]) * 2.0 + 0.5 - form.values[0]) / 178.0
    y = np.arange(_HALF[0]) * 2.0 + 0.5 - form.values[1] - 25.0
    y = np.where(y < 0.0, -y / 225.0, y / 262.0)
    inside: npt.NDArray[np.bool_] = (x * x * x)[None, :] + (y * y * y)[:, None] < 1.0
    return inside


def _seed_noise(key: int, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.int16]:
    words = np.empty((inside.size + 7) // 8, np.uint64)
    kernels.fill_words(np.uint64(derive(key, "seed noise")), words)
    noise = words.astype("<u8").view(np.int8)[: inside.size].reshape(inside.shape).astype(np.int16)
    noise[~inside] = 0
    return noise


def _iterations(key: int, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    # Few iterations leave many minutiae, and unevenly many: more would look combed.
    least = 7 + Stream(key, "iterations").below(7)
    z = _noise(key, "iterations", _HALF, 30.0, 1.0).astype(np.float64)
    rounds = np.rint(least * (1.0 + 0.8 * z * np.abs(z) + 0.28 * z))
    rounds = np.clip(rounds, 5, 40).astype(np.uint8)
    rounds[~inside] = 0
    return rounds


@cache
def _growing_bank() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    bank = np.zeros((kernels_flow.PERIODS * kernels_flow.ORIENTATIONS, 240), np.int16)
    kernels_ridges.build_bank(bank, 15, 2.0, 0.70, False)
    table = np.array(
        [math.floor(256.0 * math.tanh(2.2 * v / 256.0) + 0.5) for v in range(-512, 512)], np.int16
    )
    return bank, table


@cache
def _quadrature_banks() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    even = np.zeros((kernels_flow.PERIODS * kernels_flow.ORIENTATIONS, 384), np.int16)
    odd = np.zeros_like(even)
    kernels_ridges.build_bank(even, 19, 1.0, 0.40, False)
    kernels_ridges.build_bank(odd, 19, 1.0, 0.40, True)
    return even, odd


def _squared_distances(x: F64, y: F64) -> F64:
    dx, dy = x[:, None] - x[None, :], y[:, None] - y[None, :]
    squared: F64 = dx * dx + dy * dy
    np.fill_diagonal(squared, np.inf)
    return squared


def _drop_healed(found: F64) -> F64:
    # Two minutiae that point against each other within 6 px are a defect that no eye sees.
    squared = _squared_distances(found[:, 0], found[:, 1])
    opposite = np.cos(found[:, None, 2] - found[None, :, 2]) < -0.5
    pairs = np.argwhere(np.triu((squared < _HEALED_PX**2) & opposite))
    kept = np.ones(len(found), bool)
    for i, j in sorted(pairs.tolist(), key=lambda pair: float(squared[pair[0], pair[1]])):
        if kept[i] and kept[j]:
            kept[i] = kept[j] = False
    return found[kept]


def _certain(x: F64, y: F64, singular: F64) -> npt.NDArray[np.bool_]:
    certain: npt.NDArray[np.bool_] = _squared_distances(x, y).min(axis=1, initial=np.inf) >= _CLOSE_PX**2
    for sx, sy, charge in singular:
        if charge:
            certain &= (x - sx) ** 2 + (y - sy) ** 2 >= _SINGULAR_PX**2
    return certain
