"""Compares the rewritten network with the published one on data sets, and times the extractor.

    python -m benchmarks.extraction DIR...

Prints the images of which a minutia of quality 0.6 or more differs in position, direction or kind, and the
processor time of one extraction, warm, on one core.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmarks import plain_network

from musterpoint.evaluation import DataSet
from musterpoint.extraction import Extractor, decoding, model_cache
from musterpoint.extraction.network import COMPILED_AFTER, Network
from musterpoint.extraction.weights import read_weights
from musterpoint.imaging import FingerImage, load_image

QUALITY_MIN = 0.6
DIRECTION_MAX_RADIANS = 1e-3
TIMED_IMAGES = 10
TIMED_REPEATS = 5


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="holds a dataset.json")
    arguments.add_argument("--every", type=int, default=1, metavar="N", help="compare only every N-th image")
    arguments.add_argument("--skip-comparison", action="store_true", help="only measure time")
    options = arguments.parse_args()
    data_sets = [DataSet.read(folder) for folder in options.folders]
    if not options.skip_comparison:
        _compare(data_sets, options.every)
    _measure_time(data_sets)


def images_of(data_set: DataSet, every: int = 1) -> Iterator[tuple[str, FingerImage]]:
    """Names and images of every so many-th sample."""
    for sample in data_set.samples[::every]:
        yield sample.file, load_image(data_set.path(sample), ppi=data_set.ppi)


def _compare(data_sets: Sequence[DataSet], every: int) -> None:
    rewritten = Network(model_cache.converted_network())
    plain = plain_network.PlainNetwork(read_weights())
    count = minutiae = same = 0
    largest_turn = 0.0
    for data_set in data_sets:
        for file, image in images_of(data_set, every):
            found = decoding.find_minutiae(rewritten, image.pixels, QUALITY_MIN)
            expected = plain_network.find_minutiae(plain, image.pixels, QUALITY_MIN)
            ours = np.column_stack([found.x, found.y, found.kind])
            only, turn = _differences(ours, found.direction / 65536 * 2 * np.pi, expected)
            largest_turn = max(largest_turn, turn)
            count += 1
            minutiae += len(expected)
            same += not only and turn < DIRECTION_MAX_RADIANS
            if only or turn >= DIRECTION_MAX_RADIANS:
                print(f"differs: {data_set.name} {file}: {'; '.join(only)}, largest turn {turn:.1e} rad")
    print(f"same minutiae at quality >= {QUALITY_MIN}: {same} of {count} images, {minutiae} minutiae")
    print(f"largest difference of a direction: {largest_turn:.1e} rad (stored in steps of 9.6e-05)")


def _differences(
    ours: npt.NDArray[np.int16], directions: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]
) -> tuple[list[str], float]:
    """What only one of the two has, and the largest turn among what both have."""
    theirs = {(int(x), int(y), int(kind)): (turn, quality) for x, y, turn, kind, quality in expected}
    mine = {(int(x), int(y), int(kind)): turn for (x, y, kind), turn in zip(ours, directions, strict=True)}
    only = [f"only rewritten ({x}, {y}) kind {kind}" for x, y, kind in mine.keys() - theirs.keys()]
    only += [
        f"only published ({x}, {y}) kind {kind} quality {theirs[x, y, kind][1]:.6f}"
        for x, y, kind in theirs.keys() - mine.keys()
    ]
    turns = [mine[place] - theirs[place][0] for place in mine.keys() & theirs.keys()]
    apart = np.abs((np.array(turns) + np.pi) % (2 * np.pi) - np.pi)
    return only, float(apart.max(initial=0.0))


def _measure_time(data_sets: Sequence[DataSet]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    extractor = Extractor(threads=1)
    (very_first,) = _milliseconds(extractor, [next(images_of(data_sets[0]))[1]])
    print(f"first extraction of the process: {very_first:.0f} ms of processor time")
    print("processor time of one extraction, warm, one core, float32, in ms:")
    for data_set in data_sets:
        images = [image for _, image in images_of(data_set)][:TIMED_IMAGES]
        first = _milliseconds(extractor, images[:COMPILED_AFTER])
        for image in images * (COMPILED_AFTER // len(images) + 2):
            extractor.extract(image)
        later = [figure for _ in range(TIMED_REPEATS) for figure in _milliseconds(extractor, images)]
        height, width = images[0].pixels.shape
        print(
            f"  {data_set.name:18s} {width} x {height}: median {np.median(later):.0f}, fastest"
            f" {min(later):.0f}; first {len(first)} images of a size: median {np.median(first):.0f}"
        )


def times_of(folder: Path) -> tuple[float, float, float]:
    """Milliseconds of one extraction of a set's first images, warm, one core: median and fastest.

    The third figure is the median share of what the published network alone takes for the same pixels, image
    by image: other work on the machine slows down both.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    images = [image for _, image in images_of(DataSet.read(folder))][:TIMED_IMAGES]
    extractor, plain = Extractor(threads=1), plain_network.PlainNetwork(read_weights())
    for image in images[:1] * (COMPILED_AFTER + 2):
        extractor.extract(image)
    padded = [decoding.pad(image.pixels)[0] for image in images]
    plain(padded[0])
    times, shares = [], []
    for _ in range(3):
        for image, frame in zip(images, padded, strict=True):
            (own,) = _milliseconds(extractor, [image])
            begun = time.process_time()
            plain(frame)
            shares.append(own / (1e3 * (time.process_time() - begun)))
            times.append(own)
    return float(np.median(times)), min(times), float(np.median(shares))


def _milliseconds(extractor: Extractor, images: Sequence[FingerImage]) -> list[float]:
    figures = []
    for image in images:
        started = time.process_time()
        extractor.extract(image)
        figures.append((time.process_time() - started) * 1e3)
    return figures


if __name__ == "__main__":
    main()
