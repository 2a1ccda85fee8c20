"""Every error and exit code is on its page, so that a person who meets one can look it up."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator

import pytest
from tests.house.clone import ROOT

from musterpoint import errors
from musterpoint.errors import MusterpointError


def classes(above: type[MusterpointError] = MusterpointError) -> Iterator[type[MusterpointError]]:
    """All classes of errors below one, depth first."""
    for kind in above.__subclasses__():
        yield kind
        yield from classes(kind)


CLASSES = sorted(set(classes()), key=lambda kind: kind.__name__)
PAGE = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\S+)` \| (\d+) \| `(\w+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = {cells[0]: cells[1:] for cells in ROW.findall(PAGE)}
EXIT_CODES = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_error_is_on_its_page(kind: type[MusterpointError]) -> None:
    assert kind.code in ROWS, f"{kind.__name__} ({kind.code}) is missing in docs/reference/errors.md"
    exit_code, name, meaning, remedy = ROWS[kind.code]
    assert (int(exit_code), name) == (kind.exit_code, kind.__name__)
    assert len(meaning) > 10
    assert len(remedy) > 10


def test_page_lists_no_error_that_does_not_exist() -> None:
    assert set(ROWS) == {kind.code for kind in CLASSES}


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in CLASSES}) == len(CLASSES)


def test_all_errors_live_in_one_module() -> None:
    assert {kind.__module__ for kind in CLASSES} == {errors.__name__}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_exit_code_is_documented_and_between_2_and_69(kind: type[MusterpointError]) -> None:
    assert 2 < kind.exit_code < 69
    assert kind.exit_code in EXIT_CODES


def test_other_exit_codes_are_documented() -> None:
    assert {0, 1, 2, 11, 69, 70, 130, 143} <= EXIT_CODES


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_message_has_all_parts_and_survives_a_border_between_processes(kind: type[MusterpointError]) -> None:
    error = kind(expected="250-1200 ppi", found="none in the file", hint="Give it with --ppi", where="a.png")

    copy = pickle.loads(pickle.dumps(error))

    assert str(copy) == "a.png: expected 250-1200 ppi, but found none in the file. Give it with --ppi."
    assert type(copy) is kind


def test_the_tree_in_the_module_names_every_class() -> None:
    assert [kind.__name__ for kind in CLASSES if kind.__name__ not in (errors.__doc__ or "")] == []
