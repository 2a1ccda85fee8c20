"""Pictures that commands write to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from musterpoint import imaging, templates
from musterpoint.cli.writing import write_file
from musterpoint.depiction import FingerPairView, ImpressionView, draw_pair, to_png
from musterpoint.registry import Reference
from musterpoint.registry.adjudication import Mark, Side
from musterpoint.registry.known_answers import Impression
from musterpoint.workflows.adjudication import Task


def write_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture as PNG, making its folder. Raises StorageFull."""
    write_file(path, to_png(picture))


def draw_task(task: Task, path: Path) -> bool:
    """Draw the fingers of a pair, left and right; returns whether there was anything to draw."""
    if not task.fingers:
        return False
    fingers = [
        FingerPairView(
            position=finger.position,
            left=impression(finger.left),
            right=impression(finger.right),
            left_marks=_places(task.marks, Side.LEFT, number),
            right_marks=_places(task.marks, Side.RIGHT, number),
        )
        for number, finger in enumerate(task.fingers, start=1)
    ]
    write_picture(draw_pair(fingers, title=f"Pair {str(task.pair_id)[-12:]}"), path)
    return True


def _places(marks: Sequence[Mark], side: Side, finger: int) -> tuple[tuple[int, int], ...]:
    return tuple((mark.x, mark.y) for mark in marks if mark.side is side and mark.finger == finger)


def impression(kept: Reference | Impression) -> ImpressionView:
    """A kept finger as it can be shown: its image if there is one, and its minutiae."""
    template = templates.decode(kept.template)
    image = imaging.decode(kept.image, inverted=False) if kept.image is not None else None
    return ImpressionView(image=image, template=template)
