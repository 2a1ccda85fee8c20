"""Takes out of a score what a template scores against anybody: cohort normalisation.

Some impressions score higher than others against every finger but their own: dense false minutiae of a wet
finger, a sensor that the weights have not seen. How much higher is measured once a template, against a
cohort of synthetic fingers, and half of the measure of either side is taken off a score. Thresholds then
hold across sensors. After Aggarwal, Ratha, Bolle, Chellappa: "Multi-biometric cohort analysis for biometric
fusion" (2008), as the symmetric mean of both sides.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

NOT_COMPARABLE: Final = -30_000
"""The score where nothing can be compared, milli-nats: fewer than three minutiae, or no two that agree."""

CENTRE: Final = -7_000
"""Milli-nats: the cohort mean of an ordinary template. Scores of such templates stay what they are."""

DEVIATION_MAX: Final = 3_000
"""Milli-nats: how far a cohort mean may move a score at most, lest a template without content be trusted."""


def bounded(mean: float) -> int:
    """A cohort mean in whole milli-nats, no further from `CENTRE` than `DEVIATION_MAX`."""
    return min(max(round(mean), CENTRE - DEVIATION_MAX), CENTRE + DEVIATION_MAX)


def normalised(
    scores: npt.NDArray[np.int32], probe_means: npt.ArrayLike, reference_means: npt.ArrayLike
) -> npt.NDArray[np.int32]:
    """Scores less the mean of both cohort means, plus `CENTRE`; what is not comparable stays so.

    scores  int32, milli-nats, of any shape that the means broadcast to
    """
    means = np.asarray(probe_means, np.int64) + np.asarray(reference_means, np.int64)
    moved = np.maximum(scores - (means // 2 - CENTRE), NOT_COMPARABLE + 1)
    return np.where(scores == NOT_COMPARABLE, NOT_COMPARABLE, moved).astype(np.int32)
