"""The examples of the pages on erasure and exchange, run as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import Run, run
from tests.conftest import record

from musterpoint.registry.erasure import StoreKind
from musterpoint.storage import Database, erasing, exchanging
from musterpoint.workflows.exporting import CASES, ENCOUNTERS, REFERENCES, REQUESTS

__all__ = ["run"]

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGES = ("explanation/erasure.md", "reference/exchange.md")


def commands_of(page: str) -> list[str]:
    """The commands of a page's examples, in their order."""
    blocks = re.findall(r"```console\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return [line.removeprefix("$ musterpoint ") for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_every_example_works_as_written(run: Run, tmp_path: Path, page: str) -> None:
    (tmp_path / "person.fmr").write_bytes(record(1))
    assert run("screen", "person.fmr", "--purpose", "departure", "--site", "Gate 1").code == 0
    with Database.open(tmp_path / "registry") as database, database.unit_of_work() as work:
        erasing.add_holder(work, "station Gate 2", StoreKind.STATION)
        work.append_journal("export", {"holder": "station Gate 2"})
        work.commit()
    names = {"SUBJECT": run("subjects", "--json").json[0]["subject"]}

    commands = commands_of(page)
    assert len(commands) >= 5
    for command in commands:
        done = run(*(names.get(word, word) for word in shlex.split(command)))
        # The status of an erasure that waits for somebody is an answer of its own.
        assert done.code == (1 if command == "erase --status ERASURE" else 0), f"{command}: {done.err}"
        if found := re.search(r"Erasure ([0-9a-f-]{36})", done.out):
            names["ERASURE"] = found[1]


def test_every_file_of_an_export_is_described() -> None:
    page = (DOCS / "reference/exchange.md").read_text()
    names = {one.name for one in (*exchanging.EXCHANGED, *exchanging.AFTER_ENCOUNTERS)}
    names |= {one.removesuffix(".jsonl") for one in (ENCOUNTERS, REFERENCES, CASES, REQUESTS)}
    assert {name for name in names if f"`{name}`" not in page} == set()
