"""The extractor as others use it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.extraction.drawing import draw_finger, image_of, scattered

from musterpoint.caches import cache_folder
from musterpoint.extraction import EXTRACTOR_VERSION, Extractor, decoding
from musterpoint.limits import MINUTIAE_MAX
from musterpoint.templates import FingerPosition, MinutiaKind

PLACES = scattered()
FINGER = draw_finger(minutiae=PLACES)


def test_drawn_minutiae_are_found_where_they_were_drawn(extractor: Extractor) -> None:
    found = extractor.extract(image_of(FINGER)).template.minutiae
    is_certain = found.quality >= 153
    at = np.column_stack([found.x, found.y])[is_certain].astype(float)
    apart = np.hypot(*(at[:, None] - np.array([place[:2] for place in PLACES])).transpose(2, 0, 1))

    assert (apart.min(axis=0) < 5).mean() > 0.9, "recall"
    assert (apart.min(axis=1) < 5).mean() > 0.9, "precision"


def test_directions_point_into_the_ridge_that_ends_or_the_valley_that_is_enclosed(
    extractor: Extractor,
) -> None:
    found = extractor.extract(image_of(FINGER)).template.minutiae
    angle = found.direction * (2 * np.pi / 65536)
    for kind, sign in ((MinutiaKind.ENDING, 1), (MinutiaKind.BIFURCATION, -1)):
        chosen = (found.kind == kind) & (found.quality > 200)
        assert chosen.sum() > 3
        along, back = (
            FINGER[
                np.rint(found.y[chosen] - step * np.sin(angle[chosen])).astype(int),
                np.rint(found.x[chosen] + step * np.cos(angle[chosen])).astype(int),
            ].astype(float)
            for step in (6, -6)
        )
        assert sign * np.median(back - along) > 0, kind


def test_the_template_says_where_it_came_from(extractor: Extractor) -> None:
    extraction = extractor.extract(image_of(FINGER), FingerPosition.LEFT_RING)
    template = extraction.template
    assert (template.width_px, template.height_px) == (320, 400)
    assert template.position is FingerPosition.LEFT_RING
    assert template.extractor == EXTRACTOR_VERSION
    assert template.quality == extraction.quality.score


def test_minutiae_come_in_the_order_of_rows(extractor: Extractor) -> None:
    found = extractor.extract(image_of(FINGER)).template.minutiae
    keys = list(zip(found.y.tolist(), found.x.tolist(), found.direction.tolist(), strict=True))
    assert keys == sorted(keys)
    assert found.quality.min() >= 26


def test_the_same_image_gives_the_same_template_again_and_from_several_threads(extractor: Extractor) -> None:
    sizes = [(260, 330), (320, 400), (290, 350)]
    images = [image_of(draw_finger(w, h, scattered(w, h))) for w, h in sizes] * 4
    alone = [extractor.extract(image).template for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = [result.template for result in pool.map(extractor.extract, images)]
    assert together == alone


def test_of_more_peaks_than_a_template_holds_the_best_are_kept() -> None:
    class Spotted:
        """A network that sees a spot in every eighth pixel, stronger to the right."""

        @contextmanager
        def maps(self, padded: decoding.F32) -> Iterator[tuple[decoding.F32, decoding.F32]]:
            full = np.zeros(padded.shape, np.float32)
            full[4::8, 4::8] = np.linspace(0.8, 1, padded.shape[1] // 8, dtype=np.float32)
            phases = np.stack([full[py::2, px::2] for py in (0, 1) for px in (0, 1)])
            yield np.ascontiguousarray(phases), np.zeros((*phases.shape[1:], 52), np.float32)

        def attributes(self, patches: decoding.F32, mask: decoding.F32) -> decoding.F32:
            return np.ones((len(patches), 12), np.float32)

    found = decoding.find_minutiae(Spotted(), np.zeros((256, 512), np.uint8))
    assert len(found) == MINUTIAE_MAX
    assert found.x.min() >= 512 - 8 * (MINUTIAE_MAX // 32 + 1)


def test_on_a_large_sheet_the_minutiae_are_where_the_finger_lies(extractor: Extractor) -> None:
    sheet = np.full((1000, 1200), 255, np.uint8)
    sheet[333:733, 777:1097] = FINGER
    alone = extractor.extract(image_of(FINGER)).template.minutiae
    found = extractor.extract(image_of(sheet)).template.minutiae

    certain = {(int(x), int(y)) for x, y, q in zip(alone.x, alone.y, alone.quality, strict=True) if q > 200}
    apart = [
        min(np.hypot(x - a + 777, y - b + 333) for a, b in zip(found.x, found.y, strict=True))
        for x, y in certain
    ]
    assert np.median(apart) < 2
    assert np.mean(np.array(apart) < 4) > 0.9


@pytest.mark.parametrize(("height", "width"), [(64, 64), (65, 97), (96, 70)])
def test_every_size_is_padded_to_multiples_of_32_around_the_middle(height: int, width: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width)).astype(np.uint8)
    padded, top, left = decoding.pad(pixels)
    assert padded.shape[0] % 32 == padded.shape[1] % 32 == 0
    assert np.array_equal(padded[top : top + height, left : left + width], pixels)
    assert padded[0, 0] == pixels[0, 0]
    assert abs(2 * top + height - padded.shape[0]) <= 1


def test_importing_the_package_loads_neither_runtime_nor_compiler() -> None:
    code = (
        "import sys, musterpoint.extraction as package; "
        "heavy = {'openvino', 'numba', 'h5py'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


OFFLINE = """
import sys

def forbid(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(f"{event} was called")

sys.addaudithook(forbid)
from musterpoint.extraction import Extractor
from tests.extraction.drawing import draw_finger, image_of, scattered

found = Extractor().extract(image_of(draw_finger(minutiae=scattered())))
assert len(found.template.minutiae) > 10
assert sys.modules["openvino_telemetry"] is None
"""


def test_extraction_works_offline_and_leaves_nothing_in_an_empty_home(tmp_path: Path) -> None:
    cache = cache_folder("model").parent
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "MUSTERPOINT_CACHE": str(cache),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], env=environment, cwd=Path.cwd(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
