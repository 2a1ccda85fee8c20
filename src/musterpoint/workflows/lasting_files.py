"""Small files beside the registry that are there whole or as before, and lasting once written."""

from __future__ import annotations

import os
from pathlib import Path

from musterpoint.lasting import sync_folder
from musterpoint.storage.translation import translated


def write_lasting(path: Path, data: bytes) -> None:
    """Write beside, sync, rename, sync the folder. Whoever writes the same file at once is kept out before.

    Only the owner can read it. Raises StorageFull.
    """
    beside = path.with_name(f".{path.name}.new")
    with translated():
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
