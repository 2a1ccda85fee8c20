"""Sealed records and wrapped keys as bytes; pure functions of their arguments and of the nonce.

    sealed record   version 1 (1 byte) | nonce (12) | ciphertext | tag (16)
    wrapped key     epoch (4, big-endian) | nonce (12) | ciphertext (32) | tag (16)

The cipher is AES-256-GCM (NIST SP 800-38D). Nonces are random: at most 2^32 records under one key keep
the chance of a repeated nonce below 2^-32 (8.3 there), and an encounter has some dozens. The associated
data binds what is sealed to its place, so that a record or key put in the place of another does not open.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from musterpoint.storage.vault.scopes import KeyKind, KeyScope

KEY_BYTES: Final = 32

VERSION: Final = 1
"""Version of the sealed form; first byte of every sealed record."""

OVERHEAD_BYTES: Final = 29
"""By so much a sealed record is longer than what is in it."""

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
EPOCH_BYTES: Final = 4
NO_EPOCH: Final = bytes(EPOCH_BYTES)
"""In the place of an epoch's number: the key was destroyed."""

WRAPPED_BYTES: Final = EPOCH_BYTES + _NONCE_BYTES + KEY_BYTES + _TAG_BYTES

_MARK: Final = bytes([VERSION])


def new_key() -> bytes:
    """32 bytes from the operating system's generator."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, scope: KeyScope, record: str, plain: bytes) -> bytes:
    """The plain bytes, encrypted under a key and bound to a record's name."""
    nonce = os.urandom(_NONCE_BYTES)
    return _MARK + nonce + AESGCM(key).encrypt(nonce, plain, _about(scope, record))


def open_sealed(key: bytes, scope: KeyScope, record: str, sealed: bytes) -> bytes | None:
    """What `seal` was given; None where the bytes, the key or the record's name are others."""
    if sealed[:1] != _MARK or len(sealed) < OVERHEAD_BYTES:
        return None
    return decrypt(key, sealed[1:13], sealed[13:], _about(scope, record))


def _about(scope: KeyScope, record: str) -> bytes:
    return b"musterpoint/sealed/v1\0%b\0%b" % (scope.kind.encode(), record.encode())


def wrap(epoch: int, epoch_key: bytes, scope: KeyScope, key: bytes) -> bytes:
    """A data key, encrypted under the key of an epoch; always `WRAPPED_BYTES` long."""
    nonce = os.urandom(_NONCE_BYTES)
    number = epoch.to_bytes(EPOCH_BYTES)
    return (
        number
        + nonce
        + AESGCM(epoch_key).encrypt(nonce, key, about_key(scope.kind, scope.identifier, number))
    )


def epoch_of(wrapped: bytes) -> int:
    """Under the key of which epoch a data key is wrapped; 0 where it was destroyed."""
    return int.from_bytes(wrapped[:EPOCH_BYTES])


def unwrap(epoch_key: bytes, scope: KeyScope, wrapped: bytes) -> bytes | None:
    """The data key; None where anything about it was changed."""
    if len(wrapped) != WRAPPED_BYTES:
        return None
    return decrypt(
        epoch_key, wrapped[4:16], wrapped[16:], about_key(scope.kind, scope.identifier, wrapped[:4])
    )


def about_key(kind: KeyKind, identifier: bytes, epoch: bytes) -> bytes:
    """What a wrapped key is bound to: a key in the place of another does not open."""
    return b"musterpoint/data-key/v1\0%b%b\0%b" % (epoch, kind.encode(), identifier)


def encrypt(key: bytes, plain: bytes, about: bytes) -> bytes:
    """nonce | ciphertext | tag."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def decrypt(key: bytes, nonce: bytes, rest: bytes, about: bytes) -> bytes | None:
    """The plain bytes; None where they do not open."""
    try:
        return AESGCM(key).decrypt(nonce, rest, about)
    except InvalidTag:
        return None
