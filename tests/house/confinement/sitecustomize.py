"""Loaded by every Python below a confined run: forbids the network, and reports what is written where.

It is an audit hook, so that no later import can take it off, and a forbidden attempt is reported
even if the program swallows the error.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

LOCAL_QUESTIONS = {"socket.gethostname", "socket.getservbyname", "socket.getservbyport"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
TARGET_OF = {"os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1, "sqlite3.connect": 0}
"""Events that make something: which of their arguments is the path."""

_report = os.open(os.environ["CONFINED_REPORT"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("socket.") and not _is_local(event, arguments):
        _tell("network", f"{event} {arguments[1:]}")
        raise PermissionError(f"the network is forbidden here: {event}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        _tell("written", arguments[0])
    elif event in TARGET_OF:
        _tell("written", arguments[TARGET_OF[event]])


def _is_local(event: str, arguments: tuple[object, ...]) -> bool:
    if event in LOCAL_QUESTIONS:
        return True
    if event == "socket.__new__":
        return arguments[1] == socket.AF_UNIX
    # The address of a Unix socket is a path, of any other a tuple; a connected socket is sent to without one.
    return len(arguments) == 2 and isinstance(arguments[1], str | bytes | None)


def _tell(kind: str, what: object) -> None:
    if isinstance(what, str | bytes | os.PathLike):  # an open file is reopened by its number
        text = Path(os.fsdecode(what)).absolute() if kind == "written" else what
        os.write(_report, f"{kind}\t{text!s}\n".encode())


sys.addaudithook(_watch)
