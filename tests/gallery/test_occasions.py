"""What a search is worth in people met at random: at most all there are, at least those compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musterpoint.gallery.occasions import occasions
from musterpoint.gallery.plan import Plan, plan_for

PEOPLE = st.integers(0, 5_000_000)


@given(PEOPLE, st.integers(1, 10))
def test_chance_has_as_many_occasions_as_are_compared_or_more(people: int, fingers: int) -> None:
    plan = plan_for(people=max(people, 1), references=max(people, 1) * fingers, fingers=fingers)
    found = occasions(plan, people)
    assert found <= people
    assert found >= min(people, plan.refined)
    if plan.is_whole:
        assert found == people


@given(PEOPLE, PEOPLE)
def test_a_larger_gallery_behind_the_same_list_is_worth_no_less(few: int, many: int) -> None:
    plan = Plan(is_whole=False, listed=2048, refined=256)
    few, many = sorted((few, many))
    assert occasions(plan, few) <= occasions(plan, many)


def test_it_is_above_what_was_measured() -> None:
    plan = Plan(is_whole=False, listed=6000, refined=256)
    assert occasions(plan, 10_000) > 1.5 * 230
    assert occasions(plan, 100_000) > 1.5 * 344
