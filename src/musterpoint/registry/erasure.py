"""What an erasure is made of: its reason, the stores that must answer, and what its receipt says.

A receipt says that something was erased without saying what: it commits to the record's identifier under
a salt that the person alone has. The commitment is that of `musterpoint/commitment/v1`, so that whoever
holds salt and identifier can tie the line in the log to the person, and nobody else can.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from musterpoint.clock import Instant
from musterpoint.registry.retention import Facts, State, state_of

SALT_BYTES: Final = 32
_DOMAIN: Final = b"musterpoint/commitment/v1\x00"


class Why(StrEnum):
    """Why somebody is erased."""

    REQUESTED = "requested"
    DATE_REACHED = "date reached"


class RefusalReason(StrEnum):
    """Why a request to be erased was refused; the record keeps its date."""

    APPEAL_OPEN = "appeal open"
    LEGAL_DUTY = "legal duty"
    NOT_THEIRS = "not shown to be theirs"


class StoreKind(StrEnum):
    """Where something of a person may be."""

    REGISTRY = "registry"
    KEYS = "keys"
    INDEX = "index"
    STATION = "station"
    EXPORT = "export"
    BACKUP = "backup"


OWN_STORES: Final = (StoreKind.REGISTRY, StoreKind.KEYS, StoreKind.INDEX)
"""What this installation answers for itself, at once or at its next opening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One place that was asked to forget.

    expires_at   when a backup can no longer be opened, so that it answers by itself; None for others
    answered_at  None while outstanding
    """

    name: str
    kind: StoreKind
    asked_at: Instant
    expires_at: Instant | None = None
    answered_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure, as far as it has come.

    keys       digests of the names of the keys that were destroyed
    begun      journal position of `erasure.begun`
    complete   journal position of `erasure.complete`, or None while stores are outstanding
    """

    erasure_id: UUID
    subject_id: UUID
    why: Why
    commitment: str
    keys: tuple[str, ...]
    begun_at: Instant
    begun: int
    complete: int | None
    stores: tuple[Store, ...]

    @property
    def outstanding(self) -> tuple[Store, ...]:
        """Stores that have not answered."""
        return tuple(store for store in self.stores if store.answered_at is None)

    @property
    def state(self) -> State:
        """erasing, partly or erased."""
        here = sum(store.kind in OWN_STORES for store in self.outstanding)
        facts = Facts(
            retain_until=self.begun_at,
            is_erasing=True,
            here=here,
            elsewhere=len(self.outstanding) - here,
        )
        return state_of(facts, self.begun_at)


def new_salt() -> bytes:
    """32 bytes from the operating system, for one receipt."""
    return os.urandom(SALT_BYTES)


def commit_to(record_id: UUID, salt: bytes) -> str:
    """The commitment to a record's identifier, as lower-case hex.

    The payload is `{"record":"…"}` in the form of RFC 8785; the salt has 32 bytes.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt of {len(salt)} bytes, {SALT_BYTES} are needed")
    payload = f'{{"record":"{record_id}"}}'.encode()
    return hashlib.sha256(_DOMAIN + salt + payload).hexdigest()


def key_digest(name: str) -> str:
    """What a receipt says of a key: enough to tell two apart, nothing about whose it was."""
    return hashlib.sha256(b"musterpoint/key-name/v1\x00" + name.encode()).hexdigest()[:32]


def backups_expire_at(stores: Sequence[Store]) -> Instant | None:
    """When the last backup that holds the person can no longer be opened; None without backups."""
    dates = [store.expires_at for store in stores if store.kind is StoreKind.BACKUP and store.expires_at]
    return Instant(max(dates)) if dates else None


LIMITS: Final = (
    "Backups of the keys that were made before the erasure hold them until they expire.",
    "Copies in memory, in swap space and in core dumps are not reached.",
    "A disk may keep old blocks; what they hold cannot be opened without the destroyed keys.",
    "Whoever was given an export has it until they confirm; paper is not reached at all.",
    "A copy of both the registry and its keys that was stolen before is beyond reach.",
    "The log keeps a line that says that something was erased then, and not what.",
    "Numbers that were published before stay; they name nobody.",
)
"""What an erasure cannot do; every receipt prints it."""
