"""The repository holds what we wrote: text and pictures of our own making, true on any machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.house.clone import ROOT, text_of, tracked_files

BYTES_MAX = 1024 * 1024
KINDS = {
    *("", ".css", ".csv", ".html", ".in", ".ini", ".json", ".lock", ".mako", ".md"),
    *(".go", ".png", ".py", ".svg", ".toml", ".typed", ".txt"),
}
PICTURES = "docs/"
OURS = {
    # Templates of synthetic fingers, made by tools/make_cohort.py.
    Path("src/musterpoint/comparison/cohort.bin"),
}

# Put together, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.>}-])/(?:" + "|".join(("root", "home", "Users", "work")) + r")/\w")


def test_no_file_is_large() -> None:
    large = {path: size for path in tracked_files() if (size := (ROOT / path).stat().st_size) > BYTES_MAX}

    assert not large


def test_files_are_text_or_pictures_of_the_documentation() -> None:
    foreign = [
        path
        for path in set(tracked_files()) - OURS
        if path.suffix not in KINDS or (path.suffix == ".png" and not path.as_posix().startswith(PICTURES))
    ]

    assert not foreign


def test_no_file_names_a_place_on_one_machine() -> None:
    found = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in set(tracked_files()) - OURS
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]

    assert not found


def test_scripts_can_be_run() -> None:
    for script in (Path("run"), Path(".ci/run")):
        assert (ROOT / script).stat().st_mode & 0o111


def test_the_version_is_the_newest_of_the_changelog() -> None:
    import musterpoint

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    releases = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert releases[0] == project["version"] == musterpoint.__version__


def test_the_licence_is_the_one_that_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert all((ROOT / name).is_file() for name in project["license-files"])


def test_every_dependency_is_justified_in_its_decision() -> None:
    decision = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8").lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    tools = (ROOT / "requirements/development.in").read_text(encoding="utf-8").splitlines()
    written = [line for line in [*project["dependencies"], *extras, *tools] if line and line[0] != "#"]
    names = [re.split(r"[<>=~! ;\[]", line, maxsplit=1)[0] for line in written]

    assert [name for name in names if f"| {name} " not in decision] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path}: {target}"
        for path in tracked_files()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text_of(path))
        if not (ROOT / path.parent / target).exists()
    ]

    assert not broken
