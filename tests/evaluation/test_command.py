"""`musterpoint evaluate`: what goes where, and how it ends."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from tests.evaluation.builders import DrawnEngine, write_data_set

from musterpoint.cli.evaluation import evaluate
from musterpoint.cli.evaluation_comparison import evaluate_compare
from musterpoint.errors import ListingError, RecordError, StorageFull, Unavailable

FINGERS = {20: [1, 2, 3], 30: [1, 2], 40: [1, 2]}


@pytest.fixture(autouse=True)
def _drawn_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musterpoint.evaluation.evaluation.OwnEngine", DrawnEngine)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_data_set(tmp_path / "drawn", FINGERS)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(evaluate, [*map(str, arguments), "--workers", "1"])


def test_the_table_is_data_and_the_progress_is_talk(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert "drawn" in result.stdout
    assert "EER" in result.stdout
    assert "comparisons" not in result.stdout
    assert "comparisons: 21 of 21" in result.stderr


def test_several_sets_have_a_mean_and_one_common_threshold(folder: Path, tmp_path: Path) -> None:
    alone, together = run(folder), run(folder, write_data_set(tmp_path / "second", FINGERS))
    assert "mean" not in alone.stdout
    assert "mean" in together.stdout
    assert "one threshold" in together.stdout


def test_json_on_standard_output_comes_alone(folder: Path) -> None:
    found = json.loads(run(folder, "--json", "-").stdout)
    assert list(found["sets"][0]) == [
        *("name", "eer", "fmr100", "fmr1000", "fmr10000", "zero_fmr"),
        *("mated", "nonmated", "failures_to_extract", "chimeric"),
    ]
    assert list(found["mean"]) == list(found["sets"][0])[1:-1]


def test_every_file_that_was_asked_for_is_written(folder: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("f.json", "s.csv", "det.svg")]
    result = run(folder, "--json", files[0], "--scores", files[1], "--plot", files[2])
    assert result.exit_code == 0, result.output
    assert json.loads(files[0].read_text())["sets"][0]["mated"] == 5
    assert len(files[1].read_text().splitlines()) == 1 + 21
    ElementTree.parse(files[2])
    assert run(folder, "--scores", tmp_path / "s.npz").exit_code == 0
    assert (tmp_path / "s.npz").read_bytes()[:2] == b"PK"


def test_parquet_without_its_package_is_refused_at_once_and_the_remedy_works(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as in an environment that has none
    refused = run(folder, "--scores", tmp_path / "s.parquet")
    assert isinstance(refused.exception, Unavailable)
    assert "as .npz" in str(refused.exception)
    assert "templates" not in refused.stderr
    assert not (tmp_path / "s.parquet").exists()

    scores = tmp_path / "s.npz"
    assert run(folder, "--scores", scores).exit_code == 0
    compared = CliRunner().invoke(evaluate_compare, [str(scores), str(scores), "--json", "-"])
    assert compared.exit_code == 0, compared.output
    assert json.loads(compared.stdout)["trials"] == 21


def test_a_file_that_holds_no_scores_is_said_to_be_none_where_parquet_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    figures = tmp_path / "figures.json"
    figures.write_text("{}")
    refused = CliRunner().invoke(evaluate_compare, [str(figures), str(figures)])
    assert isinstance(refused.exception, RecordError)
    assert "musterpoint evaluate --scores" in str(refused.exception)


def test_names_that_others_chose_stay_in_their_cell_of_a_card(tmp_path: Path) -> None:
    data_set = write_data_set(tmp_path / "drawn", FINGERS, name="a|b`<script> c", sensor="x|`y`")
    assert run(data_set, "--card", tmp_path / "card.md").exit_code == 0
    text = (tmp_path / "card.md").read_text()
    rows = [line for line in text.splitlines() if "script" in line]
    assert len(rows) == 2
    for row, head in zip(rows, ("| set | sensor", "| set | EER"), strict=True):
        [titles] = [line for line in text.splitlines() if line.startswith(head)]
        assert len(re.findall(r"(?<!\\)\|", row)) == titles.count("|")
        assert row.startswith("| a\\|b\\`&lt;script> c |")


def test_a_file_that_is_no_image_is_named_and_ends_with_code_11(folder: Path) -> None:
    (folder / "30_2.png").write_bytes(b"not a picture")
    result = run(folder)
    assert result.exit_code == 11
    assert "drawn/30_2.png: not a usable image." in result.stderr
    assert "drawn" in result.stdout


def test_an_image_without_a_finger_is_named_and_is_no_error_of_the_run(tmp_path: Path) -> None:
    result = run(write_data_set(tmp_path / "drawn", FINGERS | {0: [1]}))
    assert result.exit_code == 0
    assert "drawn/0_1.png: no template." in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nowhere",),
        (".", "--scores", "s.txt"),
        (".", "--plot", "det.png"),
        (".", "--json", "nowhere/f.json"),
        (".", "--workers", "0"),
    ],
)
def test_a_mistyped_call_is_refused_before_anything_is_done(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(evaluate, list(arguments))
    assert result.exit_code == 2
    assert "templates" not in result.stderr.replace("TEMPLATES", "")


def test_errors_of_the_description_reach_the_frame(tmp_path: Path) -> None:
    assert isinstance(run(tmp_path).exception, ListingError)


def test_a_disk_that_is_full_is_said_so(folder: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    assert isinstance(run(folder, "--json", full).exception, StorageFull)


def test_the_help_shows_an_example() -> None:
    result = CliRunner().invoke(evaluate, ["--help"])
    assert "musterpoint evaluate" in result.stdout
    assert "exit code 11" in result.stdout
