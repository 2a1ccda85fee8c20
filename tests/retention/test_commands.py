"""Commands of erasure and retention, as people and schedulers call them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Run, run
from tests.conftest import record

from musterpoint.registry.erasure import StoreKind
from musterpoint.storage import Database, erasing
from musterpoint.transparency import verifier
from musterpoint.workflows import erasure
from musterpoint.workflows.erasure import Erasable, Erased
from musterpoint.workflows.station import Station

__all__ = ["run"]

WHERE = ("--purpose", "departure", "--site", "Gate 1")


@pytest.fixture
def subject(run: Run, tmp_path: Path) -> str:
    """Somebody who was screened and enrolled."""
    (tmp_path / "person.fmr").write_bytes(record(1))
    assert run("screen", "person.fmr", *WHERE).code == 0
    return str(run("subjects", "--json").json[0]["subject"])


def has_copy(folder: Path, name: str) -> None:
    with Database.open(folder) as database, database.unit_of_work() as work:
        erasing.add_holder(work, name, StoreKind.STATION)
        work.append_journal("export", {"holder": name})
        work.commit()


def test_a_receipt_is_pending_until_everybody_has_answered_and_then_proves_it(
    run: Run, subject: str, tmp_path: Path
) -> None:
    has_copy(tmp_path / "registry", "station Gate 2")
    done = run("erase", subject[-12:], "--yes", "--receipt", "receipt.json")
    assert done.code == 0, done.err
    assert "station Gate 2: outstanding" in done.out
    assert "beyond reach" in done.out
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["state"] == "pending: station Gate 2"
    assert subject not in done.out

    status = run("erase", "--status", receipt["erasure"][-12:])
    assert status.code == 1
    assert run("erase", "check", "receipt.json").code == 0
    confirmed = run("erase", "confirm", receipt["erasure"], "--store", "station Gate 2")
    assert confirmed.code == 0
    renewed = run("erase", "--status", receipt["erasure"], "--receipt", "receipt.json")
    assert renewed.code == 0
    assert json.loads((tmp_path / "receipt.json").read_text())["state"] == "complete"

    checked = run("erase", "check", "receipt.json")
    assert checked.code == 0
    assert "The proof shows line" in checked.out
    alone = subprocess.run(
        [sys.executable, verifier.__file__, "--proof", "receipt.tlog-proof"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    # Without a policy nobody says which log to trust: the proof itself holds.
    assert alone.returncode in {0, 2}, alone.stdout + alone.stderr


@pytest.mark.parametrize("change", ["salt", "record", "commitment", "payload", "state"])
def test_a_receipt_that_was_changed_proves_nothing(
    run: Run, subject: str, tmp_path: Path, change: str
) -> None:
    assert run("erase", subject, "--yes", "--receipt", "receipt.json").code == 0
    path = tmp_path / "receipt.json"
    receipt = json.loads(path.read_text())
    if change == "payload":
        receipt["leaf"]["payload"]["facts"]["why"] = "another"
    else:
        receipt[change] = receipt[change][:-1] + ("0" if receipt[change][-1] != "0" else "1")
    path.write_text(json.dumps(receipt))
    assert run("erase", "check", "receipt.json").code not in {0, 70}


def test_a_copy_that_is_gone_answers_every_erasure_that_waits_for_it(run: Run, subject: str) -> None:
    assert run("retention", "copy", "station Gate 3").code == 0
    assert "Has a copy: station Gate 3" in run("retention", "show").out
    erased = run("erase", subject, "--yes", "--json").json
    assert erased["outstanding"] == ["station Gate 3"]

    assert "1 erasure waited" in run("retention", "copy", "station Gate 3", "--gone").out
    assert run("erase", "--status", erased["erasure"], "--json").json["state"] == "erased"
    assert run("retention", "copy", "nobody", "--gone").code == 10
    assert "Has a copy" not in run("retention", "show").out


def test_nothing_is_erased_without_an_answer(run: Run, subject: str) -> None:
    nobody_to_ask = run("erase", subject)
    assert (nobody_to_ask.code, "--yes" in nobody_to_ask.err) == (3, True)
    assert run("subjects", "--json").json[0]["subject"] == subject
    assert run("erase").code == 2


def test_a_request_waits_for_an_answer(run: Run, subject: str) -> None:
    assert "erase requested" in run("erase", "request", subject).out
    assert "Erasure asked for" in run("retention", "show").out
    assert "refused" in run("erase", "refuse", subject, "--reason", "legal duty").out
    assert run("erase", "request", "00000000").code == 10


def test_a_hold_is_shown_and_stops_an_erasure(run: Run, subject: str) -> None:
    held = run("retention", "hold", subject, "--reason", "appeal", "--until", "2999-01-31")
    assert held.out == "Held until 2999-01-31: appeal.\n"
    assert run("erase", subject, "--yes").code == 10
    assert "Held until 2999-01-31" in run("retention", "show").out
    assert "active" in run("retention", "release", subject).out
    assert run("erase", subject, "--yes").code == 0
    assert run("retention", "hold", subject, "--reason", "appeal", "--until", "tomorrow").code == 2


def test_what_will_be_due_is_shown_and_not_erased(run: Run, subject: str) -> None:
    later = run("retention", "run", "--dry-run", "--until", "2999-01-01", "--json")
    assert (later.json["erased"], later.json["is_dry"]) == (1, True)
    assert run("retention", "run", "--until", "2999-01-01").code == 10
    assert run("retention", "run", "--json").json["erased"] == 0
    assert run("retention", "show", "--json").json["states"]["active"] == 1


def test_whoever_may_not_erase_is_told_so(run: Run, subject: str) -> None:
    assert run("erase", subject, "--yes", "--seat", "practice-observer").code == 5
    assert run("retention", "run", "--seat", "practice-administrator").code == 5
    assert len(run("subjects", "--json").json) == 1


def _somebody_is_quicker(monkeypatch: pytest.MonkeyPatch, *, its_salt: bytes | None) -> None:
    """Somebody else erases the person right before this erasure; with the same salt, or one of their own."""
    real = erasure.erase

    def after_another(station: Station, person: Erasable, *, salt: bytes = b"") -> Erased:
        real(station, person, salt=salt if its_salt is None else its_salt)
        return real(station, person, salt=salt)

    monkeypatch.setattr(erasure, "erase", after_another)


def test_who_erases_second_is_told_of_the_one_erasure_and_keeps_no_receipt(
    run: Run, subject: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _somebody_is_quicker(monkeypatch, its_salt=bytes(32))

    done = run("erase", subject, "--yes", "--receipt", "receipt.json")

    assert done.code == 10
    identifier = re.findall(r"erasure ([0-9a-f-]{36})", done.err)[0]
    assert run("erase", "--status", identifier).code == 0
    assert not (tmp_path / "receipt.json").exists()


def test_two_who_erase_into_the_same_file_have_the_one_receipt_in_it(
    run: Run, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _somebody_is_quicker(monkeypatch, its_salt=None)

    done = run("erase", subject, "--yes", "--receipt", "receipt.json")

    assert done.code == 10
    assert run("erase", "check", "receipt.json").code == 0


def test_a_receipt_that_was_begun_and_cut_off_is_gone_on_with(
    run: Run, subject: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(erasure, "erase", lambda *_, **__: sys.exit(70))
        run("erase", subject, "--yes", "--receipt", "receipt.json")
    begun = json.loads((tmp_path / "receipt.json").read_text())

    assert run("erase", subject, "--yes", "--receipt", "receipt.json").code == 0

    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert (receipt["salt"], receipt["state"]) == (begun["salt"], "complete")


def test_no_receipt_of_another_erasure_is_overwritten(run: Run, subject: str, tmp_path: Path) -> None:
    assert run("erase", subject, "--yes", "--receipt", "receipt.json").code == 0
    before = (tmp_path / "receipt.json").read_bytes()
    (tmp_path / "other.fmr").write_bytes(record(2))
    run("screen", "other.fmr", *WHERE)
    other = run("subjects", "--json").json[0]["subject"]

    done = run("erase", other, "--yes", "--receipt", "receipt.json")

    assert done.code == 10
    assert (tmp_path / "receipt.json").read_bytes() == before
    assert len(run("subjects", "--json").json) == 1
