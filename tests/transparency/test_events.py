"""Envelopes are canonical, signed, and say nothing of their payloads; commitments and clocks hold."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from musterpoint.errors import LogFormatError, NotProven
from musterpoint.transparency import canonical, commitments, hybrid_clock
from musterpoint.transparency.canonical import PayloadValue
from musterpoint.transparency.event_kinds import EventClass, class_of
from musterpoint.transparency.events import FIRST_PREV, Event, StationKey, entry_id, parse_event

pytestmark = pytest.mark.no_registry

KEY = StationKey.of(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01"))
OPS: dict[str, PayloadValue] = {
    "at": "2026-03-01T06:12:00Z",
    "kind": "boarded",
    "leg": 1,
    "person": "P-000017",
    "vehicle": "T1",
}

digests = st.binary(min_size=32, max_size=32).map(bytes.hex)


def event(**changes: Any) -> Event:
    values: dict[str, Any] = {
        "movement": "movement-1",
        "station": "0123456789abcdef" * 2,
        "seq": 1,
        "prev": FIRST_PREV,
        "clock": 5,
        "kind": EventClass.PERSON,
        "ops": "ab" * 32,
        "author": "officer-1",
        "key": KEY.key_id,
    }
    return Event(**values | changes)


@st.composite
def events(draw: st.DrawFn) -> Event:
    seq = draw(st.integers(1, 2**53 - 1))
    names = st.characters(exclude_categories=("Cc", "Cs"))
    author = draw(
        st.text(names, min_size=1, max_size=40).map(lambda text: unicodedata.normalize("NFC", text))
    )
    return event(
        seq=seq,
        prev=FIRST_PREV if seq == 1 else draw(digests.filter(lambda one: one != FIRST_PREV)),
        clock=draw(st.integers(0, 2**64 - 1)),
        kind=draw(st.sampled_from(EventClass)),
        ops=draw(digests),
        person=draw(st.none() | digests),
        fields=tuple(sorted(draw(st.sets(digests, max_size=4)))),
        author=author,
    )


def test_the_published_commitments() -> None:
    payload = commitments.payload_commitment(bytes(range(32)), canonical.canonical(OPS))
    field = commitments.field_commitment(bytes(range(32, 64)), "vehicle", "T1")

    assert payload == "9a06f51e86709be9f68f6ad3e7a88482499ae48a6e8eb657709af89d98a50768"
    assert field == "a7e736dcc7568e5e3dbd00550503d431c4ed910151ea56b423c8585ec7266636"


@settings(deadline=None)
@given(events())
def test_an_envelope_is_rfc_8785_and_comes_back_as_it_was(unsigned: Event) -> None:
    signed = unsigned.signed(KEY)

    members = json.loads(signed.entry())
    assert rfc8785.dumps(members) == signed.entry()
    del members["sig"]
    assert rfc8785.dumps(members) == signed.content() == unsigned.content()
    assert parse_event(signed.entry()) == signed
    assert entry_id(signed.entry()) == signed.event_id()
    signed.verify(KEY.private.public_key())


@settings(deadline=None)
@given(events(), st.data())
def test_a_flipped_bit_is_found(unsigned: Event, data: st.DataObject) -> None:
    entry = bytearray(unsigned.signed(KEY).entry())
    place = data.draw(st.integers(0, len(entry) * 8 - 1), "bit")
    entry[place // 8] ^= 1 << place % 8

    with pytest.raises((LogFormatError, NotProven)):
        parse_event(bytes(entry)).verify(KEY.private.public_key())


def test_the_signature_of_another_station_does_not_hold() -> None:
    other = StationKey.of(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x02"))
    foreign = event(key=other.key_id).signed(other)

    with pytest.raises(NotProven, match="has not signed"):
        foreign.verify(KEY.private.public_key())
    with pytest.raises(NotProven):
        dataclasses.replace(foreign, key=KEY.key_id).verify(KEY.private.public_key())
    with pytest.raises(ValueError, match="names"):
        event().signed(other)


def test_the_identifier_does_not_depend_on_the_signature() -> None:
    assert event().event_id() == event().signed(KEY).event_id() != event(clock=6).event_id()


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": 0},
        {"seq": 2},
        {"seq": 2**53, "prev": "ab" * 32},
        {"prev": "ab" * 32},
        {"prev": FIRST_PREV + "\n"},
        {"ops": "AB" * 32},
        {"person": "ab"},
        {"fields": ("cd" * 32, "ab" * 32)},
        {"fields": ("ab" * 32, "ab" * 32)},
        {"station": "0"},
        {"movement": 'a"b'},
        {"author": ""},
        {"author": "a\nb"},
        {"author": "e\u0301"},
        {"clock": 2**64},
        {"clock": -1},
        {"sig": "ab"},
    ],
)
def test_values_out_of_bounds_make_no_event(wrong: dict[str, Any]) -> None:
    with pytest.raises(LogFormatError):
        event(**wrong)


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry + b"\n",
        lambda entry: entry.replace(b'"seq":1', b'"seq": 1'),
        lambda entry: entry.replace(b'"seq":1', b'"seq":1.0'),
        lambda entry: entry.replace(b'"seq":1', b'"seq":true'),
        lambda entry: entry.replace(b'"seq":1', b'"seq":1,"seq":1'),
        lambda entry: entry.replace(b'"v":1', b'"v":2'),
        lambda entry: entry.replace(b'"v":1', b'"v":1,"w":1'),
        lambda entry: entry.replace(b'"kind":"person"', b'"kind":"boarded"'),
        lambda entry: entry.replace(b'"kind":"person",', b""),
        lambda entry: entry.replace(b'"hlc":"0', b'"hlc":"+'),
        lambda entry: entry.replace(b"officer", b"\xff"),
        lambda _: b"[]",
        lambda _: b"",
        lambda _: b"[" * 60_000,
        lambda _: b" " * 70_000,
    ],
)
def test_other_bytes_are_no_event(change: Any) -> None:
    with pytest.raises(LogFormatError):
        parse_event(change(event().signed(KEY).entry()))


def test_an_opening_that_was_not_committed_to_is_refused() -> None:
    salt, payload = commitments.new_salt(), canonical.canonical(OPS)
    commitment = commitments.payload_commitment(salt, payload)

    commitments.verify_opening(commitment, salt, payload)
    for wrong in ((bytes(32), payload), (salt, payload + b" "), (salt[:31], salt[31:] + payload)):
        with pytest.raises(NotProven):
            commitments.verify_opening(commitment, *wrong)
    with pytest.raises(ValueError, match="32 bytes"):
        commitments.payload_commitment(salt + b"x", payload)


texts = st.text(st.characters(codec="utf-8"))
values: st.SearchStrategy[Any] = st.recursive(
    texts | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), values, max_size=5))
def test_payloads_come_back_normalised(payload: dict[str, Any]) -> None:
    data = canonical.canonical(payload)

    assert canonical.canonical(canonical.parse_canonical(data)) == data
    assert unicodedata.is_normalized("NFC", data.decode())


def test_two_spellings_of_a_name_are_one() -> None:
    assert canonical.canonical({"a": "e\u0301"}) == canonical.canonical({"a": "\u00e9"})


@pytest.mark.parametrize(
    "wrong",
    [1.0, float("nan"), 2**53, -(2**53), b"x", {"\u00e9": 1}, {1: 2}, object(), "\ud800", {"a": {3}}],
)
def test_values_that_would_lose_something_are_refused(wrong: Any) -> None:
    with pytest.raises(LogFormatError):
        canonical.canonical({"a": wrong})


def test_deep_payloads_are_refused() -> None:
    deep: Any = 1
    for _ in range(20):
        deep = [deep]
    with pytest.raises(LogFormatError, match="levels"):
        canonical.canonical({"a": deep})


@pytest.mark.parametrize(
    "wrong",
    [b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1,"a":1}', b"[]", b"{", '{"a":"e\u0301"}'.encode(), b'{"a":1.0}'],
)
def test_other_bytes_are_no_payload(wrong: bytes) -> None:
    with pytest.raises(LogFormatError):
        canonical.parse_canonical(wrong)


@settings(deadline=None)
@given(st.integers(0, 2**63), st.integers(-(2**40), 2**50))
def test_a_clock_always_rises_and_its_text_sorts_alike(last: int, wall_ms: int) -> None:
    following = hybrid_clock.next_clock(last, wall_ms)

    assert following > last
    assert hybrid_clock.clock_text(following) > hybrid_clock.clock_text(last)
    assert hybrid_clock.seen_clock(last, following) == following


def test_a_clock_stays_near_the_wall_clock() -> None:
    clock = hybrid_clock.next_clock(0, 1_000)
    assert (hybrid_clock.milliseconds_of(clock), clock & 0xFFFF) == (1_000, 0)
    assert hybrid_clock.next_clock(clock, 1_000) == clock + 1
    assert hybrid_clock.next_clock(clock, 10) == clock + 1
    assert hybrid_clock.milliseconds_of(hybrid_clock.next_clock(clock + 7, 1_001)) == 1_001


def test_kinds_have_classes() -> None:
    expected = {
        "boarded": "person",
        "erasure.begun": "erasure",
        "station.closed": "closed",
        "station.provisioned": "setup",
        "subject.erased": "erasure",
        "subject.enrolled": "person",
        "pair.opinion": "pair",
        "vehicle.seen": "count",
        "view.denied": "audit",
        "report.published": "report",
        "ledger.paid": "statement",
    }
    assert {kind: class_of(kind).value for kind in expected} == expected
    with pytest.raises(ValueError, match="no class"):
        class_of("invented")


_facts = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('az_AZ09\x7f\x00"', max_size=4), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text('abcXYZ_. \\"\x01\x7f', max_size=6), _facts, max_size=4))
@settings(max_examples=200)
def test_payloads_are_written_as_the_package_for_the_standard_writes_them(payload: dict[str, Any]) -> None:
    normal = json.loads(unicodedata.normalize("NFC", json.dumps(payload, ensure_ascii=False)))
    assert canonical.canonical(payload) == rfc8785.dumps(normal)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(LogFormatError, match="half of a character"):
        canonical.canonical({"a": "\ud800"})


def test_an_entry_is_made_at_once_as_step_by_step() -> None:
    unsigned = event(key=KEY.key_id)
    signed = unsigned.signed(KEY)

    assert unsigned.recorded(KEY) == (signed.entry(), signed.event_id())
    with pytest.raises(ValueError, match="the key that it names"):
        event(key="0" * 64).recorded(KEY)
