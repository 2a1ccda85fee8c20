"""The cache of the converted network is quick when right, and harmless when wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musterpoint.extraction import model_cache
from musterpoint.extraction.folding import Folded

SMALL: Folded = {
    "stem.kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "stem.bias": np.array([0.5], dtype=np.float32),
}
PACKED = model_cache.pack(SMALL)


def _equal(one: Folded, other: Folded) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)


def _file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def network() -> Folded:
    return model_cache.converted_network()


def test_arrays_come_back_as_they_were() -> None:
    assert _equal(model_cache.unpack(PACKED), SMALL)


@given(place=st.integers(0, len(PACKED) - 1), bit=st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_one_changed_bit_is_noticed(place: int, bit: int) -> None:
    damaged = bytearray(PACKED)
    damaged[place] ^= 1 << bit
    with pytest.raises(ValueError, match="not a whole cache file"):
        model_cache.unpack(bytes(damaged))


@given(length=st.integers(0, len(PACKED) - 1))
@settings(max_examples=60, deadline=None)
def test_a_truncated_file_is_noticed(length: int) -> None:
    with pytest.raises(ValueError, match="not a whole cache file"):
        model_cache.unpack(PACKED[:length])


def test_the_second_call_needs_no_weights(
    tmp_path: Path, network: Folded, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _equal(model_cache.converted_network(tmp_path), network)
    monkeypatch.setattr(model_cache, "read_weights", lambda: pytest.fail("the weights were read again"))
    assert _equal(model_cache.converted_network(tmp_path), network)


@pytest.mark.parametrize("damage", ["empty", "truncated", "flipped", "a folder"])
def test_a_damaged_file_is_replaced(tmp_path: Path, network: Folded, damage: str) -> None:
    model_cache.converted_network(tmp_path)
    path = _file(tmp_path)
    whole = path.read_bytes()
    if damage == "a folder":
        path.unlink()
        path.mkdir()
        assert _equal(model_cache.converted_network(tmp_path), network)
        return
    changed = {"empty": b"", "truncated": whole[:-5], "flipped": whole[:-1] + bytes([whole[-1] ^ 1])}
    path.write_bytes(changed[damage])

    assert _equal(model_cache.converted_network(tmp_path), network)
    assert path.read_bytes() == whole


def test_a_folder_that_is_gone_is_no_obstacle(tmp_path: Path, network: Folded) -> None:
    assert _equal(model_cache.converted_network(tmp_path / "nowhere"), network)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, network: Folded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Path, _target: Path) -> Path:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    assert _equal(model_cache.converted_network(tmp_path), network)
    assert list(tmp_path.iterdir()) == []


def test_two_processes_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from musterpoint.extraction import model_cache; "
        "[model_cache.converted_network(Path(sys.argv[1])) for _ in range(3)]"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(2)]

    assert [child.wait(60) for child in children] == [0, 0]
    model_cache.unpack(_file(tmp_path).read_bytes())
