"""What a key is for."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Self
from uuid import UUID


class KeyKind(StrEnum):
    """What the records under a key have in common, and with it when the key is destroyed."""

    ENCOUNTER = "encounter"
    AGREEMENT = "agreement"
    SEGMENT = "segment"
    INSTALLATION = "installation"


class KeyScope(NamedTuple):
    """The records that one key seals: one encounter, one agreement, one segment of an index.

    identifier  the 16 bytes of a UUID, or a name in UTF-8; never anything about a person
    """

    kind: KeyKind
    identifier: bytes

    @classmethod
    def encounter(cls, encounter_id: UUID) -> Self:
        """What is known about a person from one encounter: destroyed when that person is erased."""
        return cls(KeyKind.ENCOUNTER, encounter_id.bytes)

    @classmethod
    def agreement(cls, agreement_id: UUID | str) -> Self:
        """Pseudonymous facts under one agreement: destroyed when its date has come."""
        return cls(KeyKind.AGREEMENT, _bytes_of(agreement_id))

    @classmethod
    def segment(cls, segment_id: UUID | str) -> Self:
        """One segment of a gallery's snapshot: destroyed when the segment is written anew."""
        return cls(KeyKind.SEGMENT, _bytes_of(segment_id))

    @classmethod
    def installation(cls) -> Self:
        """What belongs to this installation, such as its signing key."""
        return cls(KeyKind.INSTALLATION, b"")


def _bytes_of(identifier: UUID | str) -> bytes:
    return identifier.bytes if isinstance(identifier, UUID) else identifier.encode()
