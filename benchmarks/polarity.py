"""How often the polarity of an image is told wrongly, for the folders given; reads images, writes nothing.

    ./run python benchmarks/polarity.py DIR...

Each folder holds a `dataset.json` whose images have dark ridges. Every image is judged as it is (a
wrong answer is a false inversion) and inverted (a wrong answer is a missed one), whole and cut to its
middle, where a print fills the frame as on small sensors. The weights are then fitted anew without
each set in turn and judged on that set, to show that they do not hang on the sets they were fitted on.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from musterpoint.imaging import load_image, polarity

Pixels = npt.NDArray[np.uint8]

CUTS_PX = (260, 220, 160)
"""Sides of the middle that is cut out, at 500 ppi: 13, 11 and 8 mm."""


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("folders", nargs="+", type=Path)
    folders: list[Path] = arguments.parse_args().folders
    sets = {folder.name: list(images(folder)) for folder in folders}
    for label, cut_px in (("whole", None), *((f"middle {side} px", side) for side in CUTS_PX)):
        print(f"{label:14s} false inversions  missed inversions  images   ms")
        for name, pixels in sets.items():
            print_row(name, [middle(one, cut_px) if cut_px else one for one in pixels])
        print_row("all", [middle(one, cut_px) if cut_px else one for every in sets.values() for one in every])
    if len(sets) > 1:
        print_left_out(sets)


def images(folder: Path) -> list[Pixels]:
    """The images of a data set at 500 ppi, as they are."""
    listing: dict[str, Any] = json.loads((folder / "dataset.json").read_text())
    return [
        load_image(folder / row["file"], ppi=listing["ppi"], inverted=False).pixels
        for row in listing["images"]
    ]


def middle(pixels: Pixels, side_px: int) -> Pixels:
    """A square around the centre of texture, as large as the image allows."""
    edges = np.abs(np.diff(pixels.astype(np.int16), axis=0))[:, :-1]
    total = edges.sum()
    y = int((edges.sum(1) * np.arange(edges.shape[0])).sum() / total)
    x = int((edges.sum(0) * np.arange(edges.shape[1])).sum() / total)
    top = int(np.clip(y - side_px // 2, 0, max(0, pixels.shape[0] - side_px)))
    left = int(np.clip(x - side_px // 2, 0, max(0, pixels.shape[1] - side_px)))
    return np.ascontiguousarray(pixels[top : top + side_px, left : left + side_px])


def print_row(name: str, pixels: list[Pixels]) -> None:
    """Errors of both kinds and milliseconds an image."""
    begin = time.perf_counter()
    false = sum(polarity.has_light_ridges(one) for one in pixels)
    seconds = time.perf_counter() - begin
    missed = sum(not polarity.has_light_ridges(255 - one) for one in pixels)
    count = len(pixels)
    print(
        f"  {name:16s} {false:3d} {false / count:6.2%}         {missed:3d} {missed / count:6.2%}"
        f"    {count:5d}  {seconds / count * 1000:4.1f}"
    )


def print_left_out(sets: dict[str, list[Pixels]]) -> None:
    """Errors on each set with weights fitted on the others alone."""
    measured = {
        name: np.array([[m.darkening, m.skew, m.ground_share] for m in map(polarity.measure, pixels)])
        for name, pixels in sets.items()
    }
    print("fitted without the set: weights of darkening and skew, false, missed (threshold as in use)")
    for name, rows in measured.items():
        others = np.vstack([other for key, other in measured.items() if key != name])
        weights = fit(others[:, :2])
        evidence = rows[:, :2] @ weights / weights[0]
        decided = rows[:, 2] >= polarity._GROUND_SHARE_MIN
        false = int((decided & (evidence < polarity._LIGHT_BELOW)).sum())
        missed = int((~decided | (evidence <= -polarity._LIGHT_BELOW)).sum())
        print(f"  {name:16s} {weights[0]:5.2f} {weights[1]:5.2f}  {false:3d} {missed:3d} of {len(rows)}")


def fit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Logistic regression without a constant: each row also stands, sign turned, for its negative."""
    weights = np.zeros(rows.shape[1])
    for _ in range(100):
        doubt = 1 / (1 + np.exp(rows @ weights))
        gradient = rows.T @ doubt / len(rows) - 0.01 * weights
        curvature = (rows * (doubt * (1 - doubt))[:, None]).T @ rows / len(rows)
        weights += np.linalg.solve(curvature + 0.01 * np.eye(len(weights)), gradient)
    return weights


if __name__ == "__main__":
    main()
