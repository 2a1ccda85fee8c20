"""Killing a station anywhere loses nothing that was answered and leaves nothing half done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
KILLS = int(os.environ.get("MUSTERPOINT_KILLS", "120"))


@pytest.mark.timeout(600)
def test_killed_stations_lose_nothing_acknowledged_and_leave_nothing_half_done(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.kill_campaign", str(tmp_path / "registry"), str(KILLS), "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    assert counted["kills"] >= 100
    assert counted["acknowledged"] >= counted["kills"]
    assert counted["cases"] > 0
