"""The gate from the command line: screen, adjudicate, look around, erase."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run, width_of

Visit = Callable[[int, int], tuple[Path, Path]]
WHERE = ("--purpose", "departure", "--site", "Gate 1")


def _judge(run: Run, opinion: str) -> None:
    """Both adjudicators give their opinion of the only pair that waits."""
    for seat in ("practice-adjudicator", "practice-adjudicator-2"):
        pair = run("adjudicate", "next", "--seat", seat, "--output", "pair.png", "--json").json["pair"]
        assert run("adjudicate", "judge", pair, "--opinion", opinion, "--seat", seat).code == 0


def test_a_person_is_screened_twice_and_decided(run: Run, visit: Visit) -> None:
    first = run("screen", *visit(1, 1), *WHERE, "--json")
    assert first.code == 0
    assert (first.json["answer"], first.json["decision"]) == ("not known", "cleared")
    assert [finger["finger"] for finger in first.json["fingers"]] == ["right-index", "left-index"]

    second = run("screen", *visit(1, 2), *WHERE, "--json")
    assert (second.code, second.json["answer"], second.json["decision"]) == (0, "being decided", "open")
    assert not {"score", "strength", "candidates", "case"} & set(second.json)

    _judge(run, "same")
    shown = run("decide", second.json["encounter"], "--json")
    assert (shown.json["answer"], shown.json["decision"]) == ("known", "open")
    denied = run("decide", second.json["encounter"], "denied", "--ground", "left before", "--json")
    assert (denied.json["author"], denied.json["ground"]) == ("practice-supervisor", "left before")

    [subject] = run("subjects", "--json").json
    assert first.json["is_enrolled"]
    assert len(subject["encounters"]) == 2


def test_words_say_what_the_json_says(run: Run, visit: Visit) -> None:
    first = run("screen", *visit(1, 1), *WHERE)
    assert first.out.startswith("not known\n")
    assert "0 people were searched" in first.out
    assert "Decision: cleared. The person may go on." in first.out

    second = run("screen", *visit(1, 2), *WHERE)
    assert second.out.startswith("being decided\n")
    assert "Decision: open. The person waits" in second.out
    _judge(run, "different")
    encounter = second.out.split()[-1]
    assert run("decide", encounter).out.startswith("not known; open\n")
    assert run("decide", encounter, "cleared").out.startswith("cleared: not known\n")


def test_an_exception_is_one_command_and_its_reason_is_shown(run: Run) -> None:
    together = ("--seat", "practice-officer", "--second", "practice-supervisor")
    done = run("screen", "--not-captured", "bandaged", "--exception", "seen by the medic", *together, *WHERE)

    assert done.code == 0
    assert "Decision: cleared, an exception (failed capture). The person may go on." in done.out
    encounter = done.out.split()[-1]
    assert "seen by the medic" in run("decide", encounter).out

    alone = run("screen", "--not-captured", "refused", *WHERE, "--json").json
    assert alone["next_step"].startswith("Goes on by a recorded exception")
    refused = run("decide", alone["encounter"], "cleared", "--ground", "let her go")
    assert (refused.code, "--exception" in refused.err) == (3, True)
    assert run("decide", alone["encounter"], "cleared", "--exception", "let her go").code == 0


def test_children_are_screened_by_their_age(run: Run, visit: Visit) -> None:
    right, left = visit(1, 1)
    mother = run("screen", right, left, *WHERE, "--json").json["encounter"]

    small = run("screen", right, "--age", "3", *WHERE)
    assert (small.code, "5 years" in small.err) == (4, True)
    with_her = run("screen", "--age", "3", "--carer", mother[-12:], *WHERE, "--json").json
    assert (with_her["outcome"], with_her["decision"]) == ("exempt", "open")
    alone = run("screen", "--born", str(datetime.datetime.now(datetime.UTC).year), *WHERE, "--json").json
    assert (alone["outcome"], alone["decision"]) == ("exempt", "referred")
    assert run("decide", alone["encounter"], "cleared", "--exception", "aunt is here").code == 3
    cleared = run(
        *("decide", alone["encounter"], "cleared", "--exception", "aunt is here", "--carer", mother, "--json")
    )
    assert cleared.json["carer"] == mother
    assert cleared.json["expires_at"] is not None


def test_what_a_person_told_is_shown_to_a_supervisor_only(run: Run, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "form.json").write_text('{"village": "B"}')
    told = ("--name", "Ana Canary", "--born", "1980", "--biography", "form.json", "--consent", "explicit")
    encounter = run("screen", *visit(1, 1), *told, *WHERE, "--json").json["encounter"]

    seen = run("decide", encounter, "--seat", "practice-supervisor").out
    assert "Ana Canary" in seen
    assert "village: B" in seen
    assert "Canary" not in run("decide", encounter, "--seat", "practice-observer").out
    assert "Canary" not in run("journal", "--json").out
    data = b"".join(path.read_bytes() for path in (tmp_path / "registry").iterdir() if path.is_file())
    assert b"Ana Canary" not in data


def test_a_receipt_is_made_for_a_person(run: Run, visit: Visit, tmp_path: Path) -> None:
    encounter = run("screen", *visit(1, 1), *WHERE, "--json").json["encounter"]

    made = run(
        "receipt", encounter, "--out", "receipt.html", "--language", "ar", "--language", "en", "--json"
    )

    assert made.code == 0
    assert made.json["code"] in (tmp_path / "receipt.html").read_text()
    assert (tmp_path / "receipt.tlog-proof").read_bytes().startswith(b"c2sp.org/tlog-proof@v1\n")
    assert run("receipt", encounter, "--language", "tlh").code == 3
    assert run("receipt", encounter, "--seat", "practice-adjudicator").code == 5


def test_rates_are_shown_once_enough_people_came(run: Run) -> None:
    run("screen", "--not-captured", "refused", *WHERE)

    few = run("alarms")
    assert (few.code, "No site has had enough arrivals" in few.out) == (0, True)
    found = run("alarms", "--json").json
    assert {rate["level"] for rate in found["rates"]} <= {"suppressed", "too few"}
    assert not any(rate["attempts"] for rate in found["rates"])
    assert found["alarms"] == []
    assert run("status", "--json").json["alarms"] == []
    assert run("alarms", "--close", "1").code == 10


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


SUPERVISING = ("--seat", "practice-supervisor")


def _only_subject(run: Run) -> str:
    [one] = run("subjects", "--json").json
    return str(one["subject"])


def test_an_officer_is_shown_no_subject_by_any_command(run: Run, visit: Visit) -> None:
    first = visit(1, 1)
    encounter = run("screen", *first, *WHERE, "--json").json["encounter"]
    subject = _only_subject(run)
    officer = ("--seat", "practice-officer")

    shown = [
        run("screen", *first, *WHERE, *officer, "--request", "5f0c0a52-58c7-4d2c-9f5c-0f2d5b9f5c11", *json)
        for json in ((), ("--json",))
    ]
    shown += [run("encounters", encounter, *officer, "--json"), run("encounters", *officer)]
    shown += [run("verify", encounter, *first, *officer, "--json"), run("decide", encounter, *officer)]
    shown += [run("erase", "request", encounter, *officer)]

    assert [one.code for one in shown] == [0] * len(shown), [one.err for one in shown]
    assert not [one for one in shown if subject in one.out + one.err]
    assert run("erase", "refuse", subject, "--reason", "legal hold", *SUPERVISING).code in {0, 2}


def test_identify_and_verify_keep_nothing_but_a_journal_line(run: Run, visit: Visit) -> None:
    encounter = run("screen", *visit(1, 1), *WHERE, "--json").json["encounter"]
    subject = _only_subject(run)
    before = run("status", "--json").json["counts"]
    again, stranger = visit(1, 2), visit(2, 1)

    found = run("identify", *again, "--json").json
    assert [candidate["subject"] for candidate in found["candidates"]] == [subject]
    assert run("identify", *stranger, "--json").json["candidates"] == []
    assert run("verify", subject[-12:], *again, "--json", *SUPERVISING).json["subject"] == subject
    assert run("verify", encounter[-12:], *again, "--json").json["subject"] is None
    assert run("verify", subject, *stranger).code == 1

    after = run("status", "--json").json["counts"]
    assert {name for name in after if after[name] != before.get(name)} == {"journal_lines"}
    kinds = [line["kind"] for line in run("journal", "--json").json]
    assert kinds[-5:] == ["identified", "identified", "verified", "verified", "verified"]


def test_an_erased_person_is_gone(run: Run, visit: Visit) -> None:
    run("screen", *visit(1, 1), *WHERE, "--json")
    subject = _only_subject(run)

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


def test_compare_explains_what_the_score_rests_on(run: Run, visit: Visit, tmp_path: Path) -> None:
    (right, _), (again, _) = visit(1, 1), visit(1, 2)

    told = run("compare", right, again, "--explain", "--json").json
    shown = run("compare", right, again, "--explain", "--picture", tmp_path / "why.png").out

    explanation = told["explanation"]
    assert sum(explanation["shares_millinats"].values()) == told["score_millinats"]
    assert explanation["stages"]["pairs"]["pairs"] == len(told["pairs"])
    assert explanation["stages"]["rate"]["is_extrapolated"] is told["is_extrapolated"] is True
    assert "extrapolated" in shown
    assert all(stage["words"] in shown for stage in explanation["stages"].values())
    assert width_of(tmp_path / "why.png") > 600
