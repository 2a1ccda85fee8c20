"""Where derived files live that may vanish at any time: the converted network, compiled kernels."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from functools import cache
from pathlib import Path

import platformdirs


@cache
def cache_folder(name: str) -> Path:
    """A folder for derived files that only this user can write, made if needed.

    It lies below `MUSTERPOINT_CACHE` or the platform's cache folder. Where that cannot be written,
    or belongs to somebody else, a temporary folder serves for the life of this process: what is
    loaded from a cache is code and weights, so it must never come from another user.
    """
    root = os.environ.get("MUSTERPOINT_CACHE") or platformdirs.user_cache_dir("musterpoint")
    folder = Path(root) / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _is_private(folder) and os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return temporary_folder(name)


def _is_private(folder: Path) -> bool:
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def temporary_folder(name: str) -> Path:
    """A folder for the life of this process, where a cache cannot serve."""
    folder = Path(tempfile.mkdtemp(prefix=f"musterpoint-{name.replace('/', '-')}-"))
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    # A forked child must not remove what its parent still uses.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
