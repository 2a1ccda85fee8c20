"""Identifiers of records: pseudonymous, ordered by time of creation (UUID version 7, RFC 9562 5.7)."""

from __future__ import annotations

import os
import time
import uuid
from typing import NewType

SubjectId = NewType("SubjectId", uuid.UUID)
EncounterId = NewType("EncounterId", uuid.UUID)
ReferenceId = NewType("ReferenceId", uuid.UUID)
GalleryId = NewType("GalleryId", uuid.UUID)
CaseId = NewType("CaseId", uuid.UUID)
RequestId = NewType("RequestId", uuid.UUID)
AgreementId = NewType("AgreementId", uuid.UUID)
StationId = NewType("StationId", uuid.UUID)


def new_uuid() -> uuid.UUID:
    """A fresh UUID version 7: 48 bits of Unix milliseconds, 74 random bits."""
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    return _marked(value, version=7)


def uuid_of(digest: str) -> uuid.UUID:
    """The UUID version 8 (RFC 9562 5.8) that the first 128 bits of a hexadecimal digest make."""
    return _marked(int(digest[:32], 16), version=8)


def _marked(value: int, *, version: int) -> uuid.UUID:
    """128 bits with version and variant in their places (RFC 9562 4.1, 4.2)."""
    value = value & ~(0xF << 76) | version << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)
