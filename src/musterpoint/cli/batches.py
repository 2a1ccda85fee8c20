"""Many people by one command: recorded with progress, and how the command ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from musterpoint.cli.progress import Progress
from musterpoint.workflows.batch import BatchItem, run_batch
from musterpoint.workflows.listing import ListedPerson

Captured = TypeVar("Captured")
Result = TypeVar("Result")

ROWS_PRINTED_MAX = 50
"""Rows of a table that a person still reads; files and JSON hold the rest."""


def record_everybody(
    title: str,
    people: Sequence[ListedPerson],
    capture: Callable[[ListedPerson], Captured],
    record: Callable[[Captured], Result],
) -> list[BatchItem[Result]]:
    """Capture and record everybody, showing progress; see `run_batch`."""
    items: list[BatchItem[Result]] = []
    with Progress(title, len(people)) as progress:
        for item in run_batch(people, capture, record):
            items.append(item)
            progress.advance()
    return items
