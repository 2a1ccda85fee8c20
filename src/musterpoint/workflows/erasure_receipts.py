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
from musterpoint.errors import NotProven, RecordError
from musterpoint.registry.erasure import LIMITS, SALT_BYTES, Erasure, backups_expire_at, commit_to
from musterpoint.registry.retention import State
from musterpoint.transparency.canonical import canonical, parse_canonical
from musterpoint.transparency.commitments import payload_commitment
from musterpoint.transparency.events import parse_event
from musterpoint.transparency.proof_files import ProofFile
from musterpoint.workflows import erasure, transparency
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


_NOT_BEGUN: Final = "not begun"
_NEVER_CHANGING: Final = ("erasure", "why", "begun_at", "keys_destroyed", "backups_expire_on", "limits")


def intended(receipt: Receipt) -> str:
    """The receipt's file before the erasure: salt and identifier, and that nothing was done yet."""
    return _text(_opening(receipt) | {"state": _NOT_BEGUN})


def is_begun(content: Mapping[str, Any]) -> bool:
    """Whether the file of a receipt is of an erasure that was begun."""
    return content.get("state") != _NOT_BEGUN


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

    leaf   the line's payload with its salt, by which its entry in the log can be opened
    proof  the proof file, which holds the entry
    """

    leaf: dict[str, object]
    proof: ProofFile


def proof_of(station: Station, made: Erasure) -> ProofFiles:
    """The proof that the last line of an erasure is in the log, and what opens that line."""
    position = made.complete or made.begun
    proof = transparency.proof_of(station, position)
    with station.database.read() as snapshot:
        [(_, salted)] = snapshot.ops_openings(position - 1, position)
    assert salted is not None, "lines of erasures are sealed under the installation's key"
    return ProofFiles(
        leaf={
            "position": position,
            "salt": salted[:SALT_BYTES].hex(),
            "payload": parse_canonical(salted[SALT_BYTES:]),
        },
        proof=proof,
    )


def check_proof(station: Station, receipt: Receipt, content: Mapping[str, Any], proof: ProofFile) -> int:
    """Insist that a proof file shows the receipt's line in this registry's log; returns its position.

    The entry commits to the payload, the payload holds the receipt's commitment, and the entry is in the
    tree that the log has signed. Raises NotProven, RecordError.
    """
    try:
        leaf = content["leaf"]
        salt, payload = bytes.fromhex(leaf["salt"]), leaf["payload"]
        committed_to, says = payload_commitment(salt, canonical(payload)), payload["facts"]["commitment"]
    except (ValueError, TypeError, KeyError) as error:
        raise _no_receipt("a receipt without the payload of its line", "") from error
    if says != receipt.commitment or parse_event(proof.extra).ops != committed_to:
        raise NotProven(
            expected="the proof that belongs to this receipt",
            found="the proof of another line of the log",
            hint="Take the .tlog-proof file that was written with the receipt",
        )
    proof.verify(proof.extra, transparency.policy_of(station, proof.checkpoint))
    return proof.index + 1


def insist_on_record(receipt: Receipt, content: Mapping[str, Any], made: Erasure) -> None:
    """Insist that a receipt's file says what the registry has on record of the erasure.

    Stores may have answered since it was written; nothing may be said to be done that is not. Raises
    NotProven.
    """
    now: dict[str, Any] = json.loads(written(receipt, made, content.get("leaf") or {}))
    still_open = set(now["outstanding"])
    wrong = [name for name in _NEVER_CHANGING if content.get(name) != now[name]]
    if still_open - set(content.get("outstanding") or ()):
        wrong.append("outstanding")
    written_then = content.get("state")
    is_possible = written_then == "complete" or str(written_then).startswith("pending: ")
    if not is_possible or (written_then == "complete" and now["state"] != "complete"):
        wrong.append("state")
    if wrong and content.get("state") != _NOT_BEGUN:
        raise NotProven(
            expected="the receipt as it was written",
            found=f"one that differs from what the registry has on record, in: {', '.join(wrong)}",
            hint="Take the file as it was written, or have it written anew: musterpoint erase --status",
        )


def committed(station: Station, commitment: str) -> Erasure:
    """The erasure whose line holds a commitment. Raises NotFound, and as `authorise` does."""
    found = erasure.committed(station, commitment)
    if found is None:
        raise unknown_erasure()
    return found
