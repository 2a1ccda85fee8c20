"""Templates that would break others cannot be made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from musterpoint.templates import FingerPosition, Minutiae, Template

COLUMNS: dict[str, Any] = {"x": [1], "y": [2], "direction": [3], "kind": [1], "quality": [5]}


def test_minutiae_cannot_be_changed_afterwards() -> None:
    minutiae = Minutiae(**COLUMNS)

    with pytest.raises(ValueError, match="read-only"):
        minutiae.x[0] = 5


def test_minutiae_do_not_change_with_the_array_they_came_from() -> None:
    x = np.array([1], np.int16)
    minutiae = Minutiae(**{**COLUMNS, "x": x})

    x[0] = 9

    assert minutiae.x[0] == 1


@pytest.mark.parametrize(
    ("column", "value"), [("x", [-1]), ("y", [16384]), ("kind", [3]), ("quality", [1, 2]), ("x", [[1]])]
)
def test_columns_out_of_bounds_are_refused(column: str, value: list[int]) -> None:
    with pytest.raises(ValueError):
        Minutiae(**{**COLUMNS, column: value})


def test_more_minutiae_than_a_record_can_hold_are_refused() -> None:
    columns: dict[str, Any] = dict.fromkeys(COLUMNS, np.ones(256))

    with pytest.raises(ValueError, match="256 minutiae"):
        Minutiae(**columns)


def test_taking_keeps_the_given_order() -> None:
    columns: dict[str, Any] = {**dict.fromkeys(COLUMNS, (0, 1, 2)), "x": [10, 11, 12]}
    minutiae = Minutiae(**columns)

    assert minutiae.take(np.array([2, 0])).x.tolist() == [12, 10]


@pytest.mark.parametrize(
    "changed",
    [{"width_px": 0}, {"height_px": 16384}, {"quality": 101}, {"extractor": ""}, {"extractor": "é"}],
)
def test_templates_out_of_bounds_are_refused(changed: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"minutiae": Minutiae.empty(), "width_px": 10, "height_px": 10}

    with pytest.raises(ValueError):
        Template(**{**fields, **changed})


def test_positions_are_known_by_the_labels_people_type() -> None:
    assert all(FingerPosition.from_label(position.label) is position for position in FingerPosition)
    assert FingerPosition.from_label(" Right Index ") is FingerPosition.RIGHT_INDEX


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(KeyError):
        FingerPosition.from_label("right-toe")
