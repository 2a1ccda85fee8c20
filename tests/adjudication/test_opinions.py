"""What opinions make of a pair, and pairs of a case: rules alone."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.identifiers import EncounterId, SubjectId, new_uuid
from musterpoint.registry import Verdict
from musterpoint.registry.adjudication import (
    AdjudicationPolicy,
    DecidedPair,
    Opinion,
    Standing,
    judge,
    may_judge,
    settling,
)

STRICT = AdjudicationPolicy()
ONE_IS_ENOUGH = AdjudicationPolicy(accepts_one_opinion=True)
SAME, DIFFERENT, CANNOT_TELL = Verdict.SAME, Verdict.DIFFERENT, Verdict.CANNOT_TELL


def _opinions(*verdicts: Verdict) -> list[Opinion]:
    """Two blind opinions and an arbiter's, as many as there are verdicts."""
    return [
        Opinion(seat=f"seat {number}", verdict=verdict, is_arbiter=number == 2)
        for number, verdict in enumerate(verdicts)
    ]


@pytest.mark.parametrize("verdict", [SAME, DIFFERENT])
def test_two_equal_definite_opinions_decide(verdict: Verdict) -> None:
    judgement = judge(_opinions(verdict, verdict), STRICT)

    assert (judgement.standing, judgement.verdict) == (Standing.DECIDED, verdict)


@pytest.mark.parametrize(
    "pair", [pair for pair in itertools.product(Verdict, repeat=2) if pair[0] is not pair[1]]
)
def test_two_opinions_that_differ_call_for_an_arbiter(pair: tuple[Verdict, Verdict]) -> None:
    judgement = judge(_opinions(*pair), STRICT)

    assert (judgement.standing, judgement.verdict) == (Standing.WANTS_ARBITER, None)


def test_two_who_cannot_tell_are_equal_but_not_definite() -> None:
    assert judge(_opinions(CANNOT_TELL, CANNOT_TELL), STRICT).standing is Standing.WANTS_ARBITER


@pytest.mark.parametrize("policy", [STRICT, ONE_IS_ENOUGH])
@pytest.mark.parametrize("third", list(Verdict))
def test_the_arbiter_has_the_last_word_also_when_it_is_that_it_cannot_be_told(
    policy: AdjudicationPolicy, third: Verdict
) -> None:
    judgement = judge(_opinions(SAME, DIFFERENT, third), policy)

    assert (judgement.standing, judgement.verdict) == (Standing.DECIDED, third)


def test_one_opinion_decides_nothing_unless_the_agreement_accepts_it() -> None:
    assert judge(_opinions(SAME), STRICT).verdict is None


def test_one_opinion_is_provisional_where_the_agreement_accepts_it() -> None:
    judgement = judge(_opinions(SAME), ONE_IS_ENOUGH)

    assert (judgement.standing, judgement.verdict, judgement.wants) == (Standing.PROVISIONAL, SAME, True)


def test_one_who_cannot_tell_is_never_enough() -> None:
    assert judge(_opinions(CANNOT_TELL), ONE_IS_ENOUGH).standing is Standing.WANTS_OPINION


@given(st.lists(st.sampled_from(Verdict), max_size=2), st.booleans())
def test_opinions_come_to_the_same_in_any_order(verdicts: list[Verdict], accepts_one: bool) -> None:
    policy = AdjudicationPolicy(accepts_one_opinion=accepts_one)
    opinions = _opinions(*verdicts)

    assert judge(opinions, policy) == judge(opinions[::-1], policy)


def test_nobody_counts_twice() -> None:
    opinion = Opinion(seat="one", verdict=SAME)

    with pytest.raises(ValueError, match="another seat"):
        judge([opinion, opinion], STRICT)


def test_nobody_judges_own_captures_or_the_same_pair_again() -> None:
    assert may_judge("a", authors={"b"}, judges={"c"})
    assert not may_judge("a", authors={"a"}, judges=set())
    assert not may_judge("a", authors=set(), judges={"a"})


def _pair(verdict: Verdict | None, *, has_subject: bool = True, is_waiting: bool = False) -> DecidedPair:
    return DecidedPair(
        candidate_id=EncounterId(new_uuid()),
        verdict=verdict,
        subject_id=SubjectId(new_uuid()) if has_subject else None,
        is_waiting=is_waiting,
    )


def test_one_candidate_that_is_the_same_settles_a_case_at_once() -> None:
    same = _pair(SAME)

    found = settling([_pair(None), same, _pair(DIFFERENT)])

    assert found is not None
    assert (found.verdict, found.same_as) == (SAME, same.candidate_id)


def test_an_open_pair_keeps_a_case_open() -> None:
    assert settling([_pair(DIFFERENT), _pair(None)]) is None


def test_all_different_is_different_and_one_doubt_is_cannot_tell() -> None:
    different = settling([_pair(DIFFERENT), _pair(DIFFERENT)])
    doubtful = settling([_pair(DIFFERENT), _pair(CANNOT_TELL)])

    assert different is not None
    assert doubtful is not None
    assert (different.verdict, doubtful.verdict) == (DIFFERENT, CANNOT_TELL)


def test_the_same_as_somebody_who_waits_is_to_wait() -> None:
    assert settling([_pair(SAME, has_subject=False, is_waiting=True), _pair(DIFFERENT)]) is None


def test_an_encounter_of_nobody_that_is_the_same_comes_along() -> None:
    undecided, same = _pair(SAME, has_subject=False), _pair(SAME)

    found = settling([undecided, same])

    assert found is not None
    assert (found.same_as, found.joined) == (same.candidate_id, (undecided.candidate_id,))


def test_with_nobody_left_to_compare_with_nobody_was_found() -> None:
    found = settling([])

    assert found is not None
    assert found.verdict is DIFFERENT
