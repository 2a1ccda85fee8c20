"""Many people at once: captured ahead on all cores, recorded one after another in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from musterpoint.errors import MusterpointError
from musterpoint.workflows.listing import ListedPerson

Captured = TypeVar("Captured")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem(Generic[Result]):
    """What became of one person of a batch: a result, or the error that prevented it."""

    record: str
    result: Result | None
    error: MusterpointError | None


def run_batch(
    people: Sequence[ListedPerson],
    capture: Callable[[ListedPerson], Captured],
    record: Callable[[Captured], Result],
) -> Iterator[BatchItem[Result]]:
    """Capture and record everybody; an error of one person does not stop the others.

    capture  the slow part, which runs ahead on all cores
    record   what changes the registry; it runs in the order of the listing

    The caller may stop at any item: what was yielded is recorded, and nothing else is half done.
    """
    cores = os.cpu_count() or 1
    ahead = 2 * cores
    waiting: deque[tuple[ListedPerson, Future[Captured]]] = deque()
    with ThreadPoolExecutor(cores, thread_name_prefix="capture") as pool:
        try:
            for person in people:
                waiting.append((person, pool.submit(capture, person)))
                if len(waiting) > ahead:
                    yield _finish(*waiting.popleft(), record)
            while waiting:
                yield _finish(*waiting.popleft(), record)
        finally:
            for _, future in waiting:
                future.cancel()


def _finish(
    person: ListedPerson, future: Future[Captured], record: Callable[[Captured], Result]
) -> BatchItem[Result]:
    try:
        return BatchItem(record=person.record, result=record(future.result()), error=None)
    except MusterpointError as error:
        return BatchItem(record=person.record, result=None, error=error)
