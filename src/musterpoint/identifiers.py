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


def new_uuid() -> uuid.UUID:
    """A fresh UUID version 7: 48 bits of Unix milliseconds, 74 random bits."""
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return uuid.UUID(int=value)
