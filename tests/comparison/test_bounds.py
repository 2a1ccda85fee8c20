"""No kernel reads or writes outside of its arrays, whatever the template."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import numba
from musterpoint.comparison import Pack, compare, prepare, score_all
from tests.comparison.impressions import degenerate, finger, impression

assert numba.config.BOUNDSCHECK
templates = [*degenerate().values(), *(finger(s, 96) for s in range(4))]
templates += [impression(s, 1) for s in range(4)]
prepared = [prepare(template) for template in templates]
pack = Pack.of(prepared)
for one in prepared:
    score_all(one, pack)
    compare(one, prepared[-1])
print("within bounds")
"""


def test_all_accesses_stay_within_bounds(tmp_path: Path) -> None:
    # A cache of its own: Numba does not tell code with checks from code without.
    environment = os.environ | {
        "NUMBA_BOUNDSCHECK": "1",
        "MUSTERPOINT_CACHE": str(tmp_path),
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }

    child = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )

    assert child.returncode == 0, child.stderr
    assert child.stdout == "within bounds\n"
