"""The trained part of the score is read from one file and checked."""

from __future__ import annotations

import json

import numpy as np
import pytest

from musterpoint.comparison import COMPARATOR_VERSION
from musterpoint.comparison.parameters import INPUT_NAMES, parameters, parse


def written(names: tuple[str, ...]) -> str:
    inputs = [{"name": name, "mean": 1, "deviation": 2, "weight": 3} for name in names]
    return json.dumps({"version": 9, "intercept": -4, "inputs": inputs})


def test_parameters_keep_their_places() -> None:
    read = parse(written(INPUT_NAMES))

    assert read.version == 9
    assert read.weights[:3].T.tolist() == [[1, 2, 3]] * len(INPUT_NAMES)
    assert read.weights[3, 0] == -4


@pytest.mark.parametrize("names", [INPUT_NAMES[:-1], INPUT_NAMES[::-1]])
def test_other_inputs_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="inputs are"):
        parse(written(names))


def test_the_shipped_parameters_are_sound() -> None:
    shipped = parameters()

    assert np.isfinite(shipped.weights).all()
    assert (shipped.weights[1] > 0).all()
    assert COMPARATOR_VERSION.endswith(f".{shipped.version}")
