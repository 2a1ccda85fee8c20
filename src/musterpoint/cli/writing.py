"""Files that commands write where they were told to."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from musterpoint.errors import Conflict, StorageFull


def write_file(path: Path, data: bytes, *, hint: str = "Name another file or folder") -> None:
    """Write a file, making its folder. Raises StorageFull."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Templates and pictures of fingers are for nobody but whoever asked for them.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise StorageFull(
            expected="a place where the file can be written",
            found=(error.strerror or "an error").lower(),
            hint=hint,
            where=str(path),
        ) from error


def write_new_file(path: Path, data: bytes, *, hint: str = "Name another folder") -> None:
    """Write a file that is not there yet, for its owner alone. Raises StorageFull, Conflict."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except FileExistsError as error:
        raise Conflict(
            expected="a name that is free",
            found="a file of this name, which was left as it is",
            hint=hint,
            where=str(path),
        ) from error
    except OSError as error:
        raise StorageFull(
            expected="a place where the file can be written",
            found=(error.strerror or "an error").lower(),
            hint="Name another folder",
            where=str(path),
        ) from error


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], *, hint: str) -> None:
    """Write a table as CSV in UTF-8. Raises StorageFull."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    write_file(path, text.getvalue().encode(), hint=hint)
