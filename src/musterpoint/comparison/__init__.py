"""Comparison of fingerprints by their minutiae: one to one, one to many, several fingers together.

Importing this package compiles its kernels the first time, which takes some seconds.
"""

from musterpoint.comparison.bare import Bare, ReadyProbe, bare_minutiae, score_bare, sketch_bare
from musterpoint.comparison.calibration import (
    LikelihoodRatio,
    false_match_rate,
    fused_likelihood_ratio,
    is_extrapolated,
    likelihood_ratio,
    score_for,
)
from musterpoint.comparison.chance import Calibration, ChanceMap, Needed
from musterpoint.comparison.cohort import Cohort, prepare, with_cohort_mean
from musterpoint.comparison.comparing import (
    COMPARATOR_VERSION,
    Alignment,
    Comparison,
    Evidence,
    compare,
    finds_itself,
    insist_on_comparable,
)
from musterpoint.comparison.explaining import Explanation, Share, Stage, explain
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
from musterpoint.comparison.standard import STANDARD

__all__ = [
    "COMPARATOR_VERSION",
    "NOT_COMPARABLE",
    "STANDARD",
    "STRENGTH_MAX",
    "Alignment",
    "Bare",
    "Calibration",
    "ChanceMap",
    "Cohort",
    "Comparison",
    "Evidence",
    "Explanation",
    "FingerPair",
    "Fused",
    "LikelihoodRatio",
    "Needed",
    "Pack",
    "Prepared",
    "ReadyProbe",
    "Share",
    "Stage",
    "bare_minutiae",
    "compare",
    "expected_false_positives",
    "explain",
    "false_match_rate",
    "finds_itself",
    "fingers_among",
    "fuse",
    "fused_likelihood_ratio",
    "insist_on_comparable",
    "is_extrapolated",
    "likelihood_ratio",
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
