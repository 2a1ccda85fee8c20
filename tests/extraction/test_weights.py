"""Without the right weights there is one error that says what to install."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from musterpoint.errors import NetworkMissing
from musterpoint.extraction import folding, weights


def test_an_absent_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(weights, "distribution", absent)
    with pytest.raises(NetworkMissing, match=r"pip install --no-deps pyfing==") as caught:
        weights.read_weights()
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("content", [None, b"", b"other weights"])
def test_a_missing_or_different_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "weights").write_bytes(content)
    package = SimpleNamespace(locate_file=lambda _name: tmp_path / "weights")
    monkeypatch.setattr(weights, "distribution", lambda _name: package)
    with pytest.raises(NetworkMissing, match="pip install"):
        weights.read_weights()


def test_every_array_of_the_file_is_used_but_the_blur(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()

    class Watched(dict):  # type: ignore[type-arg]
        def __getitem__(self, name: str) -> object:
            used.add(name)
            return super().__getitem__(name)

    found = weights.read_weights()
    folding.fold(Watched(found))
    # The blur before the local maximum is a kernel of ours.
    assert set(found) - used == {"conv2d_47/0"}


def test_the_package_is_never_imported() -> None:
    weights.read_weights()
    assert "pyfing" not in sys.modules
