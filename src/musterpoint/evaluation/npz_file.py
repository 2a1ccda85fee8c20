"""The scores of `to_npz` read again as a run, with no package but NumPy."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from musterpoint.evaluation.parquet_file import Run, grouped, is_parquet, no_scores, read_parquet
from musterpoint.limits import TRIALS_MAX

SUFFIX: Final = ".npz"
_NUMBER_BYTES_MAX: Final = 8
_HEADER_BYTES_MAX: Final = 4096
_DAMAGED: Final = (
    *(BadZipFile, zlib.error, EOFError, RuntimeError, MemoryError),
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError),
)
"""What damaged arrays, archives and names end in."""

Arrays = dict[str, npt.NDArray[Any]]


def read_run(path: Path) -> Run:
    """The run that a file of scores holds, by its suffix: NumPy's arrays for .npz, else Parquet.

    Raises RecordError for any other file, Unavailable for Parquet without the extra.
    """
    if path.suffix == ".csv":
        raise no_scores(path, "CSV, which does not say whose finger each image shows")
    if path.suffix == SUFFIX:
        return read_npz(path)
    if not is_parquet(path):
        raise no_scores(path, "something else")
    return read_parquet(path)


def read_npz(path: Path) -> Run:
    """The run that a file of `to_npz` holds. Raises RecordError for any other file."""
    try:
        _refuse_large(path)
        with np.load(path, allow_pickle=False) as file:
            arrays: Arrays = {name: file[name] for name in file.files}
        if "units" not in arrays:
            raise no_scores(path, "scores of a version that did not keep whose finger each image shows")
        texts, numbers = _columns(arrays)
        return Run(name=str(arrays["name"]), trials=grouped(texts, numbers))
    except OSError as error:
        raise no_scores(path, "something that cannot be read") from error
    except _DAMAGED as error:
        raise no_scores(path, "something else") from error


def _refuse_large(path: Path) -> None:
    """Arrays are compressed: what they take in memory is not the size of the file."""
    with ZipFile(path) as members:
        largest = max((one.file_size for one in members.infolist()), default=0)
    if largest > TRIALS_MAX * _NUMBER_BYTES_MAX + _HEADER_BYTES_MAX:
        raise no_scores(path, f"an array of {largest:,} bytes")


def _columns(arrays: Arrays) -> tuple[dict[str, list[str]], Arrays]:
    """The columns of a Parquet file of the same trials."""
    places = {
        "protocol": ("protocols", "protocol"),
        "set": ("names", "set"),
        "probe": ("labels", "probe"),
        "reference": ("labels", "reference"),
        "probe_unit": ("units", "first"),
        "reference_unit": ("units", "second"),
    }
    for names, index in places.values():
        # A negative one would count from the end.
        if (arrays[index] < 0).any() or arrays[names].dtype.kind != "U":
            raise ValueError("an index or a name that is none")
    texts = {column: arrays[names][arrays[index]].tolist() for column, (names, index) in places.items()}
    numbers = {
        "mated": arrays["mated"],
        "score": arrays["score"],
        # As in Parquet, where a rank is null unless something was searched.
        "rank": np.where(arrays["searched"][arrays["set"]], arrays["rank"].astype(np.float64), np.nan),
        "drawing": arrays["drawing"][arrays["first"]],
    }
    if {len(one) for one in (*texts.values(), *numbers.values())} != {len(arrays["score"])}:
        raise ValueError("columns of different lengths")
    return texts, numbers
