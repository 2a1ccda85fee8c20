"""Every set of instructions that this processor can run gives the same scores."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from benchmarks import instruction_paths

PROGRAM = """
import hashlib
from tests.comparison.test_instruction_paths import scores
print(hashlib.sha256(scores()).hexdigest())
"""


def scores() -> bytes:
    """Scores of synthetic impressions against each other."""
    from tests.comparison.impressions import degenerate, finger, impression

    from musterpoint.comparison import Pack, prepare, score_all

    templates = [*degenerate().values(), *(finger(seed) for seed in range(6))]
    templates += [impression(seed, 1) for seed in range(6)]
    prepared = [prepare(template) for template in templates]
    pack = Pack.of(prepared)
    return b"".join(score_all(one, pack).tobytes() for one in prepared)


@pytest.mark.parametrize("path", sorted(instruction_paths.PATHS))
def test_scores_do_not_depend_on_the_instructions_of_the_processor(path: str) -> None:
    if path not in instruction_paths.available():
        pytest.skip(f"this processor has no {path}")

    child = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=instruction_paths.environment(path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert child.returncode == 0, child.stderr
    assert child.stdout.strip() == hashlib.sha256(scores()).hexdigest()
