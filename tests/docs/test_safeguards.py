"""Whatever the page on safeguards names is there: files, tests, commands with their options, places."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from musterpoint.cli.app import musterpoint
from musterpoint.transparency.verifier import arguments

pytestmark = pytest.mark.no_registry

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/safeguards.md"
TEXT = PAGE.read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", TEXT)
FILES = sorted({span for span in CODE if re.fullmatch(r"[\w./-]+\.py", span)} - {"verifier.py"})
COMMANDS = sorted({span for span in CODE if span.startswith("musterpoint ")})
VERIFIER = {option for action in arguments()._actions for option in action.option_strings}
LINES_MAX = 300


def options_of(command: click.Command) -> dict[str, click.Option]:
    named = [one for one in command.params if isinstance(one, click.Option)]
    return {name: option for option in named for name in (*option.opts, *option.secondary_opts)}


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words name, and those that are left over for it."""
    found: click.Command = musterpoint
    while isinstance(found, click.Group) and words:
        context = click.Context(found)
        following = found.get_command(context, words[0])
        if following is None:
            break
        found, words = following, words[1:]
    if isinstance(found, click.Group) and "person" in found.commands:
        # `erase` stands for this one where none of the others is named.
        found = found.commands["person"]
    return found, words


def slug(title: str) -> str:
    return re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_there_and_a_file_of_tests_has_some(name: str) -> None:
    places = [ROOT / place / name for place in (".", "src/musterpoint", "tests")]
    [found] = filter(Path.is_file, places)
    if found.name.startswith("test_"):
        tree = ast.parse(found.read_text(encoding="utf-8"))
        tests = [
            one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
        ]
        assert tests


def test_there_are_enough_of_them_to_speak_of() -> None:
    assert len(FILES) > 50
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_exists_and_has_the_options_that_are_named(line: str) -> None:
    command, left = command_of(shlex.split(line)[1:])
    assert command is not musterpoint
    known = VERIFIER if line.startswith("musterpoint log verify ") else set(options_of(command))
    assert {word for word in left if word.startswith("--")} <= known
    assert not isinstance(command, click.Group), "a command of it is missing or misspelt"


def test_every_option_of_the_verifier_exists() -> None:
    lines = [shlex.split(span) for span in CODE if span.startswith("python3 verifier.py")]
    assert lines
    assert {word for line in lines for word in line if word.startswith("--")} <= VERIFIER


def test_every_line_of_the_journal_that_is_named_is_written_somewhere() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/musterpoint").rglob("*.py"))
    named = {span for span in CODE if re.fullmatch(r"[a-z]+\.[a-z_]+", span)}
    kinds = {span for span in named if Path(span).suffix not in {".db", ".mps", ".py"}}
    assert len(kinds) > 8
    assert [kind for kind in kinds if f'"{kind}"' not in sources] == []


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", TEXT)
    assert targets
    for target in targets:
        name, _, anchor = target.partition("#")
        page = PAGE.parent / name if name else PAGE
        assert page.is_file(), target
        titles = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in map(slug, titles), target


def test_the_page_is_found_from_the_index_and_the_readme_and_is_short() -> None:
    assert "](safeguards.md)" in (ROOT / "docs/index.md").read_text(encoding="utf-8")
    assert "](docs/safeguards.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(TEXT.splitlines()) <= LINES_MAX
