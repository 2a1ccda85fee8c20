"""Registries for tests, in files or on a PostgreSQL server."""

from __future__ import annotations

import re
import shutil
import subprocess
import uuid
from pathlib import Path

from musterpoint.storage.dialects import SERVER_FILE, is_on_server


def copied(source: Path, to: Path) -> Path:
    """A copy of a registry that nobody has open, in a folder that is not there yet."""
    shutil.copytree(source, to)
    if is_on_server(source):
        line = (source / SERVER_FILE).read_text(encoding="utf-8").strip()
        address, schema = re.fullmatch(r"(.*)\?schema=(\w+)", line).groups()  # type: ignore[union-attr]  # our own line
        new = f"copy_{uuid.uuid4().hex[:12]}"
        _clone(address, schema, new)
        (to / SERVER_FILE).write_text(f"{address}?schema={new}\n", encoding="utf-8")
    return to


def _clone(address: str, schema: str, new: str) -> None:
    command = ["pg_dump", "--dbname", address, f"--schema={schema}_registry", f"--schema={schema}_keys"]
    dump = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    subprocess.run(
        ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname", address],
        input=dump.replace(f"{schema}_", f"{new}_"),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
