"""A short form of the campaign of faults on each engine; the long one is in docs/reliability.md."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.postgresql import PROGRAMS

ROOT = Path(__file__).parent.parent.parent
HAS = {"sqlite": True, "postgresql": bool(PROGRAMS)}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_stations_that_are_killed_and_fail_lose_nothing_and_leave_nothing_half_done(engine: str) -> None:
    if not (HAS[engine] and shutil.which("strace")):
        assert "CI" not in os.environ, "strace or PostgreSQL is missing; .ci/run installs them for root"
        pytest.skip("needs strace, and for its engine PostgreSQL, from Debian's packages")
    amounts = ["--kills", "8", "--faults", "1", "--every-step", "8"]

    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.campaign", "--engine", engine, *amounts],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert counts["kills at random moments"] == 8
    assert counts["kills at steps"] >= 5
    assert counts["short writes"] == 1
