"""Two processes on one snapshot: whoever reads finds a whole one, also after a writer was killed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tests.gallery.people import entry, filled, fingers, search

from musterpoint.gallery import References, SnapshotFolder
from musterpoint.gallery import references as reference_module
from musterpoint.gallery.snapshot import PART, PLAIN

COUNT = 30
SAVED = 12
ABOUT = {"galleries": "all"}


def _folder(path: Path) -> SnapshotFolder:
    return SnapshotFolder(folder=path, sealing=PLAIN)


def _people() -> References:
    return filled(entry(k, fingers(COUNT + SAVED + 1)[k]) for k in range(COUNT))


def _add(references: References) -> None:
    """The person who comes next; the position says how many came."""
    references.position += 1
    number = COUNT + references.position - 1
    references.add([entry(number, fingers(COUNT + SAVED + 1)[number])])


def _write_on(path: Path, told: Connection) -> None:
    """The other process: writes again and again, then stops in the middle of a part until it is killed."""
    patch = pytest.MonkeyPatch()
    patch.setattr(reference_module, "FILTERED_FROM", 1)
    references = _people()
    for _ in range(SAVED):
        _add(references)
        assert _folder(path).save(references, ABOUT)
        told.send(references.position)
    sync = os.fsync

    def stop(file: int) -> None:
        sync(file)
        told.send("in the middle")
        told.recv()

    patch.setattr(os, "fsync", stop)
    _add(references)
    _folder(path).save(references, ABOUT)


def _any(_: int, about: Mapping[str, str]) -> bool:
    return about == ABOUT


def test_a_reader_finds_a_whole_snapshot_whatever_a_writer_does_and_takes_over_when_it_dies(
    tmp_path: Path,
) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    writer = context.Process(target=_write_on, args=(tmp_path, theirs), daemon=True)
    writer.start()
    theirs.close()
    seen: list[tuple[int, int]] = []
    told: object = None
    while told != "in the middle":
        if ours.poll(None if told is None else 0):
            told = ours.recv()
        loaded = _folder(tmp_path).load(_any)
        if loaded is not None:
            seen.append((loaded.position, len(loaded)))
    assert not _folder(tmp_path).save(_people(), ABOUT), "it has the right to write"
    writer.kill()
    writer.join()

    assert seen
    assert all(len_of == COUNT + position for position, len_of in seen)
    assert [position for position, _ in seen] == sorted(position for position, _ in seen)
    loaded = _folder(tmp_path).load(_any)
    assert loaded is not None
    assert (loaded.position, len(loaded)) == (SAVED, COUNT + SAVED)
    _add(loaded)
    assert _folder(tmp_path).save(loaded, ABOUT), "its right ended with it"
    again = _folder(tmp_path).load(_any)
    assert again is not None
    probe = [fingers(COUNT + SAVED + 1, 1)[COUNT + SAVED]]
    assert search(again, probe) == search(loaded, probe)
    assert len(list(tmp_path.glob("*.new"))) + len(list(tmp_path.glob(f"*{PART}"))) == 2
