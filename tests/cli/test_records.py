"""Records of other programs: what was forgiven is told, and what is wrong with a poor one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.conftest import RIGHT_INDEX, fingers_of
from tests.interchange.records import iso_2005, minutia, short_view

from musterpoint.extraction import Extractor
from musterpoint.interchange import iso19794_2

WHERE = ("--purpose", "departure", "--site", "Gate 1")


@pytest.fixture
def astray(tmp_path: Path) -> Path:
    """A record of which something has to be forgiven: bytes behind its end."""
    template = Extractor().extract(fingers_of(1)[RIGHT_INDEX].impression(1).image, RIGHT_INDEX).template
    path = tmp_path / "astray.fmr"
    path.write_bytes(iso19794_2.write([template]) + b"\0\0")
    return path


def test_whatever_reads_a_record_tells_what_was_forgiven(run: Run, astray: Path) -> None:
    [expected] = run("inspect", astray, "--json").json["deviations"]
    screened = run("screen", astray, *WHERE, "--json")
    for done in (
        screened,
        run("compare", astray, astray, "--json"),
        run("identify", astray, "--json"),
        run("verify", screened.json["encounter"], astray, "--purpose", "departure", "--json"),
    ):
        assert done.json["deviations"][0] == {"file": str(astray)} | expected
        assert f"{astray}: forgiven at byte {expected['offset']}, {expected['code']}: found" in done.err

    lines = run("journal", "--json").out + run("encounters", "--json").out
    assert expected["code"] not in lines


def test_a_batch_tells_what_was_forgiven(run: Run, astray: Path, tmp_path: Path) -> None:
    folder = tmp_path / "arrivals" / "anna"
    folder.mkdir(parents=True)
    (folder / "right-index.fmr").write_bytes(astray.read_bytes())

    [item] = run("screen", folder.parent, "--batch", *WHERE, "--json").json
    assert len(item["screening"]["deviations"]) == 1
    enrolled = run("enrol", folder.parent, "--gallery", "earlier", "--json").json
    assert [len(one) for one in enrolled["deviations"].values()] == [1]


def _record(count: int) -> bytes:
    places = [(40 + 60 * (k % 6), 40 + 70 * (k // 6)) for k in range(count)]
    return iso_2005(short_view(*(minutia(x, y, 7 * k) for k, (x, y) in enumerate(places)), quality=80))


@pytest.mark.parametrize("count", [0, 1, 3, 11])
def test_a_record_of_few_minutiae_is_not_called_poor_for_its_stated_quality(
    run: Run, tmp_path: Path, count: int
) -> None:
    (tmp_path / "few.fmr").write_bytes(_record(count))

    text = run("inspect", "few.fmr").out
    assert "quality 80 of 100" in text
    assert "below 35" not in text
    assert "fewer than 12 minutiae" in text
    screened = run("screen", "few.fmr", *WHERE)
    assert "cannot tell" in screened.out
    assert "Capture the finger itself" in screened.out
    assert "uality is too low" not in screened.out
    [reason] = run("inspect", "few.fmr", "--json").json["reasons"]
    assert reason["code"] == "few-minutiae"


def test_a_record_of_one_place_is_called_unlike_itself(run: Run, tmp_path: Path) -> None:
    place = short_view(*(minutia(100, 100, 4 * k) for k in range(40)), quality=80)
    (tmp_path / "place.fmr").write_bytes(iso_2005(place))

    [reason] = run("inspect", "place.fmr", "--json").json["reasons"]
    assert reason["code"] == "unlike-itself"


def test_a_record_that_can_be_searched_has_no_reason_against_it(run: Run, astray: Path) -> None:
    found = run("inspect", astray, "--json").json
    assert (found["is_searchable"], found["reasons"]) == (True, [])


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "x.fmr", "--picture", "nowhere/x.png"),
        ("compare", "x.fmr", "x.fmr", "--picture", "nowhere/x.png"),
        ("export", "x.fmr", "--output", "nowhere/x.fmr"),
        ("screen", ".", "--batch", *WHERE, "--report", "nowhere/x.csv"),
        ("enrol", ".", "--gallery", "g", "--duplicates", "nowhere/x.csv"),
        ("agreement", "draft", "--party", "A", "--purpose", "b", "--output", "nowhere/x.toml"),
        ("receipt", "12345678", "--out", "nowhere/x.html"),
        ("log", "keys", "--output", "nowhere/keys"),
    ],
)
def test_a_folder_that_is_not_there_is_said_before_the_work(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "x.fmr").write_bytes(_record(20))

    done = run(*arguments)

    assert (done.code, "no folder 'nowhere'" in done.err) == (2, True), done.err
    assert not (tmp_path / "nowhere").exists()
