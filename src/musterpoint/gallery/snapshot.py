"""The references of a gallery in files, unreadable without their keys and quick to load.

A snapshot is a cache: what is in it can be made again from the registry. So any doubt ends in nothing being
loaded, never in an error or in a guess.

Files: `snapshot.mps` names one part, the head; the head says what the snapshot is of and names a part for
each segment. A part is sealed under its own name, by functions that are handed in, and never changed: what
is changed in memory is written as a new part. Everything is written beside, synced, and renamed; the old
parts are deleted afterwards and their keys destroyed, so what was removed is gone from the disk too.

Guarantees: whoever loads finds a whole snapshot or none, whoever else writes and whenever a writer dies. Of
two writers one waits for nobody and leaves it at that; a later position is never replaced by an earlier one.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from musterpoint.comparison import COMPARATOR_VERSION, Bare
from musterpoint.comparison.cohort import COHORT
from musterpoint.errors import Conflict, Corrupt, VersionMismatch
from musterpoint.gallery.kernels_geometry import INDEX_VERSION, KEY_BITS, SEGMENT_ROWS
from musterpoint.gallery.parts import packed, unpacked
from musterpoint.gallery.references import References
from musterpoint.gallery.segment import Columns, Filed, Segment, Waiting
from musterpoint.lasting import sync_folder

_DOUBTS: Final = (OSError, ValueError, KeyError, TypeError, Corrupt, Conflict, VersionMismatch)

POINTER: Final = "snapshot.mps"
PART: Final = ".part"
_LOCK: Final = "lock"
_UNFINISHED: Final = ".new"
_POINTER_BYTES_MAX: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """How parts are made unreadable. Each part has a name that was never used before.

    seal     name and plain bytes to sealed ones
    open     name and sealed bytes to plain ones; raises Corrupt or Conflict where they do not open
    destroy  make parts of these names unreadable for good, wherever copies of them are
    """

    seal: Callable[[str, bytes], bytes]
    open: Callable[[str, bytes], bytes]
    destroy: Callable[[Sequence[str]], None]


PLAIN: Final = Sealing(seal=lambda _, plain: plain, open=lambda _, sealed: sealed, destroy=lambda _: None)
"""No sealing: only for galleries of synthetic fingers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFolder:
    """Where the snapshot of one gallery is kept.

    threads  who share the work of loading
    """

    folder: Path
    sealing: Sealing
    threads: int = 1

    def about(self) -> Mapping[str, str] | None:
        """What the snapshot is of, as `save` was told; None where there is none or it cannot be trusted."""
        try:
            return dict(self._read(_pointer(self.folder)["head"])[0]["about"])
        except _DOUBTS:
            return None

    def load(self, is_of: Callable[[int, Mapping[str, str]], bool]) -> References | None:
        """The references of the snapshot, or None where there is none or it cannot be trusted.

        is_of  whether the position, and what the snapshot is of, are those of the registry
        """
        for _ in range(2):
            # Between pointer and parts another process may have replaced both.
            try:
                return self._loaded(is_of)
            except _DOUBTS:
                continue
        return None

    def _loaded(self, is_of: Callable[[int, Mapping[str, str]], bool]) -> References | None:
        pointer = _pointer(self.folder)
        facts, arrays = self._read(pointer["head"])
        if any(facts[name] != version for name, version in _versions().items()):
            return None
        if not is_of(facts["position"], facts["about"]):
            return None
        names: list[str] = facts["segments"]
        with ThreadPoolExecutor(self.threads) as pool:
            segments = list(pool.map(lambda name: self._segment(name, len(arrays["people"])), names))
        return References.of(segments, arrays["people"].astype(np.uint64), facts["position"])

    def _segment(self, name: str, people: int) -> Segment:
        facts, arrays = self._read(name)
        segment = _segment_of(facts, arrays, people)
        segment.saved_as = name
        return segment

    def _read(self, name: str) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        sealed = (self.folder / f"{uuid.UUID(name).hex}{PART}").read_bytes()
        return unpacked(self.sealing.open(name, sealed))

    def save(self, references: References, about: Mapping[str, str]) -> bool:
        """Write what has changed since; returns whether the folder now holds these references.

        about  what they are of: facts by which `load` tells whether they are still what is wanted

        Removed references are dropped from memory and from the folder. Raises OSError where the folder
        cannot be written; what was there before is still there then.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _writing(self.folder) as is_ours:
            if not is_ours:
                return False
            held = _position_held(self.folder)
            if held is not None and held > references.position:
                return False
            self._write(references, about)
            return True

    def _write(self, references: References, about: Mapping[str, str]) -> None:
        with references.lock():
            references.forget_removed()
            if references.is_filtered:
                references.make_keys(is_filing=True)
            position, people = references.position, references.people.copy()
            named = [(segment, self._is_there(segment.saved_as)) for segment in references.segments]
            parts = [None if kept else _arrays_of(segment) for segment, kept in named]
            names = [segment.saved_as if kept else uuid.uuid4().hex for segment, kept in named]
            for (segment, _), name in zip(named, names, strict=True):
                segment.saved_as = name
        try:
            for part, name in zip(parts, names, strict=True):
                if part is not None:
                    self._write_part(name, *part)
            head = uuid.uuid4().hex
            facts = {
                **_versions(),
                "position": position,
                "about": dict(about),
                "segments": names,
            }
            self._write_part(head, facts, {"people": people})
            _replace(self.folder / POINTER, json.dumps({"head": head, "position": position}).encode())
        except BaseException:
            for (segment, kept), name in zip(named, names, strict=True):
                if not kept and segment.saved_as == name:
                    segment.saved_as = ""
            raise
        self._delete_parts(kept={head, *names})

    def _is_there(self, name: str) -> bool:
        return bool(name) and (self.folder / f"{name}{PART}").exists()

    def _write_part(
        self, name: str, facts: Mapping[str, object], arrays: Mapping[str, npt.NDArray[Any]]
    ) -> None:
        _replace(self.folder / f"{name}{PART}", self.sealing.seal(name, packed(facts, arrays)))

    def _delete_parts(self, *, kept: set[str]) -> None:
        old = [path for path in self.folder.glob(f"*{PART}") if path.stem not in kept]
        for path in (*old, *self.folder.glob(f"*{_UNFINISHED}")):
            path.unlink(missing_ok=True)
        if old:
            self.sealing.destroy([path.stem for path in old])

    def drop(self) -> None:
        """Delete the snapshot and destroy its keys, waiting for whoever writes it."""
        if not self.folder.exists():
            return
        with _writing(self.folder, is_waiting=True):
            (self.folder / POINTER).unlink(missing_ok=True)
            self._delete_parts(kept=set())


def _versions() -> dict[str, object]:
    return {"comparator": COMPARATOR_VERSION, "cohort": COHORT, "index": INDEX_VERSION}


def _arrays_of(segment: Segment) -> tuple[dict[str, object], dict[str, npt.NDArray[Any]]]:
    """Facts and arrays of a segment; those that may still change are copied."""
    arrays = segment.columns().arrays()
    arrays |= {name: arrays[name].copy() for name in ("owners", "is_live", "sizes")}
    if segment.filed.rows:
        arrays |= {"starts": segment.filed.starts, "postings": segment.filed.postings}
    return {"rows": segment.count, "filed": segment.filed.rows}, arrays


def _segment_of(facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], people: int) -> Segment:
    """The segment, checked as far as a wrong value could lead outside of an array. Raises ValueError."""
    rows, filed_rows = int(facts["rows"]), int(facts["filed"])
    offsets = arrays["offsets"]
    names = ("identifiers", "visits", "owners", "positions", "is_live", "sizes", "means")
    sound = (
        0 <= filed_rows <= rows <= SEGMENT_ROWS
        and all(len(arrays[name]) == rows for name in names)
        and _rises(offsets, rows, len(arrays["minutiae"]))
        and (rows == 0 or int(arrays["owners"].max()) < people)
    )
    if filed_rows:
        starts, postings = arrays["starts"], arrays["postings"]
        sound = sound and _rises(starts, 1 << KEY_BITS, len(postings))
        sound = sound and (not len(postings) or int(postings.max()) < filed_rows)
    if not sound:
        raise ValueError("a segment that contradicts itself")
    columns = Columns(Bare(arrays["minutiae"], offsets), *(arrays[name] for name in names))
    filed = Filed(arrays["starts"], arrays["postings"], filed_rows) if filed_rows else Segment().filed
    return Segment.of(columns, filed, Waiting(np.empty(0, np.uint32), np.zeros(1, np.int64)))


def _rises(offsets: npt.NDArray[Any], count: int, last: int) -> bool:
    return (
        len(offsets) == count + 1
        and int(offsets[0]) == 0
        and int(offsets[-1]) == last
        and bool(np.all(offsets[1:] >= offsets[:-1]))
    )


def _pointer(folder: Path) -> dict[str, Any]:
    with (folder / POINTER).open("rb") as file:
        content = json.loads(file.read(_POINTER_BYTES_MAX))
    if not isinstance(content, dict):
        raise ValueError("no pointer")
    return content


def _position_held(folder: Path) -> int | None:
    try:
        return int(_pointer(folder)["position"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _writing(folder: Path, *, is_waiting: bool = False) -> Iterator[bool]:
    """The right to write in a folder; false where another process has it."""
    file = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if is_waiting else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(file)


def _replace(path: Path, content: bytes) -> None:
    """Put a file in its place as a whole, lasting when this returns."""
    beside = path.with_name(path.name + _UNFINISHED)
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
