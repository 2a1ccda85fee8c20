"""Documents of agreements: what is written is read, and whatever is read means one thing or is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rights.clocks import BEGIN

from musterpoint.clock import Instant
from musterpoint.errors import UnusableInput
from musterpoint.identifiers import AgreementId
from musterpoint.registry.agreement_documents import (
    digest_of,
    from_document,
    read_toml,
    to_bytes,
    to_document,
)
from musterpoint.registry.agreements import (
    Agreement,
    AgreementState,
    AgreementVersion,
    AnswerKind,
    Baseline,
    Grant,
    Party,
    PartyAnswer,
    PartyRole,
    ScreeningRules,
    Term,
    TermRule,
    in_force,
)
from musterpoint.registry.retention import Kept, RetentionRule
from musterpoint.registry.seats import Role
from musterpoint.registry.thresholds import target_ppm
from musterpoint.templates import FingerPosition

pytestmark = pytest.mark.no_registry

WORDS = st.text(st.characters(categories=["L", "N", "Zs"]), min_size=1, max_size=20).filter(str.isprintable)
RATES = st.integers(1, 1_000_000)
SECONDS = st.integers(0, 10**9).map(
    lambda seconds: Instant(BEGIN // 1_000_000 * 1_000_000 + seconds * 1_000_000)
)
LABELS = [position.label for position in FingerPosition]

TERMS = st.builds(
    Term,
    item=WORDS,
    rule=st.sampled_from([TermRule.NONE, TermRule.ALL, TermRule.STATED]),
    text=WORDS,
) | st.builds(
    Term,
    item=WORDS,
    rule=st.sampled_from([TermRule.AT_MOST, TermRule.AT_LEAST, TermRule.EXACTLY]),
    text=WORDS,
    value=st.integers(0, 10**6),
    unit=WORDS,
)
GRANTS = st.builds(
    Grant,
    purpose=WORDS,
    gallery=WORDS,
    roles=st.frozensets(st.sampled_from(Role)),
    target_fpir_ppm=RATES,
    keeps_images=st.booleans(),
    no_list=st.booleans(),
    daily_searches_max=st.integers(0, 10**5),
    false_candidates_max_ppm=st.integers(0, 10**9),
)
RULES = st.builds(
    ScreeningRules,
    fingers_asked=st.lists(st.sampled_from(LABELS), unique=True).map(tuple),
    age_min=st.integers(0, 120),
    carer_below=st.integers(0, 120),
    second_person=st.frozensets(WORDS),
    confirmed_by_key=st.frozensets(WORDS),
    one_opinion_suffices=st.booleans(),
    baselines=st.lists(st.builds(Baseline, rate=WORDS, usual_ppm=RATES, site=WORDS), max_size=2).map(tuple),
)
PARTIES = st.lists(
    st.tuples(WORDS, st.binary(min_size=32, max_size=32)),
    min_size=1,
    max_size=4,
    unique_by=(lambda pair: pair[0], lambda pair: pair[1]),
).map(
    lambda pairs: tuple(
        Party(name=name, office="Office", roles=(PartyRole.NEGOTIATED,), public_key=key)
        for name, key in pairs
    )
)


@st.composite
def versions(draw: st.DrawFn) -> AgreementVersion:
    """Any sound version."""
    begin = draw(SECONDS)
    grants = draw(st.lists(GRANTS, min_size=1, max_size=4, unique_by=lambda one: (one.purpose, one.gallery)))
    return AgreementVersion(
        agreement_id=AgreementId(draw(st.uuids())),
        version=draw(st.integers(1, 99)),
        name=draw(WORDS),
        valid_from=begin,
        valid_until=Instant(begin + draw(st.integers(1, 10**9)) * 1_000_000),
        parties=draw(PARTIES),
        terms=tuple(draw(st.lists(TERMS, max_size=3))),
        grants=tuple(grants),
        retention=tuple(
            draw(
                st.lists(
                    st.builds(
                        RetentionRule, gallery=WORDS, kept=st.sampled_from(Kept), days=st.integers(1, 3650)
                    ),
                    max_size=3,
                )
            )
        ),
        screening=draw(RULES),
    )


@given(version=versions())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(version: AgreementVersion) -> None:
    assert from_document(json.loads(to_bytes(version))) == version
    assert from_document(to_document(version)) == version


@given(version=versions(), other=versions())
@settings(max_examples=40, deadline=None)
def test_two_agreements_have_one_digest_only_if_they_are_one(
    version: AgreementVersion, other: AgreementVersion
) -> None:
    assert (digest_of(version) == digest_of(other)) is (version == other)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A document in which something was put in the place of something else."""
    document = to_document(draw(versions()))
    place: Any = document
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and draw(st.booleans()):
            place = inner
            continue
        place[key] = draw(JSON)
        return document


@given(document=spoilt())
@settings(max_examples=150, deadline=None)
def test_a_spoilt_document_is_refused_or_means_what_it_says(document: dict[str, Any]) -> None:
    try:
        version = from_document(document)
    except UnusableInput:
        return
    assert from_document(to_document(version)) == version


@given(text=st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(UnusableInput):
        read_toml(text)


@given(grants=st.lists(GRANTS, min_size=1, max_size=4), set_ppm=st.none() | RATES)
def test_more_grants_never_loosen_a_target(grants: list[Grant], set_ppm: int | None) -> None:
    found = target_ppm(grants, set_ppm)

    assert 1 <= found <= min(one.target_fpir_ppm for one in grants)
    assert target_ppm(grants[:1], None) >= found
    assert set_ppm is None or found <= set_ppm
    for one in grants:
        if one.daily_searches_max and one.false_candidates_max_ppm >= one.daily_searches_max:
            assert found * one.daily_searches_max <= one.false_candidates_max_ppm


@given(
    signed=st.lists(st.booleans(), min_size=1, max_size=5),
    starts=st.lists(st.integers(0, 10), min_size=5, max_size=5),
    now=st.integers(0, 20),
)
def test_the_version_that_counts_is_the_newest_live_one(
    signed: list[bool], starts: list[int], now: int
) -> None:
    party = Party(name="P", office="O", roles=(), public_key=bytes(32))
    plain = AgreementVersion(
        agreement_id=AgreementId(UUID(int=1)),
        version=1,
        name="A",
        valid_from=Instant(0),
        valid_until=Instant(15),
        parties=(party,),
        terms=(),
        grants=(),
        retention=(),
    )
    every = []
    for number, has_signed in enumerate(signed, start=1):
        version = replace(plain, version=number, valid_from=Instant(starts[number - 1]))
        answer = PartyAnswer(
            agreement_id=plain.agreement_id,
            version=number,
            digest="",
            party="P",
            answer=AnswerKind.ACKNOWLEDGED,
            statement="",
            signature=b"",
        )
        every.append(Agreement(version=version, digest="", answers=(answer,) if has_signed else ()))

    [chosen] = in_force(every, Instant(now))

    live = [one for one in every if one.state(Instant(now)) is AgreementState.LIVE]
    assert chosen is (live or every)[-1]
