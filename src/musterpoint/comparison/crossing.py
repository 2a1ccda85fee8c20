"""Compares people with one another at random: what chance reaches among those who are really here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.comparison.fusion import fuse
from musterpoint.comparison.measuring import Comparisons
from musterpoint.comparison.pack import Pack
from musterpoint.comparison.pairing import may_be_one
from musterpoint.comparison.prepared import Prepared
from musterpoint.templates import FingerPosition

I64 = npt.NDArray[np.int64]

SUSPECT_FROM: Final = 14_000
"""Milli-nats: chance reaches it once in a million comparisons, somebody who was enrolled twice nearly always.
Such pairs are left out and counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """One finger of somebody."""

    position: FingerPosition
    finger: Prepared


Person = Sequence[Held]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossed:
    """What comparisons of different people came to.

    one       with one finger each
    several   with two fingers each; of nobody where too few gave two
    suspects  pairs of people, by their numbers, who are so alike that they may be one person
    """

    one: Comparisons
    several: Comparisons
    suspects: tuple[tuple[int, int], ...]


def cross(
    people: Sequence[Person],
    *,
    comparisons: int,
    seed: int,
    undecided: Collection[tuple[int, int]] = (),
    advance: Callable[[int], None] = lambda _: None,
) -> Crossed:
    """Compare random pairs of different people, by fingers that may be the same one of both.

    comparisons  pairs of people, compared with one finger each, and with two where both have two in common
    undecided    pairs of people, by their numbers, the lower one first, who may be one: not compared
    advance      told of comparisons of two fingers that were made
    """
    rng = np.random.default_rng(seed)
    rows = _Rows.of(people)
    apart = [pair for pair in _pairs(len(people), comparisons + len(undecided), rng) if pair not in undecided]
    pairs = apart[:comparisons]
    singles = [single for pair in pairs if (single := rows.chosen(pair, 1, rng)) is not None]
    # As many as with one finger: of fewer, two fingers would be vouched for less far than one.
    doubles = [two for pair in pairs if (two := rows.chosen(pair, 2, rng)) is not None]
    one = rows.strengths(singles, advance)
    several = rows.strengths(doubles, advance)
    suspects = {
        (chosen.first, chosen.second)
        for made, strength in ((singles, one), (doubles, several))
        for chosen, value in zip(made, strength.tolist(), strict=True)
        if value >= SUSPECT_FROM
    }
    return Crossed(
        one=_comparisons(singles, one, suspects, len(people)),
        several=_comparisons(doubles, several, suspects, len(people)),
        suspects=tuple(sorted(suspects)),
    )


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A comparison: two people, and rows of the fingers that each shows."""

    first: int
    second: int
    left: tuple[int, ...]
    right: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """All fingers in one pack, and which are whose."""

    pack: Pack
    held: list[Held]
    by_position: list[dict[FingerPosition, list[int]]]

    @classmethod
    def of(cls, people: Sequence[Person]) -> _Rows:
        held: list[Held] = []
        by_position: list[dict[FingerPosition, list[int]]] = []
        for person in people:
            rows: dict[FingerPosition, list[int]] = {}
            for one in person:
                rows.setdefault(one.position, []).append(len(held))
                held.append(one)
            by_position.append(rows)
        return cls(Pack.of([one.finger for one in held]), held, by_position)

    def chosen(self, pair: tuple[int, int], fingers: int, rng: np.random.Generator) -> _Chosen | None:
        """So many fingers of both, the same ones of each; None where there are not so many."""
        first, second = pair
        left, right = self.by_position[first], self.by_position[second]
        common = [(a, b) for a in left for b in right if may_be_one(a, b) and (fingers == 1 or a == b)]
        if fingers > 1:
            common = [one for one in common if one[0] != FingerPosition.UNKNOWN]
        if len(common) < fingers:
            return None
        taken = [common[k] for k in rng.permutation(len(common))[:fingers]]
        return _Chosen(
            first,
            second,
            tuple(_any(left[a], rng) for a, _ in taken),
            tuple(_any(right[b], rng) for _, b in taken),
        )

    def strengths(self, chosen: Sequence[_Chosen], advance: Callable[[int], None]) -> npt.NDArray[np.int32]:
        """The fused strength of each comparison."""
        cells = [(a, b) for one in chosen for a in one.left for b in one.right]
        scores = self._scores(np.array(cells, np.int64).reshape(-1, 2), advance)
        found, place = np.empty(len(chosen), np.int32), 0
        known: dict[int, int] = {}
        for k, one in enumerate(chosen):
            shape = (len(one.left), len(one.right))
            block = scores[place : place + shape[0] * shape[1]].reshape(shape)
            place += block.size
            if block.size > 1:
                found[k] = self._fused(one, block)
                continue
            # With one finger each the strength depends on the score alone.
            score = int(block[0, 0])
            if score not in known:
                known[score] = self._fused(one, block)
            found[k] = known[score]
        return found

    def _fused(self, one: _Chosen, block: npt.NDArray[np.int32]) -> int:
        left, right = ([self.held[row].position for row in side] for side in (one.left, one.right))
        return fuse(np.ascontiguousarray(block), left, right).strength

    def _scores(self, cells: I64, advance: Callable[[int], None]) -> npt.NDArray[np.int32]:
        scores = np.empty(len(cells), np.int32)
        order = np.argsort(cells[:, 0], kind="stable")
        bounds = np.flatnonzero(np.diff(cells[order, 0], prepend=-1, append=-1))
        for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            some = order[begin:end]
            probe = self.held[int(cells[some[0], 0])].finger
            scores[some] = self.pack.score(probe, np.ascontiguousarray(cells[some, 1]))
            advance(len(some))
        return scores


def _any(rows: Sequence[int], rng: np.random.Generator) -> int:
    return rows[int(rng.integers(len(rows)))]


def _pairs(people: int, wanted: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Different pairs of different people in a random order, all of them where there are no more."""
    every = people * (people - 1) // 2
    if every <= wanted:
        i, j = np.triu_indices(people, 1)
    else:
        i, j = np.empty(0, np.int64), np.empty(0, np.int64)
        while len(i) < wanted:
            more = rng.integers(people, size=(2 * wanted, 2))
            more = np.sort(more[more[:, 0] != more[:, 1]], axis=1)
            both = np.unique(np.concatenate((np.stack((i, j), axis=1), more)), axis=0)
            i, j = both[:, 0], both[:, 1]
    order = rng.permutation(len(i))[:wanted]
    return list(zip(i[order].tolist(), j[order].tolist(), strict=True))


def _comparisons(
    chosen: Sequence[_Chosen],
    strengths: npt.NDArray[np.int32],
    suspects: set[tuple[int, int]],
    people: int,
) -> Comparisons:
    kept = np.array([(one.first, one.second) not in suspects for one in chosen], np.bool_)
    ends = np.array([(one.first, one.second) for one in chosen], np.int64).reshape(-1, 2)[kept]
    return Comparisons(strength=strengths[kept], first=ends[:, 0], second=ends[:, 1], people=people)
