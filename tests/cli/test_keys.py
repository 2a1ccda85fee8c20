"""Keys, backups and checks from the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.conftest import record
from tests.registries import in_table

PASSPHRASE = "five words that nobody combines"


@pytest.fixture(autouse=True)
def key_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """A registry with its own key file."""
    path = tmp_path / "secrets" / "registry.key"
    monkeypatch.setenv("MUSTERPOINT_KEY_FILE", str(path))
    where = ("--purpose", "departure", "--site", "Gate 1")
    assert run("screen", "--not-captured", "refused", *where).code == 0
    return path


def write_secret(path: Path, text: str) -> Path:
    """A file that only its owner can read."""
    path.write_text(f"{text}\n")
    path.chmod(0o600)
    return path


def test_show_says_where_the_secret_is_and_how_safe_that_is(run: Run, key_of_its_own: Path) -> None:
    done = run("key", "show")

    assert done.code == 0
    assert str(key_of_its_own) in done.out
    assert "Nobody holds shares" in done.out
    assert run("key", "show", "--json").json["epochs"][0]["number"] == 1
    assert key_of_its_own.read_text().split()[-2] not in done.out


def test_a_change_to_a_passphrase_locks_whoever_does_not_know_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTERPOINT_NEW_PASSPHRASE_FILE", str(write_secret(tmp_path / "new", PASSPHRASE)))
    assert run("key", "change", "--to", "passphrase").code == 0

    locked = run("status")
    monkeypatch.setenv("MUSTERPOINT_PASSPHRASE_FILE", str(write_secret(tmp_path / "wrong", PASSPHRASE[::-1])))
    wrong = run("status")
    monkeypatch.setenv("MUSTERPOINT_PASSPHRASE_FILE", str(tmp_path / "new"))

    assert (locked.code, wrong.code) == (8, 8)
    assert "MUSTERPOINT_PASSPHRASE_FILE" in locked.err
    assert "the registry is sound" in wrong.err
    assert run("status").code == 0


@pytest.mark.sqlite_only("breaks the file")
def test_a_damaged_key_store_is_no_wrong_passphrase(run: Run, tmp_path: Path) -> None:
    os.truncate(tmp_path / "registry" / "keys.db", 5000)

    assert run("status").code == 7


def test_a_passphrase_is_never_an_argument(run: Run) -> None:
    for command in ("change", "rotate", "share", "combine"):
        assert "--passphrase" not in run("key", command, "--help").out


def test_shares_are_shown_once_or_written_for_their_owner_alone(run: Run, tmp_path: Path) -> None:
    shown = run("key", "share", "-k", "2", "-n", "2").out
    assert len([line for line in shown.splitlines() if len(line.split()) == 33]) == 2

    assert run("key", "share", "-k", "2", "-n", "3", "--output", "shares").code == 0
    again = run("key", "share", "-k", "2", "-n", "3", "--output", "shares")

    assert again.code == 10
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "shares").iterdir()} == {0o600}
    files = sorted((tmp_path / "shares").iterdir())
    assert run("key", "rehearse", *files[:2]).code == 0
    assert run("key", "rehearse", files[0]).code == 3


def test_a_lost_key_file_is_replaced_by_shares(run: Run, tmp_path: Path, key_of_its_own: Path) -> None:
    run("key", "share", "--output", "shares")
    key_of_its_own.unlink()
    assert run("status").code == 8

    done = run("key", "combine", *sorted((tmp_path / "shares").iterdir())[1:])

    assert done.code == 0
    assert run("status").code == 0


def test_a_backup_is_made_tried_and_put_back(run: Run, tmp_path: Path) -> None:
    made = run("backup", "monday", "--keys", "elsewhere", "--json")
    assert (made.code, made.json["keys"]) == (0, "elsewhere")
    assert run("restore", "monday", "--keys", "elsewhere", "--drill").code == 0
    assert run("restore", "monday", "--keys", "elsewhere", "--data", "new").code == 10

    done = run("restore", "monday", "--keys", "elsewhere", "--data", "new", "--erasures-from", "registry")

    assert done.code == 0, done.err
    assert run("check", "--data", "new").code == 0
    (tmp_path / "monday" / "data" / "manifest.json").unlink()
    refused = run("restore", "monday", "--keys", "elsewhere", "--drill")
    assert refused.code == 7
    assert "half-copied" in refused.err


def test_a_check_ends_with_1_where_something_is_wrong(run: Run, tmp_path: Path) -> None:
    assert run("check").code == 0
    in_table(tmp_path / "registry", "UPDATE journal SET leaf_hash = ? WHERE position = 2", bytes(32))

    told = run("check")

    assert told.code == 1
    for word in ("line 2", "affected:", "to do:"):
        assert word in told.out
    found = run("check", "--json").json
    assert found["sound"] is False
    assert found["findings"][0]["places"] == ["line 2"]


def test_restore_wants_a_folder_or_a_drill(run: Run) -> None:
    assert run("restore", "x").code == 2
    assert run("restore", "x", "--drill", "--data", "y").code == 2


def test_a_registry_with_a_history_is_sound_and_so_is_its_backup(run: Run, tmp_path: Path) -> None:
    where = ("--purpose", "departure", "--site", "Gate 1")
    for seed, number in ((1, 1), (1, 2), (2, 1), (3, 1)):
        (tmp_path / f"{seed}-{number}.fmr").write_bytes(record(seed, number=number))
        assert run("screen", f"{seed}-{number}.fmr", *where).code == 0
    people = [one["subject"] for one in run("subjects", "--json").json]
    both = ("--seat", "practice-supervisor", "--second", "practice-supervisor-2")
    visits = run("encounters", "--json").json
    pair = run("adjudicate", "next", "--json").json["pair"]
    steps: list[tuple[str, ...]] = [
        ("adjudicate", "judge", pair, "--opinion", "same", "--mark", "left:1:90,120"),
        ("adjudicate", "seed", "--synthetic", "2"),
        ("appeal", "open", visits[-1]["encounter"], "--by", "on-behalf"),
        ("decide", visits[0]["encounter"], "referred", "--ground", "wants to see a doctor"),
        ("subject", "merge", people[0], people[1], *both),
        ("subject", "undo", "1", *both),
        ("export", "--all", "everything", "--purpose", "handing over"),
        ("import", "everything"),
        ("reindex",),
        ("log", "checkpoint"),
        ("erase", people[0], "--yes"),
        ("key", "rotate"),
    ]

    for step in steps:
        done = run(*step)
        assert done.code == 0, f"{step}: {done.err}"

    found = run("check", "--json").json
    assert found["findings"] == []
    assert found["counts"]["encounters erased"] > 0
    assert run("backup", "monday").code == 0
    assert run("erase", people[1], "--yes").code == 0
    restored = run("restore", "monday", "--data", "new", "--erasures-from", "registry", "--json")
    assert restored.code == 0, restored.out
    assert restored.json["erased_again"] == 1
    assert people[1] not in run("subjects", "--data", "new", "--json").out
