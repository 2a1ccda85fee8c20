"""Every command does its work without a network, and leaves nothing but what it was told to make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, impression_png
from tests.house.confined import Outcome, run_confined

from musterpoint.cli.app import COMMANDS

WHERE = ("--purpose", "departure", "--site", "Gate 1", "--data", "registry")
REGISTRY = ("--data", "registry")
Command = Callable[..., Outcome]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs one command after another in one folder, and insists that each is private."""

    def run(name: str, *arguments: str) -> Outcome:
        outcome = run_confined(["-m", "musterpoint", name, *arguments], tmp_path)
        assert outcome.exit_code == 0, f"{name}: {outcome.stderr}"
        outcome.assert_private()
        return outcome

    return run


def lay_out(work: Path) -> None:
    """Three visits of two people, a collection to load, and a data set, as files."""
    for seed, number in ((1, 1), (1, 2), (2, 1)):
        folder = work / f"visit-{seed}-{number}"
        folder.mkdir(parents=True)
        (folder / "right-index.png").write_bytes(impression_png(seed, RIGHT_INDEX, number))
    collection = work / "collection" / "anna"
    collection.mkdir(parents=True)
    (collection / "left-index.png").write_bytes(impression_png(3, LEFT_INDEX, 1))
    images = [
        {"file": f"visit-{seed}-{number}/right-index.png", "finger": str(seed), "impression": number}
        for seed, number in ((1, 1), (1, 2), (2, 1))
    ]
    (work / "dataset.json").write_text(json.dumps({"name": "synthetic", "ppi": 500, "images": images}))


@pytest.mark.timeout(900)
def test_every_command_is_private(command: Command, tmp_path: Path) -> None:
    work = tmp_path / "work"
    lay_out(work)
    first, second, other = (f"visit-{visit}/right-index.png" for visit in ("1-1", "1-2", "2-1"))
    steps: list[tuple[str, ...]] = [
        ("prepare",),
        ("demo", "--output", "demo"),
        ("inspect", first, "--picture", "minutiae.png"),
        ("compare", first, second, "--explain", "--picture", "comparison.png"),
        ("export", first, "--output", "finger.fmr"),
        ("evaluate", ".", "--json", "figures.json", "--scores", "scores.parquet"),
        ("evaluate-compare", "scores.parquet", "scores.parquet", "."),
        ("screen", first, *WHERE),
        ("screen", second, *WHERE),
        *((name, *REGISTRY) for name in ("decide", "alarms")),
        *(("adjudicate", word, *REGISTRY) for word in ("list", "report")),
        ("adjudicate", "next", "--output", "pair.png", *REGISTRY),
        ("adjudicate", "seed", "--synthetic", "2", *REGISTRY),
        ("identify", other, *REGISTRY),
        ("enrol", "collection", "--gallery", "earlier", *REGISTRY),
        ("retention", "show", *REGISTRY),
        ("retention", "run", "--dry-run", *REGISTRY),
        ("reindex", *REGISTRY),
        ("calibrate", "--purpose", "departure", "--seat", "practice-supervisor", *REGISTRY),
        *((name, *REGISTRY) for name in ("encounters", "journal", "status", "upgrade")),
    ]

    for step in steps:
        command(*step)
    _adjudicate(command)
    _correct(command)
    _decide(command)
    subject = json.loads(command("subjects", "--json", *REGISTRY).stdout)[0]["subject"]
    command("verify", subject, "finger.fmr", *REGISTRY)
    _exchange(command, subject)

    named = {
        "agreement",
        "appeal",
        "backup",
        "check",
        "consent",
        "erase",
        "gallery",
        "import",
        "key",
        "log",
        "receipt",
        "restore",
        "seat",
        "station",
        "subject",
        "subjects",
        "verify",
    }
    assert {step[0] for step in steps} | named == set(COMMANDS)


def _decide(command: Command) -> None:
    visits = json.loads(command("encounters", "--json", *REGISTRY).stdout)
    encounter = [one["encounter"] for one in visits if one["kind"] == "screening"][-1]
    command("decide", encounter, "referred", "--ground", "wants to see a doctor", *REGISTRY)
    command("receipt", encounter, "--out", "receipt.html", *REGISTRY)


def _exchange(command: Command, subject: str) -> None:
    command("export", "--subject", subject, "--out", "held", "--purpose", "access", *REGISTRY)
    command("export", "--all", "everything", "--purpose", "handing over", *REGISTRY)
    command("import", "everything", *REGISTRY)
    command("export", "--list", *REGISTRY)
    command("consent", "withdraw", subject, *REGISTRY)
    command("erase", subject, "--yes", "--receipt", "erased.json", *REGISTRY)
    command("erase", "check", "erased.json", *REGISTRY)


def _adjudicate(command: Command) -> None:
    pair = json.loads(command("adjudicate", "next", "--json", *REGISTRY).stdout)["pair"]
    command("adjudicate", "judge", pair, "--opinion", "same", "--mark", "left:1:90,120", *REGISTRY)
    command("adjudicate", "show", "1", "--seat", "practice-supervisor", *REGISTRY)
    visits = json.loads(command("encounters", "--json", *REGISTRY).stdout)
    command("appeal", "open", visits[-1]["encounter"], "--by", "on-behalf", *REGISTRY)
    command("appeal", "list", *REGISTRY)
    command("appeal", "show", "1", *REGISTRY)
    command("appeal", "decide", "1", "--outcome", "confirmed", *REGISTRY)


def test_every_command_of_keys_and_backups_is_private(command: Command) -> None:
    command("screen", "--not-captured", "refused", *WHERE)
    shares = [f"shares/share-{number}-of-3.txt" for number in (1, 3)]
    command("key", "share", "-k", "2", "-n", "3", "--output", "shares", *REGISTRY)
    command("key", "rehearse", *shares, *REGISTRY)
    command("check", *REGISTRY)
    command("backup", "backup", "--keys", "keys", *REGISTRY)
    command("restore", "backup", "--keys", "keys", "--drill")
    command("restore", "backup", "--keys", "keys", "--data", "restored", "--erasures-from", "registry")
    before = json.loads(command("station", "list", "--json", *REGISTRY).stdout)[0]["station"]
    command("station", "revoke", before, "--reason", "stolen", "--data", "restored")
    command("key", "combine", *shares, *REGISTRY)
    command("key", "rotate", *REGISTRY)
    command("key", "change", "--to", "file", *REGISTRY)
    command("key", "show", *REGISTRY)


def _correct(command: Command) -> None:
    both = ("--seat", "practice-supervisor", "--second", "practice-supervisor-2")
    one, other = (one["subject"] for one in json.loads(command("subjects", "--json", *REGISTRY).stdout)[:2])
    command("subject", "merge", one, other, *both, *REGISTRY)
    command("subject", "history", *REGISTRY)
    command("subject", "undo", "1", *both, *REGISTRY)


def test_every_command_of_agreements_seats_and_galleries_is_private(command: Command) -> None:
    real, both = ("--data", "real"), ("--party", "Agency", "--party", "Council")
    command("agreement", "key", "Observers")
    command("agreement", "draft", *both, "--purpose", "departure")
    seats = ("ada=administrator", "sam=supervisor", "sue=supervisor", "cleo=capture-officer")
    command("seat", "add", *seats, "--party", "Agency", *real)
    command("seat", "key", "olga")
    sam = ("--seat", "sam", *real)
    command("agreement", "add", "agreement.toml", *sam)
    command("agreement", "sign", "agreement.toml", "--party", "Council", "--output", "answer.json")
    command("agreement", "acknowledge", "--from", "answer.json", "--party", "Agency", *sam)
    command("screen", "--not-captured", "refused", "--purpose", "departure", "--site", "Gate 1", *real)
    command(
        "agreement", "threshold", "--purpose", "departure", "--target-ppm", "500", "--second", "sue", *sam
    )
    glass = ("--act", "list subjects", "--reason", "fire", "--seat", "cleo", "--second", "sam")
    command("seat", "break-glass", *glass, *real)
    command("seat", "show", "sam", *real)
    command("seat", "revoke", "sue", *real)
    command("seat", "list", *real)
    command("gallery", "add", "camp", "--owner", "Council", "--purpose", "camp", *sam)
    for word in ("detach", "attach"):
        command("gallery", word, "departure", "--agreement", "departure", *sam)
    command("gallery", "list", *real)
    command("agreement", "list", *real)
    command("agreement", "show", *real)
    command("agreement", "refuse", "--party", "Council", "--statement", "No.", *sam)
    command("agreement", "end", "departure", "--reason", "over", *sam)


def test_every_command_of_the_log_is_private(command: Command, tmp_path: Path) -> None:
    command("screen", "--not-captured", "refused", *WHERE)
    command("log", "keys", "--output", "log.keys", *REGISTRY)
    command("log", "checkpoint", *REGISTRY)
    command("log", "export", "published", *REGISTRY)
    command("log", "verify", "published", "--signatures")
    command("log", "proof", "1", "--output", "first.tlog-proof", *REGISTRY)
    command("log", "request", *REGISTRY)
    witness = command("log", "witness", "init", "w1", "--name", "w1", "--log", "log.keys").stdout
    (tmp_path / "work" / "witness.keys").write_text(witness)
    command("log", "witness", "cosign", "request.tlog", "--witness", "w1")
    command("log", "add-cosignature", "cosignatures.txt", "--witness", "witness.keys", *REGISTRY)
