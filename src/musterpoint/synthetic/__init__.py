"""Synthetic fingers with known minutiae, for demonstrations, tests, practice and scale."""

from musterpoint.synthetic.fingers import (
    GENERATOR_VERSION,
    Finger,
    SyntheticImpression,
    Truth,
    person,
)
from musterpoint.synthetic.masters import Pattern
from musterpoint.synthetic.presses import Condition, Grade, Sensor

__all__ = [
    "GENERATOR_VERSION",
    "Condition",
    "Finger",
    "Grade",
    "Pattern",
    "Sensor",
    "SyntheticImpression",
    "Truth",
    "person",
]
