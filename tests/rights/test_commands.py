"""The commands of agreements, seats and galleries, as a person would type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.conftest import record
from tests.rights.clocks import MovableClock

from musterpoint.clock import SystemClock
from musterpoint.registry.agreement_documents import read_toml

PARTIES = ("--party", "Relief agency", "--party", "City council")
SEATS = ("ada=administrator", "sam=supervisor", "cleo=capture-officer")
AT_GATE = ("--purpose", "departure", "--site", "Gate 1")


def _agree(run: Run, purpose: str = "departure") -> None:
    assert run("agreement", "draft", *PARTIES, "--purpose", purpose).code == 0
    assert run("seat", "add", *SEATS, "--party", "Relief agency").code == 0
    assert run("agreement", "add", "agreement.toml").code == 0
    assert run("agreement", "acknowledge", *PARTIES).code == 0


def test_a_first_screening_practises_and_says_so(run: Run) -> None:
    done = run("screen", "--not-captured", "bandaged", *AT_GATE, "--json")

    assert done.code == 0
    assert done.json["is_practice"] is True
    assert "PRACTICE" in done.err
    assert "practice-officer" in done.err


def test_real_screening_takes_the_agreement_and_the_seat_that_there_are(run: Run, tmp_path: Path) -> None:
    _agree(run)
    (tmp_path / "person.fmr").write_bytes(record(1))

    done = run("screen", "person.fmr", *AT_GATE, "--json")

    assert done.code == 0
    assert done.json["is_practice"] is False
    assert done.json["galleries"] == ["departure"]
    assert "Acting as cleo, capture officer of Relief agency." in done.err
    assert not {"candidates", "case", "strength", "score", "rank"} & set(done.json)


@pytest.mark.parametrize("gallery", ["", "everybody"])
def test_a_draft_grants_every_purpose_that_it_was_given(run: Run, tmp_path: Path, gallery: str) -> None:
    purposes = ("--purpose", "departure", "--purpose", "return", "--purpose", "departure")
    assert (
        run("agreement", "draft", *PARTIES, *purposes, *(("--gallery", gallery) if gallery else ())).code == 0
    )
    assert run("seat", "add", *SEATS, "--party", "Relief agency").code == 0
    assert run("agreement", "add", "agreement.toml", "--seat", "sam").code == 0

    version = read_toml((tmp_path / "agreement.toml").read_text(), "")
    granted = [(one.purpose, one.gallery) for one in version.grants]
    assert granted == [(one, gallery or one) for one in ("departure", "return")]
    assert version.name == "departure, return"


def test_what_is_not_agreed_ends_with_5_and_is_journalled(run: Run) -> None:
    _agree(run)

    done = run("screen", "--not-captured", "bandaged", "--purpose", "tax", "--site", "Gate 1")

    assert done.code == 5
    assert "musterpoint agreement list" in done.err
    lines = run("journal", "--json", "--limit", "1000").json
    assert lines[-1]["kind"] == "act.denied"
    facts = json.dumps(lines[-1])
    assert "refused.no-agreement" in facts
    assert "tax" in facts


@pytest.mark.parametrize(("purpose", "said"), [("departure", "purpose enrolment"), ("enrolment", "earlier")])
def test_a_collection_that_is_not_agreed_is_refused_once(
    run: Run, tmp_path: Path, purpose: str, said: str
) -> None:
    _agree(run, purpose)
    (tmp_path / "people").mkdir()
    for name in ("anna", "bela"):
        (tmp_path / "people" / f"{name}_right-index.fmr").write_bytes(record(1))
    before = len(run("journal", "--json", "--limit", "1000", "--seat", "sam").json)

    done = run("enrol", "people", "--gallery", "earlier", "--seat", "sam")

    assert done.code == 5
    assert said in done.err
    lines = run("journal", "--json", "--limit", "1000", "--seat", "sam").json[before:]
    assert [line["kind"] for line in lines] == ["act.denied"]
    if purpose == "enrolment":
        assert run("enrol", "people", "--gallery", "enrolment", "--seat", "sam").code == 0


def test_a_batch_that_is_not_agreed_any_more_says_so_of_each(run: Run, tmp_path: Path) -> None:
    _agree(run)
    for name in ("anna", "bela"):
        (tmp_path / "people").mkdir(exist_ok=True)
        (tmp_path / "people" / f"{name}_right-index.fmr").write_bytes(record(1 if name == "anna" else 2))
    assert run("screen", "people", "--batch", *AT_GATE).code == 0
    assert run("agreement", "end", "departure", "--reason", "over").code == 0
    (tmp_path / "people" / "cora_right-index.fmr").write_bytes(record(3))

    done = run("screen", "people", "--batch", *AT_GATE, "--json")

    assert done.code == 11
    codes = {item["record"]: item.get("error", {}).get("code") for item in done.json}
    assert codes["cora"] == "refused.agreement-expired"
    counts = run("status", "--seat", "sam", "--json").json["counts"]
    assert counts["encounters"] == 2


def test_an_officer_lists_nothing_that_tells_people_apart(run: Run, tmp_path: Path) -> None:
    _agree(run)
    (tmp_path / "person.fmr").write_bytes(record(1))
    run("screen", "person.fmr", *AT_GATE)

    [shown] = run("encounters", "--seat", "cleo", "--json").json
    assert not {"subject", "case", "record", "fingers"} & set(shown)
    assert run("subjects", "--seat", "cleo").code == 5
    [full] = run("encounters", "--seat", "sam", "--json").json
    assert full["subject"]


def test_parties_sign_where_they_are(run: Run, tmp_path: Path) -> None:
    key = run("agreement", "key", "City council", "--json").json
    assert Path(key["file"]).stat().st_mode & 0o777 == 0o600
    parties = ("--party", "Relief agency", "--party", f"City council={key['key']}")
    assert run("agreement", "draft", *parties, "--purpose", "departure", "--name", "Movement 1").code == 0
    run("seat", "add", *SEATS, "--party", "Relief agency")
    run("agreement", "add", "agreement.toml")
    document = run("agreement", "show", "Movement 1", "--document").out
    (tmp_path / "document.json").write_text(document)

    signed = run("agreement", "sign", "document.json", "--party", "City council", "--output", "answer.json")
    assert signed.code == 0
    done = run("agreement", "acknowledge", "--from", "answer.json", "--party", "Relief agency", "--json")
    assert [one["state"] for one in done.json] == ["waits for acknowledgements", "live"]
    shown = run("agreement", "show", "--json").json
    assert (shown["state"], shown["practice"]) == ("live", False)
    assert {one["name"]: one["answer"] for one in shown["parties"]} == {
        "Relief agency": "acknowledged",
        "City council": "acknowledged",
    }


def test_a_forged_answer_is_refused(run: Run, tmp_path: Path) -> None:
    _agree(run)
    run("agreement", "sign", "agreement.toml", "--party", "City council", "--output", "answer.json")
    answer = json.loads((tmp_path / "answer.json").read_text())
    (tmp_path / "answer.json").write_text(json.dumps(answer | {"answer": "refused"}))

    assert run("agreement", "acknowledge", "--from", "answer.json").code == 3
    (tmp_path / "answer.json").write_text("{}")
    assert run("agreement", "acknowledge", "--from", "answer.json").code == 3
    (tmp_path / "answer.json").write_text("no json")
    assert run("agreement", "acknowledge", "--from", "answer.json").code == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("target_fpir_ppm = 10000", "target_fpir_ppm = 0.01"), "target_fpir_ppm"),
        (("enrols = true", "enrolls = true"), "enrolls"),
        (("version = 1", "version = 7"), "version 1"),
        (("age_min = 5", 'age_min = "five"'), "age_min"),
        (('rule = "all"', 'rule = "maybe"'), "rule"),
        (("format = 1", "format = 9"), "format"),
        (("[screening]", "[screening"), "line"),
        (('gallery = "departure"', 'gallery = "screening"'), "practice"),
    ],
)
def test_an_agreement_that_means_nothing_is_refused_by_its_place(
    run: Run, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    run("agreement", "draft", *PARTIES, "--purpose", "departure")
    run("seat", "add", *SEATS, "--party", "Relief agency")
    path = tmp_path / "agreement.toml"
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))

    done = run("agreement", "add", path)

    assert done.code in {3, 10}
    assert words in done.err


def test_a_draft_is_sound_and_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    names = ("--party", 'The "quoted" party', "--party", "Die zweite Ämter-Gruppe")
    assert run("agreement", "draft", *names, "--purpose", "depärture").code == 0

    version = read_toml((tmp_path / "agreement.toml").read_text())

    assert [one.name for one in version.parties] == ['The "quoted" party', "Die zweite Ämter-Gruppe"]
    assert run("agreement", "draft", *names, "--purpose", "other").code == 2
    assert run("agreement", "draft", "--party", "x=12", "--purpose", "p", "--output", "y.toml").code == 2


def test_a_party_keeps_its_key_from_draft_to_draft(run: Run, tmp_path: Path) -> None:
    for name in ("one.toml", "two.toml"):
        run("agreement", "draft", *PARTIES, "--purpose", "departure", "--output", name)

    one, two = (read_toml((tmp_path / name).read_text()) for name in ("one.toml", "two.toml"))

    assert [each.public_key for each in one.parties] == [each.public_key for each in two.parties]
    assert one.agreement_id != two.agreement_id


def test_a_sealed_seat_asks_for_its_passphrase(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    monkeypatch.setenv("MUSTERPOINT_SEAT_PASSPHRASE_FILE", str(secret))
    assert run("seat", "add", *SEATS, "--party", "Relief agency", "--passphrase").code == 0
    assert run("seat", "list").code == 0

    secret.write_text("wrong\n")
    assert run("seat", "list", "--seat", "ada").code == 8


def test_seats_are_listed_shown_and_revoked(run: Run) -> None:
    key = run("seat", "key", "olga").out.strip()
    run("seat", "add", *SEATS, "--party", "Relief agency")
    assert run("seat", "add", "olga=observer", "--party", "UN", "--public-key", key).code == 0
    assert (
        run("seat", "add", "otto", "--role", "observer", "--party", "UN", "--until", "2099-01-31").code == 0
    )

    listed = {one["seat"]: one for one in run("seat", "list", "--seat", "ada", "--json").json["seats"]}
    assert listed["olga"]["key"] == key
    assert listed["otto"]["valid_until"] == "2099-02-01T00:00:00Z"
    assert run("seat", "show", "sam", "--seat", "ada", "--json").json["may"]["erase a person"] == "full"
    assert run("seat", "revoke", "olga").code == 0
    assert run("seat", "revoke", "nobody").code == 10
    assert "revoked" in run("seat", "list", "--seat", "ada").out
    assert run("seat", "add", "x=king", "--party", "UN").code == 2
    assert run("seat", "add", "x", "--party", "UN").code == 2
    assert run("seat", "add", "x=observer", "--party", "UN", "--public-key", "12").code == 2
    assert run("seat", "add", "x=observer", "--party", "UN", "--until", "soon").code == 2


def test_galleries_are_added_and_withdrawn(run: Run) -> None:
    _agree(run)
    assert run("gallery", "add", "camp", "--owner", "City council", "--purpose", "registration").code == 0
    assert run("gallery", "add", "camp", "--owner", "City council", "--purpose", "registration").code == 10
    assert run("gallery", "add", "camp 2", "--purpose", "registration").code == 2
    assert run("gallery", "attach", "camp", "--agreement", "departure").code == 10
    assert run("gallery", "detach", "departure", "--agreement", "departure").code == 0

    done = run("screen", "--not-captured", "bandaged", *AT_GATE, "--json")
    assert (done.code, done.json["galleries_not_searched"]) == (0, ["departure"])
    listed = {one["gallery"]: one for one in run("gallery", "list", "--json").json}
    assert listed["departure"]["agreements"] == []
    assert listed["screening"]["practice"] is True


def test_whoever_practises_adds_galleries_for_practice_only(run: Run) -> None:
    assert run("gallery", "add", "training", "--purpose", "practice", "--practice").code == 0
    assert run("gallery", "add", "camp", "--owner", "City council", "--purpose", "p").code == 5


def test_status_and_show_say_what_chance_may_produce(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Searches are counted by days: no midnight may come between them.
    clock = MovableClock()
    monkeypatch.setattr(SystemClock, "now", lambda _self: clock.now())
    _agree(run)
    for seed in (1, 2):
        (tmp_path / "person.fmr").write_bytes(record(seed))
        run("screen", "person.fmr", *AT_GATE)

    shown = run("status", "--seat", "sam", "--json").json
    [purposes] = [one["purposes"] for one in shown["agreements"] if one["name"] == "departure"]
    [departure] = purposes
    assert (departure["people"], departure["searches_today"]) == (2, 2)
    assert 0 < departure["expected_false_candidates_per_search"] <= 0.01
    assert departure["expected_false_candidates_per_day"] == pytest.approx(
        departure["expected_false_candidates_per_search"] * 2 / 7
    )
    words = run("agreement", "show").out
    assert "by chance in a day" in words
    assert "1 in 100" in words
