"""The gate from the command line: screen, adjudicate, look around, erase."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run, width_of

Visit = Callable[[int, int], tuple[Path, Path]]
WHERE = ("--purpose", "departure", "--site", "Gate 1")


def test_a_person_is_screened_twice_and_decided(run: Run, visit: Visit, tmp_path: Path) -> None:
    first = run("screen", *visit(1, 1), *WHERE, "--json")
    assert first.code == 0
    assert first.json["answer"] == "not known"
    assert [finger["finger"] for finger in first.json["fingers"]] == ["right-index", "left-index"]

    second = run("screen", *visit(1, 2), *WHERE, "--json")
    assert (second.code, second.json["answer"], second.json["case"]) == (0, "being decided", 1)
    assert not {"score", "strength", "candidates"} & set(second.json)

    assert [case["case"] for case in run("adjudicate", "--json").json] == [1]
    shown = run("adjudicate", "1", "--output", tmp_path / "case", "--json")
    [candidate] = shown.json["candidates"]
    assert "strength_millinats" not in candidate
    assert width_of(Path(candidate["picture"])) > 400
    scored = run("adjudicate", "1", "--output", tmp_path / "case", "--scores", "--json")
    assert scored.json["candidates"][0]["expected_false_positives"] < 0.01

    settled = run("adjudicate", "1", "--same", "a", "--json")
    assert (settled.json["answer"], settled.json["subject"]) == ("known", first.json["subject"])
    assert run("adjudicate", "--json").json == []

    [subject] = run("subjects", "--json").json
    assert subject["subject"] == first.json["subject"]
    assert len(subject["encounters"]) == 2


def test_words_say_what_the_json_says(run: Run, visit: Visit) -> None:
    first = run("screen", *visit(1, 1), *WHERE)
    assert first.out.startswith("not known\n")
    assert "0 people were searched" in first.out

    second = run("screen", *visit(1, 2), *WHERE)
    assert second.out.startswith("being decided: case 1\n")
    assert "musterpoint adjudicate 1" in second.out
    assert run("adjudicate").out.count("\n") > 2
    assert "candidate-A.png" in run("adjudicate", "1").out
    assert "The answer is not known" in run("adjudicate", "1", "--different").out
    assert "No case is open" in run("adjudicate").err


def test_the_finger_is_said_before_the_file(run: Run, visit: Visit, tmp_path: Path) -> None:
    right, _ = visit(1, 1)
    plain = tmp_path / "scan.png"
    plain.write_bytes(right.read_bytes())

    said = run("screen", f"left-thumb={plain}", *WHERE, "--json")
    unknown = run("screen", plain, *WHERE, "--json")

    assert [finger["finger"] for finger in said.json["fingers"]] == ["left-thumb"]
    assert [finger["finger"] for finger in unknown.json["fingers"]] == ["unknown"]


def test_somebody_without_fingers_is_recorded_by_the_same_command(run: Run) -> None:
    done = run("screen", "--not-captured", "bandaged", *WHERE, "--json")

    assert (done.code, done.json["outcome"], done.json["answer"]) == (0, "failed capture", None)
    [encounter] = run("encounters", "--json").json
    assert encounter["not_captured"] == [{"finger": "unknown", "reason": "bandaged"}]


def test_a_batch_by_names_goes_on_where_it_was(run: Run, visit: Visit, tmp_path: Path) -> None:
    visit(1, 1)
    visit(2, 1)
    (tmp_path / "person-2-visit-1" / "notes.txt").write_text("passed over")

    first = run("screen", tmp_path, "--batch", *WHERE, "--json")
    assert [item["record"] for item in first.json] == ["person-1-visit-1", "person-2-visit-1"]
    visit(3, 1)
    again = run("screen", tmp_path, "--batch", *WHERE, "--json")

    assert [item["screening"]["is_repeated"] for item in again.json] == [True, True, False]
    assert len(run("encounters", "--json").json) == 3


def test_a_batch_by_manifest_reports_what_failed_and_goes_on(run: Run, visit: Visit, tmp_path: Path) -> None:
    right, left = visit(1, 1)
    (tmp_path / "broken.png").write_bytes(right.read_bytes()[:500])
    manifest = tmp_path / "people.csv"
    rows = [
        ("record", "file", "finger", "ppi", "not_captured"),
        ("anna", right.relative_to(tmp_path), "right-index", "", ""),
        ("anna", left.relative_to(tmp_path), "", "", ""),
        ("bela", "broken.png", "", "", ""),
        ("cora", "", "", "", "refused"),
    ]
    with manifest.open("w", newline="") as file:
        csv.writer(file).writerows(rows)

    done = run("screen", manifest, "--batch", *WHERE, "--report", tmp_path / "report.csv", "--json")

    assert done.code == 11
    anna, bela, cora = done.json
    assert anna["screening"]["answer"] == "not known"
    assert bela["error"]["code"] == "image.truncated"
    assert cora["screening"]["outcome"] == "refused"
    with (tmp_path / "report.csv").open() as file:
        assert [row["record"] for row in csv.DictReader(file)] == ["anna", "bela", "cora"]


def test_identify_and_verify_keep_nothing_but_a_journal_line(run: Run, visit: Visit) -> None:
    subject = run("screen", *visit(1, 1), *WHERE, "--json").json["subject"]
    before = run("status", "--json").json["counts"]
    again, stranger = visit(1, 2), visit(2, 1)

    found = run("identify", *again, "--json").json
    assert [candidate["subject"] for candidate in found["candidates"]] == [subject]
    assert run("identify", *stranger, "--json").json["candidates"] == []
    assert run("verify", subject[-12:], *again, "--json").json["is_similar"]
    assert run("verify", subject, *stranger).code == 1

    after = run("status", "--json").json["counts"]
    assert {name for name in after if after[name] != before.get(name)} == {"journal_lines"}
    kinds = [line["kind"] for line in run("journal", "--json").json]
    assert kinds[-4:] == ["identified", "identified", "verified", "verified"]


def test_an_erased_person_is_gone(run: Run, visit: Visit) -> None:
    subject = run("screen", *visit(1, 1), *WHERE, "--json").json["subject"]

    assert run("erase", subject, "--yes", "--json").json["encounters"] == 1
    assert run("subjects", "--json").json == []
    assert run("subjects", subject).code == 10
    assert run("erase", subject, "--yes").code == 10
    assert run("screen", *visit(1, 2), *WHERE, "--json").json["answer"] == "not known"


def test_a_collection_is_enrolled_once_and_its_people_are_found(
    run: Run, visit: Visit, tmp_path: Path
) -> None:
    visit(1, 1)
    visit(2, 1)
    duplicate = visit(1, 3)
    first = run("enrol", tmp_path, "--gallery", "earlier", "--duplicates", tmp_path / "d.csv", "--json")
    assert (first.code, first.json["enrolled"]) == (0, 3)
    [found] = first.json["possible_duplicates"]
    assert {found["record"], found["of_record"]} == {"person-1-visit-1", duplicate[0].parent.name}
    assert (tmp_path / "d.csv").read_text().count("\n") == 2

    again = run("enrol", tmp_path, "--gallery", "earlier", "--json").json
    assert (again["enrolled"], again["enrolled_before"]) == (0, 3)
    assert again["possible_duplicates"] == first.json["possible_duplicates"]
    assert run("screen", *visit(2, 2), *WHERE, "--json").json["answer"] == "being decided"


def test_a_template_crosses_as_an_iso_record(run: Run, visit: Visit, tmp_path: Path) -> None:
    right, left = visit(1, 1)
    record = tmp_path / "person.fmr"
    assert run("export", right, left, "--output", record).code == 0
    assert record.read_bytes()[:8] == b"FMR\0 20\0"

    run("screen", record, *WHERE)
    assert run("screen", *visit(1, 2), *WHERE, "--json").json["answer"] == "being decided"


def test_inspect_and_compare_draw_and_tell(run: Run, visit: Visit, tmp_path: Path) -> None:
    (right, left), (right_again, _) = visit(1, 1), visit(1, 2)
    shown = run("inspect", right, "--picture", tmp_path / "minutiae.png", "--json").json
    assert 0 <= shown["quality"] <= 100
    assert len(shown["minutiae"]) > 10
    assert width_of(tmp_path / "minutiae.png") > 300

    mated = run("compare", right, right_again, "--picture", tmp_path / "pair.png", "--json").json
    nonmated = run("compare", right, left, "--json").json
    assert mated["score_millinats"] > 3000 > nonmated["score_millinats"]
    assert width_of(tmp_path / "pair.png") > 600
    assert run("compare", right, left, "--fmr", "0.001").code == 1
    assert run("compare", right, right_again, "--fmr", "0.001").code == 0
    json.dumps(mated)
