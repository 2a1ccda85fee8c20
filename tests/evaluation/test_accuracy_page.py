"""The page about accuracy is what the generator makes, and names every option."""

from __future__ import annotations

import click
import pytest
from benchmarks.accuracy import DOCS, PAGE

from musterpoint.cli.evaluation import evaluate
from musterpoint.cli.evaluation_comparison import evaluate_compare


@pytest.mark.parametrize("command", [evaluate, evaluate_compare])
def test_every_option_is_described(command: click.Command) -> None:
    text = PAGE.read_text(encoding="utf-8")
    options = [name for one in command.params if isinstance(one, click.Option) for name in one.opts]
    assert [name for name in options if f"`{name}" not in text and f"{name} " not in text] == []


def test_no_place_of_the_page_was_left_empty() -> None:
    assert "{{" not in (DOCS / "accuracy.md").read_text(encoding="utf-8")
