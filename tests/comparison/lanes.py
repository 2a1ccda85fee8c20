"""A kernel that uses every operation of the comparator's lanes; run by itself, it prints what came out."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

NAME = "musterpoint.comparison.kernels_lanes"
LANES = Path(__file__).parents[2] / "src/musterpoint/comparison/kernels_lanes.py"


@cache
def lanes() -> ModuleType:
    """The module alone: its package compiles all kernels when it is imported."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location("lanes_alone", LANES)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    return sys.modules[NAME]


def results(seed: int) -> npt.NDArray[np.uint8]:
    """The bytes of what the operations make of random numbers."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(0, 100, 64).astype(np.float32)
    words = rng.integers(0, 2**63, 64).astype(np.uint64)
    small = rng.integers(-500, 500, 64).astype(np.int16)
    out, bits = np.zeros(16 * 8, np.float32), np.zeros(8, np.uint64)
    _kernel()(numbers, words, small, np.sqrt(np.arange(1000, dtype=np.float32)), out, bits)
    return np.concatenate((out.view(np.uint8), bits.view(np.uint8)))


@cache
def _kernel() -> Any:
    v = lanes()
    f32x16, store, fill, fill_i32 = v.f32x16, v.store_f32x16, v.fill_f32x16, v.fill_i32x16
    to_i32, to_f32, gather, choose, ones = v.to_i32x16, v.to_f32x16, v.gather_f32x16, v.choose, v.ones
    floor, sqrt, least_of, largest, lanes_of = (
        v.floor_f32x16,
        v.sqrt_f32x16,
        v.least_of,
        v.largest,
        v.lanes_of,
    )
    u64x8, ones_u64, joined, sum_u64, i16x32, fill_i16 = (
        v.u64x8,
        v.ones_u64x8,
        v.joined,
        v.sum_u64x8,
        v.i16x32,
        v.fill_i16x32,
    )

    @njit
    def kernel(numbers, words, small, table, out, bits):  # type: ignore[no-untyped-def]  # compiled
        a, b = f32x16(numbers, 1), f32x16(numbers, 19)
        store(out, 0, a * b + a / b - b)
        store(out, 16, sqrt(a * a + b * b))
        whole = to_i32(floor(a + fill(np.float32(0.5))))
        store(out, 32, to_f32((whole >> fill_i32(np.int32(2))) & fill_i32(np.int32(63))))
        store(out, 48, gather(table, whole & fill_i32(np.int32(511))))
        store(out, 64, choose((a < b) & (a > fill(np.float32(0.0))), a, least_of(a, b)))
        counts = ones_u64(u64x8(words, 3) & u64x8(words, 20))
        store(out, 80, to_f32(joined(counts, ones_u64(u64x8(words, 40)))))
        store(out, 96, choose(lanes_of(words[0]), a, b))
        bits[0], bits[1], bits[2] = ones(a < b), ones(a >= b), sum_u64(counts)
        bits[3] = ones(i16x32(small, 7) >= fill_i16(np.int16(20)))
        out[112] = largest(a)

    return kernel


def digest() -> str:
    """All of it as one word."""
    return hashlib.sha256(b"".join(results(seed).tobytes() for seed in range(20))).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(f"{digest()}\n")
