"""Loads modules of Numba kernels through a cache of machine code that may be damaged or missing."""

from __future__ import annotations

import hashlib
import importlib
import os
import pickle
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from musterpoint.caches import cache_folder, temporary_folder


def load(name: str) -> ModuleType:
    """Import a module of kernels; an unusable compile cache is passed over, never fatal.

    Numba does not handle a damaged cache: it raises whatever unpickling raises. With explicit
    signatures that happens while the module is imported, so it can be caught here.
    """
    _use_cache_folder()
    try:
        return importlib.import_module(name)
    except (EOFError, pickle.UnpicklingError, OSError, AttributeError, ValueError, RuntimeError, TypeError):
        _set_cache_folder(temporary_folder("kernels"))
        for stale in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
            del sys.modules[stale]
        return importlib.import_module(name)


@cache
def _use_cache_folder() -> None:
    _set_cache_folder(cache_folder(f"kernels/{_source_hash()}"))


def _set_cache_folder(folder: Path) -> None:
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def _source_hash() -> str:
    # Numba notices a changed file, but not a changed function that another file's kernel calls.
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(Path(__file__).parent.glob("*/kernels*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
