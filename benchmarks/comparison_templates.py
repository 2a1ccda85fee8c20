"""Templates of whole data sets, ready for comparison, for the benchmarks of the comparator."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from musterpoint.comparison import Prepared, prepare
from musterpoint.evaluation import DataSet, pairs
from musterpoint.extraction import Extractor
from musterpoint.imaging import load_image
from musterpoint.templates import Template, decode, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSet:
    """One data set.

    templates   by sample, and the same ready for comparison
    finger      int32 (n,), number of the finger of each sample
    impression  int32 (n,), number of the impression of each sample
    """

    name: str
    templates: list[Template]
    prepared: list[Prepared]
    finger: npt.NDArray[np.int32]
    impression: npt.NDArray[np.int32]


def read_sets(folders: Sequence[Path], kept: Path | None) -> list[PreparedSet]:
    """Extract all templates, or read those that an earlier call kept in the file `kept`."""
    data_sets = [DataSet.read(folder) for folder in folders]
    stored: dict[str, bytes] = {}
    if kept is not None and kept.exists():
        with np.load(kept) as archive:
            stored = {name: archive[name].tobytes() for name in archive.files}
    extractor = None
    for data_set in data_sets:
        for sample in data_set.samples:
            name = f"{data_set.name} {sample.file}"
            if name in stored:
                continue
            extractor = extractor or Extractor()
            image = load_image(data_set.path(sample), ppi=data_set.ppi)
            stored[name] = encode(extractor.extract(image).template)
        print(f"{data_set.name}: {len(data_set.samples)} templates", file=sys.stderr)
    if kept is not None:
        arrays: dict[str, Any] = {name: np.frombuffer(data, np.uint8) for name, data in stored.items()}
        np.savez(kept, **arrays)
    return [_prepared(data_set, stored) for data_set in data_sets]


def _prepared(data_set: DataSet, stored: dict[str, bytes]) -> PreparedSet:
    templates = [decode(stored[f"{data_set.name} {sample.file}"]) for sample in data_set.samples]
    return PreparedSet(
        name=data_set.name,
        templates=templates,
        prepared=[prepare(template) for template in templates],
        finger=pairs(data_set).finger,
        impression=np.array([sample.impression for sample in data_set.samples], np.int32),
    )
