"""From the files of data sets to templates, by several processes.

Processes, because the minutiae network and the decoders hold locks that threads would wait for; each
is started afresh ("spawn"), because a forked copy of a running network may hang.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from musterpoint.errors import (
    DecoderFailed,
    ListingError,
    MusterpointError,
    NotCapturable,
    NotFound,
    Unavailable,
    UnusableInput,
)
from musterpoint.evaluation.data_set import DataSet, Sample
from musterpoint.evaluation.engine import Engine, Extract
from musterpoint.evaluation.work_folder import WorkFolder, template_key
from musterpoint.imaging import FingerImage, load_image
from musterpoint.limits import PPI
from musterpoint.templates import Template, decode, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An image without a usable template.

    code          of the error, as in `docs/reference/errors.md`, or `capture.no-minutiae`
    reason        a sentence for a person
    is_defective  the data set is at fault, not the extractor: the file cannot be read, is no usable
                  image, or holds other pixels than the description says
    """

    file: str
    code: str
    reason: str
    is_defective: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One image to do, sent to a process."""

    path: Path
    sample: Sample
    ppi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What a process needs for all of its jobs; equal benches share one extractor."""

    engine: Engine
    cache_folder: Path | None


Outcome = Template | Failure


def extract_all(
    data_sets: Sequence[DataSet],
    engine: Engine,
    *,
    workers: int,
    cache_folder: Path | None,
    advance: Callable[[int], None],
) -> list[list[Outcome]]:
    """A template or a failure for every sample, in the order of the sets and their samples.

    With one worker everything happens in this process.

    Raises StorageFull if the cache cannot be written, Unavailable if a process dies.
    """
    jobs = [
        _Job(path=data_set.path(sample), sample=sample, ppi=data_set.ppi)
        for data_set in data_sets
        for sample in data_set.samples
    ]
    bench = _Bench(engine=engine, cache_folder=cache_folder)
    outcomes: dict[int, bytes | Failure] = {}
    results = _in_this_process(bench, jobs) if workers == 1 else _in_processes(bench, jobs, workers)
    for index, outcome in results:
        outcomes[index] = outcome
        advance(1)
    ordered = iter([_received(outcomes[index]) for index in range(len(jobs))])
    return [[next(ordered) for _ in data_set.samples] for data_set in data_sets]


def _received(outcome: bytes | Failure) -> Outcome:
    return outcome if isinstance(outcome, Failure) else decode(outcome)


def _in_this_process(bench: _Bench, jobs: Sequence[_Job]) -> Iterator[tuple[int, bytes | Failure]]:
    extract = bench.engine.open_extractor()
    for index, job in enumerate(jobs):
        yield index, _outcome(bench, extract, job)


def _in_processes(bench: _Bench, jobs: Sequence[_Job], workers: int) -> Iterator[tuple[int, bytes | Failure]]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context)
    try:
        with _interrupts_held_back():
            indices: dict[Future[bytes | Failure], int] = {
                pool.submit(_in_worker, bench, job): index for index, job in enumerate(jobs)
            }
        for future in as_completed(indices):
            yield indices[future], future.result()
    except BrokenProcessPool as error:
        raise Unavailable(
            expected="processes that finish their images",
            found="a process ended without an answer",
            hint="The memory may not suffice for so many; try again with fewer workers",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    # A terminal interrupts all processes at once, but this one decides for all. What is held back
    # here stays held back in the processes started meanwhile, from their first instruction on.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_worker(bench: _Bench, job: _Job) -> bytes | Failure:
    return _outcome(bench, _opened(bench.engine), job)


@cache
def _opened(engine: Engine) -> Extract:
    # Loading a network takes longer than using it: once a process, not once an image.
    return engine.open_extractor()


def _outcome(bench: _Bench, extract: Extract, job: _Job) -> bytes | Failure:
    try:
        image = load_image(job.path, ppi=job.ppi)
        _check_pixels(image, job)
        template = _template(bench, extract, image)
    except (UnusableInput, DecoderFailed, NotFound) as error:
        return _failure(job, error, is_defective=True)
    except NotCapturable as error:
        return _failure(job, error, is_defective=False)
    if not len(template.minutiae):
        reason = "No minutiae were found."
        return Failure(file=job.sample.file, code="capture.no-minutiae", reason=reason, is_defective=False)
    return encode(template)


def _template(bench: _Bench, extract: Extract, image: FingerImage) -> Template:
    kept, key = WorkFolder(bench.cache_folder), template_key(image, bench.engine.extractor)
    known = kept.template(key)
    if known is not None:
        return known
    template = extract(image)
    kept.keep_template(key, template)
    return template


def _check_pixels(image: FingerImage, job: _Job) -> None:
    expected = job.sample.pixel_sha256
    if expected is None:
        return
    if hashlib.sha256(_stored_pixels(image, job)).hexdigest() != expected:
        raise ListingError(
            expected="the pixels that the description names by their digest",
            found="other pixels",
            hint="Get the image again from where the data set came from",
        )


def _stored_pixels(image: FingerImage, job: _Job) -> bytes:
    if image.source.ppi == PPI and not image.source.inverted:
        return image.pixels.tobytes()
    # At the product's own resolution nothing is resampled, so these are the pixels of the file.
    return load_image(job.path, ppi=PPI, inverted=False).pixels.tobytes()


def _failure(job: _Job, error: MusterpointError, *, is_defective: bool) -> Failure:
    # The file is named beside the reason; where the error stood is a path on this machine.
    reason = f"{error.found} (expected {error.expected})."
    return Failure(file=job.sample.file, code=error.code, reason=reason, is_defective=is_defective)
