"""Trials as an Apache Parquet file, written and read: one row a trial, of any number of protocols.

Columns: protocol, set, probe, reference (text), mated (boolean), score (float64, milli-nats, minus infinity
for a failure; null never), rank (int32, 0 = not listed; null where nothing was searched), probe_unit and
reference_unit (text: the finger or person that a bootstrap draws), drawing (int32, see `Trials`). What was
measured stands in the metadata of the file under `musterpoint`, as JSON.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from musterpoint.errors import RecordError, Unavailable
from musterpoint.evaluation.trials import Trials
from musterpoint.evaluation.values import Evaluation
from musterpoint.limits import TRIALS_MAX

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT: Final = 1
_KEY: Final = b"musterpoint"
_MAGIC: Final = b"PAR1"
_TEXTS: Final = ("protocol", "set", "probe", "reference", "probe_unit", "reference_unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a file of scores holds.

    name    what was measured: extractor, comparator, weights
    trials  of each set, by protocol
    """

    name: str
    trials: Mapping[str, tuple[Trials, ...]]


def to_parquet(evaluations: Sequence[Evaluation]) -> bytes:
    """The trials of some evaluations of one engine. Raises Unavailable without the extra `parquet`."""
    return run_to_parquet(run_of(evaluations))


def run_of(evaluations: Sequence[Evaluation]) -> Run:
    """What a file of scores holds of some evaluations of one engine."""
    trials = {one.title: tuple(each.trials for each in one.sets) for one in evaluations}
    return Run(name=measured_name(evaluations), trials=trials)


def measured_name(evaluations: Sequence[Evaluation]) -> str:
    """What was measured, in words."""
    first = evaluations[0]
    return f"extractor {first.extractor}, comparator {first.comparator}, {first.weights} weights"


def insist_on_parquet() -> None:
    """Raises Unavailable without the extra `parquet`, so that nobody hears of it after an hour's work."""
    _arrow()


def run_to_parquet(run: Run) -> bytes:
    """The same of any run, such as one of another engine on the same pairs."""
    arrow = _arrow()
    import pyarrow.parquet

    parts = [(title, trials) for title, sets in run.trials.items() for trials in sets]
    table = arrow.concat_tables([_table(title, trials) for title, trials in parts])
    meta = {_KEY: json.dumps({"format": FORMAT, "name": run.name}).encode()}
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table.replace_schema_metadata(meta), buffer, compression="zstd")
    return buffer.getvalue()


def _table(title: str, trials: Trials) -> pa.Table:
    arrow = _arrow()
    columns = {
        "protocol": _repeated(title, len(trials)),
        "set": _repeated(trials.name, len(trials)),
        "probe": _named(trials.labels, trials.probe),
        "reference": _named(trials.labels, trials.reference),
        "mated": arrow.array(trials.is_mated),
        "score": arrow.array(trials.score),
        "rank": arrow.nulls(len(trials), arrow.int32()) if trials.rank is None else arrow.array(trials.rank),
        "probe_unit": _named(trials.units, trials.first),
        "reference_unit": _named(trials.units, trials.second),
        "drawing": arrow.array(trials.drawing[trials.first]),
    }
    return arrow.table(columns)


def _named(names: Sequence[str], places: npt.NDArray[np.int32]) -> pa.Array:
    arrow = _arrow()
    return arrow.DictionaryArray.from_arrays(places, list(names)).cast(arrow.string())


def _repeated(name: str, count: int) -> pa.Array:
    return _named((name,), np.zeros(count, np.int32))


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does; needs no package. Raises RecordError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError as error:
        raise no_scores(path, "something that cannot be read") from error


def read_parquet(path: Path) -> Run:
    """The run that a file holds. Raises RecordError for any other file, Unavailable without the extra."""
    arrow = _arrow()
    import pyarrow.parquet

    try:
        source = pyarrow.parquet.ParquetFile(path)
        if source.metadata.num_rows > TRIALS_MAX:
            raise no_scores(path, f"{source.metadata.num_rows:,} rows")
        meta = json.loads((source.schema_arrow.metadata or {})[_KEY])
        if meta["format"] != FORMAT:
            raise no_scores(path, f"format {meta['format']}")
        table = source.read()
        columns: dict[str, Any] = {name: table[name].to_pylist() for name in _TEXTS}
        numbers = {name: table[name].to_numpy() for name in ("mated", "score", "rank", "drawing")}
        return Run(name=str(meta["name"]), trials=grouped(columns, numbers))
    except OSError as error:
        raise no_scores(path, "something that cannot be read") from error
    except (arrow.ArrowException, KeyError, TypeError, ValueError, AttributeError) as error:
        raise no_scores(path, "something else") from error


def grouped(
    texts: dict[str, list[str]], numbers: dict[str, npt.NDArray[Any]]
) -> dict[str, tuple[Trials, ...]]:
    """Trials of each set, by protocol, from the columns of a file. Raises ValueError, KeyError."""
    trials: dict[str, list[Trials]] = {}
    heads = zip(texts["protocol"], texts["set"], strict=True)
    begin = 0
    for (protocol, name), rows in groupby(heads):
        end = begin + sum(1 for _ in rows)
        part = slice(begin, end)
        trials.setdefault(protocol, []).append(
            _trials(
                name,
                {key: values[part] for key, values in texts.items()},
                {key: values[part] for key, values in numbers.items()},
            )
        )
        begin = end
    return {protocol: tuple(sets) for protocol, sets in trials.items()}


def _trials(name: str, texts: dict[str, list[str]], numbers: dict[str, npt.NDArray[Any]]) -> Trials:
    labels = _Names()
    units = _Names()
    probe, reference = labels.places(texts["probe"]), labels.places(texts["reference"])
    first, second = units.places(texts["probe_unit"]), units.places(texts["reference_unit"])
    score = numbers["score"].astype(np.float64)
    if np.isnan(score).any() or np.isposinf(score).any():
        raise ValueError("a score that is none")
    drawing = np.zeros(len(units), np.int32)
    drawing[first] = drawing[second] = numbers["drawing"]
    rank = numbers["rank"]
    return Trials(
        name=name,
        labels=tuple(labels),
        probe=probe,
        reference=reference,
        is_mated=numbers["mated"].astype(np.bool_),
        score=score,
        first=first,
        second=second,
        units=tuple(units),
        drawing=drawing,
        rank=None if len(rank) == 0 or np.isnan(rank[0].astype(np.float64)) else rank.astype(np.int32),
    )


class _Names(dict[str, int]):
    """Names in the order in which they come."""

    def places(self, names: Sequence[str]) -> npt.NDArray[np.int32]:
        return np.array([self.setdefault(name, len(self)) for name in names], np.int32)


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise Unavailable(
            expected="the package pyarrow",
            found="no such package",
            hint="Write the scores as .npz, which needs no package and which evaluate-compare reads as well",
        ) from error
    return pyarrow


def no_scores(path: Path, found: str) -> RecordError:
    """The error for a file that holds no scores."""
    return RecordError(
        expected=f"a file that `musterpoint evaluate --scores` wrote, of at most {TRIALS_MAX:,} rows",
        found=found,
        hint="Write the scores anew, as .npz or .parquet",
        where=str(path),
    )
