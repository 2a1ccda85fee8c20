"""Decoys that are as hard as real fingers: two halves of different prints, each distorted and turned.

Of few prints many decoys can be made, but they repeat each other: a stress test, not a sample of people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from benchmarks.kernels_chimeras import MINUTIAE_MAX, make


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chimeras:
    """Decoys end to end.

    minutiae  uint16 (M, 3), as `musterpoint.comparison.bare_minutiae` makes them
    offsets   int64 (N + 1,)
    parents   int64 (N, 2), rows of the prints that each was made of
    """

    minutiae: npt.NDArray[np.uint16]
    offsets: npt.NDArray[np.int64]
    parents: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.parents)


def make_chimeras(
    seed: int,
    count: int,
    prints: tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]],
    fingers: npt.NDArray[np.int64],
) -> Chimeras:
    """Decoys of prints.

    prints   minutiae end to end, and where each print's begin
    fingers  int64, the finger of each print: the halves are of two fingers
    """
    minutiae = np.empty((count * MINUTIAE_MAX, 3), np.uint16)
    offsets, parents = np.zeros(count + 1, np.int64), np.empty((count, 2), np.int64)
    make(seed, prints[0], prints[1], fingers, minutiae, offsets, parents)
    return Chimeras(minutiae=minutiae[: offsets[-1]].copy(), offsets=offsets, parents=parents)
