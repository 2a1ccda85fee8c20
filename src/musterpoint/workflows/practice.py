"""What a new registry begins with: an agreement over synthetic people, and seats to practise in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from musterpoint.registry.agreement_documents import digest_of, signed_bytes
from musterpoint.registry.agreements import (
    PRACTICE_AGREEMENT,
    PRACTICE_GALLERY,
    AnswerKind,
    PartyAnswer,
    practice_version,
)
from musterpoint.registry.seats import PRACTICE_PARTY, Role, Seat
from musterpoint.storage import Database, UnitOfWork, agreements, galleries, keyfiles, seats
from musterpoint.storage.galleries import GalleryTerms
from musterpoint.storage.keyfiles import SigningKey
from musterpoint.storage.vault import KeyScope

PRACTICE_SEATS: Final = {
    "practice-officer": Role.CAPTURE_OFFICER,
    "practice-officer-2": Role.CAPTURE_OFFICER,
    "practice-adjudicator": Role.ADJUDICATOR,
    "practice-adjudicator-2": Role.ADJUDICATOR,
    "practice-arbiter": Role.ADJUDICATOR,
    "practice-adjudicator-3": Role.ADJUDICATOR,
    "practice-adjudicator-4": Role.ADJUDICATOR,
    "practice-supervisor": Role.SUPERVISOR,
    "practice-supervisor-2": Role.SUPERVISOR,
    "practice-observer": Role.OBSERVER,
    "practice-integrator": Role.INTEGRATOR,
    "practice-administrator": Role.ADMINISTRATOR,
    "practice-transporter": Role.TRANSPORTER,
}
"""Seats of a new registry, enough for every role, for two persons, and for an appeal, which two adjudicators
judge who were not asked before; the first of a role acts by itself."""


def begin_practice(database: Database, folder: Path) -> None:
    """Give a registry that has neither agreement nor seat its practice agreement and practice seats.

    folder  where the practice seats' keys go; they guard synthetic people only

    Whoever comes second finds it done. Keys are written first: an unused file harms nobody.
    """
    with database.read() as snapshot:
        if seats.has_any(snapshot) or snapshot.position:
            return
    database.vault.new_key(KeyScope.agreement(PRACTICE_AGREEMENT))
    made = {name: (role, SigningKey.generate()) for name, role in PRACTICE_SEATS.items()}
    with database.unit_of_work() as work:
        if seats.has_any(work) or work.position:
            return
        work.provision_station()
        for name, (_, key) in made.items():
            keyfiles.write(folder, name, key)
        _agree(work)
        for name, (role, key) in made.items():
            seat = Seat(
                name=name, role=role, party=PRACTICE_PARTY, public_key=key.public_key, is_practice=True
            )
            grant(work, seat)
        galleries.add(
            work,
            GalleryTerms(
                name=PRACTICE_GALLERY,
                owner=PRACTICE_PARTY,
                purpose="practice",
                is_practice=True,
                agreements=frozenset({PRACTICE_AGREEMENT}),
            ),
        )
        work.append_journal(
            "gallery.attached", {"gallery": PRACTICE_GALLERY, "agreement": str(PRACTICE_AGREEMENT)}
        )
        work.commit()


def _agree(work: UnitOfWork) -> None:
    key = SigningKey.generate()
    version = practice_version(work.now(), key.public_key)
    agreements.add_version(work, version)
    work.append_journal(
        "agreement.version",
        {"agreement": str(version.agreement_id), "version": version.version, "digest": digest_of(version)},
    )
    unsigned = PartyAnswer(
        agreement_id=version.agreement_id,
        version=version.version,
        digest=digest_of(version),
        party=PRACTICE_PARTY,
        answer=AnswerKind.ACKNOWLEDGED,
        statement="",
        signature=b"",
    )
    record_answer(work, replace(unsigned, signature=key.sign(signed_bytes(unsigned))))


def record_answer(work: UnitOfWork, answer: PartyAnswer) -> int:
    """Write what a party said, and say so in the journal; returns the line."""
    agreements.add_answer(work, answer)
    facts: dict[str, str | int] = {
        "agreement": str(answer.agreement_id),
        "version": answer.version,
        "digest": answer.digest,
        "party": answer.party,
        "statement": answer.statement,
        "signature": answer.signature.hex(),
    }
    if answer.answer is AnswerKind.ACKNOWLEDGED:
        return work.append_journal("agreement.acknowledged", facts)
    return work.append_journal("agreement.refused", facts)


def grant(work: UnitOfWork, seat: Seat) -> int:
    """Write a seat, and say so in the journal; returns the line."""
    seats.add(work, seat)
    return work.append_journal(
        "role.granted",
        {
            "seat": seat.name,
            "role": seat.role.value,
            "party": seat.party,
            "key": seat.public_key.hex(),
            "practice": int(seat.is_practice),
            "valid_until": seat.valid_until or 0,
        },
    )
