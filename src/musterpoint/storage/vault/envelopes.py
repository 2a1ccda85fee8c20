"""The key of an epoch as it stands in the key store: encrypted by a source, and said how.

    "MPK1" | length of the header (2 bytes, big-endian) | header | nonce (12) | ciphertext (32) | tag (16)
    | SHA-256 of everything before (32)

The header is canonical JSON: the kind of source and its parameters, none of them secret. The hash tells
damage from a wrong secret: bytes that are whole and do not open were encrypted under another secret.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import rfc8785

from musterpoint.storage.vault import faults, sealing

HEADER_BYTES_MAX: Final = 4096
_MAGIC: Final = b"MPK1"
_LENGTH: Final = struct.Struct(">H")
_HASH_BYTES: Final = 32

Parameters = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An epoch's key, encrypted.

    kind        which kind of source opens it: `file`, `passphrase`, `environment` or one of an extension
    parameters  what the source needs besides its secret
    sealed      the key, encrypted by the source
    """

    kind: str
    parameters: Parameters = field(default_factory=dict)
    sealed: bytes

    def encode(self) -> bytes:
        """As bytes, with their hash."""
        header = rfc8785.dumps({"kind": self.kind, "parameters": dict(self.parameters)})
        assert len(header) <= HEADER_BYTES_MAX, "sources have few parameters"
        body = _MAGIC + _LENGTH.pack(len(header)) + header + self.sealed
        return body + hashlib.sha256(body).digest()

    @classmethod
    def decode(cls, data: bytes) -> Envelope:
        """Read back what `encode` wrote. Raises Corrupt."""
        body, digest = data[:-_HASH_BYTES], data[-_HASH_BYTES:]
        if hashlib.sha256(body).digest() != digest or body[:4] != _MAGIC:
            raise faults.damaged("the key of an epoch was changed since it was written")
        (length,) = _LENGTH.unpack(body[4:6])
        try:
            header = json.loads(body[6 : 6 + length])
            return cls(kind=header["kind"], parameters=header["parameters"], sealed=body[6 + length :])
        except (ValueError, KeyError, TypeError):
            raise faults.damaged("the key of an epoch does not say how it was wrapped") from None

    def number(self, name: str, *, at_most: int) -> int:
        """A parameter that is a number within bounds. Raises Corrupt."""
        value = self.parameters.get(name)
        if not isinstance(value, int) or not 0 < value <= at_most:
            raise faults.damaged("a parameter of the key's source is out of bounds")
        return value

    def text(self, name: str) -> str:
        """A parameter that is a text. Raises Corrupt."""
        value = self.parameters.get(name)
        if not isinstance(value, str):
            raise faults.damaged("a parameter of the key's source is missing")
        return value


def encrypted(kind: str, parameters: Parameters, kek: bytes, key: bytes, about: bytes) -> Envelope:
    """A key under a key-encryption key that a source has derived."""
    return Envelope(kind=kind, parameters=parameters, sealed=sealing.encrypt(kek, key, about))


def decrypted(envelope: Envelope, kek: bytes, about: bytes) -> bytes | None:
    """The key; None where the key-encryption key is another one."""
    return sealing.decrypt(kek, envelope.sealed[:12], envelope.sealed[12:], about)
