"""Which comparisons are made: every pair of a set once, mated or not; and the names of all protocols."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from musterpoint.errors import ListingError
from musterpoint.evaluation.data_set import DESCRIPTION, DataSet


class Protocol(StrEnum):
    """What is compared with what.

    VERIFICATION     each pair of impressions of a set once
    TWO_IMPRESSIONS  each impression with each two others of one finger, scored as one finger
    FUSED            people with several fingers, real ones where a set says who is who, else chimeric ones
    IDENTIFICATION   people searched in a gallery, enrolled or not
    """

    VERIFICATION = "verification"
    TWO_IMPRESSIONS = "two-impressions"
    FUSED = "fused"
    IDENTIFICATION = "identification"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """All unordered pairs of the n samples of a set, (0, 1), (0, 2), … (n - 2, n - 1).

    finger     int32 (n,), number of the finger of each sample, fingers counted from 0
    probe      int32 (p,), index of the sample with the lower (finger, impression)
    reference  int32 (p,), index of the other sample
    is_mated   bool (p,), whether both show one finger
    """

    finger: npt.NDArray[np.int32]
    probe: npt.NDArray[np.int32]
    reference: npt.NDArray[np.int32]
    is_mated: npt.NDArray[np.bool_]

    @property
    def finger_count(self) -> int:
        """Number of different fingers."""
        return int(self.finger.max()) + 1

    def row(self, probe: int) -> slice:
        """Where the pairs of `probe` with all samples after it stand."""
        return row_of(len(self.finger), probe)


def row_of(samples: int, probe: int) -> slice:
    """Where the pairs of `probe` with all samples after it stand among the pairs of so many samples."""
    begin = probe * (2 * samples - probe - 1) // 2
    return slice(begin, begin + samples - probe - 1)


def pairs(data_set: DataSet) -> Pairs:
    """Every pair of a set. Raises ListingError if no pair is mated, or every pair is."""
    names = [sample.finger for sample in data_set.samples]
    finger = np.unique(np.array(names), return_inverse=True)[1].astype(np.int32)
    probe, reference = (index.astype(np.int32) for index in np.triu_indices(len(names), 1))
    is_mated = finger[probe] == finger[reference]
    if not is_mated.any() or is_mated.all():
        raise ListingError(
            expected="at least two fingers, and two impressions of one of them",
            found=f"{len(names)} images of {len(set(names))} fingers",
            hint="Error rates need mated and non-mated pairs; give more images",
            where=str(data_set.folder / DESCRIPTION),
        )
    return Pairs(finger=finger, probe=probe, reference=reference, is_mated=is_mated)
