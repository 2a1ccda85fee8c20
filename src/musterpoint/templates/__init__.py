"""Templates: the minutiae of one finger, and their compact bytes."""

from musterpoint.templates.codec import decode, encode
from musterpoint.templates.values import (
    CohortMean,
    FingerPosition,
    Impression,
    Minutiae,
    MinutiaKind,
    Template,
)

__all__ = [
    "CohortMean",
    "FingerPosition",
    "Impression",
    "MinutiaKind",
    "Minutiae",
    "Template",
    "decode",
    "encode",
]
