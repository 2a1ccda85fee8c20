"""All single scores as a file, for programs that compute other figures from them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from musterpoint.evaluation.parquet_file import Run, run_of
from musterpoint.evaluation.trials import Trials
from musterpoint.evaluation.values import Evaluation

COLUMNS = ("protocol", "set", "probe", "reference", "mated", "score_millinats", "rank")


def to_csv(evaluations: Sequence[Evaluation]) -> bytes:
    """One line a trial: 1 or 0 for mated, the score or `-inf` for a failure, a rank where it was searched."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for evaluation in evaluations:
        for each in evaluation.sets:
            writer.writerows(_lines(evaluation.title, each.trials))
    return text.getvalue().encode()


def _lines(title: str, trials: Trials) -> Iterator[tuple[str, str, str, str, int, str, str]]:
    ranks = ["" if trials.rank is None else str(rank) for rank in _list(trials.rank, len(trials))]
    columns = (trials.probe, trials.reference, trials.is_mated, trials.score)
    for (probe, reference, is_mated, score), rank in zip(
        zip(*(column.tolist() for column in columns), strict=True), ranks, strict=True
    ):
        labels = trials.labels[probe], trials.labels[reference]
        yield (title, trials.name, *labels, int(is_mated), f"{score:.0f}", rank)


def _list(rank: npt.NDArray[np.int32] | None, count: int) -> list[int]:
    return [0] * count if rank is None else rank.tolist()


def to_npz(evaluations: Sequence[Evaluation]) -> bytes:
    """The trials of some evaluations of one engine, as `run_to_npz` writes them."""
    return run_to_npz(run_of(evaluations))


def run_to_npz(run: Run) -> bytes:
    """Compressed NumPy arrays, one row a trial.

    protocols  str (q,)
    names      str (s,), the sets of each protocol
    labels     str (f,), what was compared, of all sets in their order
    protocol   int32 (p,), index into protocols
    set        int32 (p,), index into names
    probe      int32 (p,), index into labels
    reference  int32 (p,), index into labels
    mated      bool (p,)
    score      float64 (p,), milli-nats, minus infinity for a failure
    rank       int32 (p,), 0 where nothing was searched or the mate is not listed
    searched   bool (s,), whether there are ranks
    units      str (u,), the fingers or persons that a bootstrap draws, of all sets in their order
    first      int32 (p,), index into units, of the probe
    second     int32 (p,), index into units, of the reference
    drawing    int32 (u,), see `Trials`
    name       str, what was measured
    """
    parts = [(k, each) for k, sets in enumerate(run.trials.values()) for each in sets]
    trials = [part for _, part in parts]
    offsets = np.cumsum([0] + [len(part.labels) for part in trials])[:-1]
    units = np.cumsum([0] + [len(part.units) for part in trials])[:-1]
    lengths = [len(part) for part in trials]
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "protocols": np.array(list(run.trials)),
        "names": np.array([part.name for part in trials]),
        "labels": np.array([label for part in trials for label in part.labels]),
        "protocol": np.repeat(np.array([k for k, _ in parts], np.int32), lengths),
        "set": np.repeat(np.arange(len(trials), dtype=np.int32), lengths),
        "probe": _joined([part.probe for part in trials], offsets),
        "reference": _joined([part.reference for part in trials], offsets),
        "mated": np.concatenate([part.is_mated for part in trials]),
        "score": np.concatenate([part.score for part in trials]),
        "rank": np.concatenate([np.array(_list(part.rank, len(part)), np.int32) for part in trials]),
        "searched": np.array([part.rank is not None for part in trials]),
        "units": np.array([unit for part in trials for unit in part.units]),
        "first": _joined([part.first for part in trials], units),
        "second": _joined([part.second for part in trials], units),
        "drawing": np.concatenate([part.drawing for part in trials]),
        "name": np.array(run.name),
    }
    buffer = io.BytesIO()
    # NumPy's stub reads the keyword arguments as its own option `allow_pickle`.
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _joined(indices: list[npt.NDArray[np.int32]], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    shifted = [index + offset for index, offset in zip(indices, offsets, strict=True)]
    return np.concatenate(shifted).astype(np.int32)
