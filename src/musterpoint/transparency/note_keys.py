"""The keys of logs and witnesses, and what each kind of them signs (C2SP signed-note, tlog-cosignature)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from musterpoint.errors import LogFormatError, NotProven
from musterpoint.transparency.checkpoints import Checkpoint, checkpoint_of
from musterpoint.transparency.notes import KEY_ID_BYTES, Note, NoteSignature, from_base64, is_key_name

PrivateKey = Ed25519PrivateKey | MLDSA44PrivateKey
"""A key that signs notes."""

TIME_BYTES: Final = 8
"""Bytes of the POSIX seconds in front of a cosignature."""

SECONDS_MAX: Final = 2**63 - 1
"""The latest time of a cosignature."""

_SUBTREE_LABEL: Final = b"subtree/v1\n\x00"


class KeyKind(IntEnum):
    """What a key signs; the numbers are those of C2SP signed-note.

    ED25519                 the text of a note: a log's signature
    ED25519_COSIGNATURE     the text of a checkpoint with the time: a witness's
    MLDSA44_COSIGNATURE     origin, size, root, time and name of the signer: a witness's or a log's
    """

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    MLDSA44_COSIGNATURE = 0x06


_PUBLIC_BYTES: Final = {
    KeyKind.ED25519: 32,
    KeyKind.ED25519_COSIGNATURE: 32,
    KeyKind.MLDSA44_COSIGNATURE: 1312,
}


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key with its name and kind: what `log` and `witness` lines of a policy hold."""

    name: str
    kind: KeyKind
    public: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.public) != _PUBLIC_BYTES[self.kind]:
            raise _refused("a name or a length that no key has")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which signature lines refer to it."""
        material = f"{self.name}\n".encode() + bytes([self.kind]) + self.public
        return sha256(material).digest()[:KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as one text, to be copied."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    def is_of(self, signature: NoteSignature) -> bool:
        """Whether a signature says that it is by this key."""
        return signature.name == self.name and signature.key_id == self.key_id

    def verify(self, text: str, signature: bytes) -> int | None:
        """Insist that this key has signed a text; returns the POSIX seconds, where the kind has them.

        Raises NotProven, LogFormatError where the text is no checkpoint and the kind signs only those.
        """
        timed = self.kind is not KeyKind.ED25519
        seconds = int.from_bytes(signature[:TIME_BYTES], "big") if timed else None
        try:
            if len(signature) > TIME_BYTES and (seconds or 0) <= SECONDS_MAX:
                message = _message(self.name, self.kind, text, seconds or 0)
                self._loaded().verify(signature[TIME_BYTES if timed else 0 :], message)
                return seconds
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            pass
        raise NotProven(
            expected="a signature by the key that it names",
            found="one that does not hold",
            hint="Keep the file as it is and ask whoever holds the key",
            where=self.name,
        )

    def _loaded(self) -> Ed25519PublicKey | MLDSA44PublicKey:
        if self.kind is KeyKind.MLDSA44_COSIGNATURE:
            return MLDSA44PublicKey.from_public_bytes(self.public)
        return Ed25519PublicKey.from_public_bytes(self.public)


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key with its name and kind."""

    key: NoteKey
    private: PrivateKey

    @classmethod
    def of(cls, name: str, kind: KeyKind, private: PrivateKey) -> NoteSigner:
        """The signer of this name. Raises LogFormatError for a name that no key may have."""
        return cls(NoteKey(name, kind, private.public_key().public_bytes_raw()), private)

    def sign(self, text: str, seconds: int) -> NoteSignature:
        """The signature under a text.

        seconds  POSIX time, for the kinds that sign it
        """
        signature = self.private.sign(_message(self.key.name, self.key.kind, text, seconds))
        if self.key.kind is not KeyKind.ED25519:
            signature = seconds.to_bytes(TIME_BYTES, "big") + signature
        return NoteSignature(self.key.name, self.key.key_id, signature)


def parse_vkey(text: str) -> NoteKey:
    """The key in a text such as `name+0123abcd+AbC…`. Raises LogFormatError."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise _refused("a text of another form")
    name, key_id, encoded = parts
    value = from_base64(encoded)
    if not value or value[0] not in set(KeyKind):
        raise _refused("a kind of key that is not known here")
    key = NoteKey(name, KeyKind(value[0]), value[1:])
    if key.key_id.hex() != key_id:
        raise _refused("an identifier that is not the key's")
    return key


def valid_signatures(note: Note, keys: tuple[NoteKey, ...]) -> dict[NoteKey, int | None]:
    """The keys that have signed a note, with the time where there is one.

    Signatures by other keys are passed over. Raises NotProven where one by a key given here does not hold,
    and where there is none at all.
    """
    found = {
        key: key.verify(note.text, one.signature) for one in note.signatures for key in keys if key.is_of(one)
    }
    if not found:
        raise NotProven(
            expected="a signature by a key that is trusted here",
            found="none",
            hint="Check that the policy names the keys of this log",
            where="signed note",
        )
    return found


def _message(name: str, kind: KeyKind, text: str, seconds: int) -> bytes:
    if kind is KeyKind.ED25519:
        return text.encode()
    if kind is KeyKind.ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {seconds}\n{text}".encode()
    return subtree_message(name, checkpoint_of(text), seconds)


def subtree_message(name: str, checkpoint: Checkpoint, seconds: int) -> bytes:
    """What an ML-DSA-44 cosignature signs: a whole tree, as the subtree from its first leaf."""
    signer, origin = name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            _SUBTREE_LABEL,
            len(signer).to_bytes(1, "big"),
            signer,
            seconds.to_bytes(TIME_BYTES, "big"),
            len(origin).to_bytes(1, "big"),
            origin,
            bytes(8),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _refused(found: str) -> LogFormatError:
    return LogFormatError(
        expected="a key as name+identifier+base64 (C2SP signed-note)",
        found=found,
        hint="Copy the whole line from whoever holds the key",
        where="verifier key",
    )
