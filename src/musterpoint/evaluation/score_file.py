"""All single scores as a file, for programs that compute other figures from them."""

from __future__ import annotations

import csv
import io

import numpy as np
import numpy.typing as npt

from musterpoint.evaluation.values import Evaluation, SetEvaluation

COLUMNS = ("set", "probe", "reference", "mated", "score_millinats")


def to_csv(evaluation: Evaluation) -> bytes:
    """One line a pair: the set, both files, 1 or 0 for mated, the score or `-inf` for a failure."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in evaluation.sets:
        writer.writerows(_lines(each))
    return text.getvalue().encode()


def _lines(each: SetEvaluation) -> list[tuple[str, str, str, int, str]]:
    files = [sample.file for sample in each.data_set.samples]
    columns = (each.pairs.probe, each.pairs.reference, each.pairs.is_mated, each.scores)
    return [
        (each.data_set.name, files[probe], files[reference], int(is_mated), f"{score:.0f}")
        for probe, reference, is_mated, score in zip(*(c.tolist() for c in columns), strict=True)
    ]


def to_npz(evaluation: Evaluation) -> bytes:
    """Compressed NumPy arrays, one row a pair.

    names      str (s,), the sets
    files      str (f,), the files of all sets in their order
    set        int32 (p,), index into names
    probe      int32 (p,), index into files
    reference  int32 (p,), index into files
    mated      bool (p,)
    score      float64 (p,), milli-nats, minus infinity for a failure
    """
    sets = evaluation.sets
    offsets = np.cumsum([0] + [len(each.data_set.samples) for each in sets])[:-1]
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "names": np.array([each.data_set.name for each in sets]),
        "files": np.array([sample.file for each in sets for sample in each.data_set.samples]),
        "set": np.repeat(np.arange(len(sets), dtype=np.int32), [len(each.scores) for each in sets]),
        "probe": _joined([each.pairs.probe for each in sets], offsets),
        "reference": _joined([each.pairs.reference for each in sets], offsets),
        "mated": np.concatenate([each.pairs.is_mated for each in sets]),
        "score": np.concatenate([each.scores for each in sets]),
    }
    buffer = io.BytesIO()
    # NumPy's stub reads the keyword arguments as its own option `allow_pickle`.
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _joined(indices: list[npt.NDArray[np.int32]], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    shifted = [index + offset for index, offset in zip(indices, offsets, strict=True)]
    return np.concatenate(shifted).astype(np.int32)
