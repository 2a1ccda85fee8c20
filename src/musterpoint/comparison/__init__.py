"""Comparison of fingerprints by their minutiae: one to one, one to many, several fingers together.

Importing this package compiles its kernels the first time, which takes some seconds.
"""

from musterpoint.comparison.comparing import (
    COMPARATOR_VERSION,
    NOT_COMPARABLE,
    Alignment,
    Comparison,
    Evidence,
    compare,
)
from musterpoint.comparison.pack import Pack, score_all
from musterpoint.comparison.prepared import Prepared, prepare

__all__ = [
    "COMPARATOR_VERSION",
    "NOT_COMPARABLE",
    "Alignment",
    "Comparison",
    "Evidence",
    "Pack",
    "Prepared",
    "compare",
    "prepare",
    "score_all",
]
