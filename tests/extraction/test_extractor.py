"""The extractor as others use it."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_package_loads_neither_runtime_nor_compiler() -> None:
    code = (
        "import sys, musterpoint.extraction as package; "
        "heavy = {'openvino', 'numba', 'h5py'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
