"""How rare each class of keys is: which are never used, and what the others weigh.

The table is made of synthetic fingers by `benchmarks/key_table.py` and kept beside this file. No print of a
person took part in it. It belongs to `INDEX_VERSION`.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.comparison import bare_minutiae
from musterpoint.gallery.kernels_geometry import (
    CLASS_BITS,
    INDEX_VERSION,
    WEIGHT_STEP,
    direction_codes,
    place_codes,
)
from musterpoint.templates import Template

if TYPE_CHECKING:
    from musterpoint.gallery import kernels_tokens
else:
    kernels_tokens = _compiled.load("musterpoint.gallery.kernels_tokens")

STOP_SHARE: Final = 0.03
"""Classes that a larger share of fingers has are not used: they tell nobody apart, and cost most."""

_FLOOR: Final = 0.002
_SHARE_MIN: Final = 1e-4
_SIZES: Final = 8192
_SPREAD_EXPONENT: Final = 0.75
_SPREAD_WEIGHTS: Final = 4.0

_WEIGHT_MAX: Final = 48
"""With it the 5,376 keys that a probe has at most add up to 64,512 steps of four: 16 bits hold them."""

Weights = npt.NDArray[np.uint8]
Keys = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeyTable:
    """Weights of keys, and what two different fingers share by chance.

    weights    uint8 (2**20,), of each class, multiples of `WEIGHT_STEP`, 0 = never used; read-only
    keys_mean  keys of a finger on average
    """

    weights: Weights
    keys_mean: float

    def steps(self, keys: Keys) -> Weights:
        """uint8 (k,), weights of keys in steps of `WEIGHT_STEP`."""
        steps: Weights = self.weights[keys >> np.uint32(2)] // np.uint8(WEIGHT_STEP)
        return steps

    def chance(self, keys: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """What a probe with these keys shares by chance with a reference of so many keys, and how firmly.

        returns  int64 (8192,) and (8192,), see `kernels_index.strengths_of`
        """
        weights = self.weights[keys >> np.uint32(2)].astype(np.int64)
        if not len(weights):
            return np.zeros(_SIZES, np.int64), np.zeros(_SIZES, np.int64)
        shared = float((weights * _SHARES[weights]).sum()) / self.keys_mean
        expected = shared * np.arange(_SIZES)
        spread = (expected + _SPREAD_WEIGHTS * weights.mean()) ** _SPREAD_EXPONENT
        return np.rint(256 * expected).astype(np.int64), np.rint(2**24 / spread).astype(np.int64)


@cache
def key_table() -> KeyTable:
    """The table that belongs to this version, read once."""
    text = resources.files("musterpoint.gallery").joinpath("key_table.json").read_text("utf-8")
    return parse(text)


def parse(text: str) -> KeyTable:
    """A table from its JSON text. Raises ValueError where it is of another version or size."""
    content = json.loads(text)
    if content["version"] != INDEX_VERSION:
        raise ValueError(f"a table of version {content['version']}, expected {INDEX_VERSION}")
    weights = np.frombuffer(zlib.decompress(base64.b85decode(content["weights"])), np.uint8)
    if weights.shape != (1 << CLASS_BITS,):
        raise ValueError(f"a table of {len(weights)} classes, expected {1 << CLASS_BITS}")
    if (weights % WEIGHT_STEP).any() or int(weights.max()) > _WEIGHT_MAX:
        raise ValueError(
            f"weights are multiples of {WEIGHT_STEP} up to {_WEIGHT_MAX}, found {np.unique(weights)}"
        )
    return KeyTable(weights=weights, keys_mean=content["keys_mean"])


def make(templates: Iterable[Template], *, origin: str) -> str:
    """The JSON text of the table that these fingers make, one template each.

    origin  where they come from, in words
    """
    held = np.zeros(1 << CLASS_BITS, np.int64)
    everything = np.ones(1 << CLASS_BITS, np.uint8)
    of_fingers = []
    for template in templates:
        minutiae = bare_minutiae(template)
        keys, _ = keys_of(minutiae, np.array((0, len(minutiae))), everything)
        held[np.unique(keys >> np.uint32(2))] += 1
        of_fingers.append(keys >> np.uint32(2))
    weights = _weights(held / len(of_fingers))
    used = sum(int(np.count_nonzero(weights[classes])) for classes in of_fingers)
    content = {
        "version": INDEX_VERSION,
        "origin": origin,
        "fingers": len(of_fingers),
        "keys_mean": round(used / len(of_fingers), 1),
        "weights": base64.b85encode(zlib.compress(weights.tobytes(), 9)).decode("ascii"),
    }
    return json.dumps(content, indent=1) + "\n"


def keys_of(
    minutiae: npt.NDArray[np.uint16], offsets: npt.NDArray[np.int64], weights: Weights
) -> tuple[Keys, npt.NDArray[np.int64]]:
    """Keys of several references end to end, and where each one's begin.

    minutiae  uint16 (M, 3), see `bare_minutiae`
    offsets   int64 (n + 1,), where each reference's minutiae begin
    """
    count = len(offsets) - 1
    room = (count + 1) * kernels_tokens.KEYS_MAX
    keys = np.empty(room, np.uint32)
    starts = np.empty(count + 1, np.int64)
    total = kernels_tokens.keys_of_rows(
        minutiae, offsets, 0, count, place_codes(), direction_codes(), weights, keys, starts
    )
    return keys[:total].copy(), starts


def _weights(shares: npt.NDArray[np.float64]) -> Weights:
    # Half the squared information, in steps of four: finer ones find nobody more.
    nats = np.log2(1.0 / (shares + _FLOOR)) ** 2 / 2
    weights = (WEIGHT_STEP * np.rint(nats / WEIGHT_STEP)).astype(np.uint8)
    weights[shares > STOP_SHARE] = 0
    return weights


def _shares() -> npt.NDArray[np.float64]:
    """The share of fingers that have a class, by its weight."""
    shares: npt.NDArray[np.float64] = np.exp2(-np.sqrt(2.0 * np.arange(256))) - _FLOOR
    shares[shares < _SHARE_MIN] = _SHARE_MIN
    return shares


_SHARES: Final = _shares()
