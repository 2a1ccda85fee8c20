"""Files of logs and witnesses that commands read: bounded, and keys by themselves or one a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from musterpoint.errors import LogFormatError, UnusableInput

if TYPE_CHECKING:
    from musterpoint.transparency.note_keys import NoteKey

FILE_BYTES_MAX = 256 * 1024
"""Bytes of a request, an answer or a file of keys."""


def read_bounded(path: Path) -> bytes:
    """A file as it is. Raises UnusableInput where it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UnusableInput(
            expected="a file that can be read",
            found=(error.strerror or "an error").lower(),
            hint="Check the name",
            where=str(path),
        ) from error
    if len(data) > FILE_BYTES_MAX:
        raise UnusableInput(
            expected=f"at most {FILE_BYTES_MAX} bytes", found="more", hint="Check the file", where=str(path)
        )
    return data


def read_keys(text: str) -> list[NoteKey]:
    """The keys that an argument names: one key, or a file with one a line. Raises LogFormatError."""
    from musterpoint.transparency.note_keys import parse_vkey

    is_key = text.count("+") >= 2 and not Path(text).exists()
    lines = [text] if is_key else read_bounded(Path(text)).decode("utf-8", "replace").splitlines()
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not wanted:
        raise LogFormatError(
            expected="a key, or a file with one key a line",
            found="none",
            hint="musterpoint log keys and musterpoint log witness init print them",
            where=text,
        )
    return [parse_vkey(line) for line in wanted]
