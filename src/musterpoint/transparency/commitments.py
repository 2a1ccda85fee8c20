"""Salted commitments: digests that say nothing without the salt, and bind whoever made them with it.

The digest of a name alone could be found by trying names. A salt of 32 random bytes, kept beside the payload
under the payload's key, makes that impossible, and vanishes with the payload when the key is destroyed.
"""

from __future__ import annotations

import os
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from musterpoint.errors import NotProven
from musterpoint.transparency.canonical import PayloadValue, canonical_field

SALT_BYTES: Final = 32
"""Fixed, so that salt and payload cannot be cut at another place."""

_PAYLOAD_PREFIX: Final = b"musterpoint/commitment/v1\x00"
_FIELD_PREFIX: Final = b"musterpoint/field/v1\x00"


def new_salt() -> bytes:
    """A fresh salt from the operating system."""
    return os.urandom(SALT_BYTES)


def payload_commitment(salt: bytes, payload: bytes) -> str:
    """The commitment to a payload, in lower-case hexadecimal.

    salt     32 bytes, never used for anything else
    payload  its canonical bytes
    """
    return _digest(_PAYLOAD_PREFIX, salt, payload)


def field_commitment(salt: bytes, name: str, value: PayloadValue) -> str:
    """The commitment to one field, so that it can be opened without the others.

    salt  32 bytes of its own
    """
    return _digest(_FIELD_PREFIX, salt, canonical_field(name, value))


def verify_opening(commitment: str, salt: bytes, payload: bytes) -> None:
    """Insist that a commitment was made to this payload. Raises NotProven."""
    if len(salt) != SALT_BYTES or not compare_digest(payload_commitment(salt, payload), commitment):
        raise NotProven(
            expected="the payload and salt that were committed to",
            found="others",
            hint="Keep the opening as it is and ask where it comes from",
            where="opening",
        )


def _digest(prefix: bytes, salt: bytes, content: bytes) -> str:
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return sha256(prefix + salt + content).hexdigest()
