"""What is sealed, under whose key, and what each sealed value is called.

Everything that says something about a person but pseudonyms, times, places and results is sealed under the
data key of the person's encounter: fingers not captured and names of source records, templates with
position and quality, images, strengths of candidates, what a request was made of and came to, and
`person` payloads of the journal. Destroying that key makes all of it unreadable, wherever copies lie.
`ops` payloads are sealed under the key of their agreement, or the installation's.

A value is bound to its place: the name of its record goes into the associated data, so a value that
was moved to another row does not open.
"""

from __future__ import annotations

import struct
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.storage.vault import KeyScope
from musterpoint.templates import FingerPosition

NO_QUALITY: Final = 255
"""Stands for a quality that nobody has stated."""

_QUALITY_MAX: Final = 100
_STRENGTH: Final = struct.Struct(">q")
_POSITIONS: Final = {position.value: position for position in FingerPosition}


def record_of(column: sa.Column[bytes], *key: int | str) -> str:
    """The name of a sealed value: its table and column, and the key of its row."""
    return "/".join((column.table.name, column.name, *map(str, key)))


def request_scope(encounter_id: UUID | None) -> KeyScope:
    """Whose key seals a request: of the encounter that it brought about, or of nobody in particular."""
    return KeyScope.installation() if encounter_id is None else KeyScope.encounter(encounter_id)


def packed_template(position: FingerPosition, quality: int | None, template: bytes) -> bytes:
    """What is sealed of a reference; quality 0..100 or None. Raises ValueError for another quality."""
    if quality is not None and not 0 <= quality <= _QUALITY_MAX:
        raise ValueError(f"a quality lies in 0..{_QUALITY_MAX}")
    return bytes([position.value, NO_QUALITY if quality is None else quality]) + template


def unpacked_template(packed: bytes) -> tuple[FingerPosition, int | None, bytes]:
    """What `packed_template` has packed."""
    quality = packed[1]
    return _POSITIONS[packed[0]], None if quality == NO_QUALITY else quality, packed[2:]


def packed_strength(strength: int) -> bytes:
    """A strength in milli-nats as 8 bytes."""
    return _STRENGTH.pack(strength)


def unpacked_strength(packed: bytes) -> int:
    """What `packed_strength` has packed."""
    return int(_STRENGTH.unpack(packed)[0])


def packed_request(digest: str, outcome: str) -> bytes:
    """What is sealed of a request."""
    return f"{digest}\n{outcome}".encode()


def unpacked_request(packed: bytes) -> tuple[str, str]:
    """Digest and outcome of a request; the outcome without what only fills up."""
    digest, _, outcome = packed.decode().partition("\n")
    return digest, outcome.rstrip(" ")


def payload_scope(agreement: str | None) -> KeyScope:
    """Whose key seals the pseudonymous payload of a journal line."""
    return KeyScope.installation() if agreement is None else KeyScope.agreement(UUID(agreement))
