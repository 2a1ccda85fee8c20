"""Pictures of something that is no finger, to show that it is not taken for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.imaging import FingerImage, from_pixels
from musterpoint.limits import PPI
from musterpoint.synthetic.streams import Stream, derive

if TYPE_CHECKING:
    from musterpoint.synthetic import kernels
else:
    kernels = _compiled.load("musterpoint.synthetic.kernels")

F32 = npt.NDArray[np.float32]

_SHAPE = (500, 400)


def cloth(seed: int) -> FingerImage:
    """A piece of woven cloth on the sensor: 400 x 500 px at 500 ppi, no finger."""
    stream = Stream(seed, "cloth")
    thread_px = stream.uniform(13.0, 19.0)
    slope = stream.uniform(-0.3, 0.3)
    y, x = np.mgrid[: _SHAPE[0], : _SHAPE[1]].astype(np.float32)
    along = (x + slope * y + _noise(seed, "warp thread", 60.0, 4.0)) / np.float32(thread_px)
    across = (y - slope * x + _noise(seed, "weft thread", 60.0, 4.0)) / np.float32(thread_px)
    warp_on_top = (np.floor(along) + np.floor(across)) % 2 == 0
    # A thread is brightest along its middle, and dips under its neighbour at both ends.
    middle = np.where(warp_on_top, _hump(along), _hump(across))
    dip = np.where(warp_on_top, _hump(across), _hump(along))
    grey = 70.0 + 110.0 * middle * (0.55 + 0.45 * dip) + np.where(warp_on_top, 18.0, 0.0)
    grey = grey + _noise(seed, "fibre", 2.4, 14.0) + _noise(seed, "crumple", 90.0, 12.0)
    return from_pixels(np.clip(np.rint(grey), 0, 255).astype(np.uint8), PPI)


def _hump(position: F32) -> F32:
    fraction = position - np.floor(position)
    hump: F32 = 4.0 * fraction * (1.0 - fraction)
    return hump


def _noise(seed: int, purpose: str, lattice_px: float, deviation: float) -> F32:
    field = np.zeros(_SHAPE, np.float32)
    kernels.add_noise(field, np.uint64(derive(seed, purpose)), lattice_px, deviation)
    return field
