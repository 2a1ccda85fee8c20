"""The examples of the page on keys, run as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.cli.conftest import Run, run

from musterpoint.storage.vault import sources
from musterpoint.storage.vault.key_tables import KEYS
from musterpoint.workflows import backup

__all__ = ["run"]

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference/registry.md").read_text(encoding="utf-8")
PAGE = (DOCS / "explanation/keys.md").read_text(encoding="utf-8")


def test_every_example_works_as_written(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTERPOINT_KEY_FILE", str(tmp_path / "registry.key"))
    where = ("--purpose", "departure", "--site", "Gate 1")
    assert run("screen", "--not-captured", "refused", *where).code == 0

    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    commands = [line.removeprefix("$ musterpoint ") for block in blocks for line in block.splitlines()]

    assert len(commands) >= 8
    for command in commands:
        done = run(*shlex.split(command))
        assert done.code == 0, f"{command}: {done.err}"


@pytest.mark.parametrize("table", KEYS.tables.values(), ids=str)
def test_every_table_of_the_key_store_is_described_with_every_column(table: sa.Table) -> None:
    (line,) = re.findall(rf"^\| `{table.name}` \|.*$", REFERENCE, re.MULTILINE)

    assert [column.name for column in table.columns if f"`{column.name}`" not in line] == []


def test_the_page_states_the_numbers_of_the_code() -> None:
    assert f"N = 2^{sources.SCRYPT_N.bit_length() - 1}" in PAGE
    assert f"Kept for {backup.KEYS_KEPT_DAYS} days" in PAGE
    assert f"at least {sources.PASSPHRASE_CHARACTERS_MIN} characters" in PAGE
    assert f"at least {sources.SECRET_CHARACTERS_MIN} random characters" in PAGE
