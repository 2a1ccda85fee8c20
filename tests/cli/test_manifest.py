"""A manifest says age, carer and exception too, and a batch goes on where it was, whatever was asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run

Visit = Callable[[int, int], tuple[Path, Path]]
WHERE = ("--purpose", "departure", "--site", "Gate 1")
TWO = ("--seat", "practice-officer", "--second", "practice-supervisor")
FAMILY = """\
record,file,age,carer,exception,not_captured
anna,person-1-visit-1/right-index.png,31,,,
bela,,3,anna,,
cora,,40,,seen by the medic,bandaged
dora,,4,,,
"""


@pytest.fixture
def manifest(visit: Visit, tmp_path: Path) -> Path:
    """A mother with a small child, somebody with a bandaged hand, and a child whom nobody came with."""
    visit(1, 1)
    path = tmp_path / "arrivals.csv"
    path.write_text(FAMILY)
    return path


def _by_record(found: Any) -> dict[str, Any]:
    return {one["record"]: one["screening"] for one in found}


def test_age_carer_and_exception_count_as_for_one_person(run: Run, manifest: Path) -> None:
    done = run("screen", manifest, "--batch", *WHERE, *TWO, "--json")

    assert done.code == 0, done.err
    found = _by_record(done.json)
    assert (found["anna"]["answer"], found["anna"]["decision"]) == ("not known", "cleared")
    assert found["bela"]["outcome"] == "exempt"
    assert (found["cora"]["outcome"], found["cora"]["decision"]) == ("failed capture", "cleared")
    assert found["cora"]["exception_of"] == "failed capture"
    # Whom nobody answers for is referred at once.
    assert found["dora"]["decision"] == "referred"
    assert found["bela"]["decision"] != "referred"


def test_the_same_batch_again_changes_nothing(run: Run, manifest: Path) -> None:
    first = _by_record(run("screen", manifest, "--batch", *WHERE, *TWO, "--json").json)
    before = run("status", "--json").json["counts"]

    again = _by_record(run("screen", manifest, "--batch", *WHERE, *TWO, "--json").json)

    assert all(one["is_repeated"] for one in again.values())
    assert {name: one["encounter"] for name, one in again.items()} == {
        name: one["encounter"] for name, one in first.items()
    }
    assert run("status", "--json").json["counts"]["encounters"] == before["encounters"] == 4


def test_a_carer_may_be_the_number_of_an_encounter(run: Run, manifest: Path) -> None:
    mother = run("screen", "--age", 30, "--not-captured", "bandaged", *WHERE, "--json").json["encounter"]
    manifest.write_text(f"record,file,age,carer\nbela,,3,{mother}\n")

    [found] = run("screen", manifest, "--batch", *WHERE, "--json").json

    assert found["screening"]["decision"] != "referred"


def test_a_carer_who_was_not_recorded_stops_the_child_alone(run: Run, manifest: Path) -> None:
    manifest.write_text("record,file,age,carer\nanna,missing.png,31,\nbela,,3,anna\ndora,,4,\n")

    done = run("screen", manifest, "--batch", *WHERE, "--json")

    assert done.code == 11
    assert [one.get("error", {}).get("code", "") for one in done.json][1:] == ["conflict.not-found", ""]


def test_a_batch_that_searches_elsewhere_is_searched_anew(run: Run, manifest: Path) -> None:
    run("enrol", "person-1-visit-1/right-index.png", "--gallery", "earlier")
    manifest.write_text("record,file\nanna,person-1-visit-1/right-index.png\n")
    [first] = run("screen", manifest, "--batch", *WHERE, "--search", "screening", "--json").json
    assert first["screening"]["galleries"] == ["screening"]

    done = run("screen", manifest, "--batch", *WHERE, "--search", "earlier", "--json")

    assert done.code == 0, done.err
    assert done.json[0]["screening"]["galleries"] == ["earlier"]
    assert not done.json[0]["screening"]["is_repeated"]
    again = run("screen", manifest, "--batch", *WHERE, "--search", "earlier", "--json").json
    assert again[0]["screening"]["is_repeated"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("anna,,3,,,\nanna,,4,,,", "the same age in all rows"),
        ("anna,,old,,,", "an age in years"),
        ("anna,,,,,", "the age of a small child"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(run: Run, manifest: Path, rows: str, words: str) -> None:
    manifest.write_text(FAMILY.splitlines()[0] + "\n" + rows + "\n")

    done = run("screen", manifest, "--batch", *WHERE)

    assert done.code == 3
    assert words in done.err


def test_a_collection_has_no_column_of_the_gate(run: Run, manifest: Path) -> None:
    done = run("enrol", manifest, "--gallery", "earlier")

    assert done.code == 3
    assert "unknown age" in done.err
