"""Sealed bytes open with their own key, as their own record, whole; and not otherwise."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.storage.vault import KeyKind, KeyScope, sealing

pytestmark = pytest.mark.no_registry

SCOPES = st.builds(KeyScope, st.sampled_from(KeyKind), st.binary(max_size=20))
KEYS = st.binary(min_size=32, max_size=32)
RECORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@given(KEYS, SCOPES, RECORDS, st.binary(max_size=300))
def test_what_is_sealed_opens_as_it_was(key: bytes, scope: KeyScope, record: str, plain: bytes) -> None:
    sealed = sealing.seal(key, scope, record, plain)

    assert len(sealed) == len(plain) + sealing.OVERHEAD_BYTES
    assert sealing.open_sealed(key, scope, record, sealed) == plain


@given(KEYS, RECORDS, st.binary(max_size=60), st.data())
def test_a_flipped_bit_anywhere_is_noticed(
    key: bytes, record: str, plain: bytes, data: st.DataObject
) -> None:
    scope = KeyScope.installation()
    sealed = bytearray(sealing.seal(key, scope, record, plain))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))

    sealed[bit // 8] ^= 1 << bit % 8

    assert sealing.open_sealed(key, scope, record, bytes(sealed)) is None


@given(KEYS, RECORDS, st.binary(max_size=60), st.data())
def test_a_sealed_record_that_was_cut_does_not_open(
    key: bytes, record: str, plain: bytes, data: st.DataObject
) -> None:
    sealed = sealing.seal(key, KeyScope.installation(), record, plain)
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]

    assert sealing.open_sealed(key, KeyScope.installation(), record, cut) is None


def test_a_record_opens_under_no_other_key_scope_or_name() -> None:
    key, other = sealing.new_key(), sealing.new_key()
    here, there = KeyScope.encounter(uuid.uuid4()), KeyScope.agreement("a")
    sealed = sealing.seal(key, here, "image/1", b"ridges")

    assert sealing.open_sealed(other, here, "image/1", sealed) is None
    assert sealing.open_sealed(key, there, "image/1", sealed) is None
    assert sealing.open_sealed(key, here, "image/2", sealed) is None


def test_the_same_bytes_never_look_the_same() -> None:
    key = sealing.new_key()

    sealed = {sealing.seal(key, KeyScope.installation(), "x", b"same") for _ in range(1000)}

    assert len({one[1:13] for one in sealed}) == 1000


@given(KEYS, KEYS, SCOPES, st.integers(1, 2**32 - 1), st.data())
def test_a_wrapped_key_opens_in_its_place_alone(
    epoch_key: bytes, key: bytes, scope: KeyScope, epoch: int, data: st.DataObject
) -> None:
    wrapped = sealing.wrap(epoch, epoch_key, scope, key)
    bit = data.draw(st.integers(0, 8 * len(wrapped) - 1))
    flipped = bytearray(wrapped)
    flipped[bit // 8] ^= 1 << bit % 8

    assert len(wrapped) == sealing.WRAPPED_BYTES
    assert sealing.epoch_of(wrapped) == epoch
    assert sealing.unwrap(epoch_key, scope, wrapped) == key
    assert sealing.unwrap(epoch_key, KeyScope(scope.kind, scope.identifier + b"x"), wrapped) is None
    assert sealing.unwrap(epoch_key, scope, bytes(flipped)) is None
