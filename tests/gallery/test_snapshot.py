"""The snapshot of a gallery: whole or not at all, and nothing readable or removed in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from tests.gallery.people import entries, entry, filled, fingers, search

from musterpoint.comparison import bare_minutiae
from musterpoint.errors import Corrupt
from musterpoint.gallery import References, Sealing, SnapshotFolder
from musterpoint.gallery import references as reference_module
from musterpoint.gallery import snapshot as snapshot_module
from musterpoint.gallery.snapshot import PART, POINTER

COUNT = 60
ABOUT = {"galleries": "all", "mark": "abc"}
EVERY_PERSON = [UUID(int=(3 << 64) + k) for k in range(COUNT)]


@pytest.fixture(autouse=True)
def _filtered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_module, "FILTERED_FROM", 1)


class _Keys:
    """A cipher for tests that refuses what was changed, and forgets keys when told."""

    def __init__(self) -> None:
        self.destroyed: set[str] = set()

    def seal(self, name: str, plain: bytes) -> bytes:
        stream = hashlib.shake_256(name.encode()).digest(len(plain))
        sealed = (int.from_bytes(plain, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(plain), "big")
        return hashlib.sha256(name.encode() + plain).digest() + sealed

    def open(self, name: str, sealed: bytes) -> bytes:
        plain = self.seal(name, sealed[32:])[32:]
        if name in self.destroyed or hashlib.sha256(name.encode() + plain).digest() != sealed[:32]:
            raise Corrupt(expected="a part", found="another", hint="None")
        return plain

    def destroy(self, names: Sequence[str]) -> None:
        self.destroyed.update(names)


@pytest.fixture
def keys() -> _Keys:
    return _Keys()


@pytest.fixture
def folder(tmp_path: Path, keys: _Keys) -> SnapshotFolder:
    return SnapshotFolder(
        folder=tmp_path / "snapshot", sealing=Sealing(seal=keys.seal, open=keys.open, destroy=keys.destroy)
    )


def _is_mine(position: int, about: Mapping[str, str]) -> bool:
    return about == ABOUT


def _loaded(folder: SnapshotFolder) -> References | None:
    return folder.load(_is_mine)


def _parts(folder: SnapshotFolder) -> list[Path]:
    return sorted(folder.folder.glob(f"*{PART}"))


def test_what_is_loaded_answers_as_what_was_saved(folder: SnapshotFolder) -> None:
    saved = filled(entries(COUNT), position=9)
    assert folder.save(saved, ABOUT)
    loaded = _loaded(folder)
    assert loaded is not None
    assert (loaded.position, len(loaded)) == (9, COUNT)
    for number in range(0, COUNT, 7):
        probe = [fingers(COUNT, 1)[number]]
        assert search(loaded, probe) == search(saved, probe)


def test_a_loaded_gallery_goes_on_growing_and_forgetting(folder: SnapshotFolder) -> None:
    folder.save(filled(entries(COUNT)[:-5]), ABOUT)
    loaded = _loaded(folder)
    assert loaded is not None
    loaded.add(entries(COUNT)[-5:])
    loaded.remove([UUID(int=(2 << 64) + 3)])
    anew = filled(one for k, one in enumerate(entries(COUNT)) if k != 3)
    for number in (3, 4, COUNT - 1):
        probe = [fingers(COUNT, 1)[number]]
        assert search(loaded, probe) == search(anew, probe)
    assert folder.save(loaded, ABOUT)
    again = _loaded(folder)
    assert again is not None
    assert len(again) == COUNT - 1


def test_nothing_of_a_person_can_be_read_and_nothing_removed_is_left(
    folder: SnapshotFolder, keys: _Keys
) -> None:
    gallery = filled(entries(COUNT))
    folder.save(gallery, ABOUT)
    minutiae = bare_minutiae(fingers(COUNT)[8]).tobytes()
    for path in _parts(folder):
        assert minutiae not in path.read_bytes()
        assert EVERY_PERSON[8].bytes[8:][::-1] not in path.read_bytes()
    before = {path.stem for path in _parts(folder)}
    assert any(minutiae in keys.open(path.stem, path.read_bytes()) for path in _parts(folder))

    gallery.remove([UUID(int=(2 << 64) + 8)])
    folder.save(gallery, ABOUT)

    assert not any(minutiae in keys.open(path.stem, path.read_bytes()) for path in _parts(folder))
    assert keys.destroyed == before


def test_only_what_changed_is_written_again(folder: SnapshotFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reference_module, snapshot_module):
        monkeypatch.setattr(module, "SEGMENT_ROWS", 20)
    monkeypatch.setattr("musterpoint.gallery.segment.SEGMENT_ROWS", 20)
    gallery = filled(entries(COUNT))
    folder.save(gallery, ABOUT)
    before = {path.name for path in _parts(folder)}
    assert len(before) == 4
    gallery.add([entry(COUNT, fingers(COUNT + 1)[COUNT])])
    folder.save(gallery, ABOUT)
    # Three full segments stay; the head, and a fourth segment, are new.
    assert len(before & {path.name for path in _parts(folder)}) == 3
    assert len(_parts(folder)) == 5


@pytest.mark.parametrize("damage", ["bit", "cut", "longer", "missing", "empty", "swapped"])
def test_any_doubt_leads_to_nothing_being_loaded(folder: SnapshotFolder, damage: str) -> None:
    folder.save(filled(entries(COUNT)), ABOUT)
    for path in (*_parts(folder), folder.folder / POINTER):
        content = path.read_bytes()
        other = next(one for one in _parts(folder) if one != path)
        changed = {
            "bit": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
            "cut": content[: len(content) // 2],
            "longer": content + b"\0" * 64,
            "missing": None,
            "empty": b"",
            "swapped": other.read_bytes(),
        }[damage]
        path.unlink() if changed is None else path.write_bytes(changed)
        is_pointer = path.name == POINTER
        if not (is_pointer and damage == "bit"):
            assert _loaded(folder) is None
        path.write_bytes(content)
        assert _loaded(folder) is not None


def test_damage_that_no_cipher_noticed_is_noticed(tmp_path: Path) -> None:
    plain = SnapshotFolder(folder=tmp_path, sealing=snapshot_module.PLAIN)
    plain.save(filled(entries(COUNT)), ABOUT)
    largest = max(_parts(plain), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    for place in (0, 5, 40, len(content) // 2, len(content) - 1):
        content[place] ^= 4
        largest.write_bytes(content)
        assert _loaded(plain) is None
        content[place] ^= 4


def test_another_version_and_another_history_are_not_loaded(
    folder: SnapshotFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.save(filled(entries(COUNT)), ABOUT | {"mark": "of another history"})
    assert _loaded(folder) is None
    folder.save(filled(entries(COUNT)), ABOUT)
    assert _loaded(folder) is not None
    for name in ("COMPARATOR_VERSION", "COHORT", "INDEX_VERSION"):
        monkeypatch.setattr(snapshot_module, name, "99")
        assert _loaded(folder) is None
        monkeypatch.undo()


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("survived", range(6))
def test_a_writer_that_dies_leaves_the_snapshot_before_or_after(
    folder: SnapshotFolder, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    gallery = filled(entries(COUNT), position=1)
    folder.save(gallery, ABOUT)
    gallery.add([entry(COUNT, fingers(COUNT + 1)[COUNT])])
    gallery.position = 2
    steps = 0

    def dying(before: object) -> object:
        def step(*arguments: object, **named: object) -> object:
            nonlocal steps
            if steps == survived:
                raise _Killed
            steps += 1
            return before(*arguments, **named)  # type: ignore[operator]  # what os offers

        return step

    with monkeypatch.context() as patched:
        for name in ("fsync", "open"):
            patched.setattr(f"musterpoint.gallery.snapshot.os.{name}", dying(getattr(os, name)))
        with pytest.raises(_Killed):
            folder.save(gallery, ABOUT)

    loaded = _loaded(folder)
    assert loaded is not None
    assert (loaded.position, len(loaded)) == (1, COUNT)
    assert folder.save(gallery, ABOUT)
    loaded = _loaded(folder)
    assert loaded is not None
    assert (loaded.position, len(loaded)) == (2, COUNT + 1)
    assert len(_parts(folder)) == 2


def test_of_two_writers_one_leaves_it_at_that_and_the_later_position_stays(folder: SnapshotFolder) -> None:
    first, second = filled(entries(COUNT), position=5), filled(entries(COUNT - 1), position=4)
    assert folder.save(first, ABOUT)
    assert not folder.save(second, ABOUT)
    held = os.open(folder.folder / "lock", os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not folder.save(first, ABOUT)
    finally:
        os.close(held)
    second.position = 6
    assert folder.save(second, ABOUT)
    # The parts of the first are gone: it writes them again when its turn comes.
    first.position = 7
    assert folder.save(first, ABOUT)
    loaded = _loaded(folder)
    assert loaded is not None
    assert len(loaded) == COUNT


def test_a_dropped_snapshot_is_gone_with_its_keys(folder: SnapshotFolder, keys: _Keys) -> None:
    folder.drop()
    folder.save(filled(entries(COUNT)), ABOUT)
    names = {path.stem for path in _parts(folder)}
    folder.drop()
    assert _loaded(folder) is None
    assert folder.about() is None
    assert keys.destroyed == names


def test_a_folder_that_cannot_be_written_keeps_what_it_has(
    folder: SnapshotFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = filled(entries(COUNT), position=1)
    folder.save(gallery, ABOUT)
    gallery.position = 2

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("musterpoint.gallery.snapshot.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            folder.save(gallery, ABOUT)
    loaded = _loaded(folder)
    assert loaded is not None
    assert loaded.position == 1


def test_empty_galleries_can_be_kept(folder: SnapshotFolder) -> None:
    assert folder.save(References(), ABOUT)
    loaded = _loaded(folder)
    assert loaded is not None
    assert len(loaded) == 0
    loaded.add(entries(1))
    assert len(loaded) == 1
