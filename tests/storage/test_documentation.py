"""The reference page of the registry leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from musterpoint.registry import Answer, EncounterKind, Outcome, Verdict
from musterpoint.storage import Database, tables

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/registry.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", tables.METADATA.tables.values(), ids=str)
def test_every_table_is_described_with_every_column(table: object) -> None:
    name, columns = str(table), getattr(table, "columns", ())
    (line,) = re.findall(rf"^\| `{name}` \|.*$", PAGE, re.MULTILINE)

    assert [column.name for column in columns if f"`{column.name}`" not in line] == []


def test_every_kind_of_journal_line_is_described() -> None:
    files = [
        *(ROOT / "src/musterpoint/workflows").glob("*.py"),
        *(ROOT / "src/musterpoint/storage").glob("*.py"),
    ]
    sources = "".join(file.read_text() for file in files)
    kinds = set(re.findall(r'(?:append_journal|\.say)\(\s*"([^"]+)"', sources))

    section = PAGE.split("## Journal")[1].split("## Units")[0]
    described = set(re.findall(r"^\| `([a-z._]+)` \|", section, re.MULTILINE))
    assert kinds - described == set()
    assert {kind for kind in described if f'"{kind}"' not in sources} == set()


@pytest.mark.parametrize("words", [EncounterKind, Outcome, Answer, Verdict], ids=lambda words: words.__name__)
def test_every_word_of_a_column_is_described(words: type[Outcome]) -> None:
    assert [word.value for word in words if word.value not in PAGE] == []


def test_every_count_is_described(database: Database) -> None:
    with database.read() as snapshot:
        names = {name.partition(":")[0] for name in snapshot.counts()}

    assert [name for name in names if f"`{name}" not in PAGE] == []
