"""The key file: random secrets as text, newest last, readable by its owner alone.

    musterpoint key file 1
    # what it is, for a person who finds it
    3f9c…   64 hexadecimal digits, a space, and the identifier of the key store that it opens

Several registries may share a file; each touches only its own secrets. While a rotation runs, a key store
has two, otherwise one.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from musterpoint.errors import KeyMissing, UnusableInput
from musterpoint.lasting import sync_folder
from musterpoint.storage.translation import translated
from musterpoint.storage.vault import faults

BYTES_MAX: Final = 1 << 20
"""Ten thousand registries that share one file."""

_FIRST_LINE: Final = "musterpoint key file 1"
_NOTE: Final = "# This opens a registry of musterpoint. Keep it from others, and apart from backups."
_LINE: Final = re.compile(r"([0-9a-f]{64}) ([0-9a-f-]{36})")


class Secret(NamedTuple):
    """A secret and the key store that it is for."""

    secret: bytes
    store_id: str


def read(path: Path) -> tuple[Secret, ...]:
    """The secrets in a key file, newest last.

    Raises KeyMissing where there is no such file, KeyExposed where others can read it, UnusableInput
    where it is no key file.
    """
    first, *lines = read_private(path).splitlines()
    found = [_LINE.fullmatch(line) for line in lines if line and not line.startswith("#")]
    if first != _FIRST_LINE or None in found:
        raise UnusableInput(
            expected="a key file as musterpoint writes it",
            found="a file of another form",
            hint="Name the right file, or one that does not exist yet",
            where=str(path),
        )
    return tuple(Secret(bytes.fromhex(one[1]), one[2]) for one in found if one)


def read_private(path: Path) -> str:
    """The text of a file that nobody else may read. Raises KeyMissing, KeyExposed, UnusableInput."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise faults.missing(
            "a file with the secret that opens the keys",
            error.strerror or "it cannot be read",
            "Bring it back, or say where it is with MUSTERPOINT_KEY_FILE or MUSTERPOINT_PASSPHRASE_FILE",
            str(path),
        ) from error
    with translated(), os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
            raise faults.exposed(path, "a file that others can read or write")
        data = b"" if stat.S_ISDIR(status.st_mode) else file.read(BYTES_MAX + 1)
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


def change(path: Path, to: Callable[[tuple[Secret, ...]], tuple[Secret, ...]]) -> None:
    """Change what a key file holds, whole or not at all; what it held before is overwritten.

    A file that does not exist holds nothing; one that is to hold nothing is removed. Raises StorageFull
    and as `read` does.
    """
    with translated():
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    with _alone(path.parent):
        try:
            before = read(path)
        except KeyMissing:
            if path.exists():
                raise
            before = ()
        after = to(before)
        if after != before:
            _put(path, after)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else changes key files in this folder meanwhile; it is held for moments."""
    with translated():
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _put(path: Path, secrets: tuple[Secret, ...]) -> None:
    old = os.open(path, os.O_RDWR | os.O_CLOEXEC) if path.exists() else None
    if secrets:
        lines = [f"{one.secret.hex()} {one.store_id}" for one in secrets]
        _replace(path, "\n".join([_FIRST_LINE, _NOTE, *lines]) + "\n")
    else:
        path.unlink()
    sync_folder(path.parent)
    if old is not None:
        _overwrite(old)


def _replace(path: Path, text: str) -> None:
    file, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(file, "w") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _overwrite(file: int) -> None:
    """Blank a file that no longer has a name; a disk may keep its blocks all the same."""
    try:
        os.pwrite(file, b"\0" * os.fstat(file).st_size, 0)
        os.fsync(file)
    finally:
        os.close(file)
