"""One writer at a time among all processes and threads of this machine, in fair turns.

SQLite's own waiting backs off and starves: of four writers, one waited for seconds. Here a writer first
takes the turnstile and, holding it, waits for the pen; so whoever holds the turnstile writes next, and
who has just written queues behind. Both are `flock` locks on empty files, which the kernel drops when a
process dies, however it dies.

Not guaranteed: strict order of arrival among those before the turnstile, and locks on network shares.
"""

from __future__ import annotations

import fcntl
import os
import random
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from musterpoint.limits import WRITER_WAIT_MAX_S
from musterpoint.storage.translation import busy, translated

_PAUSE_S: Final = 0.001

# Much shorter than a commit, so that little time is lost between two writers: only one waits like this.
_PAUSE_OF_NEXT_S: Final = 0.0002

_MODE: Final = 0o600


class WriterLock:
    """The right to write in one folder.

    Every use opens the files anew: an `flock` belongs to the open file, so threads exclude each other too.
    """

    def __init__(
        self, folder: Path, *, name: str = "registry", wait_max_s: float = WRITER_WAIT_MAX_S
    ) -> None:
        self._turnstile = folder / f"{name}.turn"
        self._pen = folder / f"{name}.lock"
        self._wait_max_s = wait_max_s

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises RegistryBusy after the longest wait, StorageFull in an unwritable folder."""
        deadline = time.monotonic() + self._wait_max_s
        with translated():
            turnstile = _taken(self._turnstile, deadline, _PAUSE_S)
            try:
                pen = _taken(self._pen, deadline, _PAUSE_OF_NEXT_S)
            finally:
                os.close(turnstile)
        try:
            yield
        finally:
            os.close(pen)


def _taken(path: Path, deadline: float, pause_s: float) -> int:
    """The file whose lock is had; closing it gives the lock back."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        _take(file, deadline, pause_s)
    except BaseException:
        os.close(file)
        raise
    return file


def _take(file: int, deadline: float, pause_s: float) -> None:
    if stat.S_IMODE(os.fstat(file).st_mode) != _MODE:
        # A umask that takes the owner's rights away would keep the next writer out.
        os.fchmod(file, _MODE)
    while not _try(file):
        if time.monotonic() > deadline:
            raise busy("others are writing to it for longer than is waited")
        # Uneven pauses, so that two who wait do not always ask in the same order.
        time.sleep(pause_s * random.uniform(0.5, 1.5))


def _try(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
