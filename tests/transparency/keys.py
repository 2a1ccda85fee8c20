"""Keys and checkpoint of the published vectors: keys of RFC 8032, 7.1, over the tree of eight leaves."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from musterpoint.transparency.note_keys import KeyKind, NoteSigner

ORIGIN = "log.example/movement-1"
WITNESS = "witness.example/w1"
SECONDS = 1679315147


def _ed25519(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


LOG_PRIVATE = _ed25519("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
WITNESS_PRIVATE = _ed25519("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
LOG = NoteSigner.of(ORIGIN, KeyKind.ED25519, LOG_PRIVATE)
COSIGNER = NoteSigner.of(WITNESS, KeyKind.ED25519_COSIGNATURE, WITNESS_PRIVATE)
LOG_MLDSA = NoteSigner.of(
    ORIGIN, KeyKind.MLDSA44_COSIGNATURE, MLDSA44PrivateKey.from_seed_bytes(bytes(31) + b"\x01")
)
COSIGNER_MLDSA = NoteSigner.of(
    WITNESS, KeyKind.MLDSA44_COSIGNATURE, MLDSA44PrivateKey.from_seed_bytes(bytes(31) + b"\x02")
)

CHECKPOINT = (
    "log.example/movement-1\n"
    "8\n"
    "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
    "\n"
    "— log.example/movement-1 lVUGJz8MX/IJsYjN1F9C8rHuqU2n6co2nSqzVEa10DYw4LqP6JeUOPlZWFIeH85VfQEu3v3u7Q"
    "HnXc1jxZG9GuuW1g0=\n"
    "— witness.example/w1 BNLYMwAAAABkGFDL7fWHwxkaUcghnRd0hfZZdP682QhKsusVF9COioUtddac4KDvN1arimCnYZtXa0"
    "+PH0/FekNzutw/uzmtxNLzBg==\n"
).encode()
"""The published checkpoint with its cosignature."""


def other_signer(number: int, kind: KeyKind = KeyKind.ED25519_COSIGNATURE) -> NoteSigner:
    """One more key, the same at every run."""
    private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
    return NoteSigner.of(f"witness.example/{number}", kind, private)
