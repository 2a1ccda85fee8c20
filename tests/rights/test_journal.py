"""Who captures or transports learns from the journal what they did themselves, and nothing of candidates."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.conftest import record, smudged_png
from tests.workflows.requests import screening

from musterpoint.errors import RoleMissing
from musterpoint.storage.journal import ops_record
from musterpoint.storage.vault import KeyScope, Vault
from musterpoint.workflows.browsing import read_journal
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station
from musterpoint.workflows.transparency import position_of


def test_an_officer_sees_the_own_lines_at_the_gate_whether_there_were_candidates_or_not(
    station: Station,
) -> None:
    officer = station.acting_as("practice-officer")

    def seen_of(seed: int) -> list[str]:
        before = len(read_journal(officer))
        screen(officer, screening(record(seed)))
        return [line.kind for line in read_journal(officer)[before:]]

    nobody_alike, somebody_alike = seen_of(1), seen_of(1)

    assert set(somebody_alike) <= set(nobody_alike) <= {"presented", "captured", "outcome", "decided"}
    assert not any(kind.startswith(("pair", "case")) for kind in somebody_alike)
    assert all(line.body == "{}" for line in read_journal(officer))


def test_the_own_lines_of_a_candidate_and_of_a_poor_finger_are_the_same(station: Station) -> None:
    officer = station.acting_as("practice-officer")
    screen(officer, screening(record(1)))

    def seen_of(data: bytes) -> list[tuple[int, str]]:
        before = len(read_journal(officer))
        screen(officer, screening(data))
        return [(line.position - before, line.kind) for line in read_journal(officer, since=before)]

    assert seen_of(record(1, number=2)) == seen_of(smudged_png(2))


def test_lines_of_others_are_not_decrypted_for_whoever_may_not_read_them(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One name begins with the other.
    officers = {name: station.acting_as(name) for name in ("practice-officer", "practice-officer-2")}
    for seed, officer in enumerate((*officers.values(), *officers.values()), start=1):
        screen(officer, screening(record(seed)))
    every = read_journal(station.acting_as("practice-supervisor"))
    opened: list[str] = []
    plain = Vault.open_many

    def open_many(vault: Vault, records: Sequence[tuple[KeyScope, str, bytes]]) -> list[bytes | None]:
        opened.extend(name for _, name, _ in records)
        return plain(vault, records)

    monkeypatch.setattr(Vault, "open_many", open_many)

    for name, officer in officers.items():
        opened.clear()
        assert len(read_journal(officer)) > 5
        theirs = [ops_record(one.position) for one in every if one.author == name]
        assert [one for one in opened if one.startswith("journal")] == theirs


def test_numbers_of_the_own_lines_have_no_gaps_that_tell_of_candidates(station: Station) -> None:
    officer = station.acting_as("practice-officer")
    for _ in range(2):
        screen(officer, screening(record(1)))
    supervised = read_journal(station.acting_as("practice-supervisor"))
    assert any(line.kind == "pair.opened" for line in supervised)

    lines = read_journal(officer)

    assert [line.position for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) < len(supervised)
    # Nor can positions be found by asking for what follows one of them, or for so many.
    assert read_journal(officer, since=3) == lines[3:]
    assert read_journal(officer, limit=4) == lines[:4]
    assert read_journal(officer, since=2, limit=2) == lines[2:4]
    assert read_journal(officer, since=len(lines)) == ()


def test_positions_are_not_told_by_proofs_either(station: Station) -> None:
    screen(station.acting_as("practice-officer"), screening(record(1)))

    with pytest.raises(RoleMissing):
        position_of(station.acting_as("practice-officer"), "1")
    assert position_of(station.acting_as("practice-supervisor"), "1") == 1


def test_lines_of_others_are_not_shown_to_who_captures_nothing(station: Station) -> None:
    screen(station.acting_as("practice-officer"), screening(record(2)))

    assert read_journal(station.acting_as("practice-adjudicator")) == ()


def test_a_supervisor_sees_every_line(station: Station) -> None:
    screen(station.acting_as("practice-officer"), screening(record(3)))

    lines = read_journal(station.acting_as("practice-supervisor"))

    assert [line.position for line in lines] == list(range(1, len(lines) + 1))
    assert "searched" in {line.kind for line in lines}
