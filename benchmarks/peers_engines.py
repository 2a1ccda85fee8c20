"""Scores of other engines, in an environment of their own that knows nothing of musterpoint.

    PYTHON benchmarks/peers_engines.py ENGINE JOB.json

The job names the sets: their images or minutiae, and the pairs. Answered is a line of JSON for each finished
set: the scores in the order of the pairs, `null` where an image has no template. `benchmarks.peers` calls it.
"""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

Job = dict[str, Any]

PPI = 500
"""MINDTCT's blocks are in pixels at this resolution."""


def main() -> None:
    """Compare set by set, on as many processors as there are sets."""
    engine, job = ENGINES[sys.argv[1]], json.loads(sys.stdin.read())
    with get_context("spawn").Pool(min(len(job["sets"]), os.cpu_count() or 1)) as pool:
        for scores in pool.imap(engine, job["sets"]):
            print(json.dumps(scores), flush=True)


def mindtct_bozorth3(job: Job) -> list[float | None]:
    """MINDTCT and BOZORTH3 of NIST's NBIS, as nbis-py runs them from the image to the score."""
    import nbis
    from PIL import Image

    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=None
    )
    extractor = nbis.new_nbis_extractor(settings)
    templates = []
    for path in job["images"]:
        image = Image.open(path).convert("L")
        if job["ppi"] != PPI:
            size = [round(side * PPI / job["ppi"]) for side in image.size]
            image = image.resize((size[0], size[1]), Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        try:
            templates.append(extractor.extract_minutiae(buffer.getvalue()))
        except nbis.NbisError:
            templates.append(None)
    return [_between(templates[i], templates[j]) for i, j in job["pairs"]]


def _between(probe: Any, reference: Any) -> float | None:
    return None if probe is None or reference is None else float(probe.compare(reference))


def afis_mcc(job: Job) -> list[float | None]:
    """Minutia cylinder codes of afis on musterpoint's own minutiae.

    Directions are negated: as afis 1.2.7 takes them, counter-clockwise ones with y down come out mirrored.
    """
    import numpy as np
    from afis import match_templates
    from afis.algorithms import mcc

    made: list[Any] = []
    for rows, height in zip(job["minutiae"], job["heights"], strict=True):
        table = np.array(rows, np.float64).reshape(-1, 5)
        table[:, 2] = -table[:, 2] * (2 * math.pi / 65536) % (2 * math.pi)
        table[:, 4] /= 255
        cylinders = mcc.build_cylinders(table, mcc.MCCParams(), height=height)
        made.append((table, cylinders, height) if len(rows) else None)
    scores: list[float | None] = []
    for i, j in job["pairs"]:
        if made[i] is None or made[j] is None:
            scores.append(None)
            continue
        (probe, own, height), (reference, others, other_height) = made[i], made[j]
        found = match_templates(
            probe,
            reference,
            method="mcc",
            height_a=height,
            height_b=other_height,
            cylinders_a=own,
            cylinders_b=others,
        )
        scores.append(float(found.score))
    return scores


ENGINES: dict[str, Callable[[Job], list[float | None]]] = {
    "mindtct-bozorth3": mindtct_bozorth3,
    "afis-mcc": afis_mcc,
}

if __name__ == "__main__":
    main()
