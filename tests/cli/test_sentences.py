"""Sentences that a newcomer has to understand: what was expected, what was found, and what to do."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Run

import musterpoint

PARTIES = ("Relief agency", "City council")
GATE = ("screen", "--not-captured", "bandaged", "--purpose", "departure", "--site", "Gate 1")


@pytest.fixture
def draft(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A draft of an agreement between two parties whose keys are here."""
    monkeypatch.setenv("MUSTERPOINT_SEATS", str(tmp_path / "seats"))
    parties = [word for name in PARTIES for word in ("--party", name)]
    assert run("agreement", "draft", *parties, "--purpose", "departure").code == 0
    return tmp_path / "agreement.toml"


def _install(run: Run) -> None:
    seats = ("ada=administrator", "sam=supervisor", "cleo=capture-officer")
    assert run("seat", "add", *seats, "--party", PARTIES[0]).code == 0


def test_a_draft_keeps_no_images(draft: Path) -> None:
    [grant] = tomllib.loads(draft.read_text())["grants"]
    assert grant["keeps_images"] is False
    assert "images are kept" in draft.read_text()


def test_a_wrong_member_is_named_with_what_it_is(run: Run, draft: Path) -> None:
    draft.write_text(draft.read_text().replace('name = "departure"', "name = 3", 1))

    done = run("agreement", "add", draft)

    assert done.code == 3
    assert "agreement.toml.name: expected a printable text of at most 200 characters" in done.err
    assert "but found the number 3" in done.err


def test_without_seats_it_is_said_how_to_set_them_up(run: Run, draft: Path) -> None:
    done = run("agreement", "add", draft)

    assert done.code == 5
    assert "musterpoint seat add NAME=administrator NAME=supervisor --party PARTY" in done.err


def test_to_acknowledge_what_was_never_added_is_told_as_that(run: Run, draft: Path) -> None:
    _install(run)

    done = run("agreement", "acknowledge", "--party", PARTIES[0])

    assert done.code == 10
    assert "musterpoint agreement add FILE" in done.err
    assert "practice" in done.err


def test_what_keeps_an_agreement_from_being_live_is_said_with_what_to_do(run: Run, draft: Path) -> None:
    _install(run)
    assert "Purposes that are agreed: none" in run(*GATE).err
    run("agreement", "add", draft)
    assert "still waits for a party's acknowledgement" in run(*GATE).err
    run("agreement", "refuse", "--party", PARTIES[1], "--statement", "not the route")
    refused = run(*GATE)

    assert refused.code == 5
    assert "found one that a party refused to acknowledge" in refused.err
    assert "Agree on a new version" in refused.err


def test_a_role_that_may_not_is_told_whose_it_is(run: Run) -> None:
    run(*GATE)

    done = run("subjects", "--seat", "practice-officer")

    assert "found the seat of a capture officer. Ask a supervisor to do it." in done.err


def _errors() -> Iterator[tuple[str, dict[str, ast.expr]]]:
    source = Path(musterpoint.__file__).parent
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                texts = {one.arg: one.value for one in node.keywords if one.arg}
                if {"expected", "found", "hint"} <= set(texts):
                    yield f"{path.relative_to(source)}:{node.lineno}", texts


def test_no_error_says_nothing() -> None:
    """Texts that stand alone are words for a person, without a full stop, and name what was found."""
    empty = {"", "something else", "the other way round", "another one", "nothing there", "error"}
    wrong = [
        (where, name, text.value)
        for where, texts in _errors()
        for name, text in texts.items()
        if name in {"expected", "found", "hint"}
        and isinstance(text, ast.Constant)
        and (text.value in empty or str(text.value).endswith("."))
    ]
    assert wrong == []
