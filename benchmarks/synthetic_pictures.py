"""Draws the pictures of docs/explanation/synthetic.md: how a finger is grown, classes, truth.

python benchmarks/synthetic_pictures.py docs/images
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from musterpoint.synthetic import (
    Condition,
    Finger,
    Grade,
    Pattern,
    SyntheticImpression,
    cloth,
    kernels_ridges,
    masters,
)
from musterpoint.synthetic.streams import derive
from musterpoint.templates import MinutiaKind

U8 = npt.NDArray[np.uint8]

RED, BLUE, ORANGE = (200, 30, 30), (30, 70, 210), (230, 140, 0)
MARGIN_PX = 8
GREYS = 16

SHEET: tuple[tuple[Grade, Condition], ...] = (
    ("good", "normal"),
    ("good", "dry"),
    ("fair", "wet"),
    ("poor", "normal"),
)


def main(folder: Path) -> None:
    """Write all pictures into `folder`, each below 300 kB."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(_growth(Finger(31, Pattern.RIGHT_LOOP)), folder / "synthetic-growth.png")
    _save(_sheet(), folder / "synthetic-classes.png")
    _truth(Finger(43, Pattern.LEFT_LOOP).impression(2, condition="normal")).save(
        folder / "synthetic-truth.png", optimize=True
    )
    _save(_unusable(), folder / "synthetic-unusable.png")


def _save(pixels: U8, path: Path) -> None:
    # Few greys: sensor noise is what a PNG cannot compress.
    step = 256 // GREYS
    coarse = np.minimum(255, (pixels.astype(int) + step // 2) // step * step).astype(np.uint8)
    Image.fromarray(coarse).quantize(GREYS).save(path, optimize=True)


def _growth(finger: Finger) -> U8:
    # The private steps of `masters.grow_master`, stopped after some rounds.
    key, form = derive(finger._key, "master"), finger._form
    orientation, period = masters._fields(key, form)
    inside = masters._region(form)
    rounds = masters._iterations(key, inside)
    panels = []
    for last in (0, 1, 2, 4, 40):
        pattern = masters._seed_noise(key, inside)
        stopped = np.minimum(rounds, last).astype(np.uint8)
        kernels_ridges.grow(pattern, orientation, period, stopped, *masters._growing_bank())
        panels.append(_grey(-pattern, 128.0))
    panels.append(_grey(-finger._master.ridges[::2, ::2], 1.0))
    impression = finger.impression(0, condition="normal", size_px=(416, 544)).image.pixels
    panels.append(np.asarray(Image.fromarray(impression).resize((208, 272), Image.Resampling.LANCZOS)))
    return _row(panels)


def _grey(field: npt.NDArray[Any], limit: float) -> U8:
    return np.clip(127.5 + 127.5 * field / limit, 0, 255).astype(np.uint8)


def _sheet() -> U8:
    rows = []
    for number, (grade, condition) in enumerate(SHEET):
        pictures = [
            Finger(52 + pattern, pattern).impression(number, grade=grade, condition=condition)
            for pattern in Pattern
        ]
        rows.append(_row([_reduced(one) for one in pictures]))
    return np.vstack(rows)


def _unusable() -> U8:
    threads = Image.fromarray(cloth(3).pixels).resize((200, 250), Image.Resampling.LANCZOS)
    capacitive = np.full((250, 200), 255, np.uint8)
    capacitive[50:200, 25:175] = np.asarray(
        Image.fromarray(Finger(61).impression(0, sensor="capacitive").image.pixels).resize((150, 150))
    )
    return _row([capacitive, _reduced(Finger(60).smudged(1)), np.asarray(threads)])


def _reduced(impression: SyntheticImpression) -> U8:
    image = Image.fromarray(impression.image.pixels)
    return np.asarray(image.resize((200, 250), Image.Resampling.LANCZOS))


def _row(panels: list[U8]) -> U8:
    return np.hstack([np.pad(panel, MARGIN_PX, constant_values=255) for panel in panels])


def _truth(impression: SyntheticImpression) -> Image.Image:
    scale = 2
    height, width = impression.image.pixels.shape
    faded = 128 + impression.image.pixels // 32 * 16
    picture = Image.fromarray(faded).resize((scale * width, scale * height), Image.Resampling.BILINEAR)
    picture = picture.convert("RGB").crop((80, 130, 720, 970))
    draw = ImageDraw.Draw(picture)
    truth = impression.truth
    for k in np.flatnonzero(truth.visible):
        x, y = scale * float(truth.x[k]) - 80, scale * float(truth.y[k]) - 130
        colour = RED if truth.kind[k] == MinutiaKind.ENDING else BLUE
        colour = colour if truth.certain[k] else ORANGE
        angle = truth.direction[k] * (2 * np.pi / 65536)
        draw.ellipse((x - 6, y - 6, x + 6, y + 6), outline=colour, width=2)
        draw.line(
            (x + 6 * np.cos(angle), y - 6 * np.sin(angle), x + 22 * np.cos(angle), y - 22 * np.sin(angle)),
            fill=colour,
            width=2,
        )
    return picture


if __name__ == "__main__":
    main(Path(sys.argv[1]))
