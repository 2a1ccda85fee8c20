"""Draws data sets of synthetic fingers, to train the comparison score with beside real ones.

    python tools/make_synthetic_sets.py OUT

OUT gets a folder for each kind of print, with a `dataset.json` as `musterpoint evaluate` reads it: twenty
fingers, four impressions each, from fixed seeds. The same generator draws the same sets everywhere.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from musterpoint.imaging import to_png
from musterpoint.synthetic import Finger, Grade, Sensor

KINDS: tuple[tuple[Grade, Sensor], ...] = (
    ("good", "optical"),
    ("fair", "optical"),
    ("poor", "optical"),
    ("fair", "capacitive"),
    ("poor", "capacitive"),
)
FINGERS = 20
IMPRESSIONS = 4
FIRST_SEED = 900_000
SEEDS_A_KIND = 1000


def main() -> None:
    """Draw all sets; those that are there already are left as they are."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("out", type=Path, metavar="OUT", help="folder for the sets")
    out: Path = options.parse_args().out
    for number, (grade, sensor) in enumerate(KINDS):
        folder = out / f"synthetic_{grade}_{sensor}"
        if not (folder / "dataset.json").exists():
            draw(folder, FIRST_SEED + SEEDS_A_KIND * number, grade, sensor)
        print(folder)


def draw(folder: Path, first_seed: int, grade: Grade, sensor: Sensor) -> None:
    """One set; its `dataset.json` comes last, so that a half-drawn set is drawn again."""
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for seed in range(first_seed, first_seed + FINGERS):
        finger = Finger(seed)
        for impression in range(1, IMPRESSIONS + 1):
            file = f"{seed}_{impression}.png"
            drawn = finger.impression(impression, grade=grade, sensor=sensor)
            (folder / file).write_bytes(to_png(drawn.image))
            images.append({"file": file, "finger": str(seed), "impression": impression})
    description = {"name": folder.name, "ppi": 500, "images": images}
    (folder / "dataset.json").write_text(json.dumps(description, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
