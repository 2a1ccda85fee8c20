"""Who captures or transports learns from the journal what they did themselves, and nothing of candidates."""

from __future__ import annotations

from tests.conftest import record
from tests.workflows.requests import screening

from musterpoint.workflows.browsing import read_journal
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station


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


def test_lines_of_others_are_not_shown_to_who_captures_nothing(station: Station) -> None:
    screen(station.acting_as("practice-officer"), screening(record(2)))

    assert read_journal(station.acting_as("practice-adjudicator")) == ()


def test_a_supervisor_sees_every_line(station: Station) -> None:
    screen(station.acting_as("practice-officer"), screening(record(3)))

    lines = read_journal(station.acting_as("practice-supervisor"))

    assert [line.position for line in lines] == list(range(1, len(lines) + 1))
    assert "searched" in {line.kind for line in lines}
