"""Scores as Parquet and as arrays: what is written is read again, and nothing else is taken for it."""

from __future__ import annotations

import contextlib
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
    Run,
    Settings,
    Trials,
    evaluate_all,
    read_parquet,
    read_run,
    run_to_npz,
    to_csv,
    to_npz,
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
    path.with_suffix(".npz").write_bytes(to_npz(evaluations))
    path.with_suffix(".csv").write_bytes(to_csv(evaluations))
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


def test_arrays_hold_the_run_that_parquet_holds(scores: Path) -> None:
    arrays, table = read_run(scores.with_suffix(".npz")), read_run(scores)
    assert (arrays.name, list(arrays.trials)) == (table.name, list(table.trials))
    for title, sets in table.trials.items():
        for one, other in zip(arrays.trials[title], sets, strict=True):
            assert (one.name, names_of(one)) == (other.name, names_of(other))
            assert (one.rank is None) == (other.rank is None)
    with pytest.raises(RecordError, match=r"found CSV.*as \.npz"):
        read_run(scores.with_suffix(".csv"))


def test_a_run_of_another_engine_is_kept_as_arrays(scores: Path, tmp_path: Path) -> None:
    found = read_run(scores)
    other = tmp_path / "other.npz"
    other.write_bytes(run_to_npz(Run(name="another engine", trials=found.trials)))
    read = read_run(other)
    assert read.name == "another engine"
    assert [*map(names_of, read.trials["verification"])] == [*map(names_of, found.trials["verification"])]


def test_other_arrays_are_refused(tmp_path: Path, scores: Path) -> None:
    whole = scores.with_suffix(".npz").read_bytes()
    path = tmp_path / "other.npz"
    for at in range(40, len(whole), len(whole) // 60):
        damaged = bytearray(whole)
        damaged[at] ^= 0x55
        path.write_bytes(damaged)
        # A date or a name inside of the archive may change without any loss; nothing else may be raised.
        with contextlib.suppress(RecordError):
            assert read_run(path).trials
    for data in (b"", whole[: len(whole) // 2], scores.read_bytes()):
        path.write_bytes(data)
        with pytest.raises(RecordError, match="a file that"):
            read_run(path)
    with pytest.raises(RecordError, match="a file that"):
        read_run(tmp_path / "nothing.npz")
    with np.load(scores.with_suffix(".npz")) as file:
        arrays = {name: file[name] for name in file.files}
    bad = (
        {"score": np.full(len(arrays["score"]), np.nan)},
        {"first": arrays["first"] - 1},
        {"probe": arrays["probe"] + 10**6},
        {"mated": arrays["mated"][1:]},
        {"labels": np.zeros(len(arrays["labels"]))},
        {"name": np.array([None])},
    )
    for change in bad:
        np.savez(path, **(arrays | change), allow_pickle=True)
        with pytest.raises(RecordError, match="a file that"):
            read_run(path)
    np.savez(path, **{name: value for name, value in arrays.items() if name != "units"})
    with pytest.raises(RecordError, match="did not keep whose finger"):
        read_run(path)
