"""Measures synthetic fingers: how they are read, how they compare with real ones, what they cost.

    python benchmarks/synthetic.py [DIR…]

Each DIR is a folder of real prints with a `dataset.json`; without any, only synthetic figures are
printed. The seeds are fixed, so that the figures are too; the times are not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from musterpoint.comparison import Pack, prepare, score_all
from musterpoint.evaluation import DataSet
from musterpoint.extraction import Extractor
from musterpoint.imaging import FingerImage, load_image
from musterpoint.synthetic import Finger, Grade, SyntheticImpression, population
from musterpoint.templates import Minutiae, MinutiaKind, Template

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

GRADES: tuple[Grade, ...] = ("good", "fair", "poor")
RECALL_FLOORS = {"good": 0.85, "fair": 0.82, "poor": 0.76}
PRECISION_FLOOR = 0.95
SEED = 50_000
FINGERS_READ = 32
IMPRESSIONS_READ = 3
FINGERS_COMPARED = 200
TEMPLATES_COMPARED = 400
CERTAIN_QUALITY = 153
"""0.6 in 1/255: minutiae below are kept in templates, but not counted as found."""

DISTANCE_PX = 8.0
ANGLE_DEGREES = 22.5
BLOCK_PX = 16

COMPILATION = """
import time
import numba
begin = time.process_time()
import musterpoint.synthetic
print(time.process_time() - begin)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the extractor found in one impression, against what is true."""

    visible: int
    visible_found: int
    certain: int
    certain_found: int
    found: int
    found_true: int
    kinds_equal: int
    distances_px: F64
    angles_degrees: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """One print of a finger: the minutiae that count as found, and the area that shows ridges."""

    finger: str
    template: Template
    minutiae: Minutiae
    area_mm2: float


def main(folders: Sequence[str]) -> int:
    """Print all figures; 1 where a floor is not reached, or a tail lies outside of the real ones."""
    extractor = Extractor()
    _print_compilation()
    _print_costs()
    reached = _print_recall(extractor)
    print(
        "\nMinutiae found; nearest neighbours by median distance and share of equal and opposite directions"
    )
    print(
        f"{'set':24}{'n p5':>6}{'p50':>5}{'p95':>5}{'per mm2':>9}{'sd':>6}{'NN mm':>7}{'2nd':>6}"
        f"{'same':>6}{'opp.':>6}{'var/mean':>9}{'endings':>9}"
    )
    sets = {f"synthetic {grade}": _synthetic_prints(extractor, grade) for grade in GRADES}
    for folder in folders:
        data_set = DataSet.read(Path(folder))
        sets[data_set.name] = _real_prints(extractor, data_set)
    for name, prints in sets.items():
        _print_statistics(name, prints)
    _print_statistics("template-only", _population_prints())
    print("\nScores of non-mated pairs, milli-nats")
    print(f"{'set':24}{'pairs':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'p99.9':>8}{'max':>8}{'max of 2880':>13}")
    tails = {name: _print_scores(name, prints) for name, prints in sets.items()}
    _print_scores("template-only", _population_prints())
    if folders:
        reached &= _print_place_among_real(tails)
    return 0 if reached else 1


def _print_place_among_real(tails: dict[str, F64]) -> bool:
    real = np.array([tail for name, tail in tails.items() if not name.startswith("synthetic ")])
    print("\nWhere the tail of synthetic prints lies, 0 at the lightest and 1 at the heaviest real set")
    print(f"{'set':24}{'p99':>8}{'p99.9':>8}{'max of 2880':>13}")
    inside = True
    for name, tail in tails.items():
        if name.startswith("synthetic "):
            place = (tail - real.min(axis=0)) / np.maximum(1.0, np.ptp(real, axis=0))
            inside &= bool(((place >= 0.0) & (place <= 1.0)).all())
            print(f"{name:24}{place[0]:8.2f}{place[1]:8.2f}{place[2]:13.2f}")
    return inside


def _print_compilation() -> None:
    with tempfile.TemporaryDirectory() as cache:
        child = subprocess.run(
            [sys.executable, "-c", COMPILATION],
            env=os.environ | {"MUSTERPOINT_CACHE": cache},
            capture_output=True,
            text=True,
            check=True,
        )
    print(f"Compiling all kernels once {float(child.stdout):8.1f} s of CPU time")


def _print_costs() -> None:
    Finger(SEED - 1).impression(0)
    fingers = [Finger(SEED - 100 + k) for k in range(20)]
    begin = time.process_time()
    for finger in fingers:
        finger.impression(1)
    grown = time.process_time()
    for finger in fingers:
        finger.impression(0)
    pressed = time.process_time()
    for finger in fingers:
        finger.impression(0, size_px=(388, 374))
    smaller = time.process_time()
    templates = sum(1 for _ in population(SEED, 20_000))
    drawn = time.process_time()
    print("CPU time")
    print(f"  finger with its skin       {(grown - begin - (pressed - grown)) / 20 * 1e3:6.1f} ms")
    print(f"  impression, 400 x 500 px   {(pressed - grown) / 20 * 1e3:6.1f} ms")
    print(f"  impression, 388 x 374 px   {(smaller - pressed) / 20 * 1e3:6.1f} ms")
    print(f"  template without an image  {(drawn - smaller) / templates * 1e6:6.1f} us")


def _print_recall(extractor: Extractor) -> bool:
    print(
        f"\nThe extractor against the truth: {FINGERS_READ} fingers x {IMPRESSIONS_READ} impressions a grade"
    )
    print(
        f"{'grade':8}{'visible':>9}{'found':>7}{'recall':>8}{'floor':>7}{'certain':>9}{'precision':>11}"
        f"{'px p50':>8}{'p95':>6}{'deg p50':>9}{'p95':>6}{'kind':>6}"
    )
    reached = True
    for grade in GRADES:
        readings = [
            _read(extractor, Finger(SEED + finger).impression(number, grade=grade))
            for finger in range(FINGERS_READ)
            for number in range(IMPRESSIONS_READ)
        ]
        recall = _share(readings, "visible_found", "visible")
        precision = _share(readings, "found_true", "found")
        distances = np.concatenate([reading.distances_px for reading in readings])
        angles = np.concatenate([reading.angles_degrees for reading in readings])
        reached &= recall >= RECALL_FLOORS[grade] and precision >= PRECISION_FLOOR
        print(
            f"{grade:8}{sum(r.visible for r in readings) / len(readings):9.1f}"
            f"{sum(r.found for r in readings) / len(readings):7.1f}{recall:8.3f}{RECALL_FLOORS[grade]:7.2f}"
            f"{_share(readings, 'certain_found', 'certain'):9.3f}{precision:11.3f}"
            f"{np.percentile(distances, 50):8.1f}{np.percentile(distances, 95):6.1f}"
            f"{np.percentile(angles, 50):9.1f}{np.percentile(angles, 95):6.1f}"
            f"{_share(readings, 'kinds_equal', 'visible_found'):6.2f}"
        )
    return reached


def _share(readings: Iterable[Reading], part: str, whole: str) -> float:
    rows = list(readings)
    return float(sum(getattr(row, part) for row in rows) / sum(getattr(row, whole) for row in rows))


def _read(extractor: Extractor, impression: SyntheticImpression) -> Reading:
    found = _certain(extractor.extract(impression.image).template.minutiae)
    truth = impression.truth
    seen = np.flatnonzero(truth.visible)
    distance, angle = _differences(found, truth.x[seen], truth.y[seen], truth.direction[seen])
    pairs = _pair_greedily(distance, angle)
    rows, columns = np.array(pairs, np.intp).reshape(-1, 2).T
    met = np.zeros(len(seen), bool)
    met[columns] = True
    # A find is right if it meets any true minutia, one that hardly shows included.
    any_distance, any_angle = _differences(found, truth.x, truth.y, truth.direction)
    right = ((any_distance <= DISTANCE_PX) & (any_angle <= ANGLE_DEGREES)).any(axis=1)
    certain = truth.certain[seen]
    return Reading(
        visible=len(seen),
        visible_found=len(pairs),
        certain=int(certain.sum()),
        certain_found=int((certain & met).sum()),
        found=len(found),
        found_true=int(right.sum()),
        kinds_equal=int((found.kind[rows] == truth.kind[seen][columns]).sum()),
        distances_px=distance[rows, columns],
        angles_degrees=angle[rows, columns],
    )


def _certain(minutiae: Minutiae) -> Minutiae:
    return minutiae.take(np.flatnonzero(minutiae.quality >= CERTAIN_QUALITY))


def _differences(
    found: Minutiae, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32], direction: npt.NDArray[np.uint16]
) -> tuple[F64, F64]:
    distance = np.hypot(
        found.x[:, None] - x[None, :].astype(float), found.y[:, None] - y[None, :].astype(float)
    )
    return distance, _turned(found.direction[:, None], direction[None, :])


def _turned(first: npt.NDArray[np.uint16], second: npt.NDArray[np.uint16]) -> F64:
    difference = (first.astype(int) - second.astype(int) + 32768) % 65536 - 32768
    degrees: F64 = np.abs(difference) * (360.0 / 65536.0)
    return degrees


def _pair_greedily(distance: F64, angle: F64) -> list[tuple[int, int]]:
    rows, columns = np.nonzero((distance <= DISTANCE_PX) & (angle <= ANGLE_DEGREES))
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    pairs = []
    for k in np.argsort(distance[rows, columns], kind="stable"):
        row, column = int(rows[k]), int(columns[k])
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            pairs.append((row, column))
    return pairs


def _print_of(extractor: Extractor, finger: str, image: FingerImage) -> Print:
    template = extractor.extract(image).template
    return Print(
        finger=finger,
        template=template,
        minutiae=_certain(template.minutiae),
        area_mm2=_ridge_area_mm2(image),
    )


def _ridge_area_mm2(image: FingerImage) -> float:
    # Blocks of 16 px whose grey varies as much as a quarter of the strongest ones of the image.
    pixels = image.pixels.astype(float)
    rows, columns = pixels.shape[0] // BLOCK_PX, pixels.shape[1] // BLOCK_PX
    blocks = pixels[: rows * BLOCK_PX, : columns * BLOCK_PX].reshape(rows, BLOCK_PX, columns, BLOCK_PX)
    deviation = blocks.std(axis=(1, 3))
    ridged = deviation > 0.35 * np.percentile(deviation, 95)
    return float(ridged.sum()) * (BLOCK_PX * 25.4 / 500.0) ** 2


def _synthetic_prints(extractor: Extractor, grade: Grade) -> list[Print]:
    return [
        _print_of(extractor, str(k), Finger(SEED + 1000 + k).impression(0, grade=grade).image)
        for k in range(FINGERS_COMPARED)
    ]


def _real_prints(extractor: Extractor, data_set: DataSet) -> list[Print]:
    return [
        _print_of(extractor, sample.finger, load_image(data_set.folder / sample.file, ppi=data_set.ppi))
        for sample in data_set.samples
    ]


def _population_prints() -> list[Print]:
    return [
        Print(finger=str(k), template=template, minutiae=_certain(template.minutiae), area_mm2=float("nan"))
        for k, template in enumerate(population(SEED, TEMPLATES_COMPARED))
    ]


def _print_statistics(name: str, prints: Sequence[Print]) -> None:
    counts = np.array([len(one.minutiae) for one in prints])
    density = counts / np.array([one.area_mm2 for one in prints])
    nearest: list[float] = []
    second: list[float] = []
    same: list[bool] = []
    opposite: list[bool] = []
    endings: list[bool] = []
    spread: list[float] = []
    for one in prints:
        minutiae = one.minutiae
        if len(minutiae) < 3:
            continue
        x, y = minutiae.x.astype(float), minutiae.y.astype(float)
        distance = np.hypot(x[:, None] - x, y[:, None] - y)
        np.fill_diagonal(distance, np.inf)
        order = np.argsort(distance, axis=1)
        rows = np.arange(len(x))
        nearest.extend(distance[rows, order[:, 0]])
        second.extend(distance[rows, order[:, 1]])
        turned = _turned(minutiae.direction, minutiae.direction[order[:, 0]])
        same.extend(turned < 30.0)
        opposite.extend(turned > 150.0)
        endings.extend(minutiae.kind == MinutiaKind.ENDING)
        spread.append(_quadrat_ratio(x, y))
    mm = 25.4 / 500.0
    few, middle, many = np.percentile(counts, (5, 50, 95))
    print(
        f"{name:24}{few:6.0f}{middle:5.0f}{many:5.0f}"
        f"{np.median(density):9.3f}{np.std(density):6.3f}{np.median(nearest) * mm:7.2f}"
        f"{np.median(second) * mm:6.2f}{np.mean(same):6.2f}{np.mean(opposite):6.2f}"
        f"{np.mean(spread):9.2f}{np.mean(endings):9.2f}",
        flush=True,
    )


def _quadrat_ratio(x: F64, y: F64) -> float:
    # Over 64-px squares that lie inside of the box around the middle 80 % of the minutiae.
    low_x, high_x = np.percentile(x, (10, 90))
    low_y, high_y = np.percentile(y, (10, 90))
    columns, rows = max(1, int((high_x - low_x) / 64.0)), max(1, int((high_y - low_y) / 64.0))
    counts, _, _ = np.histogram2d(x, y, bins=(columns, rows), range=((low_x, high_x), (low_y, high_y)))
    return float(counts.var() / counts.mean()) if counts.size > 1 else 1.0


def _print_scores(name: str, prints: Sequence[Print]) -> F64:
    scores = _non_mated_scores(prints)
    shown = "".join(f"{np.percentile(scores, p):8.0f}" for p in (50, 95, 99, 99.9))
    # The largest of more pairs is larger: for a fair word, the mean of the largest of 2880 at a time.
    parts = max(1, len(scores) // 2880)
    shuffled = np.random.default_rng(1).permutation(scores)[: parts * 2880]
    largest = np.mean([part.max() for part in np.array_split(shuffled, parts)])
    print(f"{name:24}{len(scores):8}{shown}{scores.max():8}{largest:13.0f}", flush=True)
    return np.array([*np.percentile(scores, (99, 99.9)), largest])


def _non_mated_scores(prints: Sequence[Print]) -> I32:
    prepared = [prepare(one.template) for one in prints]
    pack = Pack.of(prepared)
    fingers = np.array([one.finger for one in prints])
    parts = []
    for k, probe in enumerate(prepared):
        scores = score_all(probe, pack, k + 1, len(pack))
        parts.append(scores[fingers[k + 1 :] != fingers[k]])
    return np.concatenate(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
