"""The real extractor and comparator on synthetic fingers, as the command runs them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.evaluation.builders import description, write_description

from musterpoint.evaluation import DataSet, evaluate, to_csv
from musterpoint.imaging import from_pixels, to_png
from musterpoint.synthetic import Finger

SEEDS = (1, 2, 3)


def written(folder: Path) -> DataSet:
    """Three fingers pressed twice, and a blank image that claims to be a fourth."""
    images = []
    for seed in SEEDS:
        finger = Finger(seed)
        for number in (1, 2):
            file = f"{seed}_{number}.png"
            (folder / file).write_bytes(to_png(finger.impression(number).image))
            images.append({"file": file, "finger": str(seed), "impression": number})
    (folder / "4_1.png").write_bytes(to_png(from_pixels(np.full((200, 200), 255, np.uint8), 500)))
    images.append({"file": "4_1.png", "finger": "4", "impression": 1})
    return DataSet.read(write_description(folder, description(images)))


def test_synthetic_fingers_are_told_apart_and_a_blank_image_is_a_failure(tmp_path: Path) -> None:
    data_set = written(tmp_path)

    parallel = evaluate([data_set], workers=2)
    found = parallel.sets[0]
    assert [failure.file for failure in found.failures] == ["4_1.png"]
    assert not found.failures[0].is_defective
    assert (len(found.trials.mated), len(found.trials.nonmated)) == (3, 18)
    assert found.trials.mated.min() > 0 > found.trials.nonmated.max()

    assert to_csv([evaluate([data_set], workers=1)]) == to_csv([parallel])
