"""Every command does its work without a network, and leaves nothing but what it was told to make."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, impression_png
from tests.house.confined import ConfinedCommands, Outcome

from musterpoint.cli.app import COMMANDS

WHERE = ("--purpose", "departure", "--site", "Gate 1", "--data", "registry")
REGISTRY = ("--data", "registry")
Command = Callable[..., Outcome]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Runs one command after another in one folder and one process, and insists that each is private."""
    commands = ConfinedCommands(tmp_path)

    def run(*arguments: str) -> Outcome:
        outcome = commands.run(*arguments)
        assert outcome.exit_code == 0, f"{arguments}: {outcome.stderr}"
        outcome.assert_private()
        return outcome

    try:
        yield run
    finally:
        ended = commands.end()
    assert ended.exit_code == 0
    ended.assert_private()


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


FIRST, SECOND, OTHER = (f"visit-{visit}/right-index.png" for visit in ("1-1", "1-2", "2-1"))

WITHOUT_A_REGISTRY: tuple[tuple[str, ...], ...] = (
    ("prepare",),
    ("demo", "--output", "demo"),
    ("inspect", FIRST, "--picture", "minutiae.png"),
    ("compare", FIRST, SECOND, "--explain", "--picture", "comparison.png"),
    ("evaluate", ".", "--json", "figures.json", "--scores", "scores.npz"),
    ("evaluate-compare", "scores.npz", "scores.npz", "."),
)

IN_A_REGISTRY: tuple[tuple[str, ...], ...] = (
    ("export", FIRST, "--output", "finger.fmr"),
    ("screen", FIRST, *WHERE),
    ("screen", SECOND, *WHERE),
    *((name, *REGISTRY) for name in ("decide", "alarms")),
    *(("adjudicate", word, *REGISTRY) for word in ("list", "report")),
    ("adjudicate", "next", "--output", "pair.png", *REGISTRY),
    ("adjudicate", "seed", "--synthetic", "2", *REGISTRY),
    ("identify", OTHER, *REGISTRY),
    ("enrol", "collection", "--gallery", "earlier", *REGISTRY),
    ("retention", "show", *REGISTRY),
    ("retention", "run", "--dry-run", *REGISTRY),
    ("reindex", *REGISTRY),
    ("calibrate", "--purpose", "departure", "--seat", "practice-supervisor", *REGISTRY),
    *((name, *REGISTRY) for name in ("encounters", "journal", "status", "upgrade")),
)

TRIED_ELSEWHERE = {
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
"""By the functions below."""


def test_every_command_is_tried() -> None:
    tried = {step[0] for step in (*WITHOUT_A_REGISTRY, *IN_A_REGISTRY)}
    assert tried | TRIED_ELSEWHERE == set(COMMANDS)


def test_every_command_without_a_registry_is_private(command: Command, tmp_path: Path) -> None:
    lay_out(tmp_path / "work")
    for step in WITHOUT_A_REGISTRY:
        command(*step)


def test_every_command_of_a_registry_is_private(command: Command, tmp_path: Path) -> None:
    lay_out(tmp_path / "work")
    for step in IN_A_REGISTRY:
        command(*step)
    _adjudicate(command)
    _correct(command)
    _decide(command)
    subject = json.loads(command("subjects", "--json", *REGISTRY).stdout)[0]["subject"]
    command("verify", subject, "finger.fmr", *REGISTRY)
    _exchange(command, subject)


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
