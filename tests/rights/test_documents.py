"""The pages on rights and agreements say what is true, and their examples work as they are written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.house.clone import ROOT

from musterpoint.cli.agreement import agreement
from musterpoint.cli.gallery import gallery
from musterpoint.cli.seat import seat
from musterpoint.registry.rights import Act, Extent, extent, needs_two
from musterpoint.registry.seats import Role

RIGHTS = (ROOT / "docs/reference/rights.md").read_text(encoding="utf-8")
AGREEMENTS = (ROOT / "docs/explanation/agreements.md").read_text(encoding="utf-8")
MARKS = {Extent.NONE: "\N{EN DASH}", Extent.LIMITED: "limited", Extent.FULL: "yes"}


def _table() -> tuple[list[str], dict[str, list[str]]]:
    section = RIGHTS.split("## The table")[1].split("## Two persons")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|") and "---" not in line
    ]
    return rows[0][1:-1], {row[0]: row[1:] for row in rows[1:]}


def test_the_table_on_the_page_is_the_table_in_the_code() -> None:
    columns, rows = _table()

    assert set(columns) == {role.value for role in Role}
    assert set(rows) == {act.value for act in Act}
    for act in Act:
        *cells, persons = rows[act.value]
        assert cells == [MARKS[extent(Role(column), act)] for column in columns], act
        assert (persons == "two") is needs_two(act), act


@pytest.mark.parametrize("group", [agreement, seat, gallery], ids=lambda group: str(group.name))
def test_every_command_is_on_the_page_and_has_an_example(group: object) -> None:
    commands = getattr(group, "commands", {})
    assert commands
    for name, command in commands.items():
        assert f"`{getattr(group, 'name', '')} {name}`" in RIGHTS, name
        assert re.search(r"Examples?:\n", command.help or ""), name


def test_the_examples_on_agreements_work_in_their_order(run: Run, tmp_path: Path) -> None:
    examples = re.findall(r"^\$ musterpoint (.+)$", AGREEMENTS, re.MULTILINE)
    assert len(examples) > 15

    for example in examples:
        done = run(*shlex.split(example))
        assert done.code == 0, f"{example}: {done.err}"
    assert (tmp_path / "agreement.toml").exists()
    assert run("agreement", "show", "--seat", "sam").code == 1
