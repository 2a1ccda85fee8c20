"""Lets system calls of running processes fail, by `strace` (which Debian has as a package)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgresql import ACCOUNT


@dataclass(frozen=True)
class FailingCall:
    """A system call and what it reports instead of doing its work."""

    call: str
    error: str

    @property
    def name(self) -> str:
        """As counted."""
        return f"{self.error} from {self.call}"


FAULTS = tuple(
    FailingCall(call, error)
    for call in ("pwrite64", "fdatasync", "fsync", "openat", "ftruncate")
    for error in ("EIO", "ENOSPC")
)


@contextmanager
def injected(processes: Sequence[int], fault: FailingCall, *, when: int) -> Iterator[None]:
    """The `when`-th call from now on fails, and every 7th after it."""
    program = shutil.which("strace")
    if program is None:
        raise RuntimeError("strace is not installed: apt-get install strace")
    traced = [option for process in processes for option in ("-p", str(process))]
    inject = f"inject={fault.call}:error={fault.error}:when={when}+7"
    tracer = subprocess.Popen(
        [program, "-f", "-qq", "-o", os.devnull, "-e", f"trace={fault.call}", "-e", inject, *traced],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(0.1)
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        try:
            tracer.wait(10)
        except subprocess.TimeoutExpired:
            # Seen once: it misses that its process ended. The kernel lets go of the others.
            tracer.kill()
            tracer.wait(10)


def limit_files(process: int, size: int, *, as_owner: bool) -> None:
    """Let files of a process grow to a size in bytes and no further: the write that reaches it is short.

    as_owner  the process is the server's, and where we are root its account has to ask
    """
    command = ["prlimit", f"--pid={process}", f"--fsize={size}:unlimited"]
    if as_owner and os.geteuid() == 0:
        command = ["runuser", "-u", ACCOUNT, "--", *command]
    subprocess.run(command, check=False, cwd="/", capture_output=True)


def backends(folder: Path) -> list[int]:
    """The processes of a PostgreSQL server."""
    leader = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    children = Path(f"/proc/{leader}/task/{leader}/children").read_text(encoding="ascii").split()
    return [leader, *map(int, children)]
