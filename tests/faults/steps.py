"""The steps of a commit by their names, and dying right before one of them."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

_STATEMENT = re.compile(r"(\w+)(?: (?:INTO|FROM))? ?([\w\"]*)")


@contextmanager
def die_at_step(step: int, tell: Callable[[str], None]) -> Iterator[None]:
    """Kill this process right before the `step`-th step that writes or commits, counted from 1.

    tell  is told the name of the step at which it dies
    """
    taken = 0

    def pass_by(name: str) -> None:
        nonlocal taken
        taken += 1
        if taken == step:
            tell(name)
            os.kill(os.getpid(), signal.SIGKILL)

    written: dict[int, str] = {}

    def statement(connection: sa.Connection, _cursor: Any, text: str, *_: Any) -> None:
        found = _STATEMENT.match(text)
        verb = found.group(1).upper() if found else ""
        if verb in {"INSERT", "UPDATE", "DELETE"} and found:
            written[id(connection)] = f"{verb.lower()} {found.group(2)}"
            pass_by(written[id(connection)])

    def committing(connection: sa.Connection) -> None:
        # What only reads has nothing to lose at its end.
        last = written.pop(id(connection), None)
        if last is not None:
            pass_by(f"commit after {last}")

    listeners = (("before_cursor_execute", statement), ("commit", committing))
    for name, listener in listeners:
        sa.event.listen(sa.Engine, name, listener)
    try:
        yield
        pass_by("answer")
    finally:
        for name, listener in listeners:
            sa.event.remove(sa.Engine, name, listener)
