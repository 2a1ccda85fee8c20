"""Progress of long work on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LINE_EVERY_S = 5.0


class Progress:
    """Counts what is done; shows the rate and the time that is left.

    with Progress("people", total) as progress:
        for … : progress.advance()
    """

    def __init__(self, title: str, total: int | None = None) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._began = self._shown = time.monotonic()
        self._bar = _bar() if sys.stderr.isatty() else None
        self._task = self._bar.add_task(title, total=total, rate="") if self._bar else None

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._show()
            self._bar.stop()
        elif self._done:
            self._show()

    def advance(self, count: int = 1) -> None:
        """Say that `count` more are done."""
        self._done += count
        if time.monotonic() - self._shown >= (0.1 if self._bar else LINE_EVERY_S):
            self._show()

    def reach(self, done: int, total: int) -> None:
        """Say how many are done, and of how many."""
        self._total = total
        self.advance(done - self._done)

    def _show(self) -> None:
        self._shown = time.monotonic()
        elapsed = self._shown - self._began
        rate = self._done / elapsed if elapsed >= 0.5 else 0.0
        if self._bar is not None and self._task is not None:
            shown = f"{rate:.1f} a second" if rate else ""
            self._bar.update(self._task, completed=self._done, total=self._total, rate=shown)
            return
        of = f" of {self._total}" if self._total is not None else ""
        due = (self._total or 0) - self._done
        left = f", {due / rate:.0f} s left" if due > 0 and rate else ""
        speed = f", {rate:.1f} a second" if rate else ""
        click.echo(f"{self._title}: {self._done}{of}{speed}{left}", err=True)


class Stages:
    """One display after another, as the stages of long work follow."""

    def __init__(self) -> None:
        self._title = ""
        self._display: Progress | None = None

    def __enter__(self) -> Stages:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def reach(self, title: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done, in a new display if the stage is new."""
        if title != self._title:
            self._close()
            self._title = title
            self._display = Progress(title, total).__enter__()
        if self._display:
            self._display.reach(done, total)

    def _close(self) -> None:
        if self._display:
            self._display.__exit__(None, None, None)
        self._display = None


def _bar() -> Bar:
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
