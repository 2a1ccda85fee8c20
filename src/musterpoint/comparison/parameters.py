"""The trained part of the score: a version, an intercept, and mean, deviation and weight of each input."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

INPUT_NAMES: Final = (
    "matched_log",
    "similarity_log",
    "matched_share",
    "agreement",
    "residual",
    "unmatched",
    "unmatched_lesser",
    "connected_share",
    "directions_alike",
    "shared_area_log",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameters:
    """What turns the ten inputs into a score in nats.

    version  part of the meaning of every score and of every stored threshold
    weights  float64 (4, 10), read-only: means, deviations, weights, and the intercept at [3, 0]
    """

    version: int
    weights: npt.NDArray[np.float64]


@cache
def parameters() -> Parameters:
    """The parameters that belong to this version, read once."""
    text = resources.files("musterpoint.comparison").joinpath("parameters.json").read_text("utf-8")
    return parse(text)


def parse(text: str) -> Parameters:
    """Parameters from their JSON text. Raises ValueError where the inputs are not the known ten."""
    content = json.loads(text)
    names = tuple(entry["name"] for entry in content["inputs"])
    if names != INPUT_NAMES:
        raise ValueError(f"inputs are {names}, expected {INPUT_NAMES}")
    weights = np.zeros((4, len(INPUT_NAMES)))
    for row, key in enumerate(("mean", "deviation", "weight")):
        weights[row] = [entry[key] for entry in content["inputs"]]
    weights[3, 0] = content["intercept"]
    weights.flags.writeable = False
    return Parameters(version=content["version"], weights=weights)
