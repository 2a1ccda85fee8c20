"""Imports point in one direction, and importing the product loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.house.clone import ROOT
from tools.check import CHECKS

HEAVY = {
    *("PIL", "alembic", "click", "h5py", "jinja2", "llvmlite"),
    *("numba", "numpy", "openvino", "rich", "sqlalchemy"),
}


def test_import_contracts_hold() -> None:
    result = subprocess.run(
        [sys.executable, *CHECKS["layers"]], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("program", "allowed"),
    [
        ("import musterpoint", set()),
        ("import musterpoint.errors", set()),
        ("import musterpoint.__main__", set()),
        ("from musterpoint.cli import main", {"click"}),
        ("import musterpoint.templates", {"numpy"}),
        ("import musterpoint.extraction", {"numpy", "PIL"}),
        ("import musterpoint.imaging", {"numpy", "PIL"}),
        ("import musterpoint.interchange", {"numpy", "PIL"}),
        ("import musterpoint.registry", {"numpy"}),
    ],
)
def test_import_loads_no_more_than_it_needs(program: str, allowed: set[str]) -> None:
    program += "; import sys; print(*{name.split('.')[0] for name in sys.modules})"

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert set(result.stdout.split()) & HEAVY <= allowed
