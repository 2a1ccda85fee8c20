"""Comparison of fingerprints by their minutiae: one to one, one to many, several fingers together.

Importing this package compiles its kernels the first time, which takes some seconds.
"""

from musterpoint.comparison.bare import Bare, ReadyProbe, bare_minutiae, score_bare, sketch_bare
from musterpoint.comparison.calibration import false_match_rate, is_extrapolated, score_for
from musterpoint.comparison.cohort import prepare, with_cohort_mean
from musterpoint.comparison.comparing import (
    COMPARATOR_VERSION,
    Alignment,
    Comparison,
    Evidence,
    compare,
)
from musterpoint.comparison.fusion import (
    STRENGTH_MAX,
    FingerPair,
    Fused,
    expected_false_positives,
    fuse,
    strength_needed,
)
from musterpoint.comparison.impressions import fingers_among, together_nats
from musterpoint.comparison.normalisation import NOT_COMPARABLE, normalised
from musterpoint.comparison.pack import Pack, score_all
from musterpoint.comparison.prepared import Prepared

__all__ = [
    "COMPARATOR_VERSION",
    "NOT_COMPARABLE",
    "STRENGTH_MAX",
    "Alignment",
    "Bare",
    "Comparison",
    "Evidence",
    "FingerPair",
    "Fused",
    "Pack",
    "Prepared",
    "ReadyProbe",
    "bare_minutiae",
    "compare",
    "expected_false_positives",
    "false_match_rate",
    "fingers_among",
    "fuse",
    "is_extrapolated",
    "normalised",
    "prepare",
    "score_all",
    "score_bare",
    "score_for",
    "sketch_bare",
    "strength_needed",
    "together_nats",
    "with_cohort_mean",
]
