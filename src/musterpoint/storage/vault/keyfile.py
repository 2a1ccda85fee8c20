"""The key file: random secrets as text, newest last, readable by its owner alone.

    musterpoint key file 1
    # what it is, for a person who finds it
    3f9c…   64 hexadecimal digits

While a rotation runs it holds two secrets, otherwise one.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from pathlib import Path
from typing import Final

from musterpoint.errors import UnusableInput
from musterpoint.storage.translation import translated
from musterpoint.storage.vault import faults

BYTES_MAX: Final = 4096
_FIRST_LINE: Final = "musterpoint key file 1"
_NOTE: Final = "# This opens a registry of musterpoint. Keep it from others, and apart from backups."
_SECRET: Final = re.compile(r"[0-9a-f]{64}")


def read(path: Path) -> tuple[bytes, ...]:
    """The secrets in a key file, newest last.

    Raises KeyMissing where there is no such file, KeyExposed where others can read it, UnusableInput
    where it is no key file.
    """
    lines = read_private(path).splitlines()
    secrets = [line.strip() for line in lines[1:] if line.strip() and not line.startswith("#")]
    if lines[:1] != [_FIRST_LINE] or not secrets or not all(map(_SECRET.fullmatch, secrets)):
        raise UnusableInput(
            expected="a key file as musterpoint writes it",
            found="a file of another form",
            hint="Name the right file, or let musterpoint make one: musterpoint key change --to file",
            where=str(path),
        )
    return tuple(bytes.fromhex(secret) for secret in secrets)


def read_private(path: Path) -> str:
    """The text of a file that nobody else may read. Raises KeyMissing, KeyExposed, UnusableInput."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise faults.missing(
            "a file with the secret that opens the keys",
            error.strerror or "it cannot be read",
            "Bring the file back, or name it with --key-file or MUSTERPOINT_KEY_FILE",
            str(path),
        ) from error
    with translated(), os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
            raise faults.exposed(path, "a file that others can read or write")
        data = file.read(BYTES_MAX + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or len(data) > BYTES_MAX:
        raise UnusableInput(
            expected=f"a text of at most {BYTES_MAX} bytes",
            found="another file",
            hint="Name the file that holds the secret",
            where=str(path),
        )
    return text


def write(path: Path, secrets: tuple[bytes, ...]) -> None:
    """Put secrets into a key file, whole or not at all, and overwrite what it held before.

    Raises StorageFull.
    """
    text = "\n".join([_FIRST_LINE, _NOTE, *(secret.hex() for secret in secrets)]) + "\n"
    with translated():
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        file, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            os.fchmod(file, 0o600)
            with os.fdopen(file, "w") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            old = os.open(path, os.O_RDWR | os.O_CLOEXEC) if path.exists() else None
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
        if old is not None:
            _overwrite(old)


def _overwrite(file: int) -> None:
    """Blank a file that no longer has a name; a disk may keep its blocks all the same."""
    try:
        os.pwrite(file, b"\0" * os.fstat(file).st_size, 0)
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder lasting."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
