"""Every set of instructions that this processor can run gives the same scores.

Compiling all kernels for another processor takes minutes, so `benchmarks.instruction_paths` compares scores;
what all of them are made of is compared here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import instruction_paths
from tests.comparison import lanes


@pytest.mark.parametrize("path", sorted(instruction_paths.PATHS))
def test_lanes_do_not_depend_on_the_instructions_of_the_processor(path: str) -> None:
    if path not in instruction_paths.available():
        pytest.skip(f"this processor has no {path}")

    child = subprocess.run(
        [sys.executable, str(Path(lanes.__file__))],
        env=instruction_paths.environment(path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert child.returncode == 0, child.stderr
    assert child.stdout.strip() == lanes.digest()


def test_lanes_round_as_single_numbers_do() -> None:
    rng = np.random.default_rng(3)
    numbers = rng.normal(0, 100, 64).astype(np.float32)
    a, b = numbers[1:17], numbers[19:35]

    out = lanes.results(3)[: 16 * 8 * 4].view(np.float32).reshape(8, 16)

    assert np.array_equal(out[0], a * b + a / b - b)
    assert np.array_equal(out[1], np.sqrt(a * a + b * b))
    assert np.array_equal(out[4], np.where((a < b) & (a > 0), a, np.minimum(a, b)))
    assert out[7, 0] == a.max()
