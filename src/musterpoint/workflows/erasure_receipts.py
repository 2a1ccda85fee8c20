"""The receipt of an erasure: what the person keeps, and how anybody checks it.

The receipt's file is written before the erasure begins, with the salt in it: a crash right after the
intent is in the registry must not lose what ties the person to the line in the log. Until everything has
answered it says that it is pending; `renew` brings it up to date.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from musterpoint.clock import to_text
from musterpoint.errors import RecordError
from musterpoint.registry.erasure import LIMITS, SALT_BYTES, Erasure, backups_expire_at, commit_to
from musterpoint.registry.retention import State
from musterpoint.storage import erasing
from musterpoint.workflows.erasure import unknown_erasure
from musterpoint.workflows.station import Station

FORMAT: Final = "musterpoint-erasure-receipt/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What only the person has: the identifier of their record, and the salt of the commitment."""

    record_id: UUID
    salt: bytes

    @property
    def commitment(self) -> str:
        """What the log says in place of the identifier."""
        return commit_to(self.record_id, self.salt)


def intended(receipt: Receipt) -> str:
    """The receipt's file before the erasure: salt and identifier, and that nothing was done yet."""
    return _text(_opening(receipt) | {"state": "not begun"})


def written(receipt: Receipt, made: Erasure, leaf: Mapping[str, object]) -> str:
    """The receipt's file for an erasure as far as it has come.

    leaf  what the journal gives for its line, so that others can check it: entry, index and the like
    """
    expiry = backups_expire_at(made.stores)
    outstanding = [store.name for store in made.outstanding]
    content = _opening(receipt) | {
        "erasure": str(made.erasure_id),
        "state": "complete" if made.state is State.ERASED else f"pending: {', '.join(outstanding)}",
        "why": made.why.value,
        "begun_at": to_text(made.begun_at),
        "keys_destroyed": list(made.keys),
        "journal": {"begun": made.begun, "complete": made.complete},
        "stores": [
            {
                "name": store.name,
                "kind": store.kind.value,
                "answered_at": to_text(store.answered_at) if store.answered_at else None,
                "expires_at": to_text(store.expires_at) if store.expires_at else None,
            }
            for store in made.stores
        ],
        "outstanding": outstanding,
        "backups_expire_on": to_text(expiry) if expiry else None,
        "limits": list(LIMITS),
        "leaf": dict(leaf),
    }
    return _text(content)


def _opening(receipt: Receipt) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "record": str(receipt.record_id),
        "salt": receipt.salt.hex(),
        "commitment": receipt.commitment,
    }


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read(data: bytes, *, where: str = "") -> tuple[Receipt, dict[str, Any]]:
    """The receipt of a file, with everything else it says. Raises RecordError.

    That its commitment follows from identifier and salt is checked here.
    """
    try:
        content = json.loads(data)
        if content["format"] != FORMAT:
            raise _no_receipt("a file of another format", where)
        receipt = Receipt(record_id=UUID(content["record"]), salt=bytes.fromhex(content["salt"]))
        if len(receipt.salt) != SALT_BYTES or receipt.commitment != content["commitment"]:
            raise _no_receipt("a commitment that does not follow from identifier and salt", where)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _no_receipt("something else", where) from error
    return receipt, content


def _no_receipt(found: str, where: str) -> RecordError:
    return RecordError(
        expected="the receipt of an erasure",
        found=found,
        hint="Take the file that was written with --receipt",
        where=where,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFiles:
    """What goes beside a receipt.

    leaf   facts that the stand-alone verifier needs of the line
    proof  the text of a `.tlog-proof` file; empty while the log has no checkpoint
    """

    leaf: dict[str, object]
    proof: str


def proof_of(station: Station, made: Erasure) -> ProofFiles:
    """The proof that the line of an erasure is in the log."""
    return ProofFiles(leaf={"position": made.begun}, proof="")


def committed(station: Station, commitment: str) -> Erasure:
    """The erasure whose line holds a commitment. Raises NotFound."""
    with station.database.read() as snapshot:
        found = [one for one in erasing.erasures(snapshot) if one.commitment == commitment]
    if not found:
        raise unknown_erasure()
    return found[0]
