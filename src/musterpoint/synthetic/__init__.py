"""Synthetic fingers with known minutiae, for demonstrations, tests, practice and scale."""

from musterpoint.synthetic.fingers import Finger, SyntheticImpression, Truth, person
from musterpoint.synthetic.masters import Pattern
from musterpoint.synthetic.populations import population
from musterpoint.synthetic.presses import Condition, Grade, Sensor
from musterpoint.synthetic.textures import cloth
from musterpoint.synthetic.version import GENERATOR_VERSION

__all__ = [
    "GENERATOR_VERSION",
    "Condition",
    "Finger",
    "Grade",
    "Pattern",
    "Sensor",
    "SyntheticImpression",
    "Truth",
    "cloth",
    "person",
    "population",
]
