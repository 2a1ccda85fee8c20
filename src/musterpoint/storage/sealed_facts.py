"""Small facts as sealed JSON: about a person under the key of an encounter, or under the installation's.

What is sealed cannot be searched by the database, which is the point of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from musterpoint.errors import KeyDestroyed
from musterpoint.identifiers import EncounterId
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import canonical_json
from musterpoint.storage.sealing import request_scope

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork


def seal(
    work: UnitOfWork, encounter_id: EncounterId | None, record: str, facts: Mapping[str, object]
) -> bytes:
    """The facts, sealed and bound to the name of their record.

    encounter_id  whose key it is; None means the installation's
    """
    return work.vault.seal(request_scope(encounter_id), record, canonical_json(facts).encode())


def unseal(
    snapshot: Snapshot, encounter_id: EncounterId | None, record: str, sealed: bytes
) -> Mapping[str, Any]:
    """What `seal` was given. Raises Corrupt, and KeyDestroyed after an erasure."""
    facts: Mapping[str, Any] = json.loads(snapshot.vault.open(request_scope(encounter_id), record, sealed))
    return facts


def unseal_what_is_left(
    snapshot: Snapshot, encounter_id: EncounterId | None, record: str, sealed: bytes
) -> Mapping[str, Any]:
    """What `seal` was given, or nothing after an erasure. Raises Corrupt."""
    try:
        return unseal(snapshot, encounter_id, record, sealed)
    except KeyDestroyed:
        return {}
