"""Scores as Parquet: what is written is read again, and nothing else is taken for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from tests.evaluation.builders import DrawnEngine, write_data_set

from musterpoint.errors import RecordError
from musterpoint.evaluation import (
    DataSet,
    Protocol,
    Settings,
    Trials,
    evaluate_all,
    read_parquet,
    to_parquet,
)


def names_of(trials: Trials) -> list[tuple[object, ...]]:
    """Every trial in full, by names."""
    rank = np.zeros(len(trials), np.int32) if trials.rank is None else trials.rank
    return [
        (
            trials.labels[trials.probe[k]],
            trials.labels[trials.reference[k]],
            bool(trials.is_mated[k]),
            float(trials.score[k]),
            trials.units[trials.first[k]],
            trials.units[trials.second[k]],
            int(trials.drawing[trials.first[k]]),
            int(rank[k]),
        )
        for k in range(len(trials))
    ]


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    fingers = {number: [1, 2, 3] for number in range(20, 60, 10)} | {0: [1]}
    data_sets = [DataSet.read(write_data_set(tmp_path / name, fingers)) for name in ("a", "b")]
    evaluations = evaluate_all(
        data_sets, Settings(protocols=tuple(Protocol), workers=1), engine=DrawnEngine()
    )
    path = tmp_path / "scores.parquet"
    path.write_bytes(to_parquet(evaluations))
    found = read_parquet(path)
    assert list(found.trials) == [one.title for one in evaluations]
    for one in evaluations:
        for read, written in zip(found.trials[one.title], one.sets, strict=True):
            assert read.name == written.name
            assert names_of(read) == names_of(written.trials)
            assert (read.rank is None) == (written.trials.rank is None)
    return path


def test_what_was_written_is_read(scores: Path) -> None:
    found = read_parquet(scores)
    assert found.name == "extractor drawn-1, comparator equal-1, shipped weights"
    table = pa.parquet.read_table(scores)
    assert table.column_names[:6] == ["protocol", "set", "probe", "reference", "mated", "score"]
    assert table["rank"].null_count == sum(
        title != "identification" for title in table["protocol"].to_pylist()
    )


def test_another_file_is_refused(tmp_path: Path, scores: Path) -> None:
    whole = scores.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 3] ^= 0x55
    cut, foreign, empty, wrong = (tmp_path / f"{name}.parquet" for name in "abcd")
    cut.write_bytes(whole[: len(whole) // 2])
    pa.parquet.write_table(pa.table({"score": [1.0]}), foreign)
    empty.write_bytes(b"")
    table = pa.parquet.read_table(scores)
    nan = table.set_column(5, "score", pa.array(np.full(len(table), np.nan)))
    pa.parquet.write_table(nan, wrong)
    for path in (cut, foreign, empty, wrong, tmp_path / "nothing.parquet"):
        with pytest.raises(RecordError, match="a file that"):
            read_parquet(path)
