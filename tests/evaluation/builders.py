"""Data sets and engines for the tests: small, drawn here, with results that are known beforehand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from musterpoint.errors import NoFinger
from musterpoint.evaluation import CompareRow, Extract, Found, Search
from musterpoint.imaging import FingerImage, from_pixels, to_png
from musterpoint.templates import FingerPosition, Minutiae, MinutiaKind, Template

SIDE_PX = 80
NO_FINGER_GREY = 0
NO_MINUTIAE_GREY = 1


def image_bytes(finger: int, impression: int) -> bytes:
    """A PNG whose first pixels say what it shows; no fingerprint at all."""
    pixels = np.full((SIDE_PX, SIDE_PX), 200, np.uint8)
    pixels[0, 0] = finger
    pixels[0, 1] = impression
    return to_png(from_pixels(pixels, 500))


def description(images: Sequence[Mapping[str, object]], **others: object) -> dict[str, object]:
    """A sound `dataset.json` as values."""
    return {"name": "drawn", "ppi": 500, "images": list(images)} | others


def write_data_set(folder: Path, impressions: Mapping[int, Sequence[int]], **others: object) -> Path:
    """A folder with the images of some fingers; a finger's number is its first pixel."""
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for finger, numbers in impressions.items():
        for impression in numbers:
            file = f"{finger}_{impression}.png"
            (folder / file).write_bytes(image_bytes(finger, impression))
            images.append({"file": file, "finger": str(finger), "impression": impression})
    return write_description(folder, description(images, **({"name": folder.name} | others)))


def write_description(folder: Path, values: object) -> Path:
    """Put `values` into the folder's `dataset.json`."""
    (folder / "dataset.json").write_text(json.dumps(values))
    return folder


@dataclass(frozen=True)
class DrawnEngine:
    """Reads finger and impression from the pixels; scores say whether they are equal.

    Mated pairs score 1000 less the difference of the impressions; others the finger's difference. People
    are as alike as the sum over their fingers in order.
    """

    extractor: str = "drawn-1"
    comparator: str = "equal-1"

    def open_extractor(self) -> Extract:
        return _template

    def open_comparator(self, templates: Sequence[Template]) -> CompareRow:
        fingers = np.array([template.minutiae.x[0] for template in templates], np.int32)
        impressions = np.array([template.minutiae.y[0] for template in templates], np.int32)

        def row(index: int) -> npt.NDArray[np.int32]:
            distances = np.abs(fingers[index + 1 :] - fingers[index])
            closeness = 1000 - np.abs(impressions[index + 1 :] - impressions[index])
            scores: npt.NDArray[np.int32] = np.where(distances == 0, closeness, distances)
            return scores.astype(np.int32)

        return row

    def complete(self, template: Template) -> Template:
        return template

    def as_one_finger(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(scores.max(axis=1))

    def fuse(
        self,
        scores: npt.NDArray[np.int32],
        probe: Sequence[FingerPosition],
        reference: Sequence[FingerPosition],
    ) -> int:
        same = [(i, j) for i, a in enumerate(probe) for j, b in enumerate(reference) if a == b]
        return sum(int(scores[pair]) for pair in same)

    def open_gallery(self, people: Sequence[Sequence[Template]], threads: int) -> Search:
        def one(probe: Sequence[Template]) -> list[Found]:
            found = [
                (number, sum(self._score(a, b) for a, b in zip(probe, own, strict=False)))
                for number, own in enumerate(people)
            ]
            return sorted(found, key=lambda each: -each[1])

        return lambda probes: [one(probe) for probe in probes]

    def _score(self, one: Template, other: Template) -> int:
        return int(self.open_comparator([one, other])(0)[0])


def _template(image: FingerImage) -> Template:
    finger, impression = (int(value) for value in image.pixels[0, :2])
    if finger == NO_FINGER_GREY:
        raise NoFinger(expected="a finger", found="nothing", hint="Draw one")
    columns: dict[str, list[int]] = {
        "x": [finger],
        "y": [impression],
        "direction": [0],
        "kind": [MinutiaKind.ENDING],
        "quality": [255],
    }
    found = Minutiae.empty() if finger == NO_MINUTIAE_GREY else Minutiae(**columns)  # type: ignore[arg-type]
    return Template(minutiae=found, width_px=SIDE_PX, height_px=SIDE_PX, extractor="drawn-1")
