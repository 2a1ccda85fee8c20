"""A receipt for a person who was at the gate: what for, until when, to whom to object, and a proof.

It says neither who the person is nor what was found or decided: whoever finds it learns nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from musterpoint.clock import to_text
from musterpoint.depiction.receipt import SQUARE_BYTES_MAX, ReceiptPage, render_receipt
from musterpoint.depiction.receipt_texts import RECEIPT_TEXTS
from musterpoint.errors import Conflict, UnusableInput
from musterpoint.identifiers import EncounterId
from musterpoint.registry import Encounter
from musterpoint.registry.agreements import AgreementVersion, PartyRole
from musterpoint.registry.retention import Kept
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, UnitOfWork, agreements, decisions, retention
from musterpoint.storage.decisions import StoredPresentation
from musterpoint.transparency.checkpoints import checkpoint_of
from musterpoint.transparency.hashing import leaf_hash
from musterpoint.transparency.proof_files import ProofFile
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.gate_events import GateJournal
from musterpoint.workflows.seeing import require_seen
from musterpoint.workflows.station import Station
from musterpoint.workflows.transparency import proof_of

APPEAL_TERM: Final = "appeal"
"""The item of an agreement's term that says to whom people may object."""

_SHORT_SIGNATURE_BYTES: Final = 76
"""An Ed25519 cosignature (C2SP tlog-cosignature); longer ones do not go into the square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The page, and the proof that the person was counted."""

    code: str
    html: str
    proof: ProofFile


def make_receipt(station: Station, encounter: str, languages: Sequence[str] = ("en",)) -> Receipt:
    """Make the receipt of an encounter; that one was made is journalled.

    encounter  an identifier, or at least 8 digits of its end
    languages  codes of `RECEIPT_TEXTS`, one sheet for each

    Raises NotFound, Conflict where the encounter did not come about at a gate, UnusableInput, Refused.
    """
    _check_languages(languages)
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.PRINT_RECEIPT)
        found = work.encounter(work.find_encounter(encounter))
        require_seen(work, permission.actor.seat, [found.encounter_id])
        stored = _presented(work, found.encounter_id)
        GateJournal(work, found.encounter_id, permission.agreement_id).say(
            "receipt", {"languages": list(languages)}
        )
        page = _page(work, found, stored)
        work.commit()
    proof = proof_of(station, stored.counted, is_last=True)
    page = replace(
        page,
        log=checkpoint_of(proof.checkpoint.text).origin,
        entry=stored.counted,
        proof=proof.to_bytes(),
        square=square_of(page.code, proof),
    )
    return Receipt(code=page.code, html=render_receipt(page, languages), proof=proof)


def code_of(encounter_id: EncounterId) -> str:
    """The code of a visit: the random end of its identifier, in groups; it finds the encounter."""
    digits = encounter_id.hex[-12:]
    return "-".join(digits[i : i + 4] for i in range(0, 12, 4))


def square_of(code: str, proof: ProofFile) -> bytes:
    """What the square holds: the code, the leaf's hash, and the proof with its short signatures.

    Without the entry itself, which is in the proof file: the hash stands for it. Where even that is too
    much for a square that can be read, only code, log, entry and hash.
    """
    leaf = base64.b64encode(leaf_hash(proof.extra)).decode()
    signatures = tuple(
        one for one in proof.checkpoint.signatures if len(one.signature) <= _SHORT_SIGNATURE_BYTES
    )
    short = replace(proof, extra=b"", checkpoint=replace(proof.checkpoint, signatures=signatures))
    data = f"{code}\nleaf {leaf}\n".encode() + short.to_bytes()
    if len(data) <= SQUARE_BYTES_MAX:
        return data
    origin = checkpoint_of(proof.checkpoint.text).origin
    return f"{code}\nleaf {leaf}\nindex {proof.index}\n{origin}\n".encode()


def _check_languages(languages: Sequence[str]) -> None:
    if not languages or not set(languages) <= set(RECEIPT_TEXTS):
        raise UnusableInput(
            expected=f"languages out of {', '.join(RECEIPT_TEXTS)}",
            found=", ".join(languages) or "none",
            hint="Name one or several with --language",
        )


def _presented(snapshot: Snapshot, encounter_id: EncounterId) -> StoredPresentation:
    stored = decisions.presentation_of(snapshot, encounter_id)
    if stored is None:
        raise Conflict(
            expected="somebody who came to a gate",
            found="a record that was loaded from a collection",
            hint="Make receipts for people who are screened",
        )
    return stored


def _page(work: UnitOfWork, found: Encounter, stored: StoredPresentation) -> ReceiptPage:
    until = retention.date_of(work, found.encounter_id, Kept.ENCOUNTER)
    known = {str(one.agreement_id): one.version for one in agreements.agreements(work)}
    version = known.get(stored.agreement)
    return ReceiptPage(
        code=code_of(found.encounter_id),
        day=to_text(found.occurred_at)[:10],
        place=found.site,
        purpose=found.purpose,
        agreement=version.name if version else "",
        kept_until=to_text(until)[:10] if until else "",
        appeal_to=_appeal_to(version) if version else "",
        log="",
        entry=stored.counted,
        proof=b"",
        square=b"",
        is_practice=bool(version and version.is_practice),
    )


def _appeal_to(version: AgreementVersion) -> str:
    """Whom the agreement names for objections, else the office of the party that screens."""
    for term in version.terms:
        if term.item == APPEAL_TERM:
            return term.text
    order = (PartyRole.SCREENED, PartyRole.CARRIED_OUT, PartyRole.GUARANTEED)
    for role in order:
        for party in version.parties:
            if role in party.roles:
                return f"{party.office}, {party.name}"
    return ", ".join(f"{one.office}, {one.name}" for one in version.parties[:1])
