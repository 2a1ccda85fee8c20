"""Trials and their outcomes: what every protocol leaves behind, and what every figure is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from musterpoint.evaluation.rates import F64

I32 = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trials:
    """The comparisons or searches of one data set under one protocol: p trials that concern u units.

    A unit is a finger or a person: whom a bootstrap draws. Chimeric people can be made of the same fingers
    in several ways; each way is a *drawing*, and a unit belongs to one.

    labels     what was compared: file names, or impressions of people
    probe      int32 (p,), index into labels
    reference  int32 (p,), index into labels; of a search the one whom a mated search should find
    is_mated   bool (p,), whether both are of one finger or person; of a search: whether they are enrolled
    score      float64 (p,), milli-nats, minus infinity for a failure; of a mated search the strength of the
               mate, of a non-mated one the greatest strength of anybody
    first, second  int32 (p,), the units of probe and reference; equal where only one is concerned
    units      names of the units
    drawing    int32 (u,), to which drawing a unit belongs
    rank       int32 (p,), place of the mate in the list of a search, 0 = not in it; None if nothing was
               searched
    """

    name: str
    labels: tuple[str, ...]
    probe: I32
    reference: I32
    is_mated: Flags
    score: F64
    first: I32
    second: I32
    units: tuple[str, ...]
    drawing: I32
    rank: I32 | None = None

    def __len__(self) -> int:
        return len(self.score)

    @property
    def mated(self) -> F64:
        """The scores of the mated trials."""
        return self.score[self.is_mated]

    @property
    def nonmated(self) -> F64:
        """The scores of the non-mated trials."""
        return self.score[~self.is_mated]

    def take(self, rows: npt.NDArray[np.intp]) -> Trials:
        """Some of the trials, of the same units."""
        return replace(
            self,
            probe=self.probe[rows],
            reference=self.reference[rows],
            is_mated=self.is_mated[rows],
            score=self.score[rows],
            first=self.first[rows],
            second=self.second[rows],
            rank=None if self.rank is None else self.rank[rows],
        )


def joined(parts: Sequence[Trials]) -> Trials:
    """Trials of several sets as those of one, whose units stay apart: for one common threshold."""
    labels = np.cumsum([0] + [len(part.labels) for part in parts])[:-1].tolist()
    units = np.cumsum([0] + [len(part.units) for part in parts])[:-1].tolist()
    ranks = [part.rank for part in parts if part.rank is not None]
    return Trials(
        name="all",
        labels=tuple(label for part in parts for label in part.labels),
        probe=_shifted([part.probe for part in parts], labels),
        reference=_shifted([part.reference for part in parts], labels),
        is_mated=np.concatenate([part.is_mated for part in parts]),
        score=np.concatenate([part.score for part in parts]),
        first=_shifted([part.first for part in parts], units),
        second=_shifted([part.second for part in parts], units),
        units=tuple(f"{part.name} {unit}" for part in parts for unit in part.units),
        drawing=np.concatenate([part.drawing for part in parts]),
        rank=np.concatenate(ranks) if len(ranks) == len(parts) else None,
    )


def _shifted(indices: Sequence[I32], offsets: Sequence[int]) -> I32:
    return np.concatenate([one + offset for one, offset in zip(indices, offsets, strict=True)]).astype(
        np.int32
    )
