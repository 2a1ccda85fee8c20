"""Nothing waits silently: who is needed is said, why those who are there do not count, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adjudication.conftest import FIRST, SECOND, SUPERVISOR, Table
from tests.cli.conftest import Run, run

from musterpoint.registry import Verdict
from musterpoint.registry.appeals import AppealedBy
from musterpoint.registry.awaited import Awaited, WhyNot
from musterpoint.registry.seats import Role
from musterpoint.storage import seats
from musterpoint.workflows.appeals import list_appeals, needed_for, open_appeal
from musterpoint.workflows.cases import list_cases

__all__ = ["run"]

OTHERS = ("practice-arbiter", "practice-adjudicator-3", "practice-adjudicator-4")


def _revoke(table: Table, *names: str) -> None:
    with table.station.database.unit_of_work() as work:
        for name in names:
            seats.revoke(work, name, work.now())
        work.append_journal("role.revoked", {"seats": list(names)})
        work.commit()


def _awaited(table: Table) -> Awaited:
    [case] = list_cases(table.station.acting_as(SUPERVISOR)).cases or ()
    assert case.needed is not None
    return case.needed


def test_a_new_case_waits_for_two_adjudicators(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)

    needed = _awaited(table)

    assert (needed.role, needed.wanted, needed.able, needed.missing) == (Role.ADJUDICATOR, 2, 5, 0)
    assert needed.in_words() == "It waits for 2 adjudicators; 5 may do it."


def test_a_case_whose_arbiter_is_not_there_says_so(table: Table) -> None:
    table.visit(1)
    table.visit(1, 2)
    table.say(FIRST, Verdict.SAME)
    table.say(SECOND, Verdict.DIFFERENT)
    _revoke(table, *OTHERS)

    needed = _awaited(table)

    assert (needed.wanted, needed.able, needed.missing) == (1, 0, 1)
    assert needed.why_not == {WhyNot.HAS_JUDGED: 2, WhyNot.NOT_LIVE: 3}
    assert "2 judged these two before" in needed.in_words()
    assert "with --data" in needed.in_words()


def test_an_appeal_without_fresh_adjudicators_says_whom_it_needs(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(Verdict.SAME)
    _revoke(table, *OTHERS[1:])

    appeal = open_appeal(table.station, second.encounter, AppealedBy.PERSON)

    needed = needed_for(table.station, appeal.number)
    assert needed is not None
    assert (needed.wanted, needed.able, needed.missing) == (2, 1, 1)
    assert needed.in_words().startswith(
        "It waits for 2 adjudicators, and only 1 may do it (of the others, 2 judged these two before"
    )
    [view] = list_appeals(table.station.acting_as(SUPERVISOR))
    assert view.needed == needed


def test_an_appeal_in_practice_finds_two_who_have_not_judged(table: Table) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(Verdict.SAME)

    appeal = open_appeal(table.station, second.encounter, AppealedBy.PERSON)
    needed = needed_for(table.station, appeal.number)

    assert needed is not None
    assert (needed.wanted, needed.able) == (2, 3)


@pytest.mark.parametrize("command", [("adjudicate", "list"), ("adjudicate", "show", "1"), ("appeal", "list")])
def test_commands_say_it_in_words_and_in_json(
    table: Table, run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    table.visit(1)
    second = table.visit(1, 2)
    table.agree(Verdict.SAME)
    _revoke(table, *OTHERS)
    open_appeal(table.station, second.encounter, AppealedBy.PERSON)
    monkeypatch.setenv("MUSTERPOINT_DATA", str(table.station.database.folder))

    words = run(*command, "--seat", SUPERVISOR).out
    found: Any = run(*command, "--seat", SUPERVISOR, "--json").json

    assert "waits for 2 adjudicators, and nobody may do it" in words
    found = found["cases"] if command == ("adjudicate", "list") else found
    [one] = found if isinstance(found, list) else [found]
    assert (one["needed"]["wanted"], one["needed"]["able"]) == (2, 0)
