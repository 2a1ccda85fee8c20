"""The figures of the filter's tokens, and the tables that turn a neighbour's place into its code.

Every figure belongs to `INDEX_VERSION`: a change of any of them makes all stored keys worthless.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

INDEX_VERSION: Final = 1
"""What keys, weights and the order of a list mean."""

SEGMENT_ROWS: Final = 65_536
"""References of a segment: as many as 16 bits can number."""

KEY_BITS: Final = 22
"""Keys lie in 0..2**22 - 1; their upper 20 bits are the class that has a weight."""

CLASS_BITS: Final = 20

WEIGHT_STEP: Final = 4
"""Weights of classes are multiples of it, so that 16 bits hold the sum of all that a probe may share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGeometry:
    """How triplets of minutiae become tokens; lengths in pixels at 500 ppi, qualities in 1/255.

    grids  for each of two grids: where its rings begin, by how much its directions are shifted in 1/256
           turn, and how close the nearest neighbour may be
    """

    quality_min: int = 77
    neighbours: int = 8
    reach_px: int = 130
    ring_px: float = 16.0
    sectors: int = 14
    directions: int = 10
    grids: tuple[tuple[float, int, float], ...] = ((6.0, 13, 6.0), (-2.0, 0, 2.0))


TOKENS: Final = TokenGeometry()


@cache
def place_codes(geometry: TokenGeometry = TOKENS) -> npt.NDArray[np.uint32]:
    """Ring and sector of a neighbour by its place in the frame of a minutia.

    returns  uint32 (grids, 263, 263), code (ring * 64 + sector) * 64 of the whole pixel (v, u) + 131
    """
    side = np.arange(-geometry.reach_px - 1, geometry.reach_px + 2, dtype=np.float64)
    v, u = np.meshgrid(side, side, indexing="ij")
    radius = np.hypot(u, v)
    turn = np.arctan2(v, u) / (2.0 * np.pi) % 1.0
    # A place on a border belongs to the later cell, whatever the last bit of an arctangent is here.
    sector = np.minimum((turn * geometry.sectors + 1e-9).astype(np.uint32), geometry.sectors - 1)
    rings = [
        np.maximum((radius - start) / geometry.ring_px + 1e-9, 0.0).astype(np.uint32)
        for start, _, _ in geometry.grids
    ]
    codes = np.stack([(ring * 64 + sector) * 64 for ring in rings]).astype(np.uint32)
    codes.flags.writeable = False
    return codes


@cache
def direction_codes(geometry: TokenGeometry = TOKENS) -> npt.NDArray[np.uint32]:
    """Class of a relative direction: uint32 (grids, 256), 0..9."""
    relative = np.arange(256)
    codes = np.stack(
        [(geometry.directions * ((relative + shift) & 255) >> 8) for _, shift, _ in geometry.grids]
    ).astype(np.uint32)
    codes.flags.writeable = False
    return codes
