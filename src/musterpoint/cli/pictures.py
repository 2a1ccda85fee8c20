"""Pictures that commands write to files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from musterpoint import imaging, templates
from musterpoint.cli.writing import write_file
from musterpoint.depiction import FingerPairView, ImpressionView, draw_case, to_png
from musterpoint.registry import Reference
from musterpoint.templates import FingerPosition
from musterpoint.workflows.adjudication import CaseView


def write_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture as PNG, making its folder. Raises StorageFull."""
    write_file(path, to_png(picture))


def draw_candidates(view: CaseView, folder: Path, *, with_pairs: bool) -> dict[str, Path]:
    """One picture for each candidate of a case. Returns the files by the candidates' labels."""
    files = {}
    for candidate in view.candidates:
        fingers = [
            _finger_pair(view.references[pair.probe], candidate.references[pair.reference], pair.pairs)
            for pair in candidate.compared
        ]
        if not fingers:
            continue
        path = folder / f"candidate-{candidate.label}.png"
        title = f"Case {view.case.number}, candidate {candidate.label}"
        write_picture(draw_case(fingers, title=title, with_pairs=with_pairs), path)
        files[candidate.label] = path
    return files


def _finger_pair(
    probe: Reference, reference: Reference, pairs: tuple[tuple[int, int], ...]
) -> FingerPairView:
    position = probe.position if probe.position is not FingerPosition.UNKNOWN else reference.position
    return FingerPairView(
        position=position,
        probe=impression(probe),
        candidate=impression(reference),
        pairs=np.asarray(pairs, np.int32).reshape(-1, 2),
    )


def impression(reference: Reference) -> ImpressionView:
    """A kept reference as it can be shown: its image if there is one, and its minutiae."""
    template = templates.decode(reference.template)
    image = imaging.decode(reference.image, inverted=False) if reference.image is not None else None
    return ImpressionView(image=image, template=template)
