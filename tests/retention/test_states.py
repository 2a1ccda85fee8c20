"""States of a record: they follow from facts, and only lead where they may."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.clock import Instant
from musterpoint.errors import Conflict
from musterpoint.limits import RETENTION_DAYS_DEFAULT
from musterpoint.registry.retention import (
    DAY_US,
    NEXT,
    Facts,
    Kept,
    RetentionRule,
    State,
    days_kept,
    not_before,
    retain_until,
    state_of,
    step,
)

DATE = Instant(100)
times = st.integers(0, 200).map(Instant)


@given(
    st.lists(
        st.sampled_from(["pass", "hold", "release", "request", "refuse", "begin", "here", "elsewhere"]),
        max_size=25,
    )
)
def test_whatever_happens_the_state_only_goes_where_it_may(acts: list[str]) -> None:
    now, facts = Instant(0), Facts(retain_until=DATE)
    for act in acts:
        before = state_of(facts, now)
        now, facts = happen(act, now, facts, before)
        after = state_of(facts, now)
        if after is not before:
            assert step(before, after) is after


def happen(act: str, now: Instant, facts: Facts, state: State) -> tuple[Instant, Facts]:
    """What an act changes, where the state allows it."""
    live = not facts.is_erasing
    if act == "pass":
        later = Instant(now + 30)
        # A moment may end a hold and reach the date at once; each is a state of its own.
        return later, facts
    if act == "hold" and live and State.HELD in NEXT[state]:
        return now, replace(facts, held_until=Instant(now + 45))
    if act == "release" and live:
        return now, replace(facts, held_until=None)
    if act == "request" and State.ERASE_REQUESTED in NEXT[state] and state is not State.HELD:
        return now, replace(facts, is_requested=True, is_refused=False)
    if act == "refuse" and state is State.ERASE_REQUESTED:
        return now, replace(facts, is_requested=False, is_refused=True)
    if act == "begin" and State.ERASING in NEXT[state]:
        return now, replace(facts, is_erasing=True, here=1, elsewhere=1)
    if act == "here" and facts.here:
        return now, replace(facts, here=0)
    if act == "elsewhere" and facts.is_erasing and not facts.here and facts.elsewhere:
        return now, replace(facts, elsewhere=0)
    return now, facts


@given(times, times, st.booleans(), st.booleans())
def test_a_hold_outlasts_the_date_and_ends_by_itself(
    now: Instant, end: Instant, is_requested: bool, is_refused: bool
) -> None:
    facts = Facts(retain_until=DATE, held_until=end, is_requested=is_requested, is_refused=is_refused)
    assert (state_of(facts, now) is State.HELD) == (now < end)
    if now >= max(end, DATE):
        assert state_of(facts, now) is State.DUE


def test_what_is_erased_stays_erased() -> None:
    assert NEXT[State.ERASED] == frozenset()
    with pytest.raises(Conflict, match="erased"):
        step(State.ERASED, State.ACTIVE)
    with pytest.raises(Conflict, match="Release the hold"):
        step(State.HELD, State.ERASING)


def test_every_state_can_be_reached_and_only_the_last_is_an_end() -> None:
    reached = {State.ACTIVE}
    while more := {after for state in reached for after in NEXT[state]} - reached:
        reached |= more
    assert reached == set(State)
    assert [state for state in State if not NEXT[state]] == [State.ERASED]


@given(times, times)
def test_the_present_is_never_before_what_was_seen(now: Instant, seen: Instant) -> None:
    moment = not_before(now, seen)
    assert moment.at == max(now, seen)
    assert (moment.went_back_s > 0) <= (now < seen)


def test_a_rule_of_the_gallery_goes_before_one_for_all_and_images_never_stay_longer() -> None:
    rules = [
        RetentionRule(gallery="*", kept=Kept.ENCOUNTER, days=30),
        RetentionRule(gallery="gate", kept=Kept.ENCOUNTER, days=10),
        RetentionRule(gallery="*", kept=Kept.IMAGES, days=20),
    ]
    assert days_kept(rules, Kept.ENCOUNTER, "gate") == 10
    assert days_kept(rules, Kept.ENCOUNTER, "other") == 30
    assert (days_kept(rules, Kept.IMAGES, "gate"), days_kept(rules, Kept.IMAGES, "other")) == (10, 20)
    assert days_kept((), Kept.ENCOUNTER, "gate") == RETENTION_DAYS_DEFAULT
    assert retain_until(rules, Kept.ENCOUNTER, "gate", Instant(5)) == 5 + 10 * DAY_US


@pytest.mark.parametrize("days", [0, -1, 36_526])
def test_a_rule_keeps_at_least_a_day_and_never_for_ever(days: int) -> None:
    with pytest.raises(ValueError, match="days"):
        RetentionRule(gallery="*", kept=Kept.ENCOUNTER, days=days)
