"""What a package offers exists, in order, and every module says what it is about."""

from __future__ import annotations

import importlib
import pkgutil
import typing
from pathlib import Path

import pytest

import musterpoint

INSIDE = [found.name for found in pkgutil.iter_modules(musterpoint.__path__) if found.ispkg]
PACKAGES = ["musterpoint", *(f"musterpoint.{name}" for name in INSIDE)]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_exists(name: str) -> None:
    package = importlib.import_module(name)
    offered = getattr(package, "__all__", [])  # of some, each module is used by itself

    assert len(set(offered)) == len(offered)
    for public in offered:
        assert getattr(package, public) is not None


def test_lazy_names_are_the_public_ones() -> None:
    assert set(musterpoint.__all__) <= set(dir(musterpoint))
    assert set(musterpoint._HOMES) < set(musterpoint.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'compaer'"):
        importlib.import_module("musterpoint").compaer  # noqa: B018


@pytest.mark.parametrize("function", [musterpoint.extract, musterpoint.compare])
def test_annotations_of_public_functions_can_be_read(function: object) -> None:
    names = {name: getattr(musterpoint, name) for name in musterpoint.__all__}

    assert typing.get_type_hints(function, globalns=names)


def test_type_checkers_are_told_that_the_package_is_typed() -> None:
    assert (Path(musterpoint.__file__).parent / "py.typed").is_file()
