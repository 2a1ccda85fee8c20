"""An exhaustive filter of bit signatures, 2 kB a finger: what the gallery's index is measured against.

A key of the index sets one bit of 16,384. The bits of all fingers lie row by row (*bit-sliced*: Roberts,
Proceedings of the IEEE 67 (12), 1979), so a search reads only the rows of the probe's bits.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from benchmarks import kernels_signatures
from benchmarks.kernels_signatures import BITS
from benchmarks.search_decoys import Decoys

from musterpoint.comparison import bare_minutiae
from musterpoint.gallery.key_table import key_table, keys_of
from musterpoint.gallery.segment import SegmentView
from musterpoint.templates import Template

SPREAD_ADDED, SPREAD_POWER = 4.0, 0.75
"""A strength is (shared - expected) / (expected + 4) ** 0.75: between large fingers and small ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signatures:
    """Signatures of fingers.

    bits   uint64 (BITS, words), a row for each bit; finger 64 w + k is bit k of word w
    sizes  uint16 (fingers,), bits that each has
    """

    bits: npt.NDArray[np.uint64]
    sizes: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, segments: Sequence[SegmentView]) -> Self:
        """Those of all references of a gallery whose keys are filed."""
        fingers = sum(len(one.columns) for one in segments)
        bits = np.zeros((BITS, -(-fingers // 64)), np.uint64)
        sizes, first = np.zeros(fingers, np.uint16), 0
        for one in segments:
            kernels_signatures.file_keys(one.filed.starts, one.filed.postings, first, bits, sizes)
            first += len(one.columns)
        return cls(bits=bits, sizes=sizes)

    @classmethod
    def of_probes(cls, templates: Sequence[Template]) -> Self:
        """Those of some templates."""
        bits = np.zeros((BITS, -(-len(templates) // 64)), np.uint64)
        rows = [rows_of(one) for one in templates]
        for number, mine in enumerate(rows):
            bits[mine, number // 64] |= np.uint64(1) << np.uint64(number % 64)
        return cls(bits=bits, sizes=np.array([len(one) for one in rows], np.uint16))

    def strengths(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """float32 (fingers,), how far each shares more with a probe of these bits than chance would."""
        expected = len(rows) * np.arange(BITS + 1) / BITS
        factor = (expected + SPREAD_ADDED) ** -SPREAD_POWER
        found = np.empty(len(self.sizes), np.float32)
        tables = expected.astype(np.float32), factor.astype(np.float32)
        kernels_signatures.strengths_of(self.bits, rows, self.sizes, *tables, found)
        return found


def rows_of(template: Template) -> npt.NDArray[np.int64]:
    """int64 (k,), the bits of a probe, ascending."""
    bare = bare_minutiae(template)
    keys, _ = keys_of(bare, np.array([0, len(bare)]), key_table().weights)
    return np.unique(keys.astype(np.int64) & (BITS - 1))


def rate(signatures: Signatures, templates: Sequence[Template]) -> float:
    """Fingers a second, one core: a probe's strengths with all, the best of three for each probe."""
    total = 0.0
    for template in templates:
        times = []
        for _ in range(3):
            begun = time.process_time()
            signatures.strengths(rows_of(template))
            times.append(time.process_time() - begun)
        total += min(times)
    return len(signatures.sizes) * len(templates) / total


def hit_rates(
    templates: Sequence[Template], finger: npt.NDArray[np.int64], made: Decoys, ranks: Sequence[int]
) -> dict[int, float]:
    """Share of mates before whom fewer than so many decoys lie; every print searches all its mates.

    finger  int64 (n,), the finger of each template
    """
    decoys = Signatures.of(made.gallery.view().segments)
    prints = Signatures.of_probes(templates)
    before = []
    for number, template in enumerate(templates):
        rows = rows_of(template)
        strengths = decoys.strengths(rows)
        strengths = np.sort(strengths[(made.parents != finger[number]).all(axis=1)])
        mates = finger == finger[number]
        mates[number] = False
        own = prints.strengths(rows)[mates]
        before += (len(strengths) - np.searchsorted(strengths, own, side="right")).tolist()
    return {rank: float(np.mean(np.array(before) < rank)) for rank in ranks}
