"""A PostgreSQL server of Debian's package on loopback, with a data folder of its own, while it is needed."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
ACCOUNT = "postgres"
USER = "registry"


class NotInstalled(RuntimeError):
    """There is no server to start."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path
    host: str
    port: int
    settings: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """What `MUSTERPOINT_POSTGRESQL` wants."""
        return f"postgresql://{USER}@{self.host}:{self.port}/postgres"

    def start(self) -> None:
        """Start it, waiting until it answers."""
        options = f"-p {self.port} -c listen_addresses={self.host} -c unix_socket_directories={self.folder}"
        options += "".join(f" -c {setting}" for setting in self.settings)
        self.control("-o", options, "-l", str(self.folder / "log"), "-w", "-t", "120", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as if it had crashed."""
        self.control("-m", mode, "-w", "-t", "120", "stop")

    def recover(self) -> None:
        """Have it answer, also where a failing disk has ended it, or it still mends itself."""
        for _ in range(600):
            try:
                psycopg.connect(self.address, connect_timeout=10).close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return
            if not self._is_running():
                self.start()
        raise RuntimeError("the server does not answer any more")

    def _is_running(self) -> bool:
        try:
            self.control("status")
        except RuntimeError:
            return False
        return True

    def control(self, *arguments: str) -> None:
        """Run `pg_ctl`."""
        program = str(PROGRAMS[-1] / "pg_ctl")
        _as_owner([program, "-D", str(self.folder / "data"), *arguments])


@contextmanager
def server(folder: Path, *settings: str) -> Iterator[Server]:
    """A server with an empty database. Raises NotInstalled.

    settings  such as `fsync=off`, where nothing has to outlive a crash
    """
    if not PROGRAMS:
        raise NotInstalled("PostgreSQL is not installed: apt-get install postgresql")
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        # The server refuses to run as root, and its account has to reach the folder.
        account = pwd.getpwnam(ACCOUNT)
        os.chown(folder, account.pw_uid, account.pw_gid)
        for parent in [folder, *folder.parents][:-2]:
            parent.chmod(parent.stat().st_mode | 0o011)
    initdb = [str(PROGRAMS[-1] / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "trust"]
    _as_owner([*initdb, "--locale=C", "--encoding=UTF8", "--no-instructions"])
    made = Server(folder, *_free_place(), settings)
    made.start()
    try:
        yield made
    finally:
        made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _free_place() -> tuple[str, int]:
    """A loopback address of this server's own, where nobody else takes the port before it does."""
    host = f"127.{'.'.join(str(1 + part % 254) for part in secrets.token_bytes(3))}"
    with socket.socket() as taken:
        taken.bind((host, 0))
        return host, int(taken.getsockname()[1])


def _as_owner(command: Sequence[str]) -> None:
    if os.geteuid() == 0:
        command = ["runuser", "-u", ACCOUNT, "--", *command]
    # To a file: the server inherits what it is started with, and a pipe would never end.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, cwd="/", check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=600
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{command[-1]} failed: {output.read()[-2000:]}")
