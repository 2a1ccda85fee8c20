"""Facts about a person, sealed under the key of their encounter; nothing of them opens after the erasure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from musterpoint.identifiers import EncounterId
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.writing import UnitOfWork


def seal_text(work: UnitOfWork, encounter_id: EncounterId, record: str, text: str) -> bytes:
    """A text as it is stored; it opens only as this record of this encounter."""
    return text.encode()


def open_text(snapshot: Snapshot, encounter_id: EncounterId, record: str, stored: bytes) -> str | None:
    """What `seal_text` was given; None after the key was destroyed."""
    return stored.decode() if stored.rstrip(b" \0") else None


def seal_json(work: UnitOfWork, encounter_id: EncounterId, record: str, facts: Mapping[str, object]) -> bytes:
    """Facts as they are stored."""
    return seal_text(work, encounter_id, record, json.dumps(facts, sort_keys=True, ensure_ascii=False))


def open_json(snapshot: Snapshot, encounter_id: EncounterId, record: str, stored: bytes) -> Any:
    """What `seal_json` was given; None after the key was destroyed."""
    text = open_text(snapshot, encounter_id, record, stored)
    return None if text is None else json.loads(text)
